"""Stylesheets, scripts, pictures: each build has its own addresses, so that browsers keep them for good."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, send_from_directory, url_for

from scheduler.api.runtime import runtime
from scheduler.domain.clinic import Look
from scheduler.domain.colours import for_dark_pages
from scheduler.domain.errors import NotFound

FOLDER = Path(__file__).parent / "static"
YEAR = 365 * 24 * 3600
SHORTLY = 60

blueprint = Blueprint("assets", __name__)


@cache
def build() -> str:
    """One hash of all of them: modules import each other by relative addresses."""
    found = hashlib.sha256()
    for each in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        found.update(each.relative_to(FOLDER).as_posix().encode() + b"\0" + each.read_bytes())
    return found.hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a file in `static/`."""
    return url_for("assets.show_asset", version=build(), name=name)


@blueprint.get("/static/<version>/<path:name>")
def show_asset(version: str, name: str) -> Response:
    """A page of an older build may still ask: it gets what there is, and does not keep it."""
    return _kept(send_from_directory(FOLDER, name), current=version == build())


def look_version(look: Look) -> str:
    return hashlib.sha256(f"{look.accent}\0{look.logo}".encode()).hexdigest()[:12]


def look(name: str, version: str) -> str:
    """The address of `accent.css` or `logo.svg`, of a version of the clinic's look."""
    return f"/look/{version}/{name}"


@blueprint.get("/look/<version>/accent.css")
def show_accent(version: str) -> Response:
    """The clinic's colour; its contrast was checked with the clinic file."""
    look = _look()
    if look.accent is None:
        raise NotFound
    dark = for_dark_pages(look.accent)
    css = (
        f":root{{--accent:{look.accent}}}"
        f"@media (prefers-color-scheme:dark){{@media screen{{:root{{--accent:{dark}}}}}}}"
    )
    return _kept(Response(css, content_type="text/css; charset=utf-8"), version == look_version(look))


@blueprint.get("/look/<version>/logo.svg")
def show_logo(version: str) -> Response:
    look = _look()
    if look.logo is None:
        raise NotFound
    answer = Response(look.logo, content_type="image/svg+xml; charset=utf-8")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return _kept(answer, version == look_version(look))


def _look() -> Look:
    run = runtime()
    with run.db.single() as connection:
        return run.desk.clinics.moment(connection).clinic.look


def _kept(answer: Response, current: bool) -> Response:
    answer.headers["Cache-Control"] = (
        f"public, max-age={YEAR}, immutable" if current else f"public, max-age={SHORTLY}"
    )
    return answer
