"""The blocks of wiki markup: headings, quotations, rules, lists, tables and paragraphs, line by line."""

import re
from collections.abc import Callable, Iterator

from app.documents.canvas import Canvas
from app.documents.pieces import begin_table, end_table
from app.documents.wiki.inline import draw_line
from app.documents.wiki.parse import Element, Piece, lines

_HEADING = re.compile(r"\s{0,20}h([1-6])\.\s(.*)", re.DOTALL)
_QUOTE = re.compile(r"\s{0,20}bq\.\s(.*)", re.DOTALL)
_RULE = re.compile(r"\s{0,20}-{4,10}\s*")
#: Two and more of `-` alone are a dash.
_ITEM = re.compile(r"\s{0,20}(?!--)([*#-]{1,20})\s(.*)", re.DOTALL)
#: Where cells begin and end; bars in links, pictures and after a backslash are none.
_BARS = re.compile(
    r"\\.|\[[^\[\]\n]{1,2000}\]|!(?![\s!|])[^!|\n]{1,250}\.[A-Za-z0-9]{2,5}(?:\|[^!\n]{0,300})?!|(\|\|?)"
)
_LISTS = {"*": "ul", "-": "ul", "#": "ol"}

Line = list[Piece]


class Flow:
    """What is written below one another: the whole text, or what a macro, a cell or an item holds."""

    def __init__(self, canvas: Canvas, draw_element: Callable[[Element, Canvas], None]) -> None:
        self.canvas = canvas
        self.draw_element = draw_element
        self._paragraph: list[Line] = []
        self._list: list[str] = []
        self._rows: list[list[tuple[bool, list[Line]]]] = []
        self._row_open = False

    def draw(self, pieces: list[Piece]) -> None:
        """Write pieces as blocks."""
        for line in lines(pieces):
            self._line(line)
        self._end()

    def _line(self, line: Line) -> None:
        start = _text_of(line)
        is_blank = all(isinstance(one, str) and not one.strip() for one in line)
        if start.lstrip().startswith("|"):
            self._end_paragraph()
            self._end_list()
            self._begin_row(line)
        elif self._row_open and not is_blank:
            self._continue_row(line)
        elif is_blank:
            self._end()
        elif len(line) == 1 and _RULE.fullmatch(start):
            self._end()
            self.canvas.rule()
        elif match := _ITEM.match(start):
            self._end_paragraph()
            self._end_table()
            self._item(match[1], [match[2], *line[1:]])
        elif match := _HEADING.match(start):
            self._end()
            self._heading(int(match[1]), [match[2], *line[1:]])
        elif match := _QUOTE.match(start):
            self._end()
            self._quotation([match[1], *line[1:]])
        else:
            self._text(line)

    def _end(self) -> None:
        self._end_paragraph()
        self._end_list()
        self._end_table()

    # Paragraphs

    def _text(self, line: Line) -> None:
        self._end_table()
        if self._list:
            # A line below an item goes on with it.
            first = next((one for one in line if not isinstance(one, str) or one.strip()), "")
            if isinstance(first, str) or not first.block:
                self.canvas.parts.append("<br>")
            self._content(line)
        else:
            self._paragraph.append(line)

    def _end_paragraph(self) -> None:
        waiting, self._paragraph = self._paragraph, []
        run: list[Line] = []
        for line in waiting:
            rest: Line = []
            for piece in line:
                if isinstance(piece, str) or not piece.block:
                    rest.append(piece)
                    continue
                self._run([*run, rest])
                run, rest = [], []
                self.draw_element(piece, self.canvas)
            run.append(rest)
        self._run(run)

    def _run(self, run: list[Line]) -> None:
        kept = [_without_edge(line) for line in run if any(not isinstance(one, str) or one.strip() for one in line)]
        if not kept:
            return
        opened = self.canvas.begin_paragraph()
        for at, line in enumerate(kept):
            if at:
                self.canvas.parts.append("<br>")
            draw_line(line, self.canvas, self.draw_element)
        self.canvas.end_paragraph(opened)

    def _content(self, line: Line) -> None:
        """Write a line into an item or cell, which may hold blocks as well."""
        before, self.canvas.in_text = self.canvas.in_text, True
        draw_line(line, self.canvas, self.draw_element)
        self.canvas.in_text = before

    def _heading(self, level: int, line: Line) -> None:
        opened = self.canvas.begin_heading()
        draw_line(line, self.canvas, self.draw_element)
        self.canvas.end_heading(opened, level)

    def _quotation(self, line: Line) -> None:
        self.canvas.start("blockquote")
        self._run([line])
        self.canvas.end("blockquote")

    # Lists

    def _item(self, marks: str, line: Line) -> None:
        wanted = [_LISTS[mark] for mark in marks]
        same = 0
        while same < min(len(wanted), len(self._list)) and wanted[same] == self._list[same]:
            same += 1
        while len(self._list) > same:
            self._close_list()
        if same == len(wanted):
            self.canvas.end("li")
            self.canvas.start("li")
        for tag in wanted[same:]:
            self.canvas.start(tag)
            self.canvas.descend()
            self.canvas.start("li")
            self._list.append(tag)
        self._content(line)

    def _close_list(self) -> None:
        self.canvas.end("li")
        self.canvas.ascend()
        self.canvas.end(self._list.pop())

    def _end_list(self) -> None:
        while self._list:
            self._close_list()

    # Tables

    def _begin_row(self, line: Line) -> None:
        cells = list(_cells(line))
        self._row_open = not _closes(cells)
        if not self._row_open:
            cells.pop()
        self._rows.append([(is_head, [cell]) for is_head, cell in cells])

    def _continue_row(self, line: Line) -> None:
        """Go on with a row whose last cell did not end in its line."""
        cells = list(_cells(line))
        self._row_open = not _closes(cells)
        row = self._rows[-1]
        row[-1][1].append(cells[0][1])
        further = cells[1:] if self._row_open else cells[1:-1]
        row.extend((is_head, [cell]) for is_head, cell in further)

    def _end_table(self) -> None:
        rows, self._rows, self._row_open = self._rows, [], False
        if not rows:
            return
        begin_table(self.canvas)
        self.canvas.start("tbody")
        for at, row in enumerate(rows):
            scope = ' scope="col"' if at == 0 and all(is_head for is_head, _cell in row) else ' scope="row"'
            self.canvas.start("tr")
            self.canvas.descend()
            for is_head, cell in row:
                self.canvas.count_cell()
                self.canvas.start("th" if is_head else "td", scope if is_head else "")
                self._cell(cell)
                self.canvas.end("th" if is_head else "td")
            self.canvas.ascend()
            self.canvas.end("tr")
        self.canvas.end("tbody")
        end_table(self.canvas)

    def _cell(self, cell: list[Line]) -> None:
        if len(cell) == 1 and not _ITEM.match(_text_of(cell[0])):
            self._content(_stripped(cell[0]))
            return
        pieces: list[Piece] = []
        for line in cell:
            pieces += [*line, "\n"]
        Flow(self.canvas, self.draw_element).draw(pieces)


def _text_of(line: Line) -> str:
    return line[0] if line and isinstance(line[0], str) else ""


def _without_edge(line: Line) -> Line:
    text = _text_of(line)
    return [text.lstrip(), *line[1:]] if text else line


def _stripped(line: Line) -> Line:
    text = _text_of(line)
    return [text.strip()] if len(line) == 1 and text else line


def _cells(line: Line) -> Iterator[tuple[bool, Line]]:
    """Yield the cells of a row as whether they are headings, and their pieces; the first is what precedes a bar."""
    is_head, cell = False, list[Piece]()
    begun = False
    for piece in line:
        if not isinstance(piece, str):
            cell.append(piece)
            continue
        at = 0
        for match in _BARS.finditer(piece):
            if match[1] is None:
                continue
            before = piece[at : match.start()]
            at = match.end()
            if begun or before.strip() or cell:
                yield is_head, [*cell, before]
            begun, is_head, cell = True, match[1] == "||", []
        if at < len(piece):
            cell.append(piece[at:])
    yield is_head, cell


def _closes(cells: list[tuple[bool, Line]]) -> bool:
    """Tell whether a row ended with a bar: nothing stands behind the last one."""
    return len(cells) > 1 and all(isinstance(one, str) and not one.strip() for one in cells[-1][1])
