"""Sentences for people can be found by gettext: their message is a literal, and a view says none without it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_MODULES = sorted((ROOT / "app").rglob("*.py"))
_TRANSLATED = frozenset({"_", "gettext", "ngettext", "lazy_gettext", "lazy_ngettext"})
#: Words that house style does not say to people.
_UNWANTED = re.compile(r"\b(please|successfully|invalid)\b", re.IGNORECASE)


def _calls() -> Iterator[tuple[str, ast.Call, str]]:
    for path in _MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node, name


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_the_message_of_a_text_is_a_literal() -> None:
    wrong = [
        place
        for place, call, name in _calls()
        if name == "Text" and call.args and not _is_literal(call.args[0]) and not _is_found_elsewhere(call.args[0])
    ]
    assert wrong == []


def _is_found_elsewhere(node: ast.expr) -> bool:
    """Tell whether a message is another Text's, or a plain sentence of a package below core: `Text(str(error))`."""
    return ast.unparse(node).endswith(".message_id") or (isinstance(node, ast.Call) and ast.unparse(node.func) == "str")


def test_what_a_view_flashes_goes_through_gettext() -> None:
    wrong = [place for place, call, name in _calls() if name == "flash" and not _is_translated(call.args[0])]
    assert wrong == []


def _is_translated(node: ast.expr) -> bool:
    """Tell whether words come from gettext: `_("…")`, one of two such, or a Text rendered with it: `text.render(_)`."""
    if isinstance(node, ast.IfExp):
        return _is_translated(node.body) and _is_translated(node.orelse)
    if not isinstance(node, ast.Call):
        return False
    if ast.unparse(node.func).endswith(".render"):
        return ast.unparse(node.args[0]) in _TRANSLATED
    return isinstance(node.func, ast.Name) and node.func.id in _TRANSLATED


def test_what_gettext_gets_is_a_literal() -> None:
    wrong = [
        place
        for place, call, name in _calls()
        if name in _TRANSLATED and call.args and not _is_literal(call.args[0]) and not _is_found_elsewhere(call.args[0])
    ]
    assert wrong == []


def test_no_sentence_says_what_house_style_leaves_out() -> None:
    said = [
        f"{place}: {argument.value}"
        for place, call, name in _calls()
        if name in {"Text", *_TRANSLATED}
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and _UNWANTED.search(argument.value)
    ]
    assert said == []


def test_nothing_is_printed_but_by_the_command_line() -> None:
    printed = [
        place for place, _call, name in _calls() if name in {"print", "echo"} and not place.startswith("app/cli/")
    ]
    assert printed == []
