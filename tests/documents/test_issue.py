from datetime import UTC, datetime, timedelta, timezone

from app.documents.issue import DEFAULT_FIELDS, IssueField, IssueView, Person, StatusCategory, TextField, render_issue
from app.documents.types import Material
from app.documents.words import Words
from tests.documents.given import MATERIAL, PAPER, document, node, words

ISSUE = IssueView(
    key="OPS-7",
    summary="Door <jams>",
    status="In progress",
    status_category=StatusCategory.INDETERMINATE,
    type="Bug",
    priority="High",
    people=(Person("Assignee", "Ada Lovelace"),),
    created=datetime(2026, 1, 2, 14, 5, tzinfo=UTC),
    updated=datetime(2026, 1, 3, 9, 0, tzinfo=UTC),
    description=document(node("heading", words("Why"), level=1), node("paragraph", words("Rust"))),
    other=(TextField("Site", "North"), TextField("Notes", document(node("paragraph", words("Oil it"))))),
    attachments=(PAPER,),
)


def test_the_default_fields_are_shown_and_no_other() -> None:
    rendered = render_issue(ISSUE, MATERIAL)

    assert rendered.html == (
        '<p class="doc-summary"><span class="doc-key">OPS-7</span> Door &lt;jams&gt;</p><dl class="doc-fields">'
        '<dt>Status</dt><dd><span class="doc-status doc-status-blue">In progress</span></dd>'
        "<dt>Type</dt><dd>Bug</dd><dt>Priority</dt><dd>High</dd>"
        '<dt>Created</dt><dd><time datetime="2026-01-02T14:05:00Z">2 Jan 2026, 14:05 UTC</time></dd>'
        '<dt>Updated</dt><dd><time datetime="2026-01-03T09:00:00Z">3 Jan 2026, 09:00 UTC</time></dd></dl>'
        '<h2 id="doc-description" class="doc-h1">Description</h2>'
        '<h3 id="doc-why" class="doc-h2">Why</h3><p>Rust</p>'
        '<h2 id="doc-attachments" class="doc-h1">Attachments</h2><ul class="doc-files"><li><span class="doc-file">'
        '<span class="doc-file-name">Offer 2026.pdf</span> <span class="doc-file-about">PDF, 1.2 MB</span></span></li></ul>'
    )


def test_each_field_is_shown_only_when_chosen() -> None:
    canaries = {
        IssueField.SUMMARY: "Door",
        IssueField.STATUS: "In progress",
        IssueField.TYPE: "Bug",
        IssueField.PRIORITY: "High",
        IssueField.PEOPLE: "Ada Lovelace",
        IssueField.CREATED: "14:05",
        IssueField.UPDATED: "09:00",
        IssueField.DESCRIPTION: "Rust",
        IssueField.OTHER: "North",
        IssueField.ATTACHMENTS: "Offer",
    }
    assert set(canaries) == set(IssueField)
    for field, canary in canaries.items():
        assert canary in render_issue(ISSUE, MATERIAL, frozenset({field})).html
        assert canary not in render_issue(ISSUE, MATERIAL, frozenset(IssueField) - {field}).html


def test_people_and_further_fields_are_shown_when_chosen() -> None:
    shown = render_issue(ISSUE, MATERIAL, DEFAULT_FIELDS | {IssueField.PEOPLE, IssueField.OTHER}).html

    assert "<dt>Assignee</dt><dd>Ada Lovelace</dd>" in shown
    assert "<dt>Site</dt><dd>North</dd>" in shown
    assert '<h2 id="doc-notes" class="doc-h1">Notes</h2><p>Oil it</p>' in shown


def test_labels_and_instants_come_in_the_words_and_zone_handed_in() -> None:
    own = Words(
        priority="Dringlichkeit",
        zone=timezone(timedelta(hours=1), "MEZ"),
        instant_form="{date} {hour}.{minute:02} {zone}",
    )

    shown = render_issue(ISSUE, Material(words=own)).html

    assert "<dt>Dringlichkeit</dt>" in shown
    assert '<time datetime="2026-01-02T14:05:00Z">2 Jan 2026 15.05 MEZ</time>' in shown


def test_an_empty_issue_is_shown() -> None:
    assert "<dd>None</dd>" in render_issue(IssueView("A-1", ""), MATERIAL).html
