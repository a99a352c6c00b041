"""What answers to the safety questions mean: the clinic's own table, read from its example file."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations
from pathlib import Path
from uuid import uuid4

import pytest

from scheduler.domain.errors import Invalid
from scheduler.domain.triage import Outcome, Result, Rules, evaluate
from scheduler.services.clinic.check import read
from scheduler.services.clinic.schema import to_domain

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ALWAYS = {"T1", "T2", "T3", "T8"}
"""A yes to one of these is an emergency by itself."""


@pytest.fixture(scope="module")
def rules() -> Rules:
    file = Path(__file__).parents[2] / "config" / "clinic.example.toml"
    found = to_domain(read(file.read_text(encoding="utf-8"))).triage
    assert found
    return found


def result(rules: Rules, said_yes: Iterable[str]) -> Result:
    answers = {question.id: question.id in set(said_yes) for question in rules.questions}
    return evaluate(rules, "back-eval", answers, uuid4(), NOW)


def expected(said_yes: set[str]) -> Outcome:
    """The table of the rules, written down a second time."""
    fever = "T4" in said_yes and said_yes & {"T3", "T6", "T9"}
    fall = "T5" in said_yes and said_yes & {"T1", "T2", "T3"}
    if said_yes & ALWAYS or fever or fall:
        return Outcome.EMERGENCY
    if said_yes & {"T4", "T5", "T6"}:
        return Outcome.SAME_DAY_CALL
    return Outcome.SOON if "T7" in said_yes else Outcome.NOTHING


def test_all_512_ways_to_answer_come_to_what_the_table_says(rules: Rules) -> None:
    ids = [question.id for question in rules.questions]
    assert ids == [f"T{n}" for n in range(1, 10)]
    ways = chain.from_iterable(combinations(ids, n) for n in range(len(ids) + 1))
    for said_yes in map(set, ways):
        found = result(rules, said_yes)
        assert found.outcome is expected(said_yes), said_yes
        assert set(found.rules) == said_yes
        in_person = found.outcome is Outcome.SAME_DAY_CALL or "T6" in said_yes
        assert found.in_person_only is in_person, said_yes


def test_a_question_without_an_answer_is_asked_again(rules: Rules) -> None:
    with pytest.raises(Invalid) as refused:
        evaluate(rules, "back-eval", {"T1": False, "T99": True}, uuid4(), NOW)
    faults = {(each.pointer, each.code) for each in refused.value.faults}
    assert faults == {(f"/answers/T{n}", "required") for n in range(2, 10)} | {("/answers/T99", "unknown")}


@pytest.mark.parametrize(
    ("visit_type", "version", "after", "counts"),
    [
        ("back-eval", "example-1", 0, True),
        ("back-eval", "example-1", 29, True),
        ("back-eval", "example-1", 30, False),
        ("back-eval", "example-1", -1, False),
        ("neck-eval", "example-1", 0, False),
        ("back-eval", "example-2", 0, False),
    ],
)
def test_answers_count_for_one_type_one_version_and_half_an_hour(
    rules: Rules, visit_type: str, version: str, after: int, counts: bool
) -> None:
    found = result(rules, ())
    assert found.counts(visit_type, version, NOW + timedelta(minutes=after)) is counts
