import json
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from scheduler.embedded.sockets import free_port
from scheduler.embedded.stack import answers
from tests.embedded.conftest import ROOT, eventually

INVITE = "BEGIN:VCALENDAR\r\nSUMMARY:A visit <b>\r\nEND:VCALENDAR\r\n"


class Box:
    """A mailbox process, and how to use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.smtp_port = free_port()
        self.page = f"http://127.0.0.1:{free_port()}"
        self.start()

    def start(self) -> None:
        ports = ["--smtp-port", str(self.smtp_port), "--http-port", self.page.rsplit(":", 1)[1]]
        command = [sys.executable, "-m", "scheduler.embedded.mailbox", *ports, "--folder", str(self.folder)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        assert eventually(lambda: answers(f"{self.page}/readyz"))

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(5)

    def send(self, raw: bytes, *recipients: str) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=5) as smtp:
            smtp.sendmail("clinic@example.org", recipients or ["pat@example.org"], raw)

    def get(self, path: str, **query: str) -> requests.Response:
        return requests.get(f"{self.page}{path}", params=query, timeout=5)

    def newest(self) -> dict[str, object]:
        found: dict[str, object] = self.get("/api/v1/messages", limit="1").json()["messages"][0]
        return found


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    box = Box(tmp_path_factory.mktemp("mails"))
    yield box
    assert box.stop() == 0


def letter(subject: str = "Your visit", text: str = "See you.") -> bytes:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = "Example Clinic <clinic@example.org>"
    mail["To"] = "Pat Example <pat@example.org>"
    mail["Message-ID"] = "<one@example.org>"
    mail.set_content(text)
    return mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))


def letter_with_invite() -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "With invite"
    mail["To"] = "pat@example.org"
    mail.set_content("Text.")
    mail.add_alternative(INVITE.encode(), maintype="text", subtype="calendar", params={"method": "REQUEST"})
    mail.add_attachment(INVITE.encode(), maintype="application", subtype="ics", filename="visit.ics")
    return mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))


def test_a_mail_is_listed_as_mailpit_lists_it(box: Box) -> None:
    box.send(letter(), "pat@example.org", "hidden@example.org")
    message = box.newest()
    assert {**message, "ID": "", "Created": "", "Size": 0} == {
        "ID": "",
        "MessageID": "one@example.org",
        "Read": False,
        "From": {"Name": "Example Clinic", "Address": "clinic@example.org"},
        "To": [{"Name": "Pat Example", "Address": "pat@example.org"}],
        "Cc": [],
        "Bcc": [{"Name": "", "Address": "hidden@example.org"}],
        "ReplyTo": [],
        "Subject": "Your visit",
        "Created": "",
        "Tags": [],
        "Size": 0,
        "Attachments": 0,
        "Snippet": "See you.",
    }


def test_the_raw_mail_is_what_was_sent_byte_for_byte(box: Box) -> None:
    raw = letter(text=".a line that begins with a dot\n\ntrailing   ")
    box.send(raw)
    assert box.get(f"/api/v1/message/{box.newest()['ID']}/raw").content == raw
    download = box.get(f"/mail/{box.newest()['ID']}/raw")
    assert download.content == raw
    assert download.headers["Content-Disposition"].startswith("attachment")


def test_the_newest_mail_comes_first_and_pages_follow(box: Box) -> None:
    for number in range(3):
        box.send(letter(subject=f"Mail {number}"))
    first = box.get("/api/v1/messages", limit="2").json()
    second = box.get("/api/v1/messages", limit="1", start="2").json()
    assert [each["Subject"] for each in first["messages"]] == ["Mail 2", "Mail 1"]
    assert [each["Subject"] for each in second["messages"]] == ["Mail 0"]
    assert (first["count"], second["start"]) == (2, 2)
    assert first["total"] == first["messages_count"] >= 3


def test_parameters_that_make_no_sense_count_as_not_given(box: Box) -> None:
    box.send(letter())
    assert box.get("/api/v1/messages", limit="many", start="-1").json()["messages"]


def test_a_person_reads_the_text_and_the_invite(box: Box) -> None:
    box.send(letter_with_invite())
    page = box.get(f"/mail/{box.newest()['ID']}").text
    assert page.count("BEGIN:VCALENDAR") == 1, "the invite is in the mail twice, and shown once"
    assert "SUMMARY:A visit &lt;b&gt;" in page
    assert "visit.ics" in page
    assert box.newest()["Attachments"] == 1


def test_nothing_in_a_mail_becomes_markup(box: Box) -> None:
    box.send(letter(subject="<script>alert(1)</script>", text="<img src=x> https://example.org/?a=<b>"))
    for page in (box.get("/").text, box.get(f"/mail/{box.newest()['ID']}").text):
        assert "<script" not in page
        assert "<img" not in page
        assert "&lt;script&gt;" in page


def test_links_in_the_text_can_be_followed_but_scripts_cannot(box: Box) -> None:
    box.send(letter(text="https://example.org/v/abc javascript:alert(1)"))
    page = box.get(f"/mail/{box.newest()['ID']}").text
    assert 'href="https://example.org/v/abc"' in page
    assert 'href="javascript' not in page


def test_every_answer_forbids_scripts(box: Box) -> None:
    for path in ("/", "/api/v1/messages", "/mail/none", "/static/mailbox.css"):
        headers = box.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_list_refreshes_itself_and_finds_its_style(box: Box) -> None:
    page = box.get("/").text
    assert 'http-equiv="refresh"' in page
    assert box.get("/static/mailbox.css").ok


def test_a_website_whose_name_points_here_reads_nothing(box: Box) -> None:
    answer = requests.get(f"{box.page}/api/v1/messages", headers={"Host": "evil.example"}, timeout=5)
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/mail/none", "/api/v1/message/none/raw", "/mail/..%2f..%2fetc%2fpasswd"])
def test_a_mail_that_is_not_there_is_404(box: Box, path: str) -> None:
    assert box.get(path).status_code == 404


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no header at all",
        b"Subject: =?utf-8?b?broken\r\nFrom: <<>>\r\nTo: @,;\r\n\r\nx",
        b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: text/calendar; charset=nonsense\r\n\r\n\xff",
    ],
)
def test_a_broken_mail_is_kept_and_shown(box: Box, raw: bytes) -> None:
    box.send(raw)
    mail_id = box.newest()["ID"]
    assert box.get(f"/mail/{mail_id}").ok
    assert box.get("/").ok


def test_a_restart_keeps_the_mails(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.send(letter(subject="Kept"))
    box.process.send_signal(signal.SIGKILL)
    box.process.wait()
    box.start()
    assert box.newest()["Subject"] == "Kept"
    assert box.newest()["From"] == {"Name": "Example Clinic", "Address": "clinic@example.org"}
    assert json.loads(next(tmp_path.glob("*.json")).read_text())["recipients"] == ["pat@example.org"]
    assert box.stop() == 0


def test_a_port_that_is_taken_is_said_plainly(box: Box, tmp_path: Path) -> None:
    ports = ["--smtp-port", str(box.smtp_port), "--http-port", str(free_port())]
    command = [sys.executable, "-m", "scheduler.embedded.mailbox", *ports, "--folder", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=False)
    assert ended.returncode == 1
    assert "the mailbox cannot start" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
