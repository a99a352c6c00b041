"""A mail server that does what a script tells it to, good or bad, and remembers what it was told."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CUT = "<cut>"
"""Hang up instead of answering."""
SILENT = "<silent>"
"""Never answer."""
DRIP = "<drip>"
"""Answer a line every 50 ms, without end."""

Step = str | list[str]
"""An answer, or one for each time in turn, the last again and again."""

DEFAULTS: Mapping[str, Step] = {
    "connect": "220 mail.example ESMTP",
    "EHLO": "250-mail.example\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 End data with <CR><LF>.<CR><LF>",
    ".": "250 2.0.0 Ok: queued as 4F2A1",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
    "STARTTLS": "220 2.0.0 Ready",
    "AUTH": "235 2.7.0 Accepted",
}


@dataclass
class ScriptedServer:
    """A context manager. The script's keys are commands, `connect` for the greeting, `body` for what happens
    in the midst of the message, and `.` for the final dot."""

    script: Mapping[str, Step] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    """For STARTTLS; with `implicit_tls` from the first byte."""
    implicit_tls: bool = False
    commands: list[str] = field(default_factory=list)
    """In the order in which they came, over all connections."""
    messages: list[bytes] = field(default_factory=list)
    """Those whose final dot came, as they went over the wire, without it."""
    connections: int = 0
    port: int = 0

    def __enter__(self) -> Self:
        self._steps = {**DEFAULTS, **self.script}
        self._counts: dict[str, int] = {}
        self._stopped = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for each in [self._listener, *self._open]:
            # Closing alone wakes no thread that waits in accept or recv.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join(timeout=2)

    def url(self, scheme: str = "smtp", login: str = "") -> str:
        return f"{scheme}://{login}127.0.0.1:{self.port}"

    def heard(self, command: str) -> list[str]:
        return [each for each in self.commands if each.upper().startswith(command)]

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with suppress(OSError, _HangUp):
            if self.implicit_tls:
                connection = self._encrypt(connection)
            self._say(connection, "connect")
            self._serve(connection)
        connection.close()

    def _serve(self, connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        while line := lines.readline():
            command = line.decode(errors="replace").rstrip("\r\n")
            self.commands.append(command)
            verb = command.partition(" ")[0].upper()
            answer = self._say(connection, verb)
            if verb == "DATA" and answer.startswith("354"):
                self._receive(connection, lines)
            elif verb == "STARTTLS" and answer.startswith("220"):
                connection = self._encrypt(connection)
                lines = connection.makefile("rb")
            elif verb == "QUIT":
                return

    def _receive(self, connection: socket.socket, lines: BinaryIO) -> None:
        body: list[bytes] = []
        if "body" in self._steps:
            self._say(connection, "body")
        while (line := lines.readline()) != b".\r\n":
            if not line:
                raise _HangUp
            body.append(line)
        content = b"".join(body)
        self.messages.append(content)
        self._answer(connection, content)

    def _answer(self, connection: socket.socket, content: bytes) -> None:
        """To the final dot of a message."""
        self._say(connection, ".")

    def _encrypt(self, connection: socket.socket) -> socket.socket:
        assert self.tls is not None
        encrypted = self.tls.wrap_socket(connection, server_side=True)
        self._open.append(encrypted)
        return encrypted

    def _say(self, connection: socket.socket, key: str) -> str:
        return self._speak(connection, self._next(key))

    def _next(self, key: str) -> str:
        """What the script says now."""
        step = self._steps.get(key, "502 5.5.2 What?")
        return step if isinstance(step, str) else step[min(self._count(key), len(step) - 1)]

    def _speak(self, connection: socket.socket, answer: str) -> str:
        if answer == CUT:
            raise _HangUp
        if answer == SILENT:
            self._stopped.wait()
            raise _HangUp
        while answer == DRIP and not self._stopped.is_set():
            connection.sendall(b"250-drip\r\n")
            time.sleep(0.05)
        connection.sendall(f"{answer}\r\n".encode())
        return answer

    def _count(self, key: str) -> int:
        self._counts[key] = self._counts.get(key, -1) + 1
        return self._counts[key]


class _HangUp(Exception):
    pass


def eventually(condition: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether it comes true: a server's thread learns a little later what its client has said."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def throw_away_certificate(folder: Path) -> Path:
    """Key and certificate for 127.0.0.1, in one PEM file below `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    host = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(host, critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(issuer, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "mail-server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def client_tls(certificate: Path) -> ssl.SSLContext:
    """Trusts that certificate and no other."""
    return ssl.create_default_context(cafile=str(certificate))
