"""Ways to answer the safety questions of the tests' clinic, which are asked before the type `asked`."""

from typing import Any

from flask.testing import FlaskClient

from tests.api.people import booked, said

KIND, VERSION = "asked", "q1"
SAYS_YES = {"nothing": (), "soon": ("T7",), "same_day_call": ("T4",), "emergency": ("T1",)}
"""A way to come to each outcome."""


def answer(
    client: FlaskClient, *yes: str, visit_type: str = KIND, version: str = VERSION, language: str = "en"
) -> dict[str, Any]:
    answers = {id: id in yes for id in ("T1", "T4", "T7", "T9")}
    body = {"visit_type": visit_type, "version": version, "answers": answers}
    return said(client.post("/v1/triage", json=body, headers={"Accept-Language": language}))


def token(client: FlaskClient, outcome: str = "nothing", version: str = VERSION) -> str:
    found = answer(client, *SAYS_YES[outcome], version=version)
    assert found["outcome"] == outcome
    return str(found["token"])


def booked_after(client: FlaskClient, outcome: str = "nothing", **more: object) -> dict[str, Any]:
    """A visit before which the questions were answered."""
    return booked(client, 0, visit_type=KIND, triage=token(client, outcome), **more)
