"""Forms of connections."""

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, FileField, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, NumberRange

from app.core.accounts.actor import PersonKind
from app.features.sso.configuration import (
    MAXIMUM_TOLERANCE,
    ClientAuthentication,
    IdentityRules,
    Kind,
    OAuthSettings,
    OidcSettings,
    SamlSettings,
    Settings,
    Signed,
)
from app.features.sso.gather import Metadata
from app.features.sso.service import FARTHEST, Draft
from app.web.forms import FilterForm, Form, OneLine, Required, Secret, Words, at_most, choices

_TYPED = {"autocomplete": "off", "spellcheck": "false"}
_URL = {"inputmode": "url", **_TYPED}
_CODE = {"rows": 4, **_TYPED}
_ARMOUR_END = "-----END CERTIFICATE-----"

_SIGNED = (
    (Signed.ASSERTION.value, _("The assertion")),
    (Signed.RESPONSE.value, _("The response")),
    (Signed.BOTH.value, _("Both")),
)
_AUTHENTICATION = (
    (ClientAuthentication.SECRET_BASIC.value, _("Client secret in the header (client_secret_basic)")),
    (ClientAuthentication.SECRET_POST.value, _("Client secret in the form (client_secret_post)")),
    (ClientAuthentication.PRIVATE_KEY_JWT.value, _("A key of ours (private_key_jwt)")),
)


def lines(text: str | None) -> tuple[str, ...]:
    """Return the lines of a text, without the empty ones and without spaces around them."""
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())


def certificates(text: str | None) -> tuple[str, ...]:
    """Return the certificates in a text: several in PEM, or one as base64 alone."""
    text = (text or "").strip()
    if _ARMOUR_END not in text:
        return (text,) if text else ()
    return tuple(f"{one.strip()}\n{_ARMOUR_END}\n" for one in text.split(_ARMOUR_END) if one.strip())


def _uploaded(field: FileField) -> bytes:
    # Without a file browsers send an empty text.
    return field.data.read() if hasattr(field.data, "read") else b""


class AttemptFilter(FilterForm):
    """Finds one attempt by what the person was shown."""

    reference = Words(_("Reference id"), render_kw={"placeholder": _("Reference id")})


class NewConnectionForm(Form):
    """What every new connection needs; the rest begins as the preset says."""

    name = OneLine(_("Name"), [Required(), at_most(80)], render_kw={"autocomplete": "off"})

    def new_draft(self, settings: Settings, identity: IdentityRules) -> Draft:
        """Return a connection to be."""
        secret = self.client_secret.data or None if "client_secret" in self else None
        return Draft(
            name=self.name.data,
            button_label=self.name.data,
            for_staff=True,
            for_guests=True,
            settings=settings,
            client_secret=secret,
            identity=identity,
        )


class _MetadataFields(Form):
    metadata_file = FileField(_("Metadata file"), description=_("XML of at most 1 MB."))
    metadata_url = OneLine(
        _("Address of the metadata"), [at_most(2_000)], description=_("It is read once, now."), render_kw=_URL
    )
    metadata_certificate = TextAreaField(
        _("Certificate that signs the metadata"),
        [at_most(40_000)],
        description=_("Where you give one, metadata without its signature is refused. As PEM, or as base64."),
        render_kw=_CODE,
    )

    def metadata_of(self, entity_id: str) -> Metadata:
        """Return the metadata that was given, if any, of one provider."""
        certificate = (self.metadata_certificate.data or "").strip()
        return Metadata(_uploaded(self.metadata_file), self.metadata_url.data, entity_id, certificate)


class NewSamlForm(NewConnectionForm, _MetadataFields):
    """A SAML provider, by its metadata or by hand."""

    entity_id = OneLine(
        _("Entity id"),
        [at_most(1_024)],
        description=_("Needed by hand, or where the metadata describes several providers."),
        render_kw=_TYPED,
    )
    sso_redirect_url = OneLine(_("Sign-in address (Redirect)"), [at_most(2_000)], render_kw=_URL)
    sso_post_url = OneLine(_("Sign-in address (POST)"), [at_most(2_000)], render_kw=_URL)
    certificates = TextAreaField(_("Signing certificates"), [at_most(60_000)], render_kw=_CODE)

    @property
    def metadata(self) -> Metadata:
        """The metadata that was given, if any."""
        return self.metadata_of(self.entity_id.data)

    @property
    def settings(self) -> SamlSettings:
        """What was entered by hand."""
        return SamlSettings(
            entity_id=self.entity_id.data,
            sso_redirect_url=self.sso_redirect_url.data,
            sso_post_url=self.sso_post_url.data,
            certificates=certificates(self.certificates.data),
        )


class MetadataForm(_MetadataFields):
    """New metadata of a provider that is there already."""


class _ClientFields(Form):
    client_id = OneLine(_("Client id"), [Required(), at_most(400)], render_kw=_TYPED)
    client_secret = Secret(_("Client secret"), [at_most(1_000)], render_kw={"autocomplete": "off"})
    authentication = SelectField(_("How Portico proves who it is"), choices=choices(_AUTHENTICATION))


class NewOidcForm(NewConnectionForm, _ClientFields):
    """An OpenID provider by its issuer; the rest stands in its discovery document."""

    issuer = OneLine(
        _("Issuer"), [Required(), at_most(2_000)], description=_("Exactly as the provider writes it."), render_kw=_URL
    )


class NewOAuthForm(NewConnectionForm, _ClientFields):
    """A provider of OAuth 2.0 by its addresses."""

    authorization_endpoint = OneLine(_("Authorization address"), [Required(), at_most(2_000)], render_kw=_URL)
    token_endpoint = OneLine(_("Token address"), [Required(), at_most(2_000)], render_kw=_URL)
    userinfo_endpoint = OneLine(_("Userinfo address"), [Required(), at_most(2_000)], render_kw=_URL)
    scopes = OneLine(_("Scopes"), [at_most(1_000)], description=_("With spaces between them."), render_kw=_TYPED)
    subject_field = OneLine(
        _("Field that never changes"),
        [Required(), at_most(200)],
        default="sub",
        description=_("Stands for the person for good, such as sub or id; never an address."),
        render_kw=_TYPED,
    )

    @property
    def settings(self) -> OAuthSettings:
        """What was entered."""
        return OAuthSettings(
            authorization_endpoint=self.authorization_endpoint.data,
            token_endpoint=self.token_endpoint.data,
            userinfo_endpoint=self.userinfo_endpoint.data,
            client_id=self.client_id.data,
            authentication=ClientAuthentication(self.authentication.data),
            scopes=tuple(self.scopes.data.split()),
            subject_field=self.subject_field.data,
        )


class _RulesFields(Form):
    """What is asked of every connection when it is edited."""

    button_label = OneLine(_("Words on the button"), [Required(), at_most(80)], render_kw={"autocomplete": "off"})
    position = IntegerField(
        _("Order of the button"),
        [
            InputRequired(_("Enter a whole number.")),
            NumberRange(-FARTHEST, FARTHEST, _("Enter a whole number of at most 1,000,000.")),
        ],
        default=0,
    )
    for_staff = BooleanField(_("Staff may sign in through it"))
    for_guests = BooleanField(_("Guests and customers may sign in through it"))
    create = BooleanField(_("Create people who are not known yet"))
    update = BooleanField(_("Update name and address at each sign-in"))
    reactivate = BooleanField(_("Reactivate people who were deactivated"))
    link_by_email = BooleanField(_("Link to people who are there, by the domains below"))
    domains = TextAreaField(
        _("Domains it may vouch for"),
        [at_most(20_000)],
        description=_("One a line, such as example.com. An address in them counts as verified."),
        render_kw=_CODE,
    )
    new_people = RadioField(
        _("People it creates are"),
        choices=choices([(PersonKind.GUEST.value, _("Guests")), (PersonKind.STAFF.value, _("Staff"))]),
    )
    subject_attribute = OneLine(
        _("Attribute that stands for the person"),
        [at_most(1_000)],
        description=_("Only where the provider's own subject changes with each sign-in (transient)."),
        render_kw=_TYPED,
    )
    membership_minutes = IntegerField(
        _("Age of memberships on links, in minutes"),
        [InputRequired(_("Enter a whole number."))],
        description=_("After it visitors go to the provider again. 0 means at each opening."),
    )
    second_factor_values = TextAreaField(
        _("Values that prove a second factor"),
        [at_most(10_000)],
        description=_("One a line: values of amr or acr, or AuthnContextClassRefs."),
        render_kw=_CODE,
    )

    @property
    def identity(self) -> IdentityRules:
        """What a sign-in may do to people."""
        return IdentityRules(
            create=self.create.data,
            update=self.update.data,
            reactivate=self.reactivate.data,
            link_by_email=self.link_by_email.data,
            new_people=PersonKind(self.new_people.data),
            subject_attribute=self.subject_attribute.data,
            membership_minutes=self.membership_minutes.data or 0,
            second_factor_values=lines(self.second_factor_values.data),
        )

    def _draft(self, name: str, settings: Settings, client_secret: str | None) -> Draft:
        return Draft(
            name=name,
            button_label=self.button_label.data,
            for_staff=self.for_staff.data,
            for_guests=self.for_guests.data,
            settings=settings,
            client_secret=client_secret,
            identity=self.identity,
            domains=lines(self.domains.data),
            position=self.position.data or 0,
        )


class _DemandFields(Form):
    force_authn = BooleanField(_("Have people sign in anew each time"))
    requested_contexts = TextAreaField(
        _("Ways of signing in that are demanded"),
        [at_most(20_000)],
        description=_("One a line: an AuthnContextClassRef or a value of acr. Empty means any."),
        render_kw=_CODE,
    )
    clock_tolerance_seconds = IntegerField(
        _("Clock tolerance in seconds"),
        [InputRequired(_("Enter a whole number."))],
        description=_("At most %(count)s.", count=MAXIMUM_TOLERANCE),
    )


class SamlForm(_RulesFields, _DemandFields):
    """A SAML connection; its certificates have a page of their own."""

    name = OneLine(_("Name"), [Required(), at_most(80)], render_kw={"autocomplete": "off"})
    entity_id = OneLine(_("Entity id"), [Required(), at_most(1_024)], render_kw=_TYPED)
    sso_redirect_url = OneLine(_("Sign-in address (Redirect)"), [at_most(2_000)], render_kw=_URL)
    sso_post_url = OneLine(_("Sign-in address (POST)"), [at_most(2_000)], render_kw=_URL)
    signed = SelectField(_("What has to be signed"), choices=choices(_SIGNED))
    encrypted = BooleanField(_("The assertion has to be encrypted"))
    sign_requests = BooleanField(_("Sign our requests"))
    allow_idp_initiated = BooleanField(_("Let people begin at the provider"))

    def draft(self, stored: Settings) -> Draft:
        """Return what was entered; the certificates stay as they are stored."""
        settings = SamlSettings(
            entity_id=self.entity_id.data,
            sso_redirect_url=self.sso_redirect_url.data,
            sso_post_url=self.sso_post_url.data,
            certificates=getattr(stored, "certificates", ()),
            signed=Signed(self.signed.data),
            encrypted=self.encrypted.data,
            sign_requests=self.sign_requests.data,
            allow_idp_initiated=self.allow_idp_initiated.data,
            force_authn=self.force_authn.data,
            requested_contexts=lines(self.requested_contexts.data),
            clock_tolerance_seconds=self.clock_tolerance_seconds.data or 0,
        )
        return self._draft(self.name.data, settings, None)


class OidcForm(_RulesFields, _DemandFields, NewOidcForm):
    """An OpenID Connect connection; a secret left empty stays."""

    authorization_endpoint = OneLine(_("Authorization address"), [Required(), at_most(2_000)], render_kw=_URL)
    token_endpoint = OneLine(_("Token address"), [Required(), at_most(2_000)], render_kw=_URL)
    jwks_uri = OneLine(_("Address of the keys"), [Required(), at_most(2_000)], render_kw=_URL)
    userinfo_endpoint = OneLine(_("Userinfo address"), [at_most(2_000)], render_kw=_URL)
    sends_issuer = BooleanField(_("Answers have to name the issuer (RFC 9207)"))
    read_userinfo = BooleanField(_("Read the userinfo address too"))
    scopes = OneLine(
        _("Scopes"), [Required(), at_most(1_000)], description=_("With spaces between them."), render_kw=_TYPED
    )

    def draft(self, _stored: Settings) -> Draft:
        """Return what was entered."""
        settings = OidcSettings(
            issuer=self.issuer.data,
            client_id=self.client_id.data,
            authorization_endpoint=self.authorization_endpoint.data,
            token_endpoint=self.token_endpoint.data,
            jwks_uri=self.jwks_uri.data,
            userinfo_endpoint=self.userinfo_endpoint.data,
            sends_issuer=self.sends_issuer.data,
            authentication=ClientAuthentication(self.authentication.data),
            scopes=tuple(self.scopes.data.split()),
            read_userinfo=self.read_userinfo.data,
            force_authn=self.force_authn.data,
            requested_contexts=lines(self.requested_contexts.data),
            clock_tolerance_seconds=self.clock_tolerance_seconds.data or 0,
        )
        return self._draft(self.name.data, settings, self.client_secret.data or None)


class OAuthForm(_RulesFields, NewOAuthForm):
    """An OAuth 2.0 connection; a secret left empty stays."""

    def draft(self, _stored: Settings) -> Draft:
        """Return what was entered."""
        return self._draft(self.name.data, self.settings, self.client_secret.data or None)


NEW_FORMS: dict[Kind, type[NewSamlForm] | type[NewOidcForm] | type[NewOAuthForm]] = {
    Kind.SAML: NewSamlForm,
    Kind.OIDC: NewOidcForm,
    Kind.OAUTH: NewOAuthForm,
}
FORMS: dict[Kind, type[SamlForm] | type[OidcForm] | type[OAuthForm]] = {
    Kind.SAML: SamlForm,
    Kind.OIDC: OidcForm,
    Kind.OAUTH: OAuthForm,
}


class CertificateForm(Form):
    """One more certificate of a provider."""

    certificates = TextAreaField(
        _("Certificate"), [Required(), at_most(60_000)], description=_("As PEM, or as base64."), render_kw=_CODE
    )
