"""A real IMAP server of a test's own: Debian's Dovecot on loopback, with TLS, as somebody without rights."""

import os
import pwd
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from imapclient import IMAPClient

from config.imap_address import ImapAddress
from scheduler.channels.inbound.imap import ImapMailbox
from scheduler.embedded.processes import spawn, stop, tail, wait_ready
from scheduler.embedded.sockets import free_port
from tests.cast import NOW
from tests.smtp import client_tls, throw_away_certificate

PASSWORD = "example-password"

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
ssl = required
auth_failure_delay = 0
ssl_cert = <{certificate}
ssl_key = <{certificate}
mail_location = maildir:~/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {starttls}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    tls: int
    starttls: int
    certificate: Path
    """Whom to trust."""

    def address(self, user: str, folder: str = "INBOX", handled: str | None = None) -> ImapAddress:
        return ImapAddress(
            host="127.0.0.1",
            port=self.tls,
            starttls=False,
            user=user,
            password=PASSWORD,
            folder=folder,
            handled=handled,
        )

    @property
    def trust(self) -> ssl.SSLContext:
        return client_tls(self.certificate)

    def mailbox(self, user: str, folder: str = "INBOX", handled: str | None = None) -> ImapMailbox:
        """As the service opens it."""
        return ImapMailbox(self.address(user, folder, handled), self.trust)

    @contextmanager
    def as_person(self, user: str) -> Iterator[IMAPClient]:
        """Whoever else reads the mailbox; everybody has a mailbox here."""
        with IMAPClient("127.0.0.1", self.tls, ssl_context=self.trust, timeout=10) as client:
            client.login(user, PASSWORD)
            yield client

    def deliver(self, user: str, *mails: bytes, folder: str = "INBOX", at: datetime = NOW) -> None:
        with self.as_person(user) as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for raw in mails:
                client.append(folder, raw, msg_time=at)

    def flags(self, user: str, folder: str = "INBOX") -> list[list[str]]:
        """Of each mail in the folder, in the order in which they came."""
        with self.as_person(user) as client:
            client.select_folder(folder, readonly=True)
            found = client.get_flags(client.search())
        return [sorted(flag.decode() for flag in found[uid] if flag != rb"\Recent") for uid in sorted(found)]


def servant() -> pwd.struct_passwd:
    """Who the server runs as: ourselves, or for root somebody without rights."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


MISSING = "IMAP SERVER MISSING, the mailbox is unread: apt-get install dovecot-imapd"


def installed() -> str | None:
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")


@contextmanager
def dovecot(folder: Path) -> Iterator[Dovecot]:
    """Runs it in `folder`, which it has to be able to reach."""
    program = installed()
    if not program:
        pytest.skip(MISSING)
    who = servant()
    server = Dovecot(free_port(), free_port(), throw_away_certificate(folder))
    settings = CONFIGURATION.format(
        folder=folder,
        user=who.pw_name,
        group=_group(who),
        uid=who.pw_uid,
        gid=who.pw_gid,
        certificate=server.certificate,
        password=PASSWORD,
        tls=server.tls,
        starttls=server.starttls,
    )
    (folder / "dovecot.conf").write_text(settings)
    for each in (folder, *folder.iterdir()):
        shutil.chown(each, who.pw_uid, who.pw_gid)
    log = folder / "log"
    as_servant = (who.pw_uid, who.pw_gid) if os.geteuid() == 0 else None
    with log.open("wb") as output:
        command: list[str | Path] = [program, "-F", "-c", folder / "dovecot.conf"]
        process = spawn(command, user=as_servant, output=output)
    try:
        wait_ready("dovecot", process, lambda: _answers(server.tls), seconds=20, log=lambda: tail(log))
        yield server
    finally:
        stop(process)


def _group(who: pwd.struct_passwd) -> str:
    return subprocess.run(
        ["id", "-gn", who.pw_name], check=True, capture_output=True, text=True
    ).stdout.strip()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
