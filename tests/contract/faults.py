"""What Atlassian's documents get wrong about its own products, each fault with how we know.

They are mended before anything is checked; a test says that each is really in its document.
"""

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """Something a document gets wrong about its own product, and how we know."""

    document: str
    reason: str
    #: An operation and the status it answers though none is published.
    operation: tuple[str, str, int] | None = None
    #: A schema and the property it lacks, with what that holds.
    schema: tuple[str, str, Schema] | None = None
    #: A schema and the properties it wrongly demands.
    demands: tuple[str, frozenset[str]] | None = None
    #: A schema, a property of it that is described wrongly, and what that holds.
    holds: tuple[str, str, Schema] | None = None
    #: An operation, the status it answers, and what the body is, where that is published wrongly or not at all.
    body: tuple[str, str, int, Schema] | None = None


_WORDS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_NUMBER: Schema = {"type": "integer"}


def _links(*names: str) -> Schema:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


def _list_of(schema: str) -> Schema:
    return {
        "type": "object",
        "properties": {
            "results": {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}},
            "_links": _links("base", "context", "next", "prev", "self"),
            **dict.fromkeys(("start", "limit", "size"), _NUMBER),
        },
    }


def _array_of(schema: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}


_LINKS_LEFT_OUT = "Every answer has links and says what may be expanded; the schema leaves both out."
_PAGED = "A page of subjects says where it begins and how long it is, as the examples of the same document do."
_MISNAMED = "Its members are named after the methods of a class, `get_links` for `_links`; the example beside is right."

FAULTS_OF_CONFLUENCE_DC = (
    Fault(
        "confluence-dc",
        "Published to answer 201, which nothing that is only read answers.",
        body=("get", "/rest/api/content/{id}/child/attachment", 200, _list_of("Content")),
    ),
    Fault(
        "confluence-dc",
        "Published with the shape of another call; the document's own class for it holds viewContentRestrictions.",
        body=(
            "get",
            "/rest/api/content/{id}/restriction/relevantViewRestrictions",
            200,
            {"$ref": "#/components/schemas/RelevantViewRestrictions"},
        ),
    ),
    Fault("confluence-dc", _LINKS_LEFT_OUT, schema=("RelevantViewRestrictions", "_links", _links("self", "base"))),
    Fault(
        "confluence-dc",
        "Content has addresses for people as well, and one for its bytes.",
        holds=(
            "Content",
            "_links",
            _links("base", "context", "self", "webui", "edit", "tinyui", "collection", "download"),
        ),
    ),
    *(
        Fault(
            "confluence-dc",
            "What may be expanded is named by its own name, and not by the word attribute.",
            holds=(name, "_expandable", _WORDS),
        )
        for name in ("Content", "Person")
    ),
    *(
        Fault("confluence-dc", "A person has a name and a key; the schema has only what everybody has.", schema=schema)
        for schema in (("Person", "username", {"type": "string"}), ("Person", "userKey", {"type": "string"}))
    ),
    *(
        Fault("confluence-dc", _LINKS_LEFT_OUT, schema=(name, member, _WORDS))
        for name in ("Version", "History", "Space", "ContentRestriction")
        for member in ("_links", "_expandable")
    ),
    *(
        Fault("confluence-dc", _MISNAMED, schema=("OperationRestriction", member, _WORDS))
        for member in ("_links", "_expandable")
    ),
    Fault("confluence-dc", _LINKS_LEFT_OUT, schema=("Restrictions", "_expandable", _WORDS)),
    *(
        Fault("confluence-dc", _PAGED, schema=("PageResponseContentRestriction", member, _NUMBER))
        for member in ("start", "limit", "size")
    ),
    Fault(
        "confluence-dc",
        "Errors are a list in every report of an answer.",
        holds=("ValidationResult", "errors", {"type": "array"}),
    ),
)

FAULTS_OF_JIRA_DC = tuple(
    fault
    for document in ("jira-dc-10", "jira-dc-11")
    for fault in (
        *(
            Fault(
                document,
                "Published to answer one, though the text says a list.",
                body=("get", path, 200, _array_of(schema)),
            )
            for path, schema in (
                ("/api/2/field", "FieldBean"),
                ("/api/2/project", "ProjectBean"),
                ("/api/2/user/viewissue/search", "UserBean"),
            )
        ),
        Fault(
            document,
            "A field may hold anything, as the document's own example shows; published are objects only.",
            holds=("IssueBean", "fields", {"type": "object"}),
        ),
        Fault(
            document,
            "What may be expanded stands in every issue, as in the document's example of a search.",
            schema=("IssueBean", "expand", {"type": "string"}),
        ),
        Fault(
            document,
            "The value of a property is any JSON, as the operations that set one say.",
            holds=("EntityPropertyBean", "value", {}),
        ),
        Fault(
            document,
            "A shortened list of groups has its entries; the schema counts them only.",
            schema=("SimpleListWrapperGroupJsonBean", "items", {"type": "array"}),
        ),
        Fault(
            document,
            "A project says of which kind it is, as the document's example of an issue shows.",
            schema=("ProjectBean", "projectTypeKey", {"type": "string"}),
        ),
        Fault(
            document,
            "Whether the caller has the permission is what is asked for; only the example has it.",
            schema=("PermissionJsonBean", "havePermission", {"type": "boolean"}),
        ),
    )
)

FAULTS = (
    Fault(
        "confluence-v1",
        "Only 200 is published, though the text asks for permission to view the content and every other read of the "
        "same document answers 404 where that is missing.",
        operation=("get", "/wiki/rest/api/content/{id}/restriction/byOperation/{operationKey}", 404),
    ),
    Fault(
        "jira-v3",
        "An option of a select list has its identifier in every answer, as the document's own examples of issues "
        "show; the schema named for it leaves it out.",
        schema=("CustomFieldOption", "id", {"type": "string"}),
    ),
    Fault(
        "jira-v3",
        "A link is demanded to name an issue at both ends; an answer names the other end only, as the document's own "
        "examples of issues do.",
        demands=("IssueLink", frozenset({"inwardIssue", "outwardIssue"})),
    ),
    *FAULTS_OF_CONFLUENCE_DC,
    *FAULTS_OF_JIRA_DC,
)
