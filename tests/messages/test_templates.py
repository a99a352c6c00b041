"""The house's rules for templates: nothing is missing, nothing is left over."""

import pytest

from scheduler.domain.messages import WORDLESS, MessageKind
from scheduler.messages.render import TEMPLATES
from scheduler.messages.words import WORDS

MAIL = {"subject.txt", "text.txt", "body.html"}
BY_MAIL_ONLY = (MessageKind.WITHDRAWN, MessageKind.REPLY)
PARTS = {each: MAIL if each in BY_MAIL_ONLY else MAIL | {"sms.txt"} for each in MessageKind}
ENTRY = {"summary.txt", "description.txt", "location.txt", "join_label.txt"}


def folders(parent: str = "") -> set[str]:
    return {each.name for each in (TEMPLATES / parent).iterdir() if each.is_dir()}


def test_every_kind_of_message_has_its_folder_and_every_folder_its_kind() -> None:
    assert {name for name in folders() if not name.startswith("_")} == set(MessageKind) - WORDLESS


@pytest.mark.parametrize("kind", sorted(set(MessageKind) - WORDLESS))
def test_every_kind_has_its_texts_in_every_language(kind: MessageKind) -> None:
    assert folders(kind) == set(WORDS)
    for language in WORDS:
        files = {path.name for path in (TEMPLATES / kind / language).iterdir()}
        assert files == PARTS[kind]
        written = ((TEMPLATES / kind / language / part).read_text(encoding="utf-8") for part in PARTS[kind])
        assert all(text.strip() for text in written)


def test_the_calendar_entry_has_its_texts_in_every_language() -> None:
    for language in WORDS:
        assert {path.name for path in (TEMPLATES / "_entry" / language).iterdir()} == ENTRY


def test_both_languages_share_the_same_parts() -> None:
    shared = [{path.name for path in (TEMPLATES / "_shared" / language).iterdir()} for language in WORDS]
    assert all(each == shared[0] for each in shared)
