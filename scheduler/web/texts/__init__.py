"""The words of pages: a folder for each language, in it a file for each area of pages."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent

Words = Mapping[str, Any]


@cache
def words(language: str) -> Words:
    """By area, and in it by the file's own keys; `language` is one of `languages.LANGUAGES`."""
    files = sorted((FOLDER / language).glob("*.toml"))
    return {each.stem: tomllib.loads(each.read_text(encoding="utf-8")) for each in files}


def state_choices(language: str) -> list[tuple[str, str]]:
    """Codes and names of the states in which a licence can be held, by name."""
    return sorted(words(language)["states"].items(), key=lambda each: str(each[1]))
