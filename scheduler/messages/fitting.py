"""Whether texts with a clinic's names fit, before one has to: with the longest of all else that they say."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

from config.settings import ROOM_FOR_URL
from scheduler.domain.clinic import Mode
from scheduler.domain.messages import WORDLESS, MessageKind
from scheduler.messages.alerts import TASKS, AlertFacts, render_alert_sms
from scheduler.messages.answers import Answer, render_answer
from scheduler.messages.facts import MessageFacts
from scheduler.messages.gsm7 import LONGEST
from scheduler.messages.sms import TextTooLong, render_sms
from scheduler.messages.words import known_language

KINDS = sorted(set(MessageKind) - WORDLESS - {MessageKind.WITHDRAWN, MessageKind.REPLY, MessageKind.ALERT})
"""Those that patients get as texts."""
BASE = "https://".ljust(ROOM_FOR_URL, "v")
LINK = f"{BASE}/v/{'t' * 22}"
LONG_DAY = datetime(2026, 9, 30, 17, 30, tzinfo=UTC)
FAR = ZoneInfo("Asia/Kathmandu")
"""Whose clocks have no letters, and an offset of four digits."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A text that is too long, or has letters that texts do not have."""

    name: str
    """Such as `reminder`."""
    language: str
    characters: int | None
    """How many it would have; None where it is the letters."""

    def __str__(self) -> str:
        which = f'the text "{self.name}" ({self.language})'
        if self.characters is None:
            return f"{which} would have letters that texts do not have"
        return f"{which} would have {self.characters} characters, and {LONGEST} is the most"


@cache
def unfit_messages(sender: str, practitioner: str, phone: str, language: str) -> Sequence[Misfit]:
    """Of what patients get. `phone` in E.164."""
    written = known_language(language)
    facts = _facts(sender, practitioner, phone, written)
    texts = ((kind, partial(render_sms, facts(kind), None, "W.W.")) for kind in KINDS)
    return list(_unfit(written, texts))


@cache
def unfit_answers(sender: str, phone: str, language: str) -> Sequence[Misfit]:
    """Of what somebody is answered who writes a text. `phone` in E.164."""
    written = known_language(language)
    texts = ((each, partial(render_answer, each, written, sender, phone)) for each in Answer)
    return list(_unfit(written, texts))


@cache
def unfit_alerts(sender: str, language: str) -> Sequence[Misfit]:
    """Of what people of the clinic get who gave a number."""
    written = known_language(language)
    facts = (AlertFacts(written, sender, task, f"{BASE}/staff") for task in TASKS[written])
    texts = ((f"alert {each.task}", partial(render_alert_sms, each)) for each in facts)
    return list(_unfit(written, texts))


def _unfit(language: str, texts: Iterator[tuple[str, Callable[[], object]]]) -> Iterator[Misfit]:
    for name, write in texts:
        try:
            write()
        except TextTooLong as error:
            yield Misfit(name, language, error.characters)


def _facts(
    sender: str, practitioner: str, phone: str, language: str
) -> Callable[[MessageKind], MessageFacts]:
    return partial(
        MessageFacts,
        language=language,
        sender_name=sender,
        clinic_phone=phone,
        first_name="",
        practitioner=practitioner,
        mode=Mode.TELEMEDICINE,
        pending=False,
        starts_at=LONG_DAY,
        ends_at=LONG_DAY + timedelta(hours=1),
        zone=FAR,
        patient_zone=FAR,
        place=None,
        manage_link=LINK,
        book_link=f"{BASE}/book",
        join_link=f"{LINK}/join",
        answer_by=None,
        not_you_link="",
        reads_answers=True,
    )
