"""Lists are given page by page: each page begins behind the last item of the one before.

By position, not by number: items that are added or go away meanwhile neither repeat nor hide others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")
Id = TypeVar("Id")


@dataclass(frozen=True, slots=True)
class Page(Generic[T, Id]):
    items: Sequence[T]
    next: tuple[datetime, Id] | None
    """Behind which item the next page begins; None on the last one."""


def cut(found: Sequence[T], limit: int, place: Callable[[T], tuple[datetime, Id]]) -> Page[T, Id]:
    """A page of what was found; who wants to know whether there is more asks for one more than `limit`."""
    items = found[:limit]
    return Page(items, place(items[-1]) if len(found) > limit else None)
