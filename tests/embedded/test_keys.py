from pathlib import Path

import pytest

from config.keys import parse_key, parse_keyring
from scheduler.embedded.errors import NotUsable
from scheduler.embedded.keys import FILE, keys


def test_the_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    assert keys(tmp_path) == keys(tmp_path)


def test_the_secrets_are_the_owners_alone(tmp_path: Path) -> None:
    keys(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_the_secrets_are_such_as_the_settings_take_and_all_differ(tmp_path: Path) -> None:
    found = keys(tmp_path)
    encryption = parse_keyring(found["VISITS_ENCRYPTION_KEYS"])
    links = parse_keyring(found["VISITS_LINK_KEYS"])
    assert len({*encryption.values(), *links.values(), parse_key(found["VISITS_LOOKUP_KEY"])}) == 3


def test_a_damaged_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("VISITS_LOOKUP_KEY=abc\n")
    with pytest.raises(NotUsable, match="lacks VISITS_ENCRYPTION_KEYS, VISITS_LINK_KEYS"):
        keys(tmp_path)
    assert (tmp_path / FILE).read_text() == "VISITS_LOOKUP_KEY=abc\n"
