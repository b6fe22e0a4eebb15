"""Style sheets use the design tokens alone, the tokens stand out from one another, and scripts build no code."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))


def _name(path: Path) -> str:
    return path.name


_SIZE = re.compile(r"(?<![\w.-])\d*\.?\d+(px|rem|em|pt|ex|ch|cm|mm)\b")
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(rgb|rgba|hsl|hsla|oklch|lab|color-mix)\(")
_NAMED = re.compile(r":[^;{]*\b(white|black|red|green|blue|gr[ae]y|orange|yellow|purple)\b", re.IGNORECASE)


def _rules(path: Path) -> str:
    """Return a style sheet without comments, and without the conditions of media queries, which know no variables."""
    source = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    return re.sub(r"@(media|container|page)[^{]*\{", "{", source)


@pytest.mark.parametrize("path", [path for path in STYLES if path.name != "tokens.css"], ids=_name)
def test_colours_and_sizes_stand_in_the_tokens_alone(path: Path) -> None:
    rules = _rules(path)
    assert [found.group() for pattern in (_SIZE, _COLOUR, _NAMED) for found in pattern.finditer(rules)] == []


def test_every_variable_that_is_used_is_defined_and_every_token_is_used() -> None:
    defined = {name for path in STYLES for name in re.findall(r"(--[\w-]+):", _rules(path))}
    used = {name for path in STYLES for name in re.findall(r"var\((--[\w-]+)", _rules(path))}
    assert used - defined == set()
    assert defined - used == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_a_script_builds_no_code_or_markup_from_text(path: Path) -> None:
    source = path.read_text()
    assert not re.search(
        r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.style\b", source
    )


# --- contrast (WCAG 2.2, 1.4.3 and 1.4.11) ---

_TEXT_ON = [
    *(
        (text, ground)
        for text in ("text", "text-subtle", "text-subtlest", "link")
        for ground in ("surface", "surface-sunken")
    ),
    *((text, "surface-raised") for text in ("text", "text-subtle", "text-subtlest", "link")),
    *((text, "surface-overlay") for text in ("text", "text-subtle")),
    *((text, "surface-hover") for text in ("text", "text-subtle")),
    ("text-selected", "surface-selected"),
    ("on-brand", "brand"),
    ("on-brand", "brand-hover"),
    ("on-danger", "danger"),
    ("on-danger", "danger-hover"),
    *((f"{tone}-text", f"{tone}-ground") for tone in ("neutral", "info", "success", "warning", "danger", "discovery")),
    *(("text", f"{tone}-ground") for tone in ("neutral", "info", "success", "warning", "danger", "discovery")),
    *(("link", f"{tone}-ground") for tone in ("info", "success", "warning", "danger", "discovery")),
]
#: Initials, which stand beside a name.
_TINTS = [("on-tint", f"tint-{number}") for number in range(1, 7)]
_SIGN_ON = [
    ("border-input", "surface"),
    ("border-focus", "surface"),
    ("border-focus", "surface-sunken"),
    *((f"{tone}-sign", f"{tone}-ground") for tone in ("neutral", "info", "success", "warning", "danger", "discovery")),
]


def _tokens(*, more_contrast: bool) -> dict[str, tuple[str, str]]:
    plain, _media, contrast = (ROOT / "static/css/tokens.css").read_text().partition("@media (prefers-contrast: more)")
    pattern = re.compile(r"--color-([\w-]+): light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\)")
    tokens = {name: (light, dark) for name, light, dark in pattern.findall(plain)}
    if more_contrast:
        tokens |= {name: (light, dark) for name, light, dark in pattern.findall(contrast)}
    return tokens


def _luminance(colour: str) -> float:
    # WCAG 2.2, "relative luminance".
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, second: str) -> float:
    brighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("more_contrast", [False, True], ids=["plain", "more contrast"])
@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_and_signs_stand_out_from_their_ground(mode: int, more_contrast: bool) -> None:
    tokens = _tokens(more_contrast=more_contrast)
    wanted = 7.0 if more_contrast else 4.5
    weak = [
        f"{front} on {ground}: {ratio:.2f}"
        for pairs, least in ((_TEXT_ON, wanted), (_TINTS, 4.5), (_SIGN_ON, 3.0))
        for front, ground in pairs
        if (ratio := _contrast(tokens[front][mode], tokens[ground][mode])) < least
    ]
    assert weak == []
