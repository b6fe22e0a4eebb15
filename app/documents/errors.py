"""The one exception of this package: content that cannot be shown, with a sentence that says why."""


class DocumentError(Exception):
    """Content was refused; `str(error)` is one English sentence for a person, `code` is stable for logs and tests."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def too_large(limit: int) -> DocumentError:
    """Say that the content has more characters than are read."""
    return DocumentError("too_large", f"This content is larger than {limit:,} characters, the most that can be shown.")


def too_deep(limit: int) -> DocumentError:
    """Say that the content is nested further than is followed."""
    return DocumentError("too_deep", f"This content is nested more than {limit} levels deep and cannot be shown.")


def too_many_cells(limit: int) -> DocumentError:
    """Say that the tables together have more cells than are laid out."""
    return DocumentError("too_many_cells", f"The tables here have more than {limit:,} cells and cannot be shown.")


def too_many_nodes(limit: int) -> DocumentError:
    """Say that the document has more parts than are read."""
    return DocumentError("too_many_nodes", f"This content has more than {limit:,} parts and cannot be shown.")


def too_many_pictures(limit: int) -> DocumentError:
    """Say that there are more pictures than a PDF holds."""
    return DocumentError("too_many_pictures", f"This content has more than {limit:,} pictures, too many for a PDF.")


def broken() -> DocumentError:
    """Say that the markup could not be read without losing much of it."""
    return DocumentError("broken", "The markup of this content is damaged and cannot be shown without losing text.")


def not_a_document() -> DocumentError:
    """Say that what was handed in is not an Atlassian document."""
    return DocumentError("not_a_document", "This content is not an Atlassian document and cannot be shown.")
