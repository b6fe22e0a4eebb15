"""What both editions of Jira answer alike: issues, their fields and their files. They differ in rich text, lists, people and bytes.

Attachments never change in Jira, so that their version is always 1.
"""

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from app.integrations.atlassian.errors import NotFound
from app.integrations.atlassian.probing import NotTried, attempt
from app.integrations.atlassian.reader import Reader
from app.integrations.atlassian.shapes import (
    count,
    identifier,
    items,
    mapping,
    optional_text,
    parse_instant,
    part,
    text,
)
from app.integrations.atlassian.types import Ability, Attachment, Capability, Issue

_ISSUE = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]{0,254}-)?[1-9][0-9]{0,18}", re.ASCII)
_ATTACHMENT_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
# What an Issue always needs, asked for besides the caller's fields.
_OWN_FIELDS = ("summary", "updated", "project", "attachment")


class JiraSite(Reader):
    """One Jira site, whichever edition; `api` is where its interface begins."""

    api: ClassVar[str]

    def issue(self, id_or_key: str, fields: Sequence[str]) -> Issue:
        """Return the issue with the requested fields (ids such as `summary` or `customfield_10010`); a moved one has its new key."""
        data = self._issue_data(id_or_key, joined(fields))
        return self._issue(data, fields, part(data, "names"), part(data, "schema"))

    def whole_issue(self, id_or_key: str) -> Issue:
        """Return the issue with every field, for choosing among them; readers get what `issue` was asked for."""
        data = self._issue_data(id_or_key, "*all,-comment")
        return self._issue(data, tuple(part(data, "fields")), part(data, "names"), part(data, "schema"))

    def _abilities(self) -> Iterator[Capability]:
        yield attempt(Ability.READ, self._probe_projects)
        for ability, key, words in (
            (Ability.CHECK_OTHERS, "USER_PICKER", "check what others may view"),
            (Ability.ADMINISTER, "ADMINISTER", "administer Jira"),
        ):
            yield attempt(ability, partial(self._probe_permission, key, words))

    @abstractmethod
    def _project_keys(self) -> list[str]:
        """Return the keys of the first 20 projects that the credential sees."""

    def _probe_projects(self) -> str:
        keys = self._project_keys()
        if not keys:
            raise NotTried("No project is seen. Give the account the permission to browse one.")
        return f"Sees {', '.join(keys)}."

    @abstractmethod
    def _permissions(self, key: str) -> Mapping[str, Any]:
        """Return Jira's answer about a permission, perhaps among others."""

    def _probe_permission(self, key: str, words: str) -> str:
        if part(part(self._permissions(key), "permissions"), key).get("havePermission") is not True:
            raise NotTried(f"May not {words}.")
        return f"May {words}."

    def _issue_data(self, id_or_key: str, fields: str) -> Mapping[str, Any]:
        params = {"fields": fields, "expand": "names,schema", "updateHistory": "false"}
        return mapping(self._transport.get(f"{self.api}/issue/{checked_key(id_or_key)}", params), "the issue")

    def _issue(
        self, data: Mapping[str, Any], asked: Sequence[str], names: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Issue:
        fields = part(data, "fields")
        key, wanted = identifier(data, "key"), set(asked)
        # Absent where a project hides the field.
        files = items(fields, "attachment") if fields.get("attachment") is not None else []
        return Issue(
            id=identifier(data, "id"),
            key=key,
            summary=text(fields, "summary"),
            updated=text(fields, "updated"),
            project_key=identifier(part(fields, "project"), "key"),
            fields={name: value for name, value in fields.items() if name in wanted},
            names={name: value for name, value in names.items() if name in wanted and isinstance(value, str)},
            schema={name: value for name, value in schema.items() if name in wanted},
            attachments=tuple(_attachment(one, identifier(data, "id")) for one in files),
            web_url=f"{self._site_url}/browse/{key}",
        )


def joined(fields: Sequence[str]) -> str:
    """Return fields as Jira is asked for them, with those that an Issue always has."""
    # Words such as *all or -comment would widen what is asked for beyond what the caller shows.
    return ",".join(dict.fromkeys(one for one in (*fields, *_OWN_FIELDS) if _FIELD.fullmatch(one)))


def checked_key(id_or_key: str) -> str:
    """Return the id or key of an issue, which goes into an address; raise NotFound for anything else."""
    if not _ISSUE.fullmatch(id_or_key):
        raise NotFound("This is not the key of an issue.", 404)
    return id_or_key


def checked_attachment_id(attachment_id: str) -> str:
    """Return the id of an attachment, which goes into an address; raise NotFound for anything else."""
    if not _ATTACHMENT_ID.fullmatch(attachment_id):
        raise NotFound("This is not the id of an attachment.", 404)
    return attachment_id


def _attachment(data: Mapping[str, Any], issue_id: str) -> Attachment:
    return Attachment(
        id=identifier(data, "id"),
        filename=text(data, "filename"),
        media_type=optional_text(data, "mimeType") or "application/octet-stream",
        size=count(data, "size"),
        version=1,
        file_id=None,
        container_id=issue_id,
        created_at=parse_instant(data.get("created")),
    )
