"""What pages show of the clinic besides its name: one colour and a logo."""

import re
from typing import Annotated
from xml.etree import ElementTree as Xml

from pydantic import AfterValidator

from scheduler.domain.colours import WELL_READ, WHITE, contrast
from scheduler.services.clinic.table import Table
from scheduler.services.clinic.values import shown

LARGEST_LOGO = 20_000
_COLOUR = re.compile("#[0-9a-f]{6}")
_ROOT = "{http://www.w3.org/2000/svg}svg"
_ACTIVE = {"script", "foreignObject", "image", "use", "a"}
"""Elements that act, or fetch something from elsewhere."""


def readable(value: str) -> str:
    """A colour on which white letters are well read, and which is well read on white."""
    colour = value.strip().lower()
    if not _COLOUR.fullmatch(colour):
        raise ValueError(f'"{shown(value)}" is not a colour; write it as "#0b4f5f"')
    found = contrast(colour, WHITE)
    if found < WELL_READ:
        raise ValueError(
            f'"{colour}" has a contrast of {found:.1f} to white; people with poor sight need {WELL_READ:g}: '
            "take a darker one"
        )
    return colour


def picture(value: str) -> str:
    """An SVG picture, written out in the file: pages fetch nothing from elsewhere."""
    text = value.strip()
    if len(text) > LARGEST_LOGO:
        raise ValueError(f"has {len(text)} characters; at most {LARGEST_LOGO} are possible")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("must be an SVG picture without DOCTYPE")
    try:
        root = Xml.fromstring(text)  # noqa: S314 - no DOCTYPE, so no entities
    except Xml.ParseError as error:
        raise ValueError(f"is not an SVG picture: {error}") from None
    if root.tag != _ROOT:
        raise ValueError('is not an SVG picture; it begins with <svg xmlns="http://www.w3.org/2000/svg">')
    active = sorted({each.tag.rpartition("}")[2] for each in root.iter()} & _ACTIVE)
    if active:
        raise ValueError(f"must be a mere picture, without <{active[0]}>")
    return text


class LookTable(Table):
    accent: Annotated[str, AfterValidator(readable)] | None = None
    logo: Annotated[str, AfterValidator(picture)] | None = None
