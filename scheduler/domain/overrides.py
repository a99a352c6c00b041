"""Rules that staff may set aside for one visit, with a reason; taken time is never among them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from scheduler.domain.slots import Search


class Rule(StrEnum):
    NOTICE = "notice"
    HORIZON = "horizon"
    LIMIT = "limit"
    TRIAGE = "triage"
    """The safety questions were asked otherwise, or need not be."""


@dataclass(frozen=True, slots=True)
class Override:
    """The rules that are set aside, and why (a code)."""

    rules: frozenset[Rule]
    reason: str


def set_aside(search: Search, override: Override | None, now: datetime) -> Search:
    """The search without the rules that staff set aside. Nothing begins in the past all the same."""
    rules = override.rules if override else frozenset()
    if Rule.NOTICE in rules:
        search = replace(search, earliest=now)
    if Rule.HORIZON in rules:
        search = replace(search, latest=datetime.max.replace(tzinfo=UTC, year=2100))
    if Rule.LIMIT in rules:
        search = replace(search, visit_type=replace(search.visit_type, daily_limit=None))
    return search
