"""Mail, handed to one SMTP server over connections that are kept."""

import os
import smtplib
import ssl
import threading
import weakref
from time import monotonic

from scheduler.channels.mime import Mail, compose
from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.channels.smtp.address import NoAddress, wire_address
from scheduler.channels.smtp.answers import LONGEST_DETAIL, Phase, Refused, outcome_of
from scheduler.channels.smtp.endpoint import Endpoint, Security
from scheduler.channels.smtp.session import Fenced, NoLogin, NoUtf8, Session

RESERVE = 0.25
"""The part of the deadline that is kept for the answer to the final dot: servers scan mail before they
answer, and a mail without an answer may have to be sent twice."""

_TROUBLE = (OSError, smtplib.SMTPException, Refused, Fenced, NoLogin, NoUtf8)


class EmailChannel:
    """One connection a thread. All durations are in seconds."""

    def __init__(
        self,
        url: str,
        *,
        deadline: float = 40,
        max_messages: int = 100,
        max_age: float = 300,
        max_idle: float = 30,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`url` as `Endpoint.parse` takes it; `deadline` bounds one message from the first byte to the last.

        `tls` replaces the context that trusts the system's certificates (or those of SSL_CERT_FILE).
        """
        self._endpoint = Endpoint.parse(url)
        self._deadline = deadline
        self._max_messages = max_messages
        self._max_age = max_age
        self._max_idle = max_idle
        encrypted = self._endpoint.security is not Security.NONE
        self._tls = (tls or ssl.create_default_context()) if encrypted else None
        self._here = threading.local()
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._lock = threading.Lock()

    def deliver(self, mail: Mail, fence: Fence) -> Outcome:
        """Raises what the fence raises, and ValueError for a mail that cannot be written; else it answers."""
        try:
            sender = wire_address(mail.sender.email)
        except NoAddress as error:
            return Outcome(Verdict.US, detail=f"sender: {error}")
        try:
            recipient = wire_address(mail.recipient)
        except NoAddress as error:
            return Outcome(Verdict.ADDRESS, detail=f"recipient: {error}")
        content = compose(mail)
        session = self._session()
        try:
            return self._hand_over(session, (sender, recipient), content, fence)
        finally:
            if not session.fit:
                self._drop()

    def greet(self, seconds: float) -> Outcome | None:
        """Speak with the server as before a mail, and leave: what it refuses us for, or None."""
        session = Session(seconds)
        try:
            session.open(self._endpoint, self._tls)
        except Refused as refused:
            return outcome_of(refused.answer, "")
        except _TROUBLE as error:
            return _outcome(error, session, "")
        finally:
            session.leave()
        return None

    def close(self) -> None:
        """Leave all servers, those of other threads too: for the end of the process."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            if session.owner == os.getpid():
                session.leave()
            session.fit = False

    def _hand_over(self, session: Session, parties: tuple[str, str], content: bytes, fence: Fence) -> Outcome:
        passed = _Passage(fence)
        try:
            if not session.fit:
                session.open(self._endpoint, self._tls)
            session.address(*parties)
            return outcome_of(session.hand_over(content, passed, RESERVE * self._deadline), parties[1])
        except _TROUBLE as error:
            if passed.error is not None:
                raise
            return _outcome(error, session, parties[1])

    def _session(self) -> Session:
        """This thread's connection if it still answers, else one that is to be opened."""
        begun = monotonic()
        session: Session | None = getattr(self._here, "session", None)
        if session is not None and self._reusable(session):
            try:
                session.deadline.restart(self._deadline)
                session.renew()
                return session
            except _TROUBLE:
                session.fit = False
        self._drop()
        fresh = self._here.session = Session(self._deadline - (monotonic() - begun))
        with self._lock:
            self._sessions.add(fresh)
        return fresh

    def _reusable(self, session: Session) -> bool:
        now = monotonic()
        return (
            session.fit
            and session.owner == os.getpid()
            and session.messages < self._max_messages
            and now - session.born < self._max_age
            and now - session.used < self._max_idle
        )

    def _drop(self) -> None:
        session: Session | None = getattr(self._here, "session", None)
        self._here.session = None
        if session is None:
            return
        if session.fit and session.owner == os.getpid():
            session.leave()
        # A parent process may be speaking over the same connection, so a child says nothing.
        session.close()


class _Passage:
    """The fence, remembering whether it failed by itself: a database's OSError is not the mail server's."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self.error: Exception | None = None

    def __call__(self) -> bool:
        try:
            return self._fence()
        except Exception as error:
            self.error = error
            raise


def _outcome(error: BaseException, session: Session, recipient: str) -> Outcome:
    if isinstance(error, Refused):
        return outcome_of(error.answer, recipient)
    if isinstance(error, Fenced):
        return Outcome(Verdict.FENCED)
    if isinstance(error, NoUtf8):
        ours = recipient.isascii()
        verdict = Verdict.US if ours else Verdict.ADDRESS
        return Outcome(verdict, detail="sender: the mail server takes only addresses in ASCII")
    return Outcome(_verdict(error, session), detail=f"{session.phase}: {_words(error)}"[:LONGEST_DETAIL])


def _verdict(error: BaseException, session: Session) -> Verdict:
    if session.awaiting:
        return Verdict.UNKNOWN
    hung_up = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError)
    no_trust = session.phase is Phase.TLS and isinstance(error, ssl.SSLError) and not hung_up
    return Verdict.US if no_trust or isinstance(error, NoLogin) else Verdict.LATER


def _words(error: BaseException) -> str:
    """Of the network's trouble: neither the server's words nor an address are in it."""
    return " ".join(str(error).split()) or type(error).__name__
