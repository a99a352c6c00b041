"""One conversation with a mail server, its phases apart.

`smtplib` words the commands, reads the answers and logs in. Its own `sendmail` is not used: that raises one
exception for before and after the final dot, and between the two lies whether somebody got the mail.
"""

import os
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader
from time import monotonic

from scheduler.channels.outcome import Fence
from scheduler.channels.smtp import wire
from scheduler.channels.smtp.answers import Answer, Phase, Refused
from scheduler.channels.smtp.endpoint import Endpoint, Security

FINAL_DOT = b".\r\n"
RESET_SECONDS = 5.0
"""A server that is still there says so quickly; a connection that a firewall forgot says nothing at all."""
MOMENT = 1.0
"""Seconds after a mail was taken in which nobody asks whether the connection lives: in a backlog the question
would be a fifth of the conversation."""
CLOSING = 421
_LINE_START_DOT = re.compile(rb"(?m)^\.")

Reply = tuple[int, bytes]


class Fenced(Exception):
    """The fence said no."""


class NoLogin(Exception):
    """The server knows no way of logging in that we know."""


class NoUtf8(Exception):
    """The server takes only addresses in ASCII."""


class Session(smtplib.SMTP):
    """Raises Refused, Fenced, NoLogin, NoUtf8, OSError or SMTPException; `fit` says what is left of it."""

    def __init__(self, seconds: float) -> None:
        # A name of our own, since smtplib would ask the DNS for one, without a deadline.
        super().__init__(local_hostname=_own_name())
        self.deadline = wire.Deadline(seconds)
        self.phase = Phase.CONNECT
        self.fit = False
        """Connected, and ready for another message after a RSET."""
        self.awaiting = False
        """The final dot has left, and no answer to it has come."""
        self._took = False
        """The last thing that it did was to take a message."""
        self.born = self.used = monotonic()
        self.owner = os.getpid()
        self.messages = 0

    def open(self, endpoint: Endpoint, context: ssl.SSLContext | None) -> None:
        """Connect, greet, encrypt and log in; a context is needed where the endpoint asks for encryption."""
        self.sock = wire.dial(endpoint.host, endpoint.port, self.deadline)
        if endpoint.security is Security.TLS:
            self._encrypt(context, endpoint.host)
        self._step(Phase.CONNECT, self.getreply)
        self._step(Phase.HELLO, self.ehlo)
        if endpoint.security is Security.STARTTLS:
            self._step(Phase.TLS, lambda: self.docmd("STARTTLS"))
            self._encrypt(context, endpoint.host)
            self._step(Phase.HELLO, self.ehlo)
        if endpoint.user:
            self._log_in(endpoint)
        self.fit = True

    def renew(self) -> None:
        """Be ready for another message; raises where the server is not."""
        if self._took and monotonic() - self.used < MOMENT:
            self._check_silence()
        else:
            with self.deadline.at_most(RESET_SECONDS):
                self._step(Phase.RESET, lambda: self.docmd("RSET"))

    def address(self, sender: str, recipient: str) -> None:
        """Both as they go over the wire, without angle brackets."""
        options, self._took = "", False
        if not (sender.isascii() and recipient.isascii()):
            if not self.has_extn("smtputf8"):
                raise NoUtf8
            self.command_encoding, options = "utf-8", " SMTPUTF8 BODY=8BITMIME"
        self._step(Phase.SENDER, lambda: self.docmd("MAIL", f"FROM:<{sender}>{options}"))
        self._step(Phase.RECIPIENT, lambda: self.docmd("RCPT", f"TO:<{recipient}>"))

    def hand_over(self, content: bytes, fence: Fence, reserve: float) -> Answer:
        """The server's answer to the final dot, which is not sent with fewer than `reserve` seconds left."""
        self._step(Phase.DATA, lambda: self.docmd("DATA"))
        self.fit = False
        self.send(_LINE_START_DOT.sub(b"..", content))
        self._check_silence()
        if self.deadline.left() < reserve:
            raise TimeoutError("too little time is left for an answer to the final dot")
        if not fence():
            raise Fenced
        self.send(FINAL_DOT)
        self.awaiting, self.phase = True, Phase.END
        answer = self._heard(Phase.END, self.getreply())
        self.awaiting, self._took = False, answer.welcome
        self.messages += 1
        return answer

    def leave(self) -> None:
        """Say good-bye without waiting for an answer."""
        with suppress(OSError, smtplib.SMTPException), self.deadline.at_most(RESET_SECONDS):
            self.putcmd("QUIT")
        self.close()

    def getreply(self) -> Reply:
        if self.file is None and self.sock is not None:
            self.file = BufferedReader(wire.Reader(self.sock, self.deadline))
        return super().getreply()

    def send(self, s: str | bytes) -> None:  # type: ignore[override]  # smtplib itself sends nothing else
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        wire.send(self.sock, s.encode(self.command_encoding) if isinstance(s, str) else s, self.deadline)

    def _encrypt(self, context: ssl.SSLContext | None, host: str) -> None:
        assert context is not None
        assert self.sock is not None
        self.phase = Phase.TLS
        self.sock = wire.encrypt(self.sock, context, host, self.deadline)
        # What was read before is not to be trusted: anybody on the way could have said it.
        self.file = None

    def _log_in(self, endpoint: Endpoint) -> None:
        self.phase, self.fit = Phase.LOGIN, False
        try:
            self.login(endpoint.user, endpoint.password)
        except smtplib.SMTPAuthenticationError as error:
            raise Refused(self._heard(Phase.LOGIN, (error.smtp_code, _as_bytes(error.smtp_error)))) from error
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException as error:
            raise NoLogin(str(error)) from error

    def _check_silence(self) -> None:
        """A server that speaks before its turn, or hangs up, has given up on us."""
        assert self.sock is not None
        assert self.file is not None
        if wire.has_spoken(self.sock, self.file):
            code, words = self.getreply()
            raise Refused(Answer(self.phase, code, words.decode(errors="replace")))

    def _step(self, phase: Phase, say: Callable[[], Reply]) -> None:
        self.phase, self.fit = phase, False
        answer = self._heard(phase, say())
        if not answer.welcome:
            raise Refused(answer)

    def _heard(self, phase: Phase, reply: Reply) -> Answer:
        code, words = reply
        self.fit, self.used = code not in {-1, CLOSING}, monotonic()
        return Answer(phase, code, words.decode(errors="replace"))


def _as_bytes(words: bytes | str) -> bytes:
    return words.encode() if isinstance(words, str) else words


def _own_name() -> str:
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
