"""`visits feeds`: calendars to subscribe to, made and revoked at the command line."""

from flask.testing import FlaskClient

from tests.cli.conftest import Visits


def test_a_feed_is_made_listed_and_revoked(visits: Visits, client: FlaskClient) -> None:
    assert visits("feeds", "list").output == ""
    made = visits("feeds", "create", "Dr. One", "--practitioner", "one", "--detail", "reference")
    assert made.exit_code == 0, made.output
    address = made.output.strip().removeprefix("https://visits.example")
    assert client.get(address).status_code == 200
    (line,) = visits("feeds", "list").output.splitlines()
    id, *rest, created, revoked = line.split("\t")
    assert (rest, created[:10], revoked) == (["Dr. One", "reference", "one", "-"], "2026-12-01", "-")
    assert address not in line
    assert visits("feeds", "revoke", id).output == "Dr. One leads to nothing any more.\n"
    assert client.get(address).status_code == 404
    assert visits("feeds", "list").output.split("\t")[-1].startswith("2026-12-01")


def test_without_more_it_is_the_whole_clinics_and_says_times_alone(visits: Visits) -> None:
    visits("feeds", "create", "Clinic")
    assert visits("feeds", "list").output.split("\t")[1:5] == ["Clinic", "busy", "-", "-"]


def test_what_cannot_be_is_said_in_words(visits: Visits) -> None:
    refused = visits("feeds", "create", "Dr. Who", "--practitioner", "nobody")
    assert refused.exit_code == 1
    assert "Error" in refused.output
    unknown = visits("feeds", "revoke", "00000000-0000-4000-8000-000000000000")
    assert (unknown.exit_code, "Error" in unknown.output) == (1, True)
