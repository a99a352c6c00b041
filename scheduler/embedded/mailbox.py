"""A mail server for development: takes every mail, shows it, passes none on.

    python -m scheduler.embedded.mailbox --smtp-port 1025 --http-port 8025 --folder DIR

On loopback only, and a process of its own. Its HTTP side speaks Mailpit's API, so that what reads mails from
the composed stack's Mailpit reads them from here.
"""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from werkzeug.serving import BaseWSGIServer, make_server

from scheduler.embedded.errors import PortTaken
from scheduler.embedded.mail_store import MailStore
from scheduler.embedded.mailbox_pages import mailbox_app
from scheduler.embedded.sockets import is_taken

LOOPBACK = "127.0.0.1"
LARGEST = 10_000_000  # bytes of one mail

_log = logging.getLogger(__name__)


class Receiver:
    """What aiosmtpd asks when a mail has come in whole."""

    def __init__(self, store: MailStore, page: str) -> None:
        self._store = store
        self._page = page

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content or b""
        try:
            mail_id = self._store.add(raw, envelope.mail_from or "", envelope.rcpt_tos)
        except OSError as error:
            _log.error("could not keep a mail: %s", error.strerror)
            return "452 4.3.1 No room"
        _log.info("a mail has come: %s/mail/%s", self._page, mail_id)
        return "250 2.0.0 Kept"


class Mailbox:
    """Both servers over one store."""

    def __init__(self, folder: Path, smtp_port: int, http_port: int) -> None:
        store = MailStore(folder)
        receiver = Receiver(store, f"http://localhost:{http_port}")
        self._smtp = Controller(receiver, LOOPBACK, smtp_port, data_size_limit=LARGEST, enable_SMTPUTF8=True)
        self._http: BaseWSGIServer = make_server(LOOPBACK, http_port, mailbox_app(store), threaded=True)

    def serve(self) -> None:
        """Until `stop` is called from another thread; the page answers only once mails are taken."""
        self._smtp.start()
        try:
            self._http.serve_forever(poll_interval=0.1)
        finally:
            self._smtp.stop()
            self._http.server_close()

    def stop(self) -> None:
        self._http.shutdown()


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    for noisy in ("werkzeug", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        if is_taken(options.smtp_port):  # aiosmtpd would say so only after five seconds
            raise PortTaken(options.smtp_port, "mail", "--smtp-port")
        mailbox = Mailbox(options.folder, options.smtp_port, options.http_port)
        _stop_on_signals(mailbox)
        mailbox.serve()
    except (OSError, PortTaken) as error:
        _log.error("the mailbox cannot start: %s", error)
        return 1
    return 0


def _stop_on_signals(mailbox: Mailbox) -> None:
    """`shutdown` waits for the loop that the signal interrupted, so it is called from a thread."""

    def stop(*_: object) -> None:
        threading.Thread(target=mailbox.stop, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mailbox", description="Takes mails and shows them.")
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument("--http-port", type=int, default=8025)
    parser.add_argument("--folder", type=Path, required=True)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
