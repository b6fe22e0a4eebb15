"""Templates keep the rules that hold the pages together: strictness, CSP, components, gettext, htmx."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from tests.web.small_site import make

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]
COMPONENTS = [path for path in PAGES if path.parent.name == "components"]

#: Made-up words that nobody but a developer reads.
_UNTRANSLATED = ("gallery",)
_GETTEXT = frozenset({"_", "gettext", "ngettext", "lazy_gettext", "pgettext"})
_SHOWN_ATTRIBUTES = ("title", "alt", "placeholder", "aria-label", "aria-description")
#: Punctuation and symbols stand in no catalogue.
_WORDS = re.compile(r"[^\W\d_]{2,}")
_ENTITY = re.compile(r"&[#\w]+;")
#: Blocks that fill an attribute of the layout and hold no words.
_ATTRIBUTE_BLOCK = re.compile(r"\{% block (?:theme|body_class|card_class) %\}[\w -]*\{% endblock %\}")
_SENTENCE_CASE = re.compile(r"^[A-Z][a-z]+")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _without_comments(source: str) -> str:
    return re.sub(r"\{#.*?#\}|<!--.*?-->", "", source, flags=re.DOTALL)


def _without_jinja(source: str) -> str:
    return re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", source, flags=re.DOTALL)


@pytest.fixture(scope="module")
def environment() -> Environment:
    return make().jinja_env


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_a_template_compiles_where_undefined_names_are_errors(path: Path, environment: Environment) -> None:
    assert environment.undefined.__name__ == "StrictUndefined"
    environment.get_template(str(path.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_a_template_has_no_inline_script_style_or_handler(path: Path) -> None:
    source = _without_comments(path.read_text())
    if path.is_relative_to(ROOT / "templates" / "mail"):
        return
    assert not re.search(r"<style|\sstyle=", source)
    assert not re.search(r"\son[a-z]+=|hx-on|javascript:|\bjs:", _without_jinja(source))
    for script in re.findall(r"<script[^>]*>", source):
        assert 'nonce="{{ csp_nonce() }}"' in script, script
        assert "src=" in script, script


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_only_components_write_controls_and_htmx_attributes(path: Path) -> None:
    if path in COMPONENTS:
        return
    source = _without_comments(path.read_text())
    assert not re.search(r"<(input|select|textarea|button)\b", source)
    assert not re.search(r"[\s\"']hx-[a-z]", source)


@pytest.mark.parametrize("path", COMPONENTS, ids=_name)
def test_a_component_file_says_how_it_is_called_and_holds_the_macro_of_its_name(path: Path) -> None:
    source = path.read_text()
    assert source.startswith("{#\n")
    comment = source[: source.index("#}")]
    assert f"{path.stem}(" in comment
    assert f"{{% macro {path.stem}(" in source


@pytest.mark.parametrize("path", COMPONENTS, ids=_name)
def test_htmx_evaluates_nothing(path: Path) -> None:
    for trigger in re.findall(r'hx-trigger="([^"]*)"', path.read_text()):
        assert "[" not in trigger, "trigger filters are evaluated, which the Content-Security-Policy forbids"
    assert not re.search(r"hx-(vals|headers|vars)=", path.read_text())


def _texts(path: Path, environment: Environment) -> list[str]:
    """Return what a page would show that went through no gettext: text between tags, shown attributes, literals."""
    source = _without_comments(path.read_text())
    found = [literal for literal in _literals(environment.parse(source)) if _SENTENCE_CASE.match(literal)]
    plain = _without_jinja(re.sub(_ATTRIBUTE_BLOCK, " ", source))
    plain = re.sub(r"<meta[^>]*content='[^']*'[^>]*>", " ", plain)
    for attribute in _SHOWN_ATTRIBUTES:
        found += [value for value in re.findall(rf'\s{attribute}="([^"]*)"', plain) if _WORDS.search(value)]
    for text in re.findall(r">([^<]*)<", f">{plain}<"):
        words = _ENTITY.sub(" ", text).strip()
        if _WORDS.search(words):
            found.append(words)
    return found


def _literals(node: nodes.Node) -> list[str]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _GETTEXT:
        return []
    if isinstance(node, nodes.Const):
        return [node.value] if isinstance(node.value, str) else []
    return [literal for child in node.iter_child_nodes() for literal in _literals(child)]


@pytest.mark.parametrize("path", [path for path in PAGES if path.parent.name not in _UNTRANSLATED], ids=_name)
def test_what_a_template_says_goes_through_gettext(path: Path, environment: Environment) -> None:
    assert _texts(path, environment) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>Create link</p>", ["Create link"]),
        ('<p title="Create">{{ _("Create link") }}</p>', ["Create"]),
        ('{{ button("Create link", kind="primary") }}', ["Create link"]),
        ('{{ button(_("Create link"), kind="primary") }} &nbsp;· {{ name }}', []),
        ('<p class="{{ "is-sorted" if a }}">{# Words #}</p>', []),
    ],
)
def test_the_finder_of_untranslated_words_finds_them(
    source: str, expected: list[str], environment: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text(source)
    assert sorted(_texts(path, environment)) == sorted(expected)
