"""Lists: pages, and the cursor that says where the next one begins."""

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
from pydantic import Field, ValidatorFunctionWrapHandler, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

from scheduler.api.schemas.fields import Instant, Strict
from scheduler.services.staff.tasks import LARGEST_ID

LONGEST_PAGE = 200


def next_cursor(place: tuple[datetime, UUID] | tuple[datetime, int] | None) -> str | None:
    """Not signed: it only says where to go on among what the caller may see anyway."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=") if place else None


def _opened(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    try:
        text = str(value)
        return handler(orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
    except ValueError:
        raise PydanticCustomError("not-a-cursor", "see texts") from None


AsText = WithJsonSchema({"type": "string", "description": "The `next` of the answer before."})
ByUuid = Annotated[tuple[Instant, UUID], WrapValidator(_opened), AsText]
ByNumber = Annotated[
    tuple[Instant, Annotated[int, Field(ge=0, le=LARGEST_ID)]], WrapValidator(_opened), AsText
]
Limit = Annotated[int, Field(ge=1, le=LONGEST_PAGE)]


class PageQuery(Strict):
    cursor: ByUuid | None = None
    limit: Limit = 50
