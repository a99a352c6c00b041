"""Calls to a provider over HTTP: one session a process, one deadline a call."""

import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from requests import RequestException, Response, Session
from urllib3.exceptions import HTTPError

from scheduler.channels.sms.connecting import Connecting, NoAnswer, Unanswered

CONNECT_WITHIN = 5.0
IDLE = 10.0
"""Seconds after which a kept connection is not trusted: one that the other side has closed meanwhile looks
like a text of which nobody knows whether it left."""
LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes
    """Nothing where it was cut off or cannot be read: its status says by itself whether a text was taken."""


class Poster:
    """Sends requests to one provider; no redirects, no proxies of the environment's."""

    def __init__(self, seconds: float) -> None:
        """`seconds` bound one call, however slowly the provider speaks."""
        self._seconds = seconds
        self._session: Session | None = None
        self._owner = 0
        self._used = 0.0
        self._lock = threading.Lock()

    def send(self, method: str, url: str, **more: object) -> Answered:
        """Raises Unanswered."""
        session = self._fresh()
        answers: queue.SimpleQueue[Answered | BaseException] = queue.SimpleQueue()
        call = self._call(session, method, url, more)
        # A socket's timeout begins anew with each read: whoever drips would hold us for ever.
        threading.Thread(target=_put, args=(call, answers), name="sms", daemon=True).start()
        try:
            answer = answers.get(timeout=self._seconds)
        except queue.Empty:
            self._drop()
            raise NoAnswer("no answer in time") from None
        if isinstance(answer, BaseException):
            self._drop()
            raise _meaning(answer) from None
        return answer

    def _call(
        self, session: Session, method: str, url: str, more: Mapping[str, object]
    ) -> Callable[[], Answered]:
        def call() -> Answered:
            wait = (CONNECT_WITHIN, self._seconds)
            answer: Response = session.request(
                method, url, timeout=wait, allow_redirects=False, stream=True, **more  # type: ignore[arg-type]
            )  # fmt: skip
            with answer:
                return Answered(answer.status_code, answer.headers, _body(answer))

        return call

    def _fresh(self) -> Session:
        with self._lock:
            old, now = self._session, time.monotonic()
            if old is None or self._owner != os.getpid() or now - self._used > IDLE:
                self._session = Session()
                self._session.trust_env = False
                self._session.mount("https://", Connecting())
                self._session.mount("http://", Connecting())
                self._owner = os.getpid()
            self._used = now
            assert self._session
            return self._session

    def _drop(self) -> None:
        with self._lock:
            self._session = None


def _body(answer: Response) -> bytes:
    """Nothing, where the rest of an answer never comes or cannot be unpacked: its status is known by then,
    and says what became of the request."""
    with suppress(HTTPError):
        return bytes(answer.raw.read(LARGEST, decode_content=True))
    return b""


def _put(call: Callable[[], Answered], answers: "queue.SimpleQueue[Answered | BaseException]") -> None:
    try:
        answers.put(call())
    except Exception as error:
        answers.put(error)


def _meaning(error: BaseException) -> Exception:
    """Without the libraries' words: they hold the address, and with it a number."""
    if isinstance(error, Unanswered):
        return error
    if isinstance(error, RequestException | HTTPError | OSError):
        return NoAnswer(type(error).__name__)
    raise error
