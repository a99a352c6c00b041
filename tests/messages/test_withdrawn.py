"""What an address hears that is out of it: nothing of the visit, in no language."""

import re

import pytest

from scheduler.domain.messages import MessageKind
from scheduler.messages.facts import MessageFacts
from scheduler.messages.render import entry_texts, render
from tests.messages.conftest import IN_PERSON, NOT_YOU, PLACE, VIDEO, as_kind
from tests.messages.test_render import read

EVERY = [
    pytest.param(as_kind(facts, MessageKind.WITHDRAWN, language), id=f"{language}-{facts.mode}")
    for language in ("en", "es")
    for facts in (VIDEO, IN_PERSON)
]


@pytest.mark.parametrize("facts", EVERY)
def test_it_says_no_time_no_place_no_name_and_no_link_but_whom_to_call(facts: MessageFacts) -> None:
    said, entry = render(facts), entry_texts(facts)
    words, links = read(said.html)
    for form in (said.subject, said.text, words, entry.summary, entry.description, entry.location):
        for secret in ("Maria", "Dr. Lee", "2026", "Dec", "dic", "2:30", "ideo", PLACE):
            assert secret not in form
    assert links == ["tel:+14095550100", NOT_YOU]
    assert re.findall(r"https://\S+", said.text) == [NOT_YOU]
    assert "(409) 555-0100" in said.text
    assert facts.sender_name in said.text


@pytest.mark.parametrize("facts", EVERY)
def test_its_entry_does_not_say_that_the_visit_does_not_take_place(facts: MessageFacts) -> None:
    told = {"en": "no longer managed through this address", "es": "ya no se gestiona"}[facts.language]
    entry = entry_texts(facts)
    assert told in entry.description
    assert entry.location == ""
    assert max(map(len, render(facts).text.splitlines())) <= 78


@pytest.mark.parametrize("facts", EVERY)
def test_no_empty_table_is_left_where_the_facts_would_stand(facts: MessageFacts) -> None:
    assert 'class="fact rule"' not in render(facts).html
