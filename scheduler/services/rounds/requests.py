"""Visits that staff still have to approve."""

from sqlalchemy import ColumnElement, literal

from scheduler.db.models import Visit
from scheduler.domain.visits import VisitStatus

# As the index says it: a parameter could be any status to who plans the statement for all times.
IS_REQUEST: ColumnElement[bool] = Visit.status == literal(VisitStatus.PENDING, literal_execute=True)
