"""The gate of the safety questions: nobody with an emergency gets a routine visit."""

from datetime import datetime

from scheduler.domain.clinic import Clinic, Mode, VisitType
from scheduler.domain.errors import Emergency, Fault, Invalid, TriageRequired
from scheduler.domain.opening import next_open
from scheduler.domain.overrides import Override, Rule
from scheduler.domain.triage import Outcome, Result, Rules


def is_asked(clinic: Clinic, kind: VisitType) -> bool:
    return kind.triage and clinic.triage is not None


def check_emergency(clinic: Clinic, result: Result | None, now: datetime) -> None:
    """First of all checks, whatever else is wrong. Raises Emergency."""
    rules = clinic.triage
    if rules is not None and result is not None and result.outcome is Outcome.EMERGENCY:
        raise Emergency(rules.advice[Outcome.EMERGENCY], phone_now(clinic, rules, now))


def check_triage(
    clinic: Clinic,
    kind: VisitType,
    mode: Mode,
    result: Result | None,
    override: Override | None,
    now: datetime,
) -> None:
    """Raises Emergency for an emergency whatever is booked, TriageRequired where the questions are to be
    answered (again), Invalid where the answers leave visits in person only.

    Staff may set the questions aside, with a reason; an emergency that was answered stays one.
    """
    check_emergency(clinic, result, now)
    rules = clinic.triage
    if rules is None or not kind.triage or (override and Rule.TRIAGE in override.rules):
        return
    if result is None or not result.counts(kind.code, rules.version, now):
        raise TriageRequired
    if result.in_person_only and mode is not Mode.IN_PERSON:
        raise Invalid([Fault("/mode", "in-person-only")])


def is_open(clinic: Clinic, now: datetime) -> bool:
    """Whether anybody is there to answer a call."""
    return next_open(clinic, now) == now


def phone_now(clinic: Clinic, rules: Rules, now: datetime) -> str:
    return clinic.phone if is_open(clinic, now) else rules.out_of_hours_phone
