"""Each construct of Jira's text formatting notation, what means nothing and stays, and what costs no more than its length."""

import contextlib
from dataclasses import replace
from time import process_time

import pytest

from app.documents.bodies import Body, Format, draw_body
from app.documents.canvas import Canvas
from app.documents.errors import DocumentError
from app.documents.types import Heading, LeftOut, Limits, Material, Reason
from app.documents.wiki import render_wiki
from tests.documents.given import MATERIAL, REL

IMG = '<img src="media/att1" alt="plan.png" loading="lazy" decoding="async" class="doc-image">'
CARD = '<span class="doc-file"><span class="doc-file-name">Offer 2026.pdf</span> <span class="doc-file-about">PDF, 1.2 MB</span></span>'
GIVEN = replace(
    MATERIAL, links={**MATERIAL.links, "issue:OPS-9": "../ninth/"}, people={"ada": "Ada Lovelace", "712:x": "Grace"}
)


def wiki(text: str, material: Material = GIVEN) -> str:
    return render_wiki(text, material).html


def left(name: str, tag: str = "span") -> str:
    return f'<{tag} class="doc-omitted">Not shown here: {name}</{tag}>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a *b* c", "a <strong>b</strong> c"),
        (
            "_a_ -b- +c+ ^d^ ~e~ ??f?? {{g}}",
            "<em>a</em> <del>b</del> <ins>c</ins> <sup>d</sup> <sub>e</sub> <cite>f</cite> <code>g</code>",
        ),
        ("*a _b_*", "<strong>a <em>b</em></strong>"),
        ("*a _b*_", "<strong>a _b</strong>_"),
        ("(*a*), *b*!", "(<strong>a</strong>), <strong>b</strong>!"),
        ("E=mc{^}2{^}", "E=mc<sup>2</sup>"),
        ("{*}", "{*}"),
        ("2 * 3 * 4, a*b*c, snake_case_name, 2026-01-02", "2 * 3 * 4, a*b*c, snake_case_name, 2026-01-02"),
        ("*a", "*a"),
        ("*a\nb*", "*a<br>b*"),
        ("{{*a* b}} **** {{}}", "<code><strong>a</strong> b</code> **** {{}}"),
        (r"\*a\* \[b\] \{code} C:\dir", r"*a* [b] {code} C:\dir"),
        (r"a\\b", "a<br>b"),
        ("a\nb", "a<br>b"),
        ("a -- b --- c", "a – b — c"),
        ("run --fast -x ---y", "run --fast -x ---y"),
        (":) :( :P :D ;) (y) (/) (x) (!) (*r) (on)", "🙂 🙁 😛 😀 😉 👍 ✅ ❌ ⚠️ ⭐ 💡"),
        ("f(x) and std::P", "f(x) and std::P"),
        ("&amp; &euro; &lt;b&gt; &novelty;", "&amp; € &lt;b&gt; &amp;novelty;"),
        ("<b>&</b>", "&lt;b&gt;&amp;&lt;/b&gt;"),
        ("[https://a.example/x?y=1]", f'<a href="https://a.example/x?y=1" {REL}>https://a.example/x?y=1</a>'),
        ("see https://a.example/x.", f'see <a href="https://a.example/x" {REL}>https://a.example/x</a>.'),
        ("[*a* text|https://a.example|tip]", f'<a href="https://a.example" {REL}><strong>a</strong> text</a>'),
        ("[a|https://b.example|smart-link]", f'<a href="https://b.example" {REL}>a</a>'),
        ("[https://a.example|https://b.example]", f'<a href="https://b.example" {REL}>https://a.example</a>'),
        ("[write|mailto:a@b.example]", f'<a href="mailto:a@b.example" {REL}>write</a>'),
        ("[a|javascript:alert(1)] [b|data:text/html,x] [c|//evil.example]", "a b c"),
        ("[a|https://acme.atlassian.net/x]", "a"),
        ("https://acme.atlassian.net/x", '<span class="doc-internal">an internal page</span>'),
        ("https://acme.atlassian.net/browse/OPS-10", '<span class="doc-key">OPS-10</span>'),
        ("[https://wiki.acme.example/x]", '<span class="doc-internal">an internal page</span>'),
        ("[https://acme.atlassian.net/wiki/x/abc]", f'<a href="children/tiny" {REL}>an internal page</a>'),
        (
            "[#Part One] [there|#Part One]",
            f'<a href="#doc-part-one" {REL}>Part One</a> <a href="#doc-part-one" {REL}>there</a>',
        ),
        ("[the book|OPS:Runbook]", f'<a href="children/runbook" {REL}>the book</a>'),
        ("[OPS:Runbook]", f'<a href="children/runbook" {REL}>Runbook</a>'),
        ("[other|OPS:Secret]", "other"),
        ("[x] [Note: y] array[0]", "[x] [Note: y] array[0]"),
        (
            "[~ada] [~accountid:712:x] [~nobody]",
            '<span class="doc-mention">@Ada Lovelace</span> <span class="doc-mention">@Grace</span> <span class="doc-mention">@someone</span>',
        ),
        ("[^Offer 2026.pdf]", CARD),
        ("[the offer|^Offer 2026.pdf]", "the offer"),
        ("[^gone.pdf]", left("attachment")),
        ("OPS-9 OPS-10 UTF-8", f'<a href="../ninth/" {REL}>OPS-9</a> OPS-10 UTF-8'),
        ("!plan.png!", IMG),
        ("!plan.png|width=30,height=20!", IMG.replace(" loading", ' width="30" height="20" loading')),
        ('!plan.png|alt="A plan"!', IMG.replace('alt="plan.png"', 'alt="A plan"')),
        (
            "!plan.png|thumbnail,border=2!",
            IMG.replace("doc-image", "doc-image doc-bordered doc-bordered-2 doc-thumbnail"),
        ),
        ("!gone.png!", left("attachment")),
        ("!Other page^plan.png!", left("attachment of another page")),
        ("!https://evil.example/x.png!", left("image from another site")),
        ("Stop! Now! a!b!c", "Stop! Now! a!b!c"),
        ("[!plan.png!|https://a.example]", f'<a href="https://a.example" {REL}>{IMG}</a>'),
        ("{color:red}a *b*{color}", '<span class="doc-text-red">a <strong>b</strong></span>'),
        ("{color:#36b37e}a{color}", '<span class="doc-text-green">a</span>'),
        ("{color:expression(alert(1))}a{color}", "<span>a</span>"),
        ("*{color:blue}a{color}*", '<strong><span class="doc-text-blue">a</span></strong>'),
        ("{color:red}a", "{color:red}a"),
        ("{anchor:Here}a", '<span id="doc-here"></span>a'),
        ("{status:colour=Green|title=Done}", '<span class="doc-status doc-status-green">Done</span>'),
        ("{jira:OPS-1} {children}", f"{left('Jira issues')} {left('child pages')}"),
        ("{app-x:a=b} c", f"{left('app-x')} c"),
        ("{app-x:a=b}its body{app-x} c", f"{left('app-x')} c"),
        ("/users/{id}/of/{id} ${user:x} {name}", "/users/{id}/of/{id} ${user:x} {name}"),
        ('{"a": 1} {a: b}', '{"a": 1} {a: b}'),
    ],
)
def test_what_stands_in_a_line(text: str, shown: str) -> None:
    assert wiki(text) == f"<p>{shown}</p>"


def code(text: str, label: str = "Code", title: str = "") -> str:
    above = f'<div class="doc-code-title">{title}</div>' if title else ""
    return f'<div class="doc-code">{above}<pre class="doc-pre" role="group" aria-label="{title or label}" tabindex="0"><code>{text}</code></pre></div>'


def table(rows: str) -> str:
    return (
        '<div class="doc-table-scroll" role="group" aria-label="Table" tabindex="0"><table class="doc-table"><tbody>'
        f"{rows}</tbody></table></div>"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("a\n\n\nb", "<p>a</p><p>b</p>"),
        ("h1. A *b*\nc", '<h2 id="doc-a-b" class="doc-h1">A <strong>b</strong></h2><p>c</p>'),
        ("h6. A\r\nc", '<h6 id="doc-a" class="doc-h6">A</h6><p>c</p>'),
        ("h7. A", "<p>h7. A</p>"),
        ("bq. a\nb", "<blockquote><p>a</p></blockquote><p>b</p>"),
        ("{quote}\na\n\n* b\n{quote}", "<blockquote><p>a</p><ul><li>b</li></ul></blockquote>"),
        ("a {quote}b{quote} c", "<p>a </p><blockquote><p>b</p></blockquote><p>c</p>"),
        ("{quote}a", "<p>{quote}a</p>"),
        ("a\n----\nb", "<p>a</p><hr><p>b</p>"),
        ("* a\n** b\n* c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("# a\n## b\n### c\n# d", "<ol><li>a<ol><li>b<ol><li>c</li></ol></li></ol></li><li>d</li></ol>"),
        ("# a\n#* b\n#* c\n# d", "<ol><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ol>"),
        ("* a\n# b", "<ul><li>a</li></ul><ol><li>b</li></ol>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("*** a", "<ul><li><ul><li><ul><li>a</li></ul></li></ul></li></ul>"),
        ("* a\nmore\n\nb", "<ul><li>a<br>more</li></ul><p>b</p>"),
        ("text\n* a", "<p>text</p><ul><li>a</li></ul>"),
        ("* a\n{code}\nx\n{code}\n* b", f"<ul><li>a{code('x')}</li><li>b</li></ul>"),
        ("-- not a list", "<p>– not a list</p>"),
        (
            "||A||B||\n|c|d|",
            table('<tr><th scope="col">A</th><th scope="col">B</th></tr><tr><td>c</td><td>d</td></tr>'),
        ),
        ("||A|b|\n||C|d|", table('<tr><th scope="row">A</th><td>b</td></tr><tr><th scope="row">C</th><td>d</td></tr>')),
        ("|a|b\n|c|d", table("<tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr>")),
        ("|a|b\nc|\n|d|e|", table("<tr><td>a</td><td><p>b<br>c</p></td></tr><tr><td>d</td><td>e</td></tr>")),
        ("|* a\n* b|c|", table("<tr><td><ul><li>a</li><li>b</li></ul></td><td>c</td></tr>")),
        ("|a| |", table("<tr><td>a</td><td></td></tr>")),
        (
            "|[x|https://a.example]|!plan.png|width=9!|" + r"\||",
            table(
                f'<tr><td><a href="https://a.example" {REL}>x</a></td><td>{IMG.replace(" loading", " width=" + chr(34) + "9" + chr(34) + " loading")}</td><td>|</td></tr>'
            ),
        ),
        ("|{code}a|b\nc{code}|d|", table(f"<tr><td>{code('a|b' + chr(10) + 'c')}</td><td>d</td></tr>")),
        ("|a|\n\nb", f"{table('<tr><td>a</td></tr>')}<p>b</p>"),
        ("{code:no-such|title=T}\n  a < *b*\n{quote}\n{code}", code("  a &lt; *b*\n{quote}", title="T")),
        ("{code:title=T.x|no-such}a{code}", code("a", title="T.x")),
        ("{noformat}*a*\n\n|b|{noformat}", code("*a*\n\n|b|")),
        ("{noformat}{code}{noformat}", code("{code}")),
        ("{code}a", "<p>{code}a</p>"),
        (
            "{panel:title=T|bgColor=#deebff|borderStyle=dashed}\n* a\n{panel}",
            (
                '<div class="doc-panel doc-panel-panel doc-panel-colour-blue doc-dashed" role="note"><div class="doc-panel-body">'
                '<div class="doc-panel-title">T</div><ul><li>a</li></ul></div></div>'
            ),
        ),
        (
            "{warning}a{warning}",
            (
                '<div class="doc-panel doc-panel-error" role="note"><span class="doc-panel-mark" role="img" '
                'aria-label="Error"></span><div class="doc-panel-body"><p>a</p></div></div>'
            ),
        ),
        (
            "{expand:T}a{expand}",
            '<details class="doc-expand"><summary>T</summary><div class="doc-expand-body"><p>a</p></div></details>',
        ),
        (
            "{section}{column:width=50%}a{column}{column}b{column}{section}",
            '<div class="doc-columns"><div class="doc-column doc-w-6"><p>a</p></div><div class="doc-column"><p>b</p></div></div>',
        ),
        ("{color:red}\n* a\n{color}", '<div class="doc-text-red"><ul><li>a</li></ul></div>'),
        ("{color:red}a\n\nb{color}", '<div class="doc-text-red"><p>a</p><p>b</p></div>'),
        ("{color:red}a\nb{color}", '<p><span class="doc-text-red">a<br>b</span></p>'),
        (
            "!plan.png|align=right!\nb",
            f'<div class="doc-p"><figure class="doc-figure doc-wrap-end">{IMG}</figure><br>b</div>',
        ),
        (
            "{toc}\nh1. A",
            f'<ul class="doc-toc"><li class="doc-toc-1"><a href="#doc-a" {REL}>A</a></li></ul><h2 id="doc-a" class="doc-h1">A</h2>',
        ),
        ("{hidden-if}\nsecret\n{hidden-if}", left("hidden-if", "div")),
        ("{hidden-if:x}\nsecret {quote}a{quote}\n{hidden-if}", left("hidden-if", "div")),
    ],
)
def test_blocks(text: str, shown: str) -> None:
    assert wiki(text) == shown


def test_headings_files_and_what_is_left_out_are_reported() -> None:
    rendered = render_wiki("h2. One\n!plan.png! {jira:A-1} !gone.png!", GIVEN)

    assert rendered.headings == (Heading(2, "doc-one", "One"),)
    assert rendered.media_ids == {"att1"}
    assert rendered.left_out == (
        LeftOut("Jira issues", 1, Reason.NOT_COVERED),
        LeftOut("attachment", 1, Reason.MISSING),
    )


def test_files_can_be_had_where_the_link_says_so() -> None:
    assert '<a href="media/att2"' in wiki("[the offer|^Offer 2026.pdf]", replace(GIVEN, link_files=True))


@pytest.mark.parametrize(
    ("text", "limits", "code"),
    [
        ("12345", Limits(max_characters=4), "too_large"),
        ("|1|2|3|", Limits(max_cells=2), "too_many_cells"),
        ("{quote}" + "{panel:x}{color:red}" * 150 + "a" + "{color}{panel}" * 150 + "{quote}", Limits(), "too_deep"),
        ("{quote}" + "{panel:x}{color:red}" * 3_000 + "a" + "{color}{panel}" * 3_000 + "{quote}", Limits(), "too_deep"),
    ],
)
def test_large_and_deep_texts_are_refused(text: str, limits: Limits, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        render_wiki(text, MATERIAL, limits)
    assert caught.value.code == code


def test_a_plain_body_is_shown_as_it_is_written() -> None:
    canvas = Canvas(MATERIAL, Limits())
    draw_body(Body(Format.PLAIN, "*a* <b>\n[c]"), canvas)

    assert canvas.finish().html == "<p>*a* &lt;b&gt;<br>[c]</p>"


COSTLY = [
    *(
        "[",
        "[a",
        "*a ",
        "*_+^~",
        "{a:b}",
        "{quote}",
        "{panel:a}",
        "{code:x}",
        "{noformat}{code:",
        "!a.",
        "|",
        "|a\n",
        "{{",
    ),
    *(
        "{color:red}",
        "{color:red}x{color}",
        "http://",
        "AB-",
        "a\n",
        "??a ",
        "\\",
        "{quote}{info}{panel:x}",
        "* a\n## b\n",
        "&a",
    ),
    *("h1. a\n", "(x)", "----\n", "{a:b}x{a}", "[a|b] ", "{a}\n"),
]


@pytest.mark.parametrize("piece", COSTLY)
def test_the_cost_grows_with_the_length_and_not_with_its_square(piece: str) -> None:
    def cost(times: int) -> float:
        text = piece * times
        begun = process_time()
        with contextlib.suppress(DocumentError):
            render_wiki(text, MATERIAL)
        return process_time() - begun

    base = min(cost(1_000) for _ in range(3))
    # Sixteen times the text: 16 if linear, 256 if quadratic.
    assert min(cost(16_000) for _ in range(2)) < 80 * max(base, 0.002)
