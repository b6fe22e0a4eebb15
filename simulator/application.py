"""The site's front door: records each request, applies ordered failures, signs the caller in, sends him on.

Whatever no route knows is answered 501 with its path, so that a client cannot come to rely on an accident.
"""

import uuid
from pathlib import Path

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from simulator import access, confluence, confluence_comments, confluence_v1, control, data_center, failures, jira
from simulator.answers import Refusal, limit_headers, reply
from simulator.data_center import confluence as data_center_confluence
from simulator.data_center import jira as data_center_jira
from simulator.data_center.people import username
from simulator.state import Site


def create_site_application(site: Site, folder: Path) -> Flask:
    """Make the program for the site's own origin: Confluence under /wiki, Jira under /rest/api/3, Data Center under its two paths."""
    app = Flask("simulator", static_folder=None)
    app.config["SITE"] = site
    app.config["CONTENT"] = folder
    for part in (
        confluence,
        confluence_comments,
        confluence_v1,
        jira,
        data_center_confluence,
        data_center_jira,
        control,
    ):
        app.register_blueprint(part.blueprint)
    app.before_request(lambda: _before(site))
    app.after_request(lambda response: _after(site, response))
    app.register_error_handler(Refusal, lambda refusal: refusal.response)
    app.register_error_handler(HTTPException, _unknown)
    return app


def _before(site: Site) -> Response | None:
    if _is_control():
        return None
    g.caller = access.caller(site, request)
    account = g.caller.account
    g.failure = failures.meets(site, "site", request, account.email if account else None)
    return failures.instead(g.failure, request) if g.failure else None


def _after(site: Site, response: Response) -> Response:
    if _is_control():
        return response
    account = g.caller.account
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.update(_about_caller(g.caller))
    if "X-RateLimit-Limit" not in response.headers:
        response.headers.update(limit_headers(request.path, site.settings.near_limit))
    site.log(
        {
            "server": "site",
            "method": request.method,
            "path": request.path,
            "query": request.query_string.decode("utf-8", "replace"),
            "account": account.email if account else None,
            "status": response.status_code,
        }
    )
    return failures.spoil(g.failure, response) if g.failure else response


def _about_caller(caller: access.Caller) -> dict[str, str]:
    """Return the headers that say whom the answer is for, and whether the sign-in failed."""
    failed = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"} if caller.sign_in is access.SignIn.FAILED else {}
    if not data_center.serves(request.path):
        known = {"X-AAccountId": caller.account.account_id} if caller.account is not None else {}
        return {"Atl-Traceid": uuid.uuid4().hex} | known | failed
    if caller.account is None:
        return {"X-AUSERNAME": "anonymous"} | failed
    return {"X-AUSERNAME": username(caller.account), "X-Seraph-LoginReason": "OK"}


def _is_control() -> bool:
    return request.path.startswith("/_simulator")


def _unknown(error: HTTPException) -> Response:
    message = f"The simulator does not know {request.method} {request.path}."
    return reply({"simulator": message}, 501) if error.code in (404, 405) else reply({"simulator": str(error)}, 500)
