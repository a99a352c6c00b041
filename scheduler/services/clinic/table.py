"""What every table of the clinic file has in common."""

from collections.abc import Iterable, Iterator
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, WrapValidator, model_validator
from pydantic import ValidatorFunctionWrapHandler as Handler

LENIENT = "lenient"
"""The validation context under which what is faulty is left out, so that the rest can be checked as well."""


class Table(BaseModel):
    """Strict: a key that nobody knows is a typing error, and a typing error must not become a default."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _pass_over_unknown_keys(cls, data: object, info: ValidationInfo) -> object:
        if info.context != LENIENT or not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if key in cls.model_fields}


def _or_none(value: object, handler: Handler, info: ValidationInfo) -> object:
    try:
        return handler(value)
    except ValidationError:
        if info.context != LENIENT:
            raise
        return None


T = TypeVar("T")
Part = Annotated[T, WrapValidator(_or_none)]
"""Never None, but for a faulty part of a file that is read leniently: only `rules` sees those."""


def numbered(parts: Iterable[T]) -> Iterator[tuple[int, T]]:
    """The parts that could be read, each with its own index."""
    return ((index, part) for index, part in enumerate(parts) if part is not None)


def sound(parts: Iterable[T]) -> list[T]:
    """The parts that could be read."""
    return [part for part in parts if part is not None]


def if_sound(part: T) -> T | None:
    """The part as it is: its type says that it is never None, which a lenient file does not keep."""
    return part
