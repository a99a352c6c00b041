"""What a patient needs for a visit: it may take longer, and somebody may have to arrange it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scheduler.domain.clinic import Clinic, Mode, Need, VisitType
from scheduler.domain.errors import Fault


def need_faults(clinic: Clinic, mode: Mode, codes: Sequence[str]) -> Iterator[Fault]:
    """Needs that the clinic does not know, or does not meet in that mode."""
    modes = {need.code: need.modes for need in clinic.needs}
    for at, code in enumerate(codes):
        if mode not in modes.get(code, ()):
            yield Fault(f"/needs/{at}", "not-offered" if code in modes else "unknown")


def met(clinic: Clinic, codes: Sequence[str], mode: Mode | None = None) -> list[Need]:
    """The needs of these codes that the clinic meets; what it no longer knows is passed over."""
    return [need for need in clinic.needs if need.code in codes and (mode is None or mode in need.modes)]


def extra_minutes(clinic: Clinic, codes: Sequence[str]) -> int:
    return sum(need.extra_minutes for need in met(clinic, codes))


def lengthened(clinic: Clinic, kind: VisitType, codes: Sequence[str]) -> VisitType:
    """The type as long as it is with these needs: before times are looked for."""
    extra = extra_minutes(clinic, codes)
    return replace(kind, minutes=kind.minutes + extra) if extra else kind
