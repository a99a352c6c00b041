"""What a message is made of, and how each fact is put into words."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    format_number,
    is_valid_number,
    parse,
)

from scheduler.domain.clinic import Mode
from scheduler.domain.messages import ENDING, MessageKind
from scheduler.messages.moments import Moment, moment, same_clock
from scheduler.messages.words import known_language

LONGEST_GREETED_NAME = 30
_NAME = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class MessageFacts:
    kind: MessageKind
    language: str
    """A language tag; the first language that has texts stands in for one that has none."""
    sender_name: str
    clinic_phone: str
    """In E.164."""
    first_name: str
    practitioner: str
    """As messages spell the name."""
    mode: Mode
    pending: bool
    """Staff still have to approve the visit."""
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    """In which the visit was promised: the location's, or the practitioner's schedule's."""
    patient_zone: ZoneInfo | None
    """Named first in the texts of a telemedicine visit."""
    place: str | None
    """The public address of an in-person visit."""
    manage_link: str
    book_link: str
    """Where anybody books: the one link of a message that a visit does not take place."""
    join_link: str | None
    answer_by: datetime | None
    """By when staff approve a visit that is asked for."""
    not_you_link: str
    """For whoever is not the person that the mail is for."""
    asks_where: bool = False
    """Whether the patient is asked where they will be during a visit by video."""
    stop_link: str | None = None
    """Of a reminder: where one says that one wants no more of them."""
    reads_answers: bool = False
    """Whether somebody who answers a text is heard."""


def template_values(facts: MessageFacts) -> dict[str, object]:
    """What the templates may speak of, and nothing else."""
    first, second = _moments(facts)
    return {
        "sender_name": one_line(facts.sender_name),
        "phone_number": _spoken_once(facts.clinic_phone),
        "phone_digits": facts.clinic_phone,
        "name": greeted_name(facts.first_name),
        "practitioner": one_line(facts.practitioner),
        "video": facts.mode is Mode.TELEMEDICINE,
        "pending": facts.pending,
        "ended": facts.kind in ENDING,
        "withdrawn": facts.kind is MessageKind.WITHDRAWN,
        "when": first,
        "clinic_when": second,
        "answer": _answer(facts),
        "place": one_line(facts.place or ""),
        "manage_link": facts.manage_link,
        "book_link": facts.book_link,
        "join_link": facts.join_link or "",
        "asks_where": facts.asks_where,
        "not_you_link": facts.not_you_link,
        "stop_link": facts.stop_link or "",
    }


def _moments(facts: MessageFacts) -> tuple[Moment, Moment | None]:
    """The time to name first and, where the clinic's clock shows another, the clinic's."""
    language, zone = known_language(facts.language), first_zone(facts)
    same = same_clock(facts.starts_at, zone, facts.zone)
    at_clinic = None if same else moment(facts.starts_at, facts.zone, language)
    return moment(facts.starts_at, zone, language), at_clinic


def _answer(facts: MessageFacts) -> Moment | None:
    if facts.answer_by is None:
        return None
    return moment(facts.answer_by, first_zone(facts), known_language(facts.language))


def first_zone(facts: MessageFacts) -> ZoneInfo:
    """By whose clock the patient reads: their own for a video visit, that of the place for another."""
    return facts.zone if facts.mode is Mode.IN_PERSON else facts.patient_zone or facts.zone


def one_line(text: str) -> str:
    """`text` without control characters, its white space single spaces."""
    spaced = " ".join(text.split())
    return "".join(each for each in spaced if unicodedata.category(each) not in {"Cc", "Cs"})


def greeted_name(first_name: str) -> str:
    """The name to greet by, or nothing.

    The booking form is public: whatever is typed there as a name would reach any stranger's mailbox under the
    clinic's name. So only what cannot carry a message or an address of a web page is repeated.
    """
    name = unicodedata.normalize("NFC", one_line(first_name))
    fits = len(name) <= LONGEST_GREETED_NAME and _NAME.fullmatch(name)
    return name if fits else ""


def spoken_phone(number: str) -> str:
    """`(409) 555-0100` for a number of the United States, `+52 55 1234 5678` for others."""
    try:
        parsed = parse(number)
    except NumberParseException:
        return number
    national = parsed.country_code == 1 and is_valid_number(parsed)
    form = PhoneNumberFormat.NATIONAL if national else PhoneNumberFormat.INTERNATIONAL
    return format_number(parsed, form)


_spoken_once = lru_cache(maxsize=64)(spoken_phone)
"""For the clinic's few numbers, which are in every message."""
