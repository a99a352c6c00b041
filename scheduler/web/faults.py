"""What pages for patients say is wrong with an answer."""

from collections.abc import Iterable

from scheduler.api.texts import texts
from scheduler.domain.errors import Fault
from scheduler.web.speech import language
from scheduler.web.texts import words


def explained(faults: Iterable[Fault], fields: dict[str, str]) -> dict[str, str]:
    """By field, in the order of the page: `fields` says which one a pointer stands for, in that order.

    What pages say better, they say themselves."""
    own, common = words(language())["book"]["faults"], texts(language())["faults"]
    found: dict[str, str] = {}
    for fault in faults:
        field = fields.get(fault.pointer, next(iter(fields.values())))
        text = own.get(f"{field}_{fault.code}".replace("-", "_")) or common[fault.code]
        found.setdefault(field, text)
    return {field: found[field] for field in dict.fromkeys(fields.values()) if field in found}
