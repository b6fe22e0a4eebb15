"""Material that the document tests share: three files of one page, one shared page, one known person."""

from collections.abc import Mapping

from app.documents.adf import render_adf
from app.documents.storage import render_storage
from app.documents.types import Material, MediaFile

PICTURE = MediaFile("att1", "plan.png", "image/png", 2_048)
PAPER = MediaFile("att2", "Offer 2026.pdf", "application/pdf", 1_234_567)
DRAWING = MediaFile("att3", "logo.svg", "image/svg+xml", 900)
FILM = MediaFile("att4", "tour.mp4", "video/mp4", 9_000_000)
SOUND = MediaFile("att5", "bell.mp3", "audio/mpeg", 70_000)
FLOW = MediaFile("att6", "flow.png", "image/png", 4_096)
FILES = (PICTURE, PAPER, DRAWING, FILM, SOUND, FLOW)
#: What every link of foreign content carries.
REL = 'rel="noopener noreferrer nofollow"'
#: How the first picture, and a link to what is not covered, are shown.
IMG = '<img src="media/att1" alt="plan.png" loading="lazy" decoding="async" class="doc-image">'
INTERNAL = '<span class="doc-internal">an internal page</span>'
MATERIAL = Material(
    attachments={file.filename: file for file in FILES},
    by_file_id={"file-1": PICTURE, "file-2": PAPER},
    object_id="77",
    links={"page:OPS:Runbook": "children/runbook", "https://acme.atlassian.net/wiki/x/abc": "children/tiny"},
    internal_hosts=frozenset({"wiki.acme.example"}),
    people={"acc-1": "Ada Lovelace"},
)


def storage(body: str, material: Material = MATERIAL) -> str:
    return render_storage(body, material).html


def node(kind: str, *children: object, marks: object = None, **attrs: object) -> dict[str, object]:
    made: dict[str, object] = {"type": kind}
    if attrs:
        made["attrs"] = attrs
    if children:
        made["content"] = list(children)
    if marks is not None:
        made["marks"] = marks
    return made


def words(text: str, *marks: object) -> dict[str, object]:
    return {"type": "text", "text": text, "marks": list(marks)}


def p(*children: object, marks: object = None) -> dict[str, object]:
    return node("paragraph", *children, marks=marks)


def mark(kind: str, **attrs: object) -> dict[str, object]:
    return {"type": kind, "attrs": attrs}


def cell(kind: str, text: str, **attrs: object) -> dict[str, object]:
    return node(kind, p(words(text)), **attrs)


def document(*children: object) -> dict[str, object]:
    return {"type": "doc", "version": 1, "content": list(children)}


def adf(*children: Mapping[str, object], material: Material = MATERIAL) -> str:
    return render_adf(document(*children), material).html


def box(name: str) -> str:
    """Return what stands for something that is left out."""
    return f'<div class="doc-omitted">Not shown here: {name}</div>'


def macro(name: str, body: str = "", **parameters: str) -> str:
    """Return a macro in storage format, with its parameters and what stands in it."""
    given = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    rich = f"<ac:rich-text-body>{body}</ac:rich-text-body>" if body else ""
    return f'<ac:structured-macro ac:name="{name}" ac:schema-version="1">{given}{rich}</ac:structured-macro>'


def code(text: str, **parameters: str) -> str:
    """Return a macro of code in storage format."""
    plain = f"<ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body></ac:structured-macro>"
    return macro("code", **parameters).replace("</ac:structured-macro>", plain)
