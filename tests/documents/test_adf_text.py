"""What stands in a line of an Atlassian document: marks, mentions, links, pictures, states and dates."""

from collections.abc import Mapping

import pytest

from tests.documents.given import IMG, INTERNAL, REL, adf, mark, node, p, words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (words("a <b> & c"), "a &lt;b&gt; &amp; c"),
        (words("x", mark("strong"), mark("em"), mark("code")), "<strong><em><code>x</code></em></strong>"),
        (words("x", mark("underline"), mark("strike")), "<u><s>x</s></u>"),
        (words("2", mark("subsup", type="sub")), "<sub>2</sub>"),
        (words("2", mark("subsup", type="sup")), "<sup>2</sup>"),
        (words("r", mark("textColor", color="#ff5630")), '<span class="doc-text-red">r</span>'),
        (words("y", mark("backgroundColor", color="#fedec8")), '<span class="doc-bg-orange">y</span>'),
        (words("x", mark("textColor", color="expression(alert(1))")), "x"),
        (words("x", mark("annotation", id="1"), mark("unknown")), '<span id="doc-comment-1">x</span>'),
        (words("x", mark("fragment", localId="1"), mark("dataConsumer", sources=["1"]), mark("breakout")), "x"),
        (words("x", mark("annotation", id='" onclick="x')), '<span id="doc-comment--onclick-x">x</span>'),
        (words("x", *[mark("strong")] * 1_000), "<strong>x</strong>"),
        (words("l", mark("link", href="https://example.com")), f'<a href="https://example.com" {REL}>l</a>'),
        (words("l", mark("link", href="javascript:alert(1)")), "l"),
        (words("l", mark("link", href="#Part One")), f'<a href="#doc-part-one" {REL}>l</a>'),
        (words("l", mark("link", href="https://acme.atlassian.net/browse/A-1")), "l"),
        (
            words("https://a.atlassian.net/x", mark("link", href="https://a.atlassian.net/x")),
            '<span class="doc-internal">an internal page</span>',
        ),
        (node("hardBreak"), "<br>"),
        (node("mention", id="acc-1", text="@Countess"), '<span class="doc-mention">@Ada Lovelace</span>'),
        (node("mention", id="acc-2", text="@Grace"), '<span class="doc-mention">@someone</span>'),
        (node("mention", id="here", text="@here", userType="SPECIAL"), '<span class="doc-mention">@here</span>'),
        (node("mention", id="acc-2", text="@Grace", userType="SPECIAL"), '<span class="doc-mention">@someone</span>'),
        (node("mention", id="acc-3"), '<span class="doc-mention">@someone</span>'),
        (node("emoji", shortName=":smile:", text="😄"), "😄"),
        (node("emoji", shortName=":party:", text=":party:"), ":party:"),
        (node("emoji", shortName=":rocket:", id="1f680"), "🚀"),
        (node("date", timestamp="1767312000000"), '<time datetime="2026-01-02">2 Jan 2026</time>'),
        (node("date", timestamp="9" * 30), ""),
        (node("date", timestamp="never"), ""),
        (node("status", text="Done", color="green"), '<span class="doc-status doc-status-green">Done</span>'),
        (node("status", text="X", color="neutral"), '<span class="doc-status doc-status-grey">X</span>'),
        (
            node("inlineCard", url="https://example.com/a"),
            f'<span class="doc-card"><a href="https://example.com/a" {REL}>https://example.com/a</a></span>',
        ),
        (
            node("inlineCard", data={"url": "https://example.com/a", "name": "The <a> page"}),
            (
                f'<span class="doc-card"><a href="https://example.com/a" {REL}>The &lt;a&gt; page</a> '
                '<span class="doc-card-about">example.com</span></span>'
            ),
        ),
        (node("inlineCard", data={"url": "javascript:alert(1)", "name": "x"}), INTERNAL),
        (node("inlineCard", data={"url": "https://a.atlassian.net/wiki/x", "name": "A secret title"}), INTERNAL),
        (node("inlineCard", data="x"), INTERNAL),
        (node("inlineCard", url="https://a.atlassian.net/browse/OPS-3#x"), '<span class="doc-key">OPS-3</span>'),
        (node("inlineCard", url="https://a.atlassian.net/wiki/spaces/A"), INTERNAL),
        (node("placeholder", text="type here"), ""),
        (node("mediaInline", type="file", id="file-9"), '<span class="doc-omitted">Not shown here: attachment</span>'),
        (node("mediaInline", type="image", id="file-1"), IMG),
        (
            node("status", text="X", color="red", style="subtle"),
            '<span class="doc-status doc-status-red doc-status-subtle">X</span>',
        ),
        (
            node("inlineExtension", extensionKey="status", parameters={"macroParams": {"title": {"value": "Ok"}}}),
            '<span class="doc-status doc-status-grey">Ok</span>',
        ),
        (
            node("inlineExtension", extensionKey="jira", parameters={"macroParams": {"key": {"value": "A-1"}}}),
            '<span class="doc-key">A-1</span>',
        ),
        (node("inlineExtension", extensionKey="jira"), '<span class="doc-omitted">Not shown here: Jira issues</span>'),
    ],
)
def test_what_stands_in_a_line(text: Mapping[str, object], shown: str) -> None:
    assert adf(p(text)) == f"<p>{shown}</p>"
