"""The words of texts: one line of 160 characters, without the patient's name; and the same for the phone."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.domain.clinic import Mode
from scheduler.domain.messages import ENDING, MessageKind
from scheduler.messages.facts import MessageFacts, first_zone, one_line, spoken_phone
from scheduler.messages.gsm7 import LONGEST, fold_gsm7, gsm7_length
from scheduler.messages.moments import clock
from scheduler.messages.render import fill, version_of
from scheduler.messages.words import WORDS, known_language

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
WEEKDAY = 3
"""Letters of a weekday: both languages tell them apart by these."""


class TextTooLong(ValueError):
    """A text that is longer than one, or has letters that texts do not have."""

    def __init__(self, characters: int | None) -> None:
        """`characters`: how many it would have; None where it is the letters."""
        super().__init__(characters)
        self.characters = characters


@dataclass(frozen=True, slots=True)
class TextBody:
    body: str
    template_version: str


def render_sms(facts: MessageFacts, place_name: str | None, initials: str = "") -> TextBody:
    """With place or "video", where they fit; the link leads to all the rest.

    `initials` name the person where several have this number, if texts have the letters. Raises TextTooLong.
    """
    with suppress(TextTooLong):
        return _rendered(facts, place_name, initials, brief=False)
    return _rendered(facts, place_name, initials, brief=True)


def _rendered(facts: MessageFacts, place_name: str | None, initials: str, *, brief: bool) -> TextBody:
    language = known_language(facts.language)
    template = f"{facts.kind}/{language}/sms.txt"
    values = {**_values(facts, language, place_name, initials, brief=brief), "link": link_of(facts)}
    body = one_text(fill(template, values))
    return TextBody(body, version_of({template, f"_shared/{language}/sms_facts.txt"}))


def render_call(facts: MessageFacts, place_name: str | None) -> str:
    """What staff say on the phone: the words of the text, without its link."""
    language = known_language(facts.language)
    return fill(f"{facts.kind}/{language}/sms.txt", {**_values(facts, language, place_name, ""), "link": ""})


def one_text(words: str) -> str:
    """The words in the letters that texts have. Raises TextTooLong."""
    body = fold_gsm7(words)
    length = gsm7_length(body)
    if length is None or length > LONGEST:
        raise TextTooLong(length)
    return body


def link_of(facts: MessageFacts) -> str:
    """The one link of a text."""
    if facts.kind in ENDING:
        return facts.book_link
    return (facts.join_link if facts.kind is MessageKind.JOIN else None) or facts.manage_link


def _values(
    facts: MessageFacts, language: str, place: str | None, initials: str, *, brief: bool = False
) -> dict[str, object]:
    zone = first_zone(facts)
    values: dict[str, object] = {
        "sender": one_line(facts.sender_name),
        "who": f" ({initials})" if gsm7_length(fold_gsm7(initials)) else "",
        "practitioner": one_line(facts.practitioner),
        "phone": spoken_phone(facts.clinic_phone),
        "video": facts.mode is Mode.TELEMEDICINE and not brief,
        "reads_answers": facts.reads_answers,
        "place": "" if brief else one_line(place or ""),
        "day": _day(facts.starts_at, zone, language),
        "time": _time(facts.starts_at, zone, language),
    }
    return {**values, "facts": fill(f"_shared/{language}/sms_facts.txt", values)}


def _day(instant: datetime, zone: ZoneInfo, language: str) -> str:
    """`Tue Dec 1`; `mar 1 dic` in Spanish."""
    words, local = WORDS[language], instant.astimezone(zone)
    weekday, month = words.weekdays[local.weekday()][:WEEKDAY], words.short_months[local.month - 1]
    return words.text_day.format(weekday=weekday, day=local.day, short_month=month)


def _time(instant: datetime, zone: ZoneInfo, language: str) -> str:
    """`2:30 PM CST`, `noon CST`: the zone as the clock has it that day, by its letters or distance to UTC."""
    local = instant.astimezone(zone)
    name = local.tzname() or ""
    at_noon = (local.hour, local.minute) == (12, 0)
    said = WORDS[language].text_noon if at_noon else clock(instant, zone, language)
    return f"{said.replace(NO_BREAK_SPACE, '')} {name if name.isalpha() else f'UTC{name}'}"
