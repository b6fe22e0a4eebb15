"""Sign-in, sign-out, one-time links and the profile page."""

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.accounts import api_tokens, own
from app.core.accounts import queries as people
from app.core.accounts import sign_in as signing_in
from app.core.crypto import tokens
from app.core.db import reading, transaction
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.features.account import gather, queries, service
from app.features.account.forms import (
    AccessTokenForm,
    ApiTokenForm,
    ChangePasswordForm,
    ConnectForm,
    DetailsForm,
    NewPasswordForm,
    ProveAgainForm,
    SignInForm,
)
from app.web import cookies, navigation, reveal
from app.web.access import public, signed_in
from app.web.forms import errors_onto, form_page
from app.web.identity import actor, actor_or_none, session_row
from app.web.surfaces import Surface
from app.web.theme import local_path

blueprint = Blueprint("account", __name__)

Answer = BaseResponse | str | tuple[str, int]


@blueprint.get("/")
@public("the bare address leads to where a person begins", session=True)
def home() -> BaseResponse:
    """Lead to the links for who has some, to the profile for others, to the sign-in for strangers."""
    who = actor_or_none()
    if who is None:
        return redirect(url_for("account.sign_in"), 303)
    if not _in_shell():
        return redirect(url_for("account.profile"), 303)
    if who.may(Permission.LINKS_OWN_MANAGE):
        return redirect(url_for("share_links.list_links"), 303)
    all_links = who.may(Permission.LINKS_ALL_READ)
    return redirect(url_for("share_links.list_all_links" if all_links else "account.profile"), 303)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public("whoever wants in has to be able to sign in", session=True)
def sign_in() -> Answer:
    """Ask for address and password, and begin a session."""
    form = SignInForm(next=request.args.get("next"))
    if request.method == "GET" and actor_or_none() is not None:
        return redirect(local_path(form.next.data), 303)
    return _local_sign_in(form, in_emergency=False) if form.validate_on_submit() else _sign_in_page(form)


@blueprint.route("/sign-in/emergency", methods=["GET", "POST"])
@public("administrators have to get in when the identity provider does not work", session=True)
def emergency() -> Answer:
    """Sign an administrator in by a local password while those are closed; every administrator is told."""
    with reading() as db:
        if not signing_in.passwords_closed(db):
            raise NotFound
    form = SignInForm(next=request.args.get("next"))
    if form.validate_on_submit():
        return _local_sign_in(form, in_emergency=True)
    return form_page("account/emergency.html", form)


@blueprint.route("/sign-in/again", methods=["GET", "POST"])
@signed_in(surface=Surface.EITHER, staff=False)
def prove_again() -> Answer:
    """Have somebody who is signed in prove once more who they are, and lead them back to what they wanted."""
    form = ProveAgainForm(next=request.args.get("next"))
    row = session_row()
    with reading() as db:
        proofs = queries.proofs(db, actor(), row.methods if row else ())
    if proofs.password and form.validate_on_submit():
        return _proved_again(form, proofs)
    return _again_page(form, proofs)


@blueprint.post("/sign-out")
@public("a browser whose session is over has to be able to leave as well", session=True)
def sign_out() -> BaseResponse:
    """End the session."""
    who = actor_or_none()
    if who is not None:
        with transaction() as db:
            own.sign_out(db, who, cookies.browser_digest())
    session.clear()
    cookies.note_signed_out()
    flash(_("You are signed out."), "success")
    wanted = local_path(request.form.get("next"))
    response = make_response(redirect(url_for("account.sign_in", next=None if wanted == "/" else wanted), 303))
    cookies.clear_session_secret(response)
    return response


@blueprint.route("/reset/<secret>", methods=["GET", "POST"])
@public("whoever holds a one-time link cannot sign in yet")
def reset(secret: str) -> Answer:
    """Set a password through a one-time link; looking at it writes nothing."""
    form = NewPasswordForm()
    with reading() as db:
        person = people.person_of_one_time_link(db, secret)
    if person is None:
        return render_template("account/reset_over.html"), 404
    if form.validate_on_submit():
        with errors_onto(form):
            hashed = gather.new_password(secret, form.new_password.data)
            with transaction() as db:
                done = service.set_password(db, secret, hashed)
            return _password_set() if done else (render_template("account/reset_over.html"), 404)
    return form_page("account/reset.html", form, person=person, secret=secret)


@blueprint.route("/profile", methods=["GET", "POST"])
@signed_in(surface=Surface.EITHER, staff=False)
def profile() -> Answer:
    """Show a person what is theirs; staff change name and time zone here."""
    who = actor()
    with reading() as db:
        mine = queries.profile(db, who)
    if not _in_shell():
        return render_template("account/signed_in.html", profile=mine, places=navigation.outside())
    form = DetailsForm(name=mine.name, time_zone=mine.time_zone or "")
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            own.change_details(db, who, name=form.name.data, time_zone=form.time_zone.data or None)
            flash(_("Your details were changed."), "success")
            return redirect(url_for("account.profile"), 303)
    return form_page("account/profile.html", form, profile=mine)


@blueprint.route("/profile/password", methods=["GET", "POST"])
@signed_in(surface=Surface.EITHER, staff=False)
def password() -> Answer:
    """Change the password; every other session ends."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        with errors_onto(form):
            facts = gather.password_change(actor(), form.password.data, form.new_password.data)
            with transaction() as db:
                outcome = service.change_password(db, actor(), facts)
            if isinstance(outcome, service.PasswordChanged):
                return _password_changed(outcome)
            return _password_refused(outcome, facts, form)
    return _password_page(form)


@blueprint.post("/profile/sessions/<public_id>/end")
@signed_in(surface=Surface.EITHER, staff=False, recent=True)
def end_session(public_id: str) -> BaseResponse:
    """End one of one's own sessions."""
    with transaction() as db:
        own.end_session(db, actor(), public_id)
    flash(_("The session was ended."), "success")
    return redirect(url_for("account.profile"), 303)


@blueprint.post("/profile/sessions/end-others")
@signed_in(surface=Surface.EITHER, staff=False, recent=True)
def end_other_sessions() -> BaseResponse:
    """End all of one's sessions but this one."""
    with transaction() as db:
        ended = own.end_other_sessions(db, actor())
    flash(ngettext("One other session was ended.", "%(num)s other sessions were ended.", ended), "success")
    return redirect(url_for("account.profile"), 303)


@blueprint.route("/profile/tokens/new", methods=["GET", "POST"])
@signed_in(recent=True)
def new_token() -> Answer:
    """Make an API token."""
    form = ApiTokenForm()
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            secret = service.create_api_token(
                db, actor(), name=form.name.data, scopes=form.scopes.data or [], days=form.days.data or 0
            )
            reveal.keep("api-token", secret)
            return redirect(url_for("account.token_created"), 303)
    return form_page("account/new_token.html", form)


@blueprint.get("/profile/tokens/created")
@signed_in()
def token_created() -> Answer:
    """Show the API token that was just made, once."""
    secret = reveal.take("api-token")
    if secret is None:
        return redirect(url_for("account.profile"), 303)
    return render_template("account/token_created.html", secret=secret)


@blueprint.post("/profile/tokens/<public_id>/revoke")
@signed_in()
def revoke_token(public_id: str) -> BaseResponse:
    """Revoke one of one's own API tokens."""
    with transaction() as db:
        api_tokens.revoke(db, actor(), public_id)
    flash(_("The token was revoked."), "success")
    return redirect(url_for("account.profile"), 303)


@blueprint.route("/profile/connections/<public_id>", methods=["GET", "POST"])
@signed_in(recent=True)
def connect(public_id: str) -> Answer:
    """Connect one's own Atlassian account."""
    with reading() as db:
        account = queries.account_on(db, actor(), public_id)
    if account is None or account.connection.disabled:
        raise NotFound
    form = ConnectForm(email=actor().email) if account.on_cloud else AccessTokenForm()
    if form.validate_on_submit():
        with errors_onto(form):
            email = form.email.data if account.on_cloud else None
            facts = gather.own_account(actor(), public_id, email, form.token.data)
            with transaction() as db:
                service.connect_account(db, actor(), facts)
            flash(_("Connected as %(name)s.", name=facts.account.display_name), "success")
            return redirect(url_for("account.profile"), 303)
    return form_page("account/connect.html", form, account=account)


@blueprint.post("/profile/connections/<public_id>/disconnect")
@signed_in()
def disconnect(public_id: str) -> BaseResponse:
    """Forget one's own Atlassian account."""
    with transaction() as db:
        service.disconnect_account(db, actor(), public_id)
    flash(_("Your Atlassian account is no longer connected. Its token was deleted here."), "success")
    return redirect(url_for("account.profile"), 303)


def _in_shell() -> bool:
    """Tell whether the app shell may be shown: to staff, and only where the app lives."""
    return actor().is_staff and current_app.extensions["portico_hosts"].serves(request.host.lower(), Surface.APP)


def _signed_in(outcome: signing_in.SignedIn, browser_id: str, form: SignInForm | ProveAgainForm) -> BaseResponse:
    # A form cookie from before the sign-in may be known to somebody else: its CSRF token dies with it.
    session.clear()
    response = make_response(redirect(local_path(form.next.data), 303))
    cookies.set_session_secret(response, outcome.secret)
    cookies.ensure_browser_id(response, browser_id)
    return response


def _sign_in_page(form: SignInForm) -> tuple[str, int]:
    with reading() as db:
        ways, closed = signing_in.ways(db), signing_in.passwords_closed(db)
    wanted = local_path(form.next.data)
    return form_page("account/sign_in.html", form, ways=ways, last=cookies.last_way(), wanted=wanted, closed=closed)


def _local_sign_in(form: SignInForm, *, in_emergency: bool) -> Answer:
    chosen = cookies.browser_id() or tokens.new_secret()
    digest = tokens.digest(chosen)
    attempt = signing_in.gather(form.email.data, form.password.data, digest, in_emergency=in_emergency)
    who = actor_or_none()
    with transaction() as db:
        outcome = service.begin_session(db, attempt, digest, who.session_id if who else None, in_emergency=in_emergency)
    if isinstance(outcome, signing_in.SignedIn):
        return _signed_in(outcome, chosen, form)
    return _refused(outcome, form, in_emergency=in_emergency)


def _proved_again(form: ProveAgainForm, proofs: queries.Proofs) -> Answer:
    who, chosen = actor(), cookies.browser_id() or tokens.new_secret()
    digest = tokens.digest(chosen)
    attempt = signing_in.gather(who.email or "", form.password.data, digest, in_emergency=proofs.emergency)
    with transaction() as db:
        outcome = service.begin_session(db, attempt, digest, who.session_id, in_emergency=proofs.emergency)
    if isinstance(outcome, signing_in.SignedIn):
        return _signed_in(outcome, chosen, form)
    limited = outcome.retry_after is not None
    words = _("Too many tries. Wait a moment, then try again.") if limited else _("This is not your password.")
    form.password.errors = [words]
    return _limited(make_response(_again_page(form, proofs)), outcome.retry_after)


def _again_page(form: ProveAgainForm, proofs: queries.Proofs) -> tuple[str, int]:
    wanted = local_path(form.next.data)
    return form_page("account/prove_again.html", form, proofs=proofs, wanted=wanted, who=actor())


def _refused(outcome: signing_in.Refused, form: SignInForm, *, in_emergency: bool) -> Response:
    if outcome.reason is signing_in.SignInRefusal.CLOSED:
        form.form_errors.append(_("Staff sign in through their identity provider. Use the button above."))
    elif outcome.retry_after is not None:
        form.form_errors.append(_("Too many tries. Wait a moment, then try again."))
    else:
        form.form_errors.append(_("This address and this password do not belong together."))
    page = make_response(form_page("account/emergency.html", form) if in_emergency else _sign_in_page(form))
    return _limited(page, outcome.retry_after)


def _password_page(form: ChangePasswordForm) -> tuple[str, int]:
    return form_page("account/password.html" if _in_shell() else "account/password_outside.html", form)


def _password_changed(outcome: service.PasswordChanged) -> BaseResponse:
    ended = outcome.sessions_ended
    flash(_("Your password was changed."), "success")
    if ended:
        flash(ngettext("One other session was ended.", "%(num)s other sessions were ended.", ended), "info")
    response = make_response(redirect(url_for("account.profile"), 303))
    if outcome.secret is not None:
        cookies.set_session_secret(response, outcome.secret)
    return response


def _password_refused(
    outcome: service.PasswordRefusal, facts: gather.PasswordChange, form: ChangePasswordForm
) -> Response:
    limited = outcome is service.PasswordRefusal.LIMITED
    words = _("Too many tries. Wait a moment, then try again.") if limited else _("This is not your current password.")
    form.password.errors = [words]
    return _limited(make_response(_password_page(form)), facts.retry_after)


def _limited(response: Response, retry_after: int | None) -> Response:
    if retry_after is not None:
        response.status_code = 429
        response.headers["Retry-After"] = str(retry_after)
    return response


def _password_set() -> BaseResponse:
    flash(_("Your password is set. Sign in with it."), "success")
    return redirect(url_for("account.sign_in"), 303)
