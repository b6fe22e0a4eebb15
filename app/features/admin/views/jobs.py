"""The page of jobs."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.db import reading, transaction
from app.core.permissions import Permission
from app.features.admin import service
from app.features.admin.forms import JobFilter
from app.features.admin.queries import jobs as queries
from app.features.admin.views import blueprint
from app.web.access import signed_in
from app.web.identity import actor
from app.web.tables import place


@blueprint.get("/jobs")
@signed_in(Permission.ADMIN_JOBS_READ)
def jobs() -> str:
    """List jobs by what became of them."""
    filters = JobFilter(request.args)
    sort, after = place()
    wanted = filters.wanted(sort)
    with reading() as db:
        page = queries.jobs(db, wanted, after)
        counts = queries.counts(db, wanted.name)
    return render_template("admin/jobs.html", page=page, counts=counts, wanted=wanted, filters=filters)


@blueprint.post("/jobs/<row:job_id>/retry")
@signed_in(Permission.ADMIN_JOBS_MANAGE)
def retry_job(job_id: int) -> Response:
    """Queue a failed job again."""
    with transaction() as db:
        service.retry_job(db, actor(), job_id)
    flash(_("The job is queued again."), "success")
    return redirect(url_for("admin.jobs"), 303)
