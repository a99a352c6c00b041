"""What an alert says: a kind of task in words, and a link."""

import pytest

from scheduler.domain.tasks import TaskKind
from scheduler.messages.alerts import TASKS, AlertFacts, render_alert
from scheduler.messages.words import WORDS
from tests.messages.test_render import read

LINK = "https://visits.clinic.example/staff"


def facts(language: str = "en", task: str = TaskKind.APPROVE) -> AlertFacts:
    return AlertFacts(language, "Example Spine Clinic", task, LINK)


def test_every_kind_of_task_has_its_words_in_every_language() -> None:
    assert set(TASKS) == set(WORDS)
    for words in TASKS.values():
        assert set(words) == {*TaskKind}


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "A task is waiting"), ("es", "Hay una tarea pendiente")]
)
def test_it_says_which_kind_of_task_waits_and_where(language: str, subject: str) -> None:
    said = render_alert(facts(language))
    words, links = read(said.html)
    assert (said.subject, links) == (subject, [LINK])
    for form in (said.text, words):
        assert TASKS[language]["approve"] in form
    assert LINK in said.text
    assert max(map(len, said.text.splitlines())) <= 78


def test_a_kind_without_words_is_named_by_its_code() -> None:
    assert "look-here" in render_alert(facts(task="look-here")).text
