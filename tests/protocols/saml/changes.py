"""What is done to a valid response on its way: elements moved, copied, renamed, wrapped, and text put between the bytes."""

import copy

from lxml import etree

from tests.protocols.saml import provider

HOW = ("remove", "move", "copy", "copy before", "swap", "text", "attribute", "rename", "wrap")
TEXTS = ("attacker@example.com", "", "administrators", provider.ENTITY, "#_assertion-1", "_assertion-1", "2.0")
#: What parsers may read differently.
PIECES = (
    b"<!---->",
    b"<?x y?>",
    b"<![CDATA[x]]>",
    b"&#x20;",
    b' xmlns="urn:x"',
    b' ID="_assertion-1"',
    b"<!DOCTYPE x>",
    b"\0",
)
#: One step is this many bytes: how, what, where, and with which words.
STEP = 4
MOST_STEPS = 12


def change(one: etree._Element, other: etree._Element, how: str, text: str) -> None:
    """Change one element, or put it where another is."""
    parent = one.getparent()
    if how == "text":
        one.text = text
    elif how == "attribute" and one.attrib:
        one.set(min(map(str, one.attrib)), text)
    elif how == "rename":
        one.tag = other.tag
    elif parent is not None and one is not other and one not in set(other.iterancestors()):
        _rearrange(parent, one, other, how, text)


def apply(xml: bytes, steps: bytes) -> bytes:
    """Return a document after as many steps as the bytes hold; any bytes are steps."""
    root, pieces = etree.fromstring(xml), []
    for start in range(0, min(len(steps), STEP * MOST_STEPS) - STEP + 1, STEP):
        how, what, where, words = steps[start : start + STEP]
        if how % (len(HOW) + 1) == len(HOW):
            pieces.append((what * 256 + where, PIECES[words % len(PIECES)]))
            continue
        nodes = list(root.iter(etree.Element))
        change(
            nodes[what % len(nodes)],
            nodes[where % len(nodes)],
            HOW[how % (len(HOW) + 1)],
            TEXTS[words % len(TEXTS)],
        )
    changed = etree.tostring(root)
    for place, piece in pieces:
        at = place % (len(changed) + 1)
        changed = changed[:at] + piece + changed[at:]
    return changed


def _rearrange(parent: etree._Element, one: etree._Element, other: etree._Element, how: str, text: str) -> None:
    if how == "remove":
        parent.remove(one)
    elif how == "move":
        other.append(one)
    elif how == "swap":
        one.text, other.text = other.text, one.text
    elif how.startswith("copy"):
        other.insert(0 if how == "copy before" else len(other), copy.deepcopy(one))
    elif how == "wrap":
        other.insert(0, copy.deepcopy(one))
        for node in one.iter(f"{{{provider.SAML}}}NameID"):
            node.text = text
