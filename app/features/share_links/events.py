"""What share links record. Titles and addresses of pages are never in here, only ids and the link's own name."""

from app.core.audit.events import AuditEvent


class ShareLinkEvent(AuditEvent):
    """Events of share links; the subject is ("link", public id), or ("sharing", target) of a halt."""

    CREATED = (
        "share_links:link:created",
        "created a link",
        ("name", "object", "expires_at", "conditions", "proof"),
        ("recipients",),
    )
    CHANGED = (
        "share_links:link:changed",
        "changed a link",
        ("fields", "was", "now", "tightened"),
        ("recipients",),
    )
    PAUSED = ("share_links:link:paused", "paused a link", ("reason",))
    RESUMED = ("share_links:link:resumed", "resumed a link")
    REVOKED = ("share_links:link:revoked", "revoked a link")
    NEW_ADDRESS = ("share_links:link:readdressed", "gave a link a new address", ("generation",))
    TRANSFERRED = ("share_links:link:transferred", "transferred a link", ("owner_was", "owner_is", "proof"))
    CLOSED = ("share_links:link:closed", "closed a link", ("reason",))
    REFUSED_TO_CREATE = ("share_links:link:refused", "was refused a link", ("reason", "object"))
    OPENED = (
        "share_links:link:opened",
        "opened a link",
        ("view", "gates", "grant", "invitation"),
        ("email", "reason", "invited"),
    )
    GATE_FAILED = ("share_links:gate:failed", "did not pass a gate", ("gate", "reason"), ("email",))
    CODE_ASKED = ("share_links:code:asked", "asked for a code by mail", (), ("email",))
    ADDRESS_PROVEN = ("share_links:address:proven", "proved an address", (), ("email",))
    TERMS_ACCEPTED = ("share_links:terms:accepted", "accepted the terms of a link", ("version",), ("email",))
    PREVIEWED = ("share_links:link:previewed", "viewed a link as a recipient")
    DOWNLOADED = ("share_links:file:downloaded", "downloaded a file", ("attachment", "range"), ("email",))
    PDF_TAKEN = ("share_links:pdf:taken", "took a page as PDF", ("object", "version", "watermark"), ("email",))
    APPROVAL_ASKED = ("share_links:approval:asked", "asked for approval of a link")
    APPROVED = ("share_links:approval:given", "approved a link", ("note",))
    DECLINED = ("share_links:approval:declined", "declined a link", ("note",))
    CONTENT_FOUND = ("share_links:content:found", "held what was looked for", ("kinds", "finished", "mode"))
    RULES_CHANGED = ("share_links:rules:changed", "changed the rules of a place", ("container", "was", "now"))
    STOPPED = (
        "share_links:sharing:stopped",
        "stopped sharing in an emergency",
        ("halt", "scope", "of", "links"),
        ("reason",),
    )
    SWITCHED_OFF = (
        "share_links:sharing:switched_off",
        "switched sharing off",
        ("halt", "scope", "of", "links"),
        ("reason",),
    )
    SWITCHED_ON = ("share_links:sharing:resumed", "let sharing go on", ("halt", "kind", "scope", "of"))
    INVITED = ("share_links:link:invited", "invited people to a link", ("invitations",), ("recipients",))
    INVITED_REMINDED = (
        "share_links:invitation:reminded",
        "reminded somebody of an invitation",
        ("invitation",),
        ("recipients",),
    )
    INVITATION_RESENT = (
        "share_links:invitation:resent",
        "sent an invitation once more",
        ("invitation",),
        ("recipients",),
    )
    INVITATION_REVOKED = (
        "share_links:invitation:revoked",
        "took an invitation back",
        ("invitation",),
        ("recipients",),
    )
    LEFT = ("share_links:link:left", "gave up access to a link", ("invitation",), ("email", "invited"))
    REPORTED = ("share_links:link:reported", "reported a link", ("reason", "invitation"), ("email", "invited"))
    LIST_CODE_ASKED = ("share_links:list:asked", "asked for a code to see what is shared", (), ("email",))
    LIST_FAILED = ("share_links:list:failed", "did not get to see what is shared", ("reason",), ("email",))
    LIST_PROVEN = ("share_links:list:proven", "proved an address to see what is shared", (), ("email",))
    GRANTS_ENDED = ("share_links:grant:ended", "ended grants", ("count", "reason"))
