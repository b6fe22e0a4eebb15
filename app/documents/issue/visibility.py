"""What of an issue may never be shown outside, whatever was chosen: internal comments, and files only they speak of.

Where it is in doubt whether a file belongs to an internal comment it is held back.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

_MAX_VALUES = 200_000
_ADDRESS = re.compile(r"/(?:attachment|thumbnail)s?/(?:content/|thumbnail/)?(\d{1,20})\b")
#: `!name|…!` and `[^name]` of wiki markup.
_WIKI_FILE = re.compile(r"!([^!|\r\n]{1,255})(?:\|[^!\r\n]{0,255})?!|\[(?:[^|\]\r\n]{0,255}\|)?\^([^\]\r\n]{1,255})\]")
_INTERNAL = "sd.public.comment"


class NamedFile(Protocol):
    """An attachment as far as this rule looks at it; `file_id` is the id that ADF media nodes use, where it is known."""

    @property
    def id(self) -> str: ...
    @property
    def filename(self) -> str: ...
    @property
    def file_id(self) -> str | None: ...


F = TypeVar("F", bound=NamedFile)


def is_public(comment: Mapping[str, object]) -> bool:
    """Tell whether everybody who sees the issue sees this raw comment: no group or role, not internal to a service desk."""
    if comment.get("visibility") or comment.get("jsdPublic", True) is not True:
        return False
    return not any(_is_internal_note(one) for one in _list(comment.get("properties")))


def _is_internal_note(entry: object) -> bool:
    if not isinstance(entry, Mapping) or entry.get("key") != _INTERNAL:
        return False
    value = entry.get("value")
    # Where the note does not say plainly that it is public, it is internal.
    return not (isinstance(value, Mapping) and value.get("internal") in (False, "false"))


def public_comments(comments: Iterable[Mapping[str, object]]) -> tuple[Mapping[str, object], ...]:
    """Return the raw comments that may be shown, in their order; an answer to an internal comment is internal, too."""
    all_of_them = list(comments)
    hidden = {str(one.get("id")) for one in all_of_them if not is_public(one)}
    by_parent: dict[str, list[str]] = {}
    for one in all_of_them:
        if one.get("parentId") is not None:
            by_parent.setdefault(str(one["parentId"]), []).append(str(one.get("id")))
    waiting = list(hidden)
    while waiting:
        below = [one for one in by_parent.get(waiting.pop(), []) if one not in hidden]
        hidden.update(below)
        waiting += below
    return tuple(one for one in all_of_them if is_public(one) and str(one.get("id")) not in hidden)


def public_files(
    files: Sequence[F], comments: Iterable[Mapping[str, object]], shown: Iterable[object]
) -> tuple[F, ...]:
    """Return the attachments that may be shown, in their order.

    `comments` are all raw comments of the issue, internal ones among them; `shown` are the further bodies that readers
    will see (the description and other rich text on the allow-list), as ADF or wiki markup. A file is held back if an
    internal comment speaks of it and nothing that is shown does.
    """
    all_of_them = list(comments)
    public = public_comments(all_of_them)
    kept = {id(one) for one in public}
    internal = [one.get("body") for one in all_of_them if id(one) not in kept]
    if not internal:
        return tuple(files)
    known = frozenset(file.file_id for file in files if file.file_id)
    named = Counter(_folded(file.filename) for file in files)
    secret = _Mentions.of(internal, known)
    opened = _Mentions.of([*(one.get("body") for one in public), *shown], known)

    def is_open(file: F) -> bool:
        # A name that several files have tells of none of them.
        return opened.points_at(file) or (named[_folded(file.filename)] == 1 and opened.names_file(file))

    def is_secret(file: F) -> bool:
        # A picture that is none of the known files may be any whose media id nobody could tell.
        doubtful = secret.cut or (bool(secret.media_ids - known) and file.file_id is None)
        return doubtful or secret.points_at(file) or secret.names_file(file) or secret.says(file)

    return tuple(file for file in files if is_open(file) or not is_secret(file))


@dataclass
class _Mentions:
    """The files that some bodies speak of, by each way there is to name one."""

    media_ids: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    text: str = ""
    cut: bool = False

    @classmethod
    def of(cls, bodies: Iterable[object], known: frozenset[str]) -> "_Mentions":
        found = cls()
        texts: list[str] = []
        values = _Values()
        for key, value in values.within(bodies):
            if isinstance(value, Mapping):
                found._node(value, known)
            elif isinstance(value, str):
                found.ids.update(_ADDRESS.findall(value))
                if key is None:
                    found.names.update(_folded(one or other) for one, other in _WIKI_FILE.findall(value))
                texts.append(value)
        found.text = _folded("\n".join(texts))
        found.cut = values.cut
        return found

    def _node(self, node: Mapping[str, object], known: frozenset[str]) -> None:
        attributes = node.get("attrs")
        if node.get("type") not in ("media", "mediaInline") or not isinstance(attributes, Mapping):
            return
        media_id = str(attributes.get("id", ""))
        self.media_ids.add(media_id)
        # Where the id tells which file it is, its name is no more than a description.
        if media_id not in known:
            self.names.update(_folded(str(attributes[key])) for key in ("alt", "__fileName") if attributes.get(key))

    def points_at(self, file: NamedFile) -> bool:
        """Say whether a body shows or links exactly this file."""
        return (file.file_id is not None and file.file_id in self.media_ids) or file.id in self.ids

    def names_file(self, file: NamedFile) -> bool:
        """Say whether a body shows or links a file of this name."""
        return _folded(file.filename) in self.names

    def says(self, file: NamedFile) -> bool:
        """Say whether the file's name stands anywhere in the text."""
        return _folded(file.filename) in self.text


class _Values:
    """All values inside bodies, without recursion and bounded; `cut` says that there were more."""

    def __init__(self) -> None:
        self.cut = False

    def within(self, bodies: Iterable[object]) -> Iterator[tuple[str | None, object]]:
        waiting: list[tuple[str | None, object]] = [(None, body) for body in bodies]
        seen = 0
        while waiting:
            if (seen := seen + 1) > _MAX_VALUES:
                self.cut = True
                return
            key, value = waiting.pop()
            yield key, value
            if isinstance(value, Mapping):
                waiting += [(str(name), one) for name, one in value.items()]
            elif isinstance(value, list | tuple):
                waiting += [(key, one) for one in value]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
