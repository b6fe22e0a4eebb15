"""What of an issue reaches its page: the allow-list of fields, each kind of value, other issues, files, labels."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from app.documents.issue import DEFAULT_FIELDS, FieldGroup, available_fields, issue_view, named_people, render_issue
from app.documents.issue_words import IssueWords
from app.documents.types import Heading, Limits, Material, Rendered
from app.documents.words import Words
from tests.documents.given import MATERIAL, PAPER, PICTURE, REL, document, node, words

ADA = {"accountId": "acc-1", "displayName": "Ada L. of the answer"}
GRACE = {"accountId": "acc-2", "displayName": "Grace H. of the answer"}
SYSTEM = "com.atlassian.jira.plugin.system.customfieldtypes:"
SOFTWARE = "com.pyxis.greenhopper.jira:"
DESK = "com.atlassian.servicedesk:"


def text(line: str) -> Mapping[str, object]:
    return document(node("paragraph", words(line)))


FIELDS: Mapping[str, object] = {
    "summary": "Door <jams>",
    "status": {"name": "In progress", "statusCategory": {"key": "indeterminate"}},
    "issuetype": {"name": "Bug"},
    "priority": {"name": "High"},
    "assignee": ADA,
    "created": "2026-01-02T14:05:00.000+0000",
    "updated": "2026-01-03T10:00:00.000+0100",
    "description": document(
        node("heading", words("Why"), level=1),
        node("paragraph", words("Rust"), node("mention", id="acc-2", text="@Grace H. of the mention")),
    ),
    "parent": {"key": "OPS-1", "fields": {"summary": "The parent's title", "status": {"name": "Parent's status"}}},
    "subtasks": [{"key": "OPS-8", "fields": {"summary": "The subtask's title"}}],
    "issuelinks": [
        {
            "type": {"inward": "is blocked by", "outward": "blocks"},
            "inwardIssue": {"key": "OPS-9", "fields": {"summary": "The link's title"}},
        }
    ],
    "attachment": [{"id": "att2", "created": "2026-01-02T14:05:00.000+0000"}],
    "security": {"name": "The security level"},
    "worklog": {"worklogs": [{"comment": "The work log"}]},
    "customfield_1": "The site",
    "customfield_2": text("The notes"),
    "customfield_3": {"blob": "The inside of an app"},
}
NAMES = {
    **{field: f"Jira's {field}" for field in FIELDS},
    "customfield_1": "Site",
    "customfield_2": "Notes",
    "customfield_3": "App",
}
SCHEMA = {
    "assignee": {"type": "user"},
    "status": {"type": "status"},
    "priority": {"type": "priority"},
    "issuetype": {"type": "issuetype"},
    "created": {"type": "datetime"},
    "updated": {"type": "datetime"},
    "customfield_1": {"type": "string", "custom": f"{SYSTEM}textfield"},
    "customfield_2": {"type": "string", "custom": f"{SYSTEM}textarea"},
    "customfield_3": {"type": "any", "custom": "com.example:app"},
}
COMMENTS: list[Mapping[str, object]] = [
    {"id": "1", "author": GRACE, "body": text("A public word"), "created": "2026-01-04T08:00:00.000+0000"},
    {"id": "2", "author": ADA, "body": text("An internal word"), "jsdPublic": False},
]
COVERED = replace(MATERIAL, links={"issue:OPS-9": "../ninth/"})
EVERYTHING = frozenset(FIELDS) | {"comment"}


def shown(
    fields: frozenset[str] = EVERYTHING, material: Material = MATERIAL, given: Mapping[str, object] = FIELDS
) -> Rendered:
    view = issue_view("OPS-7", given, NAMES, SCHEMA, fields, comments=COMMENTS, files=(PAPER, PICTURE))
    return render_issue(view, material)


def value(raw: object, schema: Mapping[str, object], material: Material = MATERIAL) -> str:
    """Return what stands beside the label of one custom field, or nothing where the field is not there at all."""
    view = issue_view(
        "A-1", {"customfield_9": raw}, {"customfield_9": "F"}, {"customfield_9": schema}, frozenset({"customfield_9"})
    )
    html = render_issue(view, material).html
    return html.removeprefix('<dl class="doc-fields"><div class="doc-field"><dt>F</dt><dd>').removesuffix(
        "</dd></div></dl>"
    )


def test_the_default_fields_are_shown_in_jiras_order_and_no_other() -> None:
    assert shown(DEFAULT_FIELDS).html == (
        '<p class="doc-summary"><span class="doc-key">OPS-7</span> Door &lt;jams&gt;</p><dl class="doc-fields">'
        '<div class="doc-field"><dt>Status</dt><dd><span class="doc-status doc-status-blue">In progress</span></dd></div>'
        '<div class="doc-field"><dt>Type</dt><dd>Bug</dd></div>'
        '<div class="doc-field"><dt>Priority</dt><dd><span class="doc-priority doc-priority-2" aria-hidden="true"></span>'
        " High</dd></div>"
        '<div class="doc-field"><dt>Created</dt><dd><time datetime="2026-01-02T14:05:00Z">2 Jan 2026, 14:05 UTC</time></dd>'
        '</div><div class="doc-field"><dt>Updated</dt><dd><time datetime="2026-01-03T09:00:00Z">3 Jan 2026, 09:00 UTC</time>'
        '</dd></div></dl><h2 id="doc-description" class="doc-h1 doc-section">Description</h2><h3 id="doc-why" class="doc-h2">Why</h3>'
        '<p>Rust<span class="doc-mention">@someone</span></p>'
    )


CANARIES = {
    "summary": "Door",
    "status": "In progress",
    "issuetype": "Bug",
    "priority": "High",
    "assignee": "Ada Lovelace",
    "created": "14:05",
    "updated": "09:00",
    "description": "Rust",
    "parent": "OPS-1",
    "subtasks": "OPS-8",
    "issuelinks": "OPS-9",
    "attachment": "Offer 2026.pdf",
    "customfield_1": "The site",
    "customfield_2": "The notes",
    "comment": "A public word",
}


@pytest.mark.parametrize(("field", "canary"), CANARIES.items())
def test_each_field_is_shown_only_when_it_is_on_the_list(field: str, canary: str) -> None:
    assert canary in shown(frozenset({field})).html
    without = shown(EVERYTHING - {field} - ({"attachment"} if field == "created" else set())).html
    assert canary not in without


@pytest.mark.parametrize(
    "never",
    [
        "The security level",
        "The work log",
        "The inside of an app",
        "An internal word",
        "of the answer",
        "of the mention",
        "The parent's title",
        "Parent's status",
        "The subtask's title",
        "The link's title",
    ],
)
def test_some_things_are_never_shown_whatever_was_chosen(never: str) -> None:
    assert never not in shown().html


def test_a_covered_issue_is_a_link_with_title_and_status_and_any_other_a_bare_key() -> None:
    html = shown(material=COVERED).html

    assert (
        '<a href="../ninth/" rel="noopener noreferrer nofollow"><span class="doc-key">OPS-9</span> The link\'s title</a>'
        in html
    )
    assert '<p class="doc-relation">is blocked by</p>' in html
    assert '<li class="doc-issue"><span class="doc-key">OPS-8</span></li>' in html


def test_sections_are_part_of_the_outline_and_headings_of_comments_are_not() -> None:
    titles = [heading.text for heading in shown().headings]

    assert titles == ["Description", "Why", "Notes", "Attachments", "Subtasks", "Linked issues", "Comments"]
    assert shown().headings[1] == Heading(2, "doc-why", "Why")


def test_attachments_have_a_small_picture_that_opens_or_their_kind_and_a_link_where_files_may_be_had() -> None:
    closed, opened = shown(), shown(material=replace(MATERIAL, link_files=True))

    assert (
        f'<a href="media/att1" {REL}><span class="doc-thumb"><img src="media/small/att1" alt="" loading' in closed.html
    )
    assert '<span class="doc-thumb doc-thumb-kind" aria-hidden="true">PDF</span>' in closed.html
    assert closed.media_ids == {"att1"}
    assert '<a href="media/att2"' in opened.html
    assert opened.media_ids == {"att1", "att2"}


def tint_of(name: str) -> int:
    return sum(at * ord(letter) for at, letter in enumerate(name, 1)) % 6 + 1


PERSON = '<span class="doc-person"><span class="doc-avatar doc-avatar-{tint}" aria-hidden="true">{initials}</span> <span>{name}</span></span>'
ADA_SHOWN = PERSON.format(tint=tint_of("Ada Lovelace"), initials="AL", name="Ada Lovelace")


def custom(kind: str, key: str = "", items: str | None = None) -> Mapping[str, object]:
    return {"type": kind, "custom": key} | ({"items": items} if items else {})


@pytest.mark.parametrize(
    ("schema", "raw", "expected"),
    [
        (custom("string", f"{SYSTEM}textfield"), "a <b>", "a &lt;b&gt;"),
        (custom("number", f"{SYSTEM}float"), 186000.0, "186000"),
        (custom("number", f"{SYSTEM}float"), 0.5, "0.5"),
        (custom("number"), float("nan"), ""),
        (custom("date"), "2026-11-24", '<time datetime="2026-11-24">24 Nov 2026</time>'),
        (custom("date"), "soon", ""),
        (
            custom("datetime"),
            "2026-11-24T10:00:00.000+0100",
            '<time datetime="2026-11-24T09:00:00Z">24 Nov 2026, 09:00 UTC</time>',
        ),
        (custom("datetime"), "0001-01-01T00:00:00.000+0000", '<time datetime="0001-01-01">1 Jan 1</time>'),
        (custom("option"), {"id": "1", "value": "Berth 1"}, "Berth 1"),
        (
            custom("array", items="option"),
            [{"value": "A"}, {"value": "B"}],
            '<span class="doc-tag">A</span> <span class="doc-tag">B</span>',
        ),
        (custom("option-with-child"), {"value": "North", "child": {"value": "Gate 2"}}, "North / Gate 2"),
        (custom("user"), ADA, ADA_SHOWN),
        (custom("array", items="user"), [ADA, {"name": "acc-1"}], f"{ADA_SHOWN} {ADA_SHOWN}"),
        (custom("user"), GRACE, PERSON.format(tint=0, initials="", name="someone")),
        (custom("group"), {"name": "dockers", "self": "https://x"}, "dockers"),
        (custom("version"), {"name": "2.1", "released": True}, "2.1"),
        (custom("array", items="component"), [{"name": "Quay"}], '<span class="doc-tag">Quay</span>'),
        (custom("array", f"{SYSTEM}labels", "string"), ["safety"], '<span class="doc-tag">safety</span>'),
        (custom("project"), {"key": "HARB", "name": "Harbour"}, "Harbour"),
        (
            custom("priority"),
            {"name": "Lowest"},
            '<span class="doc-priority doc-priority-5" aria-hidden="true"></span> Lowest',
        ),
        (custom("priority"), {"name": "P1"}, "P1"),
        (
            custom("string", f"{SYSTEM}url"),
            "https://example.com/a?b",
            f'<a href="https://example.com/a?b" {REL}>https://example.com/a?b</a>',
        ),
        (
            custom("string", f"{SYSTEM}url"),
            "https://acme.atlassian.net/x",
            '<span class="doc-internal">an internal page</span>',
        ),
        (custom("string", f"{SYSTEM}url"), "javascript:alert(1)", '<span class="doc-internal">an internal page</span>'),
        (
            custom("array", f"{SOFTWARE}gh-sprint", "json"),
            [{"id": 1, "name": "Week 3", "state": "active", "goal": "secret"}],
            '<span class="doc-tag">Week 3</span>',
        ),
        (
            custom("array", f"{SOFTWARE}gh-sprint", "string"),
            ["com.atlassian.greenhopper.service.sprint.Sprint@1[id=1,state=ACTIVE,name=Week 4,goal=secret]"],
            '<span class="doc-tag">Week 4</span>',
        ),
        (custom("array", f"{SOFTWARE}gh-sprint", "string"), ["com.x@1[id=1,goal=secret]"], ""),
        (custom("any", f"{SOFTWARE}gh-epic-link"), "OPS-3", '<span class="doc-key">OPS-3</span>'),
        (custom("any", f"{SOFTWARE}gh-lexo-rank"), "0|i0001:", ""),
        (
            custom("sd-servicelevelagreement", f"{DESK}sd-sla-field"),
            {"ongoingCycle": {"breached": True, "breachTime": {"iso8601": "2026-11-24T10:00:00+0100"}}},
            (
                '<span class="doc-status doc-status-red">Goal missed</span> '
                '<time datetime="2026-11-24T09:00:00Z">24 Nov 2026, 09:00 UTC</time>'
            ),
        ),
        (
            custom("sd-servicelevelagreement"),
            {"ongoingCycle": {"breached": False, "paused": True}},
            '<span class="doc-status doc-status-blue">Paused</span>',
        ),
        (
            custom("sd-servicelevelagreement"),
            {"completedCycles": [{"breached": False}]},
            '<span class="doc-status doc-status-green">Goal met</span>',
        ),
        (
            custom("sd-customerrequesttype", f"{DESK}vp-origin"),
            {"requestType": {"name": "Get help"}, "_links": {"web": "https://x"}},
            "Get help",
        ),
        (
            custom("array", f"{DESK}sd-customer-organizations", "sd-customerorganization"),
            [{"id": "1", "name": "Acme"}],
            '<span class="doc-tag">Acme</span>',
        ),
        (custom("sd-feedback"), {"rating": 4}, '<span class="doc-rating" role="img" aria-label="4 of 5">★★★★☆</span>'),
        (
            custom("sd-approvals"),
            [{"name": "Manager", "finalDecision": "approved", "approvers": [GRACE]}],
            '<span class="doc-tag">Manager: approved</span>',
        ),
        (custom("progress"), {"progress": 30, "total": 120}, "25 %"),
        (custom("progress"), {"progress": 0, "total": 0}, ""),
        (
            custom("timetracking"),
            {"originalEstimateSeconds": 7200, "timeSpentSeconds": 5400, "remainingEstimateSeconds": 0},
            "1 h 30 min of 2 h spent, 0 min remaining",
        ),
        (custom("votes"), {"votes": 3, "voters": [GRACE]}, "3"),
        (custom("watches"), {"watchCount": 2}, "2"),
        (custom("team"), {"id": "t", "name": "Cranes"}, "Cranes"),
        (
            custom("any", "com.atlassian.jpo:jpo-custom-field-parent"),
            {"data": {"key": "OPS-4"}},
            '<span class="doc-key">OPS-4</span>',
        ),
        (custom("any"), {"name": "Something"}, "Something"),
        (custom("any"), "{pullrequest={dataType=pullrequest}}", ""),
        (custom("any"), '[{"a": 1}]', ""),
        (custom("any"), {"nested": {"deep": "secret"}}, ""),
        (custom("array", items="novelty"), [{"label": "L"}, ["x"], 5], '<span class="doc-tag">L</span>'),
        (custom("option"), None, '<span class="doc-empty">None</span>'),
        (custom("option"), [], '<span class="doc-empty">None</span>'),
    ],
)
def test_each_kind_of_value_has_a_form_and_none_is_shown_as_json(
    schema: Mapping[str, object], raw: object, expected: str
) -> None:
    assert value(raw, schema) == expected


@pytest.mark.parametrize(
    "raw", [None, 1, 1.5, True, "x", "2026-13-45", [], ["x", {}], {}, {"name": {}}, {"key": 5}, float("inf"), 10**400]
)
def test_no_raw_value_of_an_unexpected_shape_breaks_a_page(raw: object) -> None:
    kinds = (
        "string number date datetime user option option-with-child group version component project priority status any "
        "progress timetracking votes watches team issuelink sd-feedback sd-approvals sd-servicelevelagreement "
        "sd-customerrequesttype"
    )
    keys = f"{SYSTEM}textarea {SYSTEM}url {SOFTWARE}gh-sprint {SOFTWARE}gh-epic-link"
    for schema in [*(custom(kind) for kind in kinds.split()), *(custom("any", key) for key in keys.split())]:
        value(raw, schema)
        value([raw], schema)
    everything = dict.fromkeys([*FIELDS, "comment"], raw)
    render_issue(
        issue_view("A-1", everything, {}, {}, frozenset(everything), comments=[{"id": raw, "body": raw}]), MATERIAL
    )


def test_text_of_data_center_is_read_as_wiki_markup_and_short_text_as_it_is() -> None:
    given = {"description": "*Rust*", "customfield_1": "*plain*"}
    html = render_issue(issue_view("A-1", given, NAMES, SCHEMA, frozenset(given)), MATERIAL).html

    assert "<p><strong>Rust</strong></p>" in html
    assert "<dd>*plain*</dd>" in html


def test_a_text_that_cannot_be_shown_takes_nothing_else_with_it() -> None:
    nested: dict[str, object] = words("x")
    for _ in range(300):
        nested = node("blockquote", nested)
    html = shown(given={**FIELDS, "description": document(nested)}).html

    assert (
        '<h2 id="doc-description" class="doc-h1 doc-section">Description</h2><p class="doc-refused">This text cannot be shown.</p>'
        in html
    )
    assert "The notes" in html


@pytest.mark.parametrize(
    ("description", "levels"),
    [
        (
            document(node("heading", words("a"), level=3), node("panel", node("heading", words("b"), level=4))),
            [1, 2, 3],
        ),
        (document(node("heading", words("a"), level=6), node("heading", words("b"), level=1)), [1, 6, 2]),
        (document(node("heading", words("a"), level=True), node("heading", words("b"), level="x")), [1, 2, 2]),
        ("h2. a\n{code}\nh3. c\n{code}\nh4. b", [1, 2, 4]),
        ("no headings", [1]),
    ],
)
def test_headings_of_a_text_begin_right_below_that_of_its_section(description: object, levels: list[int]) -> None:
    rendered = render_issue(
        issue_view("A-1", {"description": description}, {}, {}, frozenset({"description"})), MATERIAL
    )

    assert [heading.level for heading in rendered.headings] == levels


def test_jiras_own_fields_are_read_even_without_a_schema() -> None:
    given = {
        **FIELDS,
        "watches": {"watchCount": 4},
        "progress": {"progress": 1, "total": 2},
        "customfield_1": ["x@1[a=b]"],
    }
    html = render_issue(issue_view("A-1", given, {}, {}, frozenset(given)), MATERIAL).html

    for shown in (
        "doc-status-blue",
        "doc-priority-2",
        "Ada Lovelace",
        "2 Jan 2026, 14:05",
        "<dd>4</dd>",
        "<dd>50 %</dd>",
    ):
        assert shown in html
    assert "x@1" not in html


def test_labels_and_instants_come_in_the_words_and_zone_handed_in() -> None:
    own = Words(
        issue=IssueWords(labels={"created": "Erstellt"}),
        zone=timezone(timedelta(hours=1), "MEZ"),
        instant_form="{date} {hour}.{minute:02} {zone}",
    )
    view = issue_view("A-1", FIELDS, NAMES, SCHEMA, frozenset({"created", "customfield_1"}), words=own.issue)

    html = render_issue(view, Material(words=own)).html

    assert '<dt>Erstellt</dt><dd><time datetime="2026-01-02T14:05:00Z">2 Jan 2026 15.05 MEZ</time>' in html
    assert "<dt>Site</dt>" in html


def test_what_is_too_much_together_is_refused_field_by_field() -> None:
    view = issue_view("A-1", FIELDS, NAMES, SCHEMA, EVERYTHING)

    assert "This text cannot be shown." in render_issue(view, MATERIAL, Limits(max_characters=3)).html


def test_the_creator_is_offered_what_can_be_shown_and_nothing_that_never_is() -> None:
    choices = available_fields(NAMES, SCHEMA)

    assert [(one.id, one.label, one.group, one.default) for one in choices if one.group is not FieldGroup.BASIC] == [
        ("description", "Description", FieldGroup.TEXTS, True),
        ("customfield_2", "Notes", FieldGroup.TEXTS, False),
        ("assignee", "Assignee", FieldGroup.PEOPLE, False),
        ("created", "Created", FieldGroup.DATES, True),
        ("updated", "Updated", FieldGroup.DATES, True),
        ("issuelinks", "Jira's issuelinks", FieldGroup.RELATED, False),
        ("subtasks", "Jira's subtasks", FieldGroup.RELATED, False),
        ("parent", "Parent", FieldGroup.RELATED, False),
        ("customfield_3", "App", FieldGroup.OTHER, False),
        ("customfield_1", "Site", FieldGroup.OTHER, False),
    ]
    assert {"security", "worklog", "summary", "attachment", "comment"}.isdisjoint(one.id for one in choices)


def test_the_people_of_an_answer_are_named_for_whoever_applies_the_privacy_setting() -> None:
    named = named_people(FIELDS, COMMENTS, {"name": "jo", "displayName": "Jo of Data Center"})

    assert named == {"acc-1": ADA["displayName"], "acc-2": GRACE["displayName"], "jo": "Jo of Data Center"}


def test_an_empty_issue_is_shown() -> None:
    assert render_issue(issue_view("A-1", {}, {}, {}, frozenset()), MATERIAL).html == ""
