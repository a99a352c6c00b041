"""Texts for those who try the service out: they go to the terminal, or to a mailbox as if they were mails."""

import smtplib
import sys
from email.message import EmailMessage
from typing import TextIO

from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.channels.sms.text import Text
from scheduler.channels.smtp.endpoint import Endpoint

SENDER = "texts@sms.invalid"
SECONDS = 5.0
NO_PROVIDER = "VISITS_SMS_URL is off: name a provider, or take the consent sms out of the clinic file"
"""What operators read as the reason of the pause."""


class ConsoleChannel:
    """Prints the words, and of the number its end: terminals are seen by others."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out

    def deliver(self, text: Text, fence: Fence) -> Outcome:
        if not fence():
            return Outcome(Verdict.FENCED)
        print(f"text to …{text.to[-2:]}: {text.body}", file=self._out or sys.stdout, flush=True)
        return Outcome(Verdict.SENT, reference=text.id)


class MailboxChannel:
    """Puts texts into the mailbox where rehearsals' mails are read."""

    def __init__(self, server: Endpoint) -> None:
        self._server = server

    def deliver(self, text: Text, fence: Fence) -> Outcome:
        mail = EmailMessage()
        mail["From"], mail["To"] = SENDER, f"{text.to.removeprefix('+')}@sms.invalid"
        mail["Subject"] = "Text message"
        mail.set_content(text.body)
        if not fence():
            return Outcome(Verdict.FENCED)
        try:
            with smtplib.SMTP(self._server.host, self._server.port, timeout=SECONDS) as session:
                session.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(Verdict.LATER, detail=type(error).__name__)
        return Outcome(Verdict.SENT, reference=text.id)


class NoProvider:
    """Where patients agree to texts and no provider takes them: they wait, and somebody is told."""

    def deliver(self, text: Text, fence: Fence) -> Outcome:
        return Outcome(Verdict.US, detail=NO_PROVIDER)
