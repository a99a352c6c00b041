"""Rules that staff set aside for one visit."""

from typing import Annotated

from pydantic import Field

from scheduler.api.schemas.fields import Code, Strict
from scheduler.domain.overrides import Override, Rule


class OverrideIn(Strict):
    """Staff only: rules that are set aside, and why."""

    rules: Annotated[frozenset[Rule], Field(min_length=1)]
    reason: Code

    def override(self) -> Override:
        return Override(self.rules, self.reason)
