"""One link of the chain: what of an entry is sealed, and how."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = bytes(hashlib.sha256().digest_size)
"""What stands before the first seal."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the audit, as it is sealed."""

    id: int
    at: datetime
    actor: str
    act: str
    object_kind: str
    object_id: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: how many entries are sealed, and the last seal."""

    sealed_as: int = 0
    seal: bytes = GENESIS

    def next(self, entry: Entry) -> "Head":
        """The chain with one more entry."""
        sealed_as = self.sealed_as + 1
        return Head(sealed_as, hashlib.sha256(self.seal + _canonical(sealed_as, entry)).digest())

    def __str__(self) -> str:
        return f"{self.sealed_as}:{self.seal.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """What `str` made of it. Raises ValueError."""
        sealed_as, _, seal = text.partition(":")
        return cls(int(sealed_as), bytes.fromhex(seal))


def _canonical(sealed_as: int, entry: Entry) -> bytes:
    """Equal bytes for equal entries, whoever writes them. A change of this breaks every chain there is."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = [sealed_as, entry.id, at, entry.actor, entry.act, entry.object_kind, entry.object_id]
    return json.dumps([*parts, entry.detail], sort_keys=True, separators=(",", ":")).encode()
