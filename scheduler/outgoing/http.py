"""A request to an address that somebody else named: no redirects, no proxies, and an end to everything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from socket import socket

from requests import RequestException, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import SSLError
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from scheduler.domain.destinations import NotAllowed, destination
from scheduler.outgoing.errand import Errand, Resolve, Unreachable, resolve

CHUNK = 16 * 1024
AGENT = "visit-scheduler"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one call may cost."""

    seconds: float
    size: int | None
    """Bytes of an answer's body; None: nobody reads it, and whatever it is spoils no answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Without regard to upper and lower case."""
    body: bytes


class Outside:
    """What lies beyond the clinic. Each call has its own connection: nothing of one is left to the next."""

    def __init__(
        self, *, loopback: bool = False, resolve: Resolve = resolve, authorities: str | None = None
    ) -> None:
        """`loopback`: this machine may be called, for rehearsals. `authorities`: a file, else certifi's."""
        self.loopback = loopback
        self._resolve = resolve
        self._authorities = authorities

    def call(
        self, method: str, url: str, headers: Mapping[str, str], bounds: Bounds, body: bytes | None = None
    ) -> Answer:
        """The answer, whatever its status; redirects are answers, too. Raises Unreachable."""
        try:
            asked = destination(url, loopback=self.loopback)
        except NotAllowed as refused:
            raise Unreachable(refused.code) from None
        with Errand(bounds.seconds, self._resolve, loopback=self.loopback) as errand:
            try:
                with self._session(errand) as session:
                    answer = _send(session, method, asked.url, headers, bounds, body)
            except (RequestException, HTTPError, OSError, ValueError) as error:
                # Their words hold the address, which may be a secret.
                raise Unreachable(_code(error, errand)) from None
            if errand.overdue:  # what was cut off looks like an answer that has ended
                raise Unreachable("timeout")
        return answer

    def _session(self, errand: Errand) -> Session:
        session = Session()
        session.trust_env = False  # no proxies, no .netrc, no other authorities
        session.headers.clear()
        if self._authorities:
            session.verify = self._authorities
        session.mount("https://", _Guarded(errand.connect))
        session.mount("http://", _Guarded(errand.connect))
        return session


def _send(
    session: Session, method: str, url: str, headers: Mapping[str, str], bounds: Bounds, body: bytes | None
) -> Answer:
    own = {"User-Agent": AGENT, "Accept-Encoding": "identity", "Connection": "close"}
    answer = session.request(
        method,
        url,
        headers={**own, **headers},
        data=body,
        timeout=bounds.seconds,
        allow_redirects=False,
        stream=True,
    )
    with answer:
        return Answer(answer.status_code, answer.headers, _body(answer, bounds.size))


def _body(answer: Response, size: int | None) -> bytes:
    """As it comes: what is packed could be a thousand times larger than it looks."""
    if size is None:
        return b""
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unreachable("packed")
    received = bytearray()
    for chunk in answer.raw.stream(CHUNK, decode_content=False):
        received += chunk
        if len(received) > size:
            raise Unreachable("too-large")
    return bytes(received)


def _code(error: Exception, errand: Errand) -> str:
    if errand.is_over:
        return "timeout"
    return "tls" if isinstance(error, SSLError) else "no-connection"


Connect = Callable[[str, int], socket]


class _Guarded(HTTPAdapter):
    """Connects by way of an errand; all else is as `requests` does it: Host, SNI, certificates."""

    def __init__(self, connect: Connect) -> None:
        super().__init__(max_retries=0)
        pools = {"http": _Pool, "https": _TlsPool}
        made = {scheme: partial(_made, kind, connect) for scheme, kind in pools.items()}
        self.poolmanager.pool_classes_by_scheme = made


class _ByErrand:
    """Of a connection: how it comes about."""

    host: str
    port: int
    reach: Connect

    def _new_conn(self) -> socket:
        return self.reach(self.host.strip("[]"), self.port)


class _Connection(_ByErrand, HTTPConnection):
    pass


class _TlsConnection(_ByErrand, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _made(kind: type[_Pool | _TlsPool], connect: Connect, host: str, port: int, **more: object) -> object:
    """A pool whose connections come about by `connect`."""
    pool = kind(host, port, **more)  # type: ignore[arg-type]  # passed on as it came
    ours = type(kind.ConnectionCls.__name__, (kind.ConnectionCls,), {"reach": staticmethod(connect)})
    pool.ConnectionCls = ours  # type: ignore[assignment]
    return pool
