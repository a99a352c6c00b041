"""Maria's visit with Dr. Lee, as a mail would tell of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.clinic import Mode
from scheduler.domain.messages import ENDING, WORDLESS, MessageKind
from scheduler.messages.facts import MessageFacts

MANAGE = "https://visits.clinic.example/v/3q2r8sd9fk2l3k4j5h6g7f"
JOIN = "https://visits.clinic.example/v/9f8e7d6c5b4a3f2e1d0c9b/join"
NOT_YOU = "https://visits.clinic.example/not-you/5e6f7a8b9c0d1e2f3a4b5c"
BOOK = "https://visits.clinic.example/book"
PLACE = "100 Main Street, Suite 2, Beaumont, TX 77701"

VIDEO = MessageFacts(
    kind=MessageKind.CONFIRMED,
    language="en",
    sender_name="Example Spine Clinic",
    clinic_phone="+14095550100",
    first_name="Maria",
    practitioner="Dr. Lee",
    mode=Mode.TELEMEDICINE,
    pending=False,
    starts_at=datetime(2026, 12, 1, 20, 30, tzinfo=UTC),
    ends_at=datetime(2026, 12, 1, 21, 0, tzinfo=UTC),
    zone=ZoneInfo("America/Chicago"),
    patient_zone=None,
    place=None,
    manage_link=MANAGE,
    book_link=BOOK,
    join_link=JOIN,
    answer_by=None,
    not_you_link=NOT_YOU,
)
IN_PERSON = replace(VIDEO, mode=Mode.IN_PERSON, place=PLACE, join_link=None)


@pytest.fixture
def video() -> Callable[..., MessageFacts]:
    return lambda **changes: replace(VIDEO, **changes)


@pytest.fixture
def in_person() -> Callable[..., MessageFacts]:
    return lambda **changes: replace(IN_PERSON, **changes)


def as_kind(facts: MessageFacts, kind: MessageKind, language: str = "en") -> MessageFacts:
    """Nothing is left to join of a visit that does not take place."""
    return replace(facts, kind=kind, language=language, join_link=None if kind in ENDING else facts.join_link)


def every_message() -> list[Any]:
    """Each kind in each language and mode in which it is sent, but for those that say nothing of a visit."""
    return [
        pytest.param(as_kind(facts, kind, language), id=f"{kind}-{language}-{facts.mode}")
        for kind in sorted(set(MessageKind) - WORDLESS - {MessageKind.WITHDRAWN, MessageKind.ALERT})
        for language in ("en", "es")
        for facts in (VIDEO, IN_PERSON)
        if kind is not MessageKind.JOIN or facts.mode is Mode.TELEMEDICINE
    ]
