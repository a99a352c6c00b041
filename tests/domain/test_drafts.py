"""The order of the form's pages, and what an answer undoes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scheduler.domain.clinic import Mode
from scheduler.domain.drafts import STAGES, Draft, KeptTime, Step, first_open, modes_of, stage, steps
from scheduler.services.clinic.check import read
from scheduler.services.clinic.schema import to_domain
from tests.conftest import CLINIC as FILE

CLINIC = to_domain(read(FILE.read_text(encoding="utf-8")))

TIME = KeptTime(datetime(2026, 12, 3, 16, tzinfo=UTC), "main")
DRAFT = Draft(
    for_other=False,
    visit_type=CLINIC.visit_types[0].code,
    mode=Mode.IN_PERSON,
    writes="en",
    needs=(),
    time=TIME,
    about={"name": "Pat Example"},
    consents=(),
)


def test_every_page_is_counted_once() -> None:
    assert [step for pages in STAGES for step in pages] == list(Step)
    assert [stage(step) for step in (Step.WHO, Step.WHERE, Step.CHECK)] == [1, 4, 6]


@pytest.mark.parametrize(
    ("missing", "step"),
    [
        ({"for_other": None}, Step.WHO),
        ({"visit_type": None}, Step.REASON),
        ({"mode": None}, Step.HOW),
        ({"needs": None}, Step.NEEDS),
        ({"time": None}, Step.TIMES),
        ({"about": None}, Step.ABOUT),
        ({}, Step.CHECK),
    ],
)
def test_the_first_open_question_is_asked_next(missing: dict[str, None], step: Step) -> None:
    assert first_open(replace(DRAFT, **missing), CLINIC, None) is step  # type: ignore[arg-type]


def test_where_somebody_will_be_is_asked_for_a_visit_by_video_alone() -> None:
    assert Step.WHERE not in steps(DRAFT, CLINIC)
    assert Step.WHERE in steps(replace(DRAFT, mode=Mode.TELEMEDICINE), CLINIC)


def test_another_kind_of_visit_undoes_what_hangs_on_it_and_nothing_else() -> None:
    same, other = DRAFT.of_type(DRAFT.visit_type or ""), DRAFT.of_type("other")
    assert same == DRAFT
    assert (other.mode, other.time, other.needs) == (None, None, None)
    assert other.about == DRAFT.about and other.for_other is False


def test_another_mode_has_other_times() -> None:
    assert DRAFT.in_mode(Mode.IN_PERSON) == DRAFT
    assert DRAFT.in_mode(Mode.TELEMEDICINE).time is None


def test_the_wish_of_a_visit_by_video_names_no_place() -> None:
    assert DRAFT.wish.location == "main" and DRAFT.wish.state is None
    video = replace(DRAFT, mode=Mode.TELEMEDICINE, state="TX", time=replace(TIME, location=None))
    assert video.wish.location is None and video.wish.state == "TX"


def test_without_answers_all_modes_of_a_kind_are_left() -> None:
    kind = CLINIC.visit_types[0]
    assert modes_of(kind, None) == list(kind.modes)
