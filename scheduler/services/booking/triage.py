"""Answers to the safety questions: weighed, counted without anybody's name, and sealed into a token.

The token is sealed by the vault instead of only signed: what somebody answered is nobody's to read on
the way.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from scheduler.db.secrets import CannotOpen, Vault
from scheduler.domain.clinic import Clinic
from scheduler.domain.errors import Fault, Invalid
from scheduler.domain.gate import is_asked, is_open, phone_now
from scheduler.domain.times import local_date
from scheduler.domain.triage import Outcome, Result, Rules, Texts, evaluate
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk

TOKEN, NO_ROW = "triage.token", UUID(int=0)
"""Where a token is at home: no column has that name, so that no stored value is ever taken for one."""
KEPT = "visits.triage"

COUNT = text(
    """
    INSERT INTO triage_counts (on_date, version, outcome, answers)
    VALUES (:on_date, :version, :outcome, 1)
    ON CONFLICT (on_date, version, outcome) DO UPDATE SET answers = triage_counts.answers + 1
    """
)


@dataclass(frozen=True, slots=True)
class Advice:
    """What the clinic says, and the number to call now."""

    texts: Texts
    phone: str


@dataclass(frozen=True, slots=True)
class Answered:
    outcome: Outcome
    token: str
    advice: Advice | None


def rules_for(clinic: Clinic, visit_type: str) -> Rules | None:
    """The questions that are asked before such a visit; None where there are none. Raises Invalid."""
    kind = clinic.visit_type(visit_type)
    if kind is None:
        raise Invalid([Fault("/visit_type", "unknown")])
    return clinic.triage if is_asked(clinic, kind) else None


def answer(desk: Desk, visit_type: str, version: str, answers: Mapping[str, bool]) -> Answered:
    """Raises Invalid for open questions, and for answers to other ones than today's."""

    def work(session: Session) -> Answered:
        moment = desk.clinics.moment(session)
        rules = rules_for(moment.clinic, visit_type)
        if rules is None:
            raise Invalid([Fault("/visit_type", "not-asked")])
        if version != rules.version:
            raise Invalid([Fault("/version", "not-in-force")])
        result = evaluate(rules, visit_type, answers, uuid4(), moment.now)
        _count(session, moment, result)
        return Answered(
            result.outcome, token_of(desk.secrets.vault, result), advice_for(moment, rules, result)
        )

    return desk.db.attempt(work)


def _count(session: Session, moment: Moment, result: Result) -> None:
    """How often which outcome: who it was is not kept, above all not of an emergency."""
    day = local_date(moment.now, moment.clinic.timezone)
    session.execute(COUNT, {"on_date": day, "version": result.version, "outcome": result.outcome})


def advice_for(moment: Moment, rules: Rules, result: Result) -> Advice | None:
    """While the clinic is closed, nobody is promised a call today."""
    if result.outcome is Outcome.NOTHING:
        return None
    closed = result.outcome is Outcome.SAME_DAY_CALL and not is_open(moment.clinic, moment.now)
    texts = rules.advice["closed" if closed else result.outcome]
    return Advice(texts, phone_now(moment.clinic, rules, moment.now))


def token_of(vault: Vault, result: Result) -> str:
    sealed = vault.seal(TOKEN, NO_ROW, orjson.dumps(result).decode())
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def opened(vault: Vault, token: str | None) -> Result | None:
    """What a token says; None for one that we did not give."""
    if token is None:
        return None
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return _result(vault.open(TOKEN, NO_ROW, sealed))
    except (CannotOpen, ValueError):
        return None


def sealed_result(vault: Vault, visit: UUID, result: Result | None) -> bytes | None:
    """As it stays with a visit."""
    return vault.seal(KEPT, visit, orjson.dumps(result).decode()) if result else None


def result_of(vault: Vault, visit: UUID, sealed: bytes | None) -> Result | None:
    return _result(vault.open(KEPT, visit, sealed)) if sealed else None


def _result(said: str) -> Result:
    fields = orjson.loads(said)
    own = {
        "id": UUID(fields["id"]),
        "outcome": Outcome(fields["outcome"]),
        "rules": tuple(fields["rules"]),
        "at": datetime.fromisoformat(fields["at"]),
    }
    return Result(**{**fields, **own})
