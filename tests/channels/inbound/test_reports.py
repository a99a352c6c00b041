"""What came back, by whatever words it is said."""

import pytest

from scheduler.channels.inbound.mime import parts_of
from scheduler.channels.inbound.reports import News, Report, report_of
from tests.channels.inbound.letters import BODY, bounce, calendar, complaint, mail, part, reply

ID = "0123456789abcdef0123456789abcdef"
MACHINE = {"From": "MAILER-DAEMON@mail.clinic.example"}


def read(raw: bytes) -> Report | None:
    return report_of(parts_of(raw))


def test_a_mail_that_did_not_arrive() -> None:
    assert read(bounce(ID)) == Report(News.BOUNCED, ID, "5.1.1")


def test_a_mail_that_is_late() -> None:
    assert read(bounce(ID, "4.4.1", "delayed")) == Report(News.DELAYED, ID, "4.4.1")


def test_a_mail_that_arrived() -> None:
    assert read(bounce(ID, "2.0.0", "delivered")) == Report(News.NOTHING, ID)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("552 5.2.2 mailbox full", "5.2.2"),
        ("550 5.7.1 blocked", "5.7.1"),
        ("550 5.1.1 no such user", "5.1.1"),
        ("550-5.7.26 This mail is unauthenticated", "5.7.26"),
        ("552 too much mail", "5.2.2"),
        ("\r\n  552 too much mail", "5.2.2"),
        ("452 too much mail", "4.2.2"),
        ("550 mailbox is full", "5.2.2"),
        ("554 Service unavailable; Client host [5.2.2.10] blocked using a list", "5.7.1"),
        ("451 Temporary local problem", "4.0.0"),
        ("550 no such user", "5.0.0"),
        ("", "5.0.0"),
    ],
)
def test_where_the_status_says_nothing_the_other_servers_answer_does(said: str, status: str) -> None:
    assert read(bounce(ID, "5.0.0", diagnostic=said)) == Report(News.BOUNCED, ID, status)


def test_without_a_status_too() -> None:
    assert read(bounce(ID, "", diagnostic="550 5.7.1 blocked")) == Report(News.BOUNCED, ID, "5.7.1")


def test_a_status_that_says_something_counts() -> None:
    assert read(bounce(ID, "5.2.2", diagnostic="550 5.1.1 no such user")) == Report(News.BOUNCED, ID, "5.2.2")


def test_only_the_headers_came_back() -> None:
    raw = bounce(ID).replace(b"Content-Type: message/rfc822", b"Content-Type: text/rfc822-headers")
    assert read(raw) == Report(News.BOUNCED, ID, "5.1.1")


def test_a_report_that_does_not_say_of_what() -> None:
    assert read(bounce(ID, returned="From: visits@clinic.example\r\n\r\nHello")) == Report(
        News.BOUNCED, None, "5.1.1"
    )


def test_another_mails_number_is_not_ours() -> None:
    assert read(bounce("not-ours")) == Report(News.BOUNCED, None, "5.1.1")


def wrapped(report: bytes) -> bytes:
    """With a footer below it, as some gateways leave nothing alone."""
    inner = report.decode().partition("Content-Type: ")[2]
    return mail(part("text/plain", "Scanned."), f"Content-Type: {inner}", boundary="outer", **MACHINE)


def test_a_report_that_a_gateway_has_wrapped() -> None:
    assert read(wrapped(bounce(ID))) == Report(News.BOUNCED, ID, "5.1.1")
    assert read(wrapped(bounce(ID, "4.4.1", "delayed"))) == Report(News.DELAYED, ID, "4.4.1")


def test_a_report_that_a_person_passes_on_is_none() -> None:
    passed_on = wrapped(bounce(ID)).replace(MACHINE["From"].encode(), b"pat0@patients.example")
    assert read(passed_on) is None


@pytest.mark.parametrize(("kind", "news"), [("abuse", News.COMPLAINT), ("not-spam", News.NOTHING)])
def test_a_reader_complains(kind: str, news: News) -> None:
    assert read(complaint(ID, kind)) == Report(news, ID)


def test_a_receipt_is_a_report_of_nothing() -> None:
    receipt = mail(
        part("text/plain", "The message was displayed."),
        part("message/disposition-notification", "Disposition: manual-action/MDN-sent-manually; displayed"),
        subtype="report; report-type=disposition-notification",
    )
    assert read(receipt) == Report(News.NOTHING, None)


def test_a_report_that_echoes_an_answer_is_a_report() -> None:
    echoed = part("text/calendar; method=REPLY", calendar("0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a01"))
    assert read(bounce(ID, extra=[echoed])) == Report(News.BOUNCED, ID, "5.1.1")


QMAIL = f"""Hi. This is the qmail-send program at mail.clinic.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<pat0@patients.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <visits@clinic.example>
Message-ID: <{ID}@clinic.example>
"""


@pytest.mark.parametrize("sender", [MACHINE, {"Return_Path": "<>"}])
def test_a_report_in_words_of_its_own(sender: dict[str, str]) -> None:
    assert read(mail(part("text/plain", QMAIL), **sender)) == Report(News.BOUNCED, ID, "5.1.1")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("User's mailbox is full (#5.2.2)", "5.2.2"),
        ("User's mailbox is full", "5.2.2"),
        ("198.51.100.7 said: 552 too much mail", "5.2.2"),
        ("SMTP error after RCPT TO:<pat0@patients.example>:\n    451 later", "4.0.0"),
        ("198.51.100.7 said: 550 5.7.1 blocked (#5.7.1)", "5.7.1"),
        ("198.51.100.7 said: 550 your host is blocked", "5.7.1"),
        ("I'm not going to try again; it has been in the queue too long. (#4.4.1)", "4.4.1"),
        ("Sorry, no mailbox here by that name.", ""),
    ],
)
def test_the_words_say_whether_it_is_the_address(words: str, status: str) -> None:
    said = QMAIL.replace("Sorry, no mailbox here by that name. (#5.1.1)", words)
    said = said.replace("Message-ID", "X-Filter: blocked, quota (#5.7.1)\nMessage-ID")
    assert read(mail(part("text/plain", said), **MACHINE)) == Report(News.BOUNCED, ID, status)


WARNING = f"""    **********************************************
    **      THIS IS A WARNING MESSAGE ONLY      **
    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
    **********************************************

   ----- The following addresses had transient non-fatal errors -----
<pat0@patients.example>

   ----- Transcript of session follows -----
<pat0@patients.example>... Deferred: Connection timed out with mx.patients.example.
Warning: message still undelivered after 4 hours
Will keep trying until message is 5 days old

Message-ID: <{ID}@clinic.example>
"""
NOT_YET = f"""This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mail.clinic.example.

Delivery to the following recipients failed so far:

    pat0@patients.example

No action is required on your part. Delivery attempts will continue.

Message-ID: <{ID}@clinic.example>
"""


@pytest.mark.parametrize("words", [WARNING, NOT_YET])
def test_words_that_only_warn_say_that_a_mail_is_late(words: str) -> None:
    found = read(mail(part("text/plain", words), **MACHINE))
    assert found and (found.news, found.message_id) == (News.DELAYED, ID)


def test_what_failed_for_good_after_it_was_late_has_failed() -> None:
    words = QMAIL.replace("Sorry,", "It was deferred for 5 days, and will not be retried. Sorry,")
    assert read(mail(part("text/plain", words), **MACHINE)) == Report(News.BOUNCED, ID, "5.1.1")


def test_words_like_these_of_a_person_are_no_report() -> None:
    assert read(mail(part("text/plain", QMAIL))) is None


def test_a_persons_mail_and_a_calendars_answer_are_no_reports() -> None:
    assert read(mail(part("text/plain", BODY))) is None
    assert read(reply(calendar("0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a01"))) is None
