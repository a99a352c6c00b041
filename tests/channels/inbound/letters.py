"""Mails that come in, as mail systems and strangers write them."""

from collections.abc import Sequence

BODY = "Thank you, see you then."


def mail(*parts: str, subtype: str = "mixed", boundary: str = "b0", **headers: str) -> bytes:
    """A multipart of parts that bring their own headers."""
    inner = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    head = {
        "From": "pat0@patients.example",
        "To": "visits@clinic.example",
        "Subject": "Re: Your appointment",
        "Message-ID": "<answer@patients.example>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/{subtype}; boundary="{boundary}"',
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"{lines}\r\n{inner}--{boundary}--\r\n".encode()


def part(kind: str, body: str, **headers: str) -> str:
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"Content-Type: {kind}\r\n{more}\r\n{body}"


def nested(depth: int) -> bytes:
    """A mail in a mail in a mail."""
    content = part("text/plain", BODY)
    for level in range(depth):
        boundary = f"b{level}"
        inner = f"--{boundary}\r\n{content}\r\n--{boundary}--\r\n"
        content = part(f'multipart/mixed; boundary="{boundary}"', inner)
    return f"From: pat0@patients.example\r\n{content}".encode()


def bounce(
    message_id: str,
    status: str = "5.1.1",
    action: str = "failed",
    extra: Sequence[str] = (),
    returned: str = "",
    diagnostic: str | None = None,
) -> bytes:
    """A report of RFC 3464, as Postfix writes it."""
    said = f"550 {status} no such user" if diagnostic is None else diagnostic
    fields = (
        "Reporting-MTA: dns; mail.clinic.example\r\nArrival-Date: Tue, 1 Dec 2026 12:00:00 +0000\r\n\r\n"
        "Final-Recipient: rfc822; pat0@patients.example\r\n"
        "Original-Recipient: rfc822;pat0@patients.example\r\n"
        f"Action: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {said}\r\n"
    )
    original = (
        returned or f"From: visits@clinic.example\r\nMessage-ID: <{message_id}@clinic.example>\r\n\r\nHello"
    )
    return mail(
        part("text/plain", "I'm sorry to have to inform you that your message could not be delivered."),
        part("message/delivery-status", fields),
        *extra,
        part("message/rfc822", original),
        subtype="report; report-type=delivery-status",
        From="MAILER-DAEMON@mail.clinic.example (Mail Delivery System)",
        Return_Path="<>",
        Subject="Undelivered Mail Returned to Sender",
    )


def complaint(message_id: str, kind: str = "abuse") -> bytes:
    """A report of RFC 5965, as mailbox providers send it."""
    return mail(
        part("text/plain", "This is an email abuse report."),
        part(
            "message/feedback-report", f"Feedback-Type: {kind}\r\nUser-Agent: Example/1.0\r\nVersion: 1\r\n"
        ),
        part(
            "message/rfc822",
            f"From: visits@clinic.example\r\nMessage-ID: <{message_id}@clinic.example>\r\n\r\nHello",
        ),
        subtype="report; report-type=feedback-report",
        From="abuse@provider.example",
    )


def calendar(
    uid: str,
    partstat: str = "ACCEPTED",
    *,
    method: str = "REPLY",
    sequence: int = 0,
    stamp: str = "20261201T130000Z",
    attendee: str = "pat0@patients.example",
    more: str = "",
    before: str = "",
) -> str:
    """What a calendar answers."""
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Calendar//EN\r\nMETHOD:{method}\r\n{before}"
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nSEQUENCE:{sequence}\r\nDTSTAMP:{stamp}\r\nDTSTART:20261203T160000Z\r\n"
        f"ATTENDEE;CN=Pat;PARTSTAT={partstat}:mailto:{attendee}\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def reply(content: str, kind: str = "text/calendar; charset=UTF-8; method=REPLY", **headers: str) -> bytes:
    """As a calendar sends it: Gmail's own are marked as automatic."""
    return mail(
        part("text/plain", BODY),
        part(kind, content, Content_Transfer_Encoding="8bit"),
        subtype="alternative",
        Auto_Submitted="auto-generated",
        **headers,
    )
