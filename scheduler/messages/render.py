"""The texts of a mail and of its calendar entry: equal facts give equal texts."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta, select_autoescape

from scheduler.domain.messages import MessageKind
from scheduler.messages.facts import MessageFacts, template_values
from scheduler.messages.words import known_language

TEMPLATES = Path(__file__).parent / "templates"
VERSION_LENGTH = 12

# Cached for good: the templates of a running process do not change.
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    autoescape=select_autoescape(["html"], default=False),
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,
)


@dataclass(frozen=True, slots=True)
class MessageText:
    subject: str
    text: str
    html: str
    template_version: str
    """A hash over the templates that were used: a stored message tells by which words it was made."""


@dataclass(frozen=True, slots=True)
class EntryTexts:
    """What a calendar shows of a visit; the join link is its only link."""

    summary: str
    description: str
    location: str
    join_label: str


def render(facts: MessageFacts) -> MessageText:
    return fill_mail(facts.kind, known_language(facts.language), template_values(facts))


def fill_mail(kind: MessageKind, language: str, values: dict[str, object]) -> MessageText:
    values, folder = {**values, "language": language}, f"{kind}/{language}"
    return MessageText(
        subject=fill(f"{folder}/subject.txt", values),
        text=fill(f"{folder}/text.txt", values) + "\n",
        html=fill(f"{folder}/body.html", values) + "\n",
        template_version=_version(kind, language),
    )


def entry_texts(facts: MessageFacts) -> EntryTexts:
    folder, values = f"_entry/{known_language(facts.language)}", template_values(facts)
    return EntryTexts(
        summary=fill(f"{folder}/summary.txt", values),
        description=fill(f"{folder}/description.txt", values),
        location=fill(f"{folder}/location.txt", values),
        join_label=fill(f"{folder}/join_label.txt", values),
    )


def fill(template: str, values: Mapping[str, object]) -> str:
    return _ENVIRONMENT.get_template(template).render(values).strip()


@cache
def _version(kind: MessageKind, language: str) -> str:
    names = {f"{kind}/{language}/{part}" for part in ("subject.txt", "text.txt", "body.html")}
    names |= {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.glob(f"_entry/{language}/*.txt")}
    return version_of(names)


def version_of(names: set[str]) -> str:
    """The version of words that were made by these templates."""
    return _digest(frozenset(names))


@cache
def _digest(names: frozenset[str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(_with_included({*names})):
        digest.update(f"{name}\0{_source(name)}\0".encode())
    return digest.hexdigest()[:VERSION_LENGTH]


def _with_included(names: set[str]) -> set[str]:
    """`names` and every template that they extend, import or include."""
    referenced = {
        other
        for name in names
        for other in meta.find_referenced_templates(_ENVIRONMENT.parse(_source(name)))
        if other is not None
    }
    return names if referenced <= names else _with_included(names | referenced)


def _source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
