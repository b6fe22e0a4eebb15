"""Write the expected HTML anew."""

from tests.documents.corpus import EXPECTED, corpus, lines

if __name__ == "__main__":
    pieces = corpus()
    for path in EXPECTED.glob("*.html"):
        path.unlink()
    for piece in pieces:
        (EXPECTED / f"{piece.name}.html").write_text(lines(piece.rendered.html), encoding="utf-8")
