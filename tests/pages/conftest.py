"""Pages of a service whose clinic has a look."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from scheduler.db.engine import Database
from scheduler.services.clinic.apply import apply
from tests.api.people import booked
from tests.conftest import CLINIC
from tests.pages.holder import Person

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>'


@pytest.fixture
def with_look(clinic: Database) -> None:
    """The clinic, from now on with a colour and a logo."""
    text = CLINIC.read_text(encoding="utf-8")
    look = f"[clinic.look]\naccent = \"#0b3d91\"\nlogo = '{LOGO}'\n\n[clinic.sender]"
    with clinic.transaction() as session:
        apply(session, text.replace("[clinic.sender]", look), clinic.now(session), production=False)


@pytest.fixture
def visit(client: FlaskClient) -> dict[str, Any]:
    """By video, on Tuesday in a week at 10:00."""
    return booked(client)


@pytest.fixture
def person(client: FlaskClient, visit: dict[str, Any]) -> Person:
    """Who has its link and has followed it."""
    return Person(client, visit).arrive()
