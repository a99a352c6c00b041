"""Finding a caller's visit. What was asked stands sealed in the address: Back works, and no log can tell."""

import base64
from datetime import date

import orjson
from flask import Response, request, url_for

from scheduler.api.runtime import runtime
from scheduler.api.schemas.staff_visits import VisitsSearchIn
from scheduler.db.secrets import CannotOpen
from scheduler.domain.errors import Invalid
from scheduler.domain.people import ALPHABET, REFERENCE_LENGTH, fold_reference
from scheduler.domain.scopes import Scope
from scheduler.services.visits.finding import search_visits
from scheduler.web.forms import errors_of, field, read
from scheduler.web.going import go
from scheduler.web.staff.acting import quick_acts
from scheduler.web.staff.members import member, require, staff_pages
from scheduler.web.staff.showing import show

MOST = 50
SHORTEST_NUMBER = 7
"""Digits of a phone number without its area code."""
PLACE = "staff.find"
FIELDS = ("reference", "phone", "email", "birth_date", "name")

blueprint = staff_pages("desk_finding", __name__)


@blueprint.get("/find")
def show_search() -> Response:
    require(Scope.VISITS)
    asked = request.args.get("q")
    return _found(_opened(asked)) if asked else show("find.html", active="find", values={}, visits=None)


@blueprint.post("/find")
def search() -> Response:
    """One box understands most of what callers say; the fields are for when it does not."""
    require(Scope.VISITS)
    values = {name: field(name) for name in FIELDS if name != "birth_date"} | {"birth_date": _birth_date()}
    if not any(values.values()):
        values = understood(field("words"))
    try:
        read(VisitsSearchIn, values)
    except Invalid as invalid:
        errors = errors_of(invalid, {"": "words"})
        return show("find.html", 422, active="find", values=request.form, visits=None, errors=errors)
    return go(url_for("desk_finding.show_search", q=_sealed(values)))


def understood(words: str) -> dict[str, str]:
    """A mail address, a date, a number, a reference, else a name."""
    if "@" in words:
        return {"email": words}
    if born := _written(words):
        return {"birth_date": born.isoformat()}
    reference = fold_reference(words)
    if len(reference) == REFERENCE_LENGTH and set(reference) <= set(ALPHABET):
        return {"reference": words}
    if sum(character.isdigit() for character in words) >= SHORTEST_NUMBER:
        return {"phone": words}
    return {"name": words}


def _written(words: str) -> date | None:
    """2/29/1960 or 1960-02-29."""
    parts = words.strip().replace("-", "/").split("/")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    year, month, day = parts if len(parts[0]) == 4 else (parts[2], *parts[:2])
    try:
        return date(int(year), int(month), int(day)) if len(year) == 4 else None
    except ValueError:
        return None


def _found(values: dict[str, str]) -> Response:
    actor, run = require(Scope.VISITS), runtime()
    sought = read(VisitsSearchIn, values).sought()
    with run.db.transaction() as session:
        now = run.db.now(session)
        page = search_visits(session, run.desk, sought, None, MOST, actor, now)
    return show(
        "find.html",
        active="find",
        values=values,
        visits=page.items,
        more=page.next is not None,
        quick={visit.id: quick_acts(visit) for visit in page.items},
        now=now,
    )


def _sealed(values: dict[str, str]) -> str:
    """Only for this account: an address that somebody else opens says nothing."""
    vault = runtime().desk.secrets.vault
    sealed = vault.seal(PLACE, member().account, orjson.dumps(values).decode())
    return base64.urlsafe_b64encode(sealed).decode()


def _opened(asked: str) -> dict[str, str]:
    try:
        text = runtime().desk.secrets.vault.open(PLACE, member().account, base64.urlsafe_b64decode(asked))
    except (CannotOpen, ValueError):
        return {"reference": "-"}
    values: dict[str, str] = orjson.loads(text)
    return values


def _birth_date() -> str:
    month, day, year = (field(f"birth_date_{part}") for part in ("month", "day", "year"))
    return f"{year.zfill(4)}-{month.zfill(2)}-{day.zfill(2)}" if month or day or year else ""
