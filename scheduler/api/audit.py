"""Who did and read what."""

from apiflask import APIBlueprint
from flask import Response

from scheduler.api.callers import staff
from scheduler.api.runtime import runtime
from scheduler.api.schemas.audit import AuditEntryOut, AuditOut, AuditQuery
from scheduler.api.schemas.lists import next_cursor
from scheduler.api.staff_visit_json import filled, private
from scheduler.domain.scopes import Scope
from scheduler.services.audit.reading import read_audit

blueprint = APIBlueprint("audit", __name__, url_prefix="/v1/audit", tag="Staff")


@blueprint.get("")
@blueprint.input(AuditQuery, location="query")
@blueprint.output(AuditOut)
@blueprint.doc(security="bearer", responses=[401, 403])
def list_audit(query_data: AuditQuery) -> Response:
    """Who did and read what

    Every change, and every look of staff at patients' data, the newest first; this one, too. `visits audit
    verify` says whether the chain of entries is whole.
    """
    actor, run, asked = staff(Scope.AUDIT), runtime(), query_data
    with run.db.transaction() as session:
        page = read_audit(session, asked.sought(), asked.cursor, asked.limit, actor, run.db.now(session))
    items = [
        filled(AuditEntryOut, entry, id=str(entry.id), sealed=entry.seal is not None) for entry in page.items
    ]
    return private(AuditOut(items=items, next=next_cursor(page.next)))
