"""The words of problems, by language."""

import tomllib
from functools import cache
from pathlib import Path
from typing import TypedDict


class ProblemText(TypedDict):
    title: str
    detail: str


class Texts(TypedDict):
    problems: dict[str, ProblemText]
    faults: dict[str, str]


@cache
def texts(language: str) -> Texts:
    """`language` is one of languages.LANGUAGES."""
    read = tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))
    return Texts(problems=read["problems"], faults=read["faults"])
