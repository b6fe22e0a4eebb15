"""Who can sign in at the simulated identity provider, and the page on which they say who they are."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Somebody:
    """Somebody to sign in as."""

    handle: str
    name: str
    email: str
    groups: tuple[str, ...] = ()
    #: How they proved who they are.
    methods: tuple[str, ...] = ("pwd",)

    @property
    def subject(self) -> str:
        """What stands for them for good."""
        return hashlib.sha256(f"simulated {self.handle}".encode()).hexdigest()[:24]


PEOPLE = (
    Somebody("ada", "Ada Lindqvist", "ada@acme.example", ("staff", "site-admins"), ("pwd", "otp", "mfa")),
    Somebody("ines", "Ines Moreau", "ines@acme.example", ("staff", "operations")),
    Somebody("otto", "Otto Brandt", "otto@acme.example", ("staff",)),
    Somebody("greta", "Greta Vance", "greta@hauliers.example", ("hauliers",)),
    Somebody("milo", "Milo Hart", "milo@hauliers.example", ("hauliers",)),
    Somebody("sam", "Sam Reyes", "sam@elsewhere.example"),
)


def choice(people: Sequence[Somebody], asked: Mapping[str, str], action: str) -> str:
    """Return the page that lists people; what was asked goes along in the form."""
    rows = "".join(
        f'<li><button name="person" value="{one.handle}">{escape(one.name)}</button> '
        f"{escape(one.email)} · {escape(', '.join(one.groups) or 'in no group')}</li>"
        for one in people
    )
    cancel = '<p><button name="person" value="">Cancel</button></p>'
    body = f'<form method="post" action="{escape(action)}">{hidden(asked)}<ul>{rows}</ul>{cancel}</form>'
    return page("Who are you?", body)


def hidden(values: Mapping[str, str]) -> str:
    """Return hidden fields of a form."""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in values.items()
    )


def page(heading: str, body: str) -> str:
    """Return a page."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{heading}</title></head>'
        f"<body><main><h1>{heading}</h1>{body}<p>A simulated identity provider: nobody has a password here.</p>"
        "</main></body></html>"
    )
