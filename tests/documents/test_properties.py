import re
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.documents.adf import render_adf
from app.documents.errors import DocumentError
from app.documents.issue import issue_view, render_issue
from app.documents.sanitise import clean
from app.documents.storage import render_storage
from app.documents.storage.macros import MACROS
from app.documents.types import CoveredPage, Rendered
from app.documents.wiki import render_wiki
from tests.documents.allowed import faults
from tests.documents.given import FILES, MATERIAL

_TAG_NAMES = (
    "p h1 h2 h6 div span strong em a b code pre ul ol li dl dt dd table thead tbody tr th td caption "
    "blockquote br hr img time script style svg math form input iframe details ac:layout ac:layout-section "
    "ac:layout-cell ac:link ac:link-body ac:image ac:caption ac:task-list ac:task ac:task-body ac:task-status "
    "ac:inline-comment-marker ac:adf-extension ac:adf-node ac:inline-comment-marker ac:adf-attribute "
    "ac:adf-content ac:adf-fallback ac:adf-mark ac:placeholder at:var colgroup col details summary font center math "
    "annotation ri:attachment ri:page ri:url ri:user ri:content-entity ri:shortcut o:p unknown"
)
_ATTRIBUTE_NAMES = (
    "href src style class id name onclick colspan start datetime ac:name ac:anchor ac:width ac:align ac:alt "
    "ri:filename ri:content-title ri:value ri:account-id ri:content-id ac:ref ac:href "
    "ac:thumbnail ac:emoji-id data-card-appearance data-table-width at:name span type key size color"
)
_NODE_KINDS = (
    "paragraph heading text hardBreak rule blockquote bulletList orderedList listItem codeBlock panel expand "
    "nestedExpand table tableRow tableHeader tableCell mediaSingle mediaGroup media mediaInline caption "
    "layoutSection layoutColumn blockCard embedCard inlineCard extension inlineExtension bodiedExtension "
    "syncBlock bodiedSyncBlock mention emoji date status placeholder taskList taskItem blockTaskItem "
    "decisionList decisionItem novelty doc"
)
_NODE_ATTRIBUTES = (
    "level order language panelType panelColor title width state colspan id url href text timestamp color type "
    "extensionKey layout alt background shortName"
)

_TAGS = st.sampled_from(_TAG_NAMES.split())
_VALUES = st.one_of(
    st.sampled_from(
        [
            "https://a.example/x",
            "javascript:alert(1)",
            "//evil.example",
            "plan.png",
            "Runbook",
            "2026-01-02",
            "color: red",
            "center",
            "3",
            "#x",
            "media/att1",
            "two_equal",
            "complete",
            '" onclick="x',
        ]
    ),
    st.text(max_size=12),
)
_ATTRIBUTES = st.sampled_from(_ATTRIBUTE_NAMES.split())
_TEXT = st.text(max_size=20)


def _escaped(text: str) -> str:
    kept = "".join(character for character in text if character >= " " and not "\ud800" <= character <= "\udfff")
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _element(tag: str, attributes: dict[str, str], children: list[str]) -> str:
    given = "".join(f' {name}="{_escaped(value)}"' for name, value in attributes.items())
    return f"<{tag}{given}>{''.join(children)}</{tag}>"


def _macro(name: str, parameters: dict[str, str], children: list[str]) -> str:
    given = "".join(
        f'<ac:parameter ac:name="{_escaped(key)}">{_escaped(text)}</ac:parameter>' for key, text in parameters.items()
    )
    return (
        f'<ac:structured-macro ac:name="{_escaped(name)}">{given}<ac:rich-text-body>{"".join(children)}</ac:rich-text-body>'
        "</ac:structured-macro>"
    )


_PARAMETER_NAMES = (
    ",title,language,colour,name,width,key,url,body,linenumbers,outline,location,diagramName,page,root,all,hidden,type"
    ",bgColor,borderColor,panelIconId,link,nopanel"
)
_PARAMETERS = st.dictionaries(st.sampled_from(_PARAMETER_NAMES.split(",")), _VALUES, max_size=4)
_STORAGE = st.recursive(
    _TEXT.map(_escaped),
    lambda inner: st.one_of(
        st.builds(_element, _TAGS, st.dictionaries(_ATTRIBUTES, _VALUES, max_size=3), st.lists(inner, max_size=4)),
        st.builds(_macro, st.one_of(st.sampled_from(sorted(MACROS)), _TEXT), _PARAMETERS, st.lists(inner, max_size=3)),
    ),
    max_leaves=25,
)
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _VALUES),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=3,
)
_KINDS = st.sampled_from(_NODE_KINDS.split())
_NAMES = st.sampled_from(_NODE_ATTRIBUTES.split())
_MARKS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                [
                    "link",
                    "strong",
                    "em",
                    "code",
                    "underline",
                    "strike",
                    "subsup",
                    "textColor",
                    "backgroundColor",
                    "alignment",
                    "novelty",
                ]
            ),
            "attrs": st.dictionaries(st.sampled_from(["href", "color", "type", "align"]), _JSON, max_size=2),
        }
    ),
    max_size=3,
)


def _node(content: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    optional = {"attrs": st.dictionaries(_NAMES, _JSON, max_size=4), "content": content, "marks": _MARKS, "text": _TEXT}
    return st.fixed_dictionaries({"type": _KINDS}, optional=optional)


_ADF = st.recursive(st.one_of(_JSON, _node(_JSON)), lambda inner: _node(st.lists(inner, max_size=4)), max_leaves=25)
_CALM = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


_WIKI_PIECES = (
    "* |# |** |*# |- |h1. |h6. |bq. |---- |{quote}|{panel:title=x}|{panel}|{color:red}|{color}|{code:java}|{code}|{noformat}"
    "|{info}|{expand:x}|{expand}|{section}|{column:width=30%}|{column}|{toc}|{anchor:x}|{status:title=x}|{novelty:x}|{novelty}"
    "|{{|}}|*|_|-|+|^|~|??|{*}|!plan.png!|!plan.png,align=left!|!x.png!|[~acc-1]|[^Offer 2026.pdf]|[x^y]|[#x]"
    "|https://a.example/x|[x@https://a.example]|[x@javascript:alert(1)]|\\\\|\\|:)|(x)|&lt;|<b>|--|OPS-1|x|x y| "
)
_WIKI = st.lists(
    st.one_of(
        st.sampled_from(
            [*(piece.replace("@", "|") for piece in _WIKI_PIECES.split("|")), "|", "||", "\n", "\n\n", "\r\n"]
        ),
        st.text(max_size=4),
    ),
    max_size=40,
).map("".join)


def assert_safe_and_stable(rendered: Rendered) -> None:
    assert list(faults(rendered.html)) == []
    assert clean(rendered.html) == rendered.html


@_CALM
@given(st.lists(_STORAGE, max_size=4).map("".join), st.lists(_STORAGE, max_size=4).map("".join))
def test_storage_format_with_other_pages_and_frames_is_safe(body: str, other: str) -> None:
    page = CoveredPage("80", "Runbook", "page-80", parent_id="77", storage=other, attachments=MATERIAL.attachments)
    hosts = frozenset({"a.example"})
    material = replace(MATERIAL, pages={"page::Runbook": page}, tree=(page,), frame_hosts=hosts)
    including = (
        '<ac:structured-macro ac:name="include"><ac:parameter ac:name="">Runbook</ac:parameter></ac:structured-macro>'
    )
    try:
        rendered = render_storage(body + including, material)
    except DocumentError:
        return
    assert {fault for fault in faults(rendered.html) if "iframe" not in fault} == set()
    assert all(
        re.match(r'<iframe src="https://a\.example[/"]', frame) for frame in re.findall("<iframe[^>]*>", rendered.html)
    )
    assert clean(rendered.html, hosts) == rendered.html


@_CALM
@given(st.lists(_STORAGE, max_size=4).map("".join))
def test_whatever_storage_format_holds_the_html_is_safe_and_stable(body: str) -> None:
    try:
        rendered = render_storage(body, MATERIAL)
    except DocumentError:
        return
    assert_safe_and_stable(rendered)


@_CALM
@given(st.text(alphabet="<>&;\"'/=![]- acripltdhefx:\n\x00\ufeff", max_size=120))
def test_whatever_text_is_read_as_storage_format_nothing_but_a_refusal_is_raised(body: str) -> None:
    try:
        rendered = render_storage(body, MATERIAL)
    except DocumentError:
        return
    assert_safe_and_stable(rendered)


@_CALM
@given(st.lists(_ADF, max_size=4))
def test_whatever_adf_holds_the_html_is_safe_and_stable(content: list[object]) -> None:
    assert_safe_and_stable(render_adf({"type": "doc", "version": 1, "content": content}, MATERIAL))


@_CALM
@given(_WIKI)
def test_whatever_wiki_markup_holds_the_html_is_safe_and_stable(text: str) -> None:
    assert_safe_and_stable(render_wiki(text, MATERIAL))


_RAW_NAMES = "name value key displayName accountId fields summary status child requestType data type"
_TYPES = "string number date datetime user option option-with-child priority any array status"
_IDS = "summary description parent subtasks issuelinks attachment environment custom_1 custom_2"
_RAW = st.recursive(
    st.one_of(
        _JSON, _VALUES, _WIKI, st.lists(_ADF, max_size=2).map(lambda content: {"type": "doc", "content": content})
    ),
    lambda inner: st.dictionaries(
        st.sampled_from(_RAW_NAMES.split()),
        inner,
        max_size=4,
    ),
    max_leaves=6,
)
_SCHEMAS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(_TYPES.split()),
        "items": st.sampled_from(["string", "user", "option", "json"]),
        "custom": st.sampled_from(["", "x:textarea", "x:url", "x:gh-sprint", "x:gh-epic-link", "x:sd-sla-field"]),
    }
)
_FIELD_IDS = st.sampled_from(_IDS.split())
_COMMENTS = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(0, 4), "body": _RAW}, optional={"parentId": st.integers(0, 4), "author": _RAW}
    ),
    max_size=5,
)


@_CALM
@given(st.dictionaries(_FIELD_IDS, _RAW, max_size=5), st.dictionaries(_FIELD_IDS, _SCHEMAS, max_size=5), _COMMENTS)
def test_whatever_an_issue_holds_its_page_is_safe_and_stable(
    fields: dict[str, object], schema: dict[str, object], comments: list[dict[str, object]]
) -> None:
    view = issue_view("A-1", fields, {}, schema, frozenset(fields) | {"comment"}, comments=comments, files=FILES)

    assert_safe_and_stable(render_issue(view, MATERIAL))
