"""Connections to a provider, of which it is known whether a request was begun."""

from collections.abc import Iterator
from contextlib import contextmanager
from ssl import SSLCertVerificationError
from typing import ClassVar

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from scheduler.channels.outcome import Verdict


class Unanswered(Exception):
    """What became of a request to which there is no answer."""

    verdict: ClassVar[Verdict]


class NotSent(Unanswered):
    """No connection came about: nothing was handed over."""

    verdict = Verdict.LATER


class Untrusted(NotSent):
    """Whoever answers there cannot prove who they are; another recipient would not change that."""

    verdict = Verdict.US


class NoAnswer(Unanswered):
    """The request left, or part of it, and no answer came."""

    verdict = Verdict.UNKNOWN


@contextmanager
def _connecting() -> Iterator[None]:
    """Until it is over, the handshake too, no byte of a request has left: later no exception would tell.

    Without the libraries' words: they hold the address.
    """
    try:
        yield
    except SSLCertVerificationError as error:
        raise Untrusted(f"the provider's certificate is not trusted: {error.verify_message}") from None
    except (HTTPError, OSError):
        raise NotSent("no connection") from None


class _Connection(HTTPConnection):
    def connect(self) -> None:
        with _connecting():
            super().connect()


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        with _connecting():
            super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Connecting(HTTPAdapter):
    """Raises NotSent where no connection comes about; all else is as `requests` does it."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
