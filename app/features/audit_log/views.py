"""Pages of the audit trail."""

from flask import Blueprint, Response, render_template, request

from app.core.db import reading, transaction
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.features.audit_log import queries, service, spreadsheet
from app.features.audit_log.forms import AuditFilter
from app.web.access import signed_in
from app.web.identity import actor
from app.web.tables import csv_file, place

blueprint = Blueprint("audit_log", __name__, url_prefix="/audit")


@blueprint.get("")
@signed_in(Permission.AUDIT_ENTRIES_READ)
def entries() -> str:
    """List entries."""
    form = AuditFilter(request.args)
    with reading() as db:
        page = queries.entries(db, queries.resolved(db, form.filters), *place())
        chain = queries.chain(db)
    return render_template("audit_log/entries.html", page=page, chain=chain, filters=form)


@blueprint.get("/<row:entry_id>")
@signed_in(Permission.AUDIT_ENTRIES_READ)
def entry(entry_id: int) -> str:
    """Show one entry."""
    with reading() as db:
        found = queries.entry(db, entry_id)
    if found is None:
        raise NotFound
    return render_template("audit_log/entry.html", entry=found)


@blueprint.get("/export.csv")
@signed_in(Permission.AUDIT_ENTRIES_READ)
def export() -> Response:
    """Hand out the entries as CSV, after recording that it is done."""
    with transaction() as db:
        recorded = service.record_export(db, actor(), AuditFilter(request.args).filters)
    rows = queries.exported(recorded.filters, recorded.newest)
    return csv_file("audit", spreadsheet.COLUMNS, map(spreadsheet.cells, rows))
