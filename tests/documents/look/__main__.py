"""Make the pictures: see the package."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import chromium
from tests.documents.corpus import Piece, corpus
from tests.documents.look.constructs import make_pictures, sheets_of
from tests.documents.look.screen import DAY, NIGHT, PHONE, Look, screen
from tests.documents.look.tiles import Tile, contact_sheets

#: Columns of a sheet by look, so that text is just large enough to be read.
_COLUMNS = ((DAY, 3), (NIGHT, 3), (PHONE, 5))
_PAPER_COLUMNS = 3


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.documents.look", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sheets = commands.add_parser("sheets", help="contact sheets of the corpus")
    sheets.add_argument("folder", type=Path)
    sheets.add_argument(
        "names", nargs="*", help="as in tests/documents/corpus, without .html; all of it if there are none"
    )
    sheets.add_argument("--look", action="append", choices=("light", "dark", "390", "paper"))
    commands.add_parser("constructs", help="the pictures in docs/images/reading")
    asked = parser.parse_args()
    if asked.command == "constructs":
        with chromium() as browser:
            written = make_pictures(browser, corpus())
        print(f"{len(written)} pictures, {sum(path.stat().st_size for path in written) / 1_000:.0f} kB")
        return
    pieces = [piece for piece in corpus() if not asked.names or piece.name in asked.names]
    asked.folder.mkdir(parents=True, exist_ok=True)
    _sheets(pieces, asked.folder, asked.look or ("light", "dark", "390", "paper"))


def _sheets(pieces: list[Piece], folder: Path, looks: Iterable[str]) -> None:
    with chromium() as browser:
        for look, columns in _COLUMNS:
            if look.name in looks:
                _say(look.name, contact_sheets(_on_screen(browser, pieces, look), folder, look.name, columns))
    if "paper" in looks:
        _say("paper", contact_sheets(_on_paper(pieces), folder, "paper", _PAPER_COLUMNS))


def _say(look: str, written: list[Path]) -> None:
    print(f"{look}: {len(written)} sheets")


def _on_screen(browser: Browser, pieces: Iterable[Piece], look: Look) -> Iterator[Tile]:
    with screen(browser, look) as window:
        for piece in pieces:
            for fault in window.show(piece.rendered.html, piece.title):
                print(f"{look.name} {piece.name}: {fault}")
            yield Tile(piece.name, window.picture())


def _on_paper(pieces: Iterable[Piece]) -> Iterator[Tile]:
    for piece in pieces:
        yield from (Tile(f"{piece.name} {number}", png) for number, png in enumerate(sheets_of(piece), 1))


if __name__ == "__main__":
    main()
