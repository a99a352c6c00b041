"""`visits outside-calendars`: the same at the command line, the address never among the arguments."""

from click.testing import CliRunner

from scheduler.cli import main
from tests.cli.conftest import Visits

ADDRESS = "https://calendar.example/private-canary/basic.ics"


def test_a_calendar_is_entered_from_standard_input_listed_and_taken_away(visits: Visits) -> None:
    assert visits("outside-calendars", "list").output == ""
    made = CliRunner().invoke(main, ["outside-calendars", "add", "one", "Rota"], input=f"{ADDRESS}\n")
    assert made.exit_code == 0, made.output
    id = made.output.strip()
    (line,) = visits("outside-calendars", "list").output.splitlines()
    assert line.split("\t") == [id, "one", "Rota", "calendar.example", "-", "-"]
    assert visits("outside-calendars", "refresh", id).exit_code == 0
    assert visits("outside-calendars", "remove", id).output == "Rota is gone.\n"
    gone = visits("outside-calendars", "remove", id)
    assert (gone.exit_code, "canary" in gone.output) == (1, False)


def test_what_cannot_be_is_said_in_words_and_without_the_address(visits: Visits) -> None:
    for practitioner, address in (("nobody", ADDRESS), ("one", "http://calendar.example/canary")):
        asked = ["outside-calendars", "add", practitioner, "Rota"]
        made = CliRunner().invoke(main, asked, input=f"{address}\n")
        assert made.exit_code == 1
        assert "Error" in made.output
        assert "canary" not in made.output
