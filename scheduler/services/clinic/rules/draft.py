"""A clinic file under inspection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scheduler.services.clinic.schema import ClinicFile


@dataclass(frozen=True, slots=True)
class Draft:
    """The file as far as it could be read, and its raw document.

    A reference to a part that is itself faulty is not an unknown one, so known codes come from `raw`.
    """

    file: ClinicFile
    raw: Mapping[str, Any]

    def codes(self, section: str) -> frozenset[str]:
        """Every code that the parts of a section carry, faulty ones included."""
        parts = self.raw.get(section)
        tables = [each for each in parts if isinstance(each, dict)] if isinstance(parts, list) else []
        return frozenset(code for each in tables if isinstance(code := each.get("code"), str))
