"""The pictures on the pages: charts, plans and a view of the quay, drawn when they are first asked for.

A picture is a function from its parameters (taken from the content's JSON) to the bytes of a file.
"""

import textwrap
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from simulator.canvas import Canvas, text_width
from simulator.jpeg import jpeg

Parameters = Mapping[str, Any]

_INK, _QUIET, _GRID = "#17324d", "#5b7083", "#dde5ec"
_SERIES = ("#1f6f8b", "#e2a03f", "#7a9e7e", "#b5533c")


def _frame(parameters: Parameters, height: int = 540) -> Canvas:
    canvas = Canvas(960, height)
    canvas.rectangle(0, 0, 960, 6, _SERIES[0])
    canvas.text(48, 32, str(parameters["title"]), _INK, 3)
    canvas.text(48, 66, str(parameters.get("subtitle", "")), _QUIET, 2)
    return canvas


def _scale(canvas: Canvas, top: float) -> None:
    for step in range(6):
        y = 460 - step * 66
        canvas.rectangle(110, y, 920, y + 1, _GRID)
        label = f"{top * step / 5:g}"
        canvas.text(98 - text_width(label), y - 7, label, _QUIET)


def bar_chart(parameters: Parameters) -> bytes:
    """Draw one bar per value, or groups of bars where `series` has several."""
    canvas, labels = _frame(parameters), list(parameters["labels"])
    series: Mapping[str, list[float]] = parameters["series"]
    top = float(parameters["top"])
    _scale(canvas, top)
    slot = 810 / len(labels)
    bar = slot * 0.72 / len(series)
    for place, label in enumerate(labels):
        for number, values in enumerate(series.values()):
            left = 110 + place * slot + slot * 0.14 + number * bar
            height = 330 * values[place] / top
            canvas.rectangle(left, 460 - height, left + bar - 3, 460, _SERIES[number % 4])
        canvas.text(110 + place * slot + (slot - text_width(label)) / 2, 472, label, _INK)
    _legend(canvas, list(series))
    return canvas.png()


def line_chart(parameters: Parameters) -> bytes:
    """Draw one line per series over evenly spaced labels."""
    canvas, labels = _frame(parameters), list(parameters["labels"])
    series: Mapping[str, list[float]] = parameters["series"]
    top = float(parameters["top"])
    _scale(canvas, top)
    step = 760 / (len(labels) - 1)
    for number, values in enumerate(series.values()):
        points = [(135 + index * step, 460 - 330 * value / top) for index, value in enumerate(values)]
        for (x1, y1), (x2, y2) in pairwise(points):
            canvas.line(x1, y1, x2, y2, _SERIES[number % 4], 4)
        for x, y in points:
            canvas.disc(x, y, 6, _SERIES[number % 4])
            canvas.disc(x, y, 3, "#ffffff")
    for index, label in enumerate(labels):
        canvas.text(135 + index * step - text_width(label) / 2, 472, label, _INK)
    _legend(canvas, list(series))
    return canvas.png()


def _legend(canvas: Canvas, names: list[str]) -> None:
    left = 110.0
    for number, name in enumerate(names):
        canvas.rectangle(left, 506, left + 14, 520, _SERIES[number % 4])
        canvas.text(left + 22, 506, name, _QUIET)
        left += text_width(name) + 60


def flow(parameters: Parameters) -> bytes:
    """Draw steps as boxes joined by arrows, from left to right."""
    canvas, steps = _frame(parameters, 320), list(parameters["steps"])
    width = 864 / len(steps)
    for index, step in enumerate(steps):
        left = 48 + index * width
        canvas.rectangle(left, 130, left + width - 44, 270, _SERIES[index % 4])
        canvas.rectangle(left + 4, 134, left + width - 48, 266, "#ffffff")
        canvas.rectangle(left, 130, left + width - 44, 144, _SERIES[index % 4])
        canvas.text(left + 14, 162, f"{index + 1}", _SERIES[index % 4], 3)
        for row, word in enumerate(textwrap.wrap(str(step), int((width - 68) / 12))):
            canvas.text(left + 14, 196 + row * 20, word, _INK)
        if index + 1 < len(steps):
            canvas.rectangle(left + width - 40, 198, left + width - 14, 202, _QUIET)
            tip = left + width - 4
            canvas.polygon([(tip - 14, 190), (tip, 200), (tip - 14, 210)], _QUIET)
    return canvas.png()


def site_plan(parameters: Parameters) -> bytes:
    """Draw the terminal from above: water, quay, berths, cranes, yard blocks and the gate."""
    canvas = Canvas(960, 600, "#eef2ea")
    canvas.rectangle(0, 0, 960, 190, "#b9d6e3")
    for wave in range(0, 960, 60):
        canvas.line(wave, 40 + wave % 50, wave + 26, 40 + wave % 50, "#d4e7ef", 3)
    canvas.rectangle(0, 190, 960, 212, "#8b9299")
    for left, length, name in ((70, 300, "BERTH 1"), (430, 210, "BERTH 2"), (700, 180, "BERTH 3")):
        canvas.polygon(
            [(left, 120), (left + length - 46, 120), (left + length, 152), (left + length - 46, 184), (left, 184)],
            "#7b3b34",
        )
        canvas.rectangle(left + 20, 132, left + length - 62, 172, "#c9b28f")
        canvas.text(left + 30, 92, name, _INK)
    for x in (140, 260, 490, 590, 780):
        canvas.rectangle(x - 7, 126, x + 7, 240, "#e2a03f")
        canvas.rectangle(x - 20, 214, x + 20, 230, "#b8791d")
    for row in range(2):
        for column in range(5):
            left, top = 60 + column * 130, 270 + row * 120
            for lane in range(4):
                shade = ("#1f6f8b", "#4d8fa6", "#7a9e7e", "#b5533c")[(row + column + lane) % 4]
                canvas.rectangle(left, top + lane * 22, left + 106, top + lane * 22 + 18, shade)
            canvas.text(left + 2, top + 92, f"BLOCK {'AB'[row]}{column + 1}", _INK, 1)
    canvas.rectangle(740, 270, 900, 380, "#d8d4c8")
    canvas.text(760, 318, "WAREHOUSE 4", _INK)
    canvas.rectangle(740, 420, 900, 490, "#cfd8e0")
    canvas.text(764, 448, "WORKSHOP", _INK)
    canvas.rectangle(0, 530, 960, 574, "#a6acb1")
    for left in range(0, 960, 48):
        canvas.rectangle(left, 550, left + 26, 554, "#ffffff")
    canvas.rectangle(660, 510, 712, 590, "#17324d")
    canvas.text(666, 545, "GATE", "#ffffff")
    canvas.text(20, 16, str(parameters["title"]), _INK, 3)
    return canvas.png()


def logo(parameters: Parameters) -> bytes:
    """Draw the company's mark: a crane hook over two waves."""
    canvas = Canvas(480, 160)
    canvas.disc(80, 80, 64, "#17324d")
    canvas.rectangle(76, 28, 84, 74, "#e2a03f")
    canvas.disc(80, 86, 18, "#e2a03f")
    canvas.disc(80, 86, 10, "#17324d")
    canvas.rectangle(58, 72, 72, 88, "#17324d")
    for row in range(2):
        for left in range(34, 126, 24):
            canvas.polygon(
                [(left, 116 + row * 12), (left + 12, 108 + row * 12), (left + 24, 116 + row * 12)], "#b9d6e3"
            )
    canvas.text(166, 50, str(parameters["first"]), _INK, 5)
    canvas.text(168, 100, str(parameters["second"]), _QUIET, 2)
    return canvas.png()


def quay_at_dusk(parameters: Parameters) -> bytes:
    """Draw the view of the quay from the control room."""
    return _quay(str(parameters["title"])).png()


def quay_camera(parameters: Parameters) -> bytes:
    """Return the same view as a coarse JPEG, as the old camera on the mast sends it."""
    return jpeg(_quay(str(parameters["title"])), 8)


def _quay(title: str) -> Canvas:
    canvas = Canvas(960, 540)
    canvas.gradient(0, 300, "#27406b", "#e9a36b")
    canvas.disc(690, 270, 46, "#f7d9a0")
    canvas.gradient(300, 420, "#a4736a", "#33495f")
    for index in range(14):
        canvas.rectangle(
            690 - 40 + index % 5 * 8, 306 + index * 8, 690 + 40 - index % 4 * 9, 308 + index * 8, "#eec48f"
        )
    canvas.polygon([(60, 330), (520, 330), (560, 300), (600, 300), (580, 372), (90, 372)], "#2b1f2b")
    for column in range(8):
        for row in range(3):
            shade = ("#7b3b34", "#1f4f68", "#8a6d3b", "#3f5f52")[(column * 2 + row) % 4]
            canvas.rectangle(100 + column * 48, 306 - row * 24, 144 + column * 48, 328 - row * 24, shade)
    for x in (180, 400, 820):
        canvas.rectangle(x - 4, 120, x + 4, 420, "#1a1c26")
        canvas.rectangle(x + 52, 160, x + 60, 420, "#1a1c26")
        canvas.rectangle(x - 130, 150, x + 90, 160, "#1a1c26")
        canvas.line(x, 120, x - 120, 152, "#1a1c26", 4)
        canvas.line(x, 120, x + 84, 152, "#1a1c26", 4)
        canvas.disc(x, 118, 5, "#ff6b5a")
    canvas.rectangle(0, 420, 960, 540, "#20232d")
    for lamp in range(40, 960, 110):
        canvas.rectangle(lamp, 430, lamp + 40, 433, "#e9b56b")
    canvas.text(24, 510, title, "#e8ecf0")
    return canvas


PICTURES: dict[str, Callable[[Parameters], bytes]] = {
    "bar_chart": bar_chart,
    "line_chart": line_chart,
    "flow": flow,
    "site_plan": site_plan,
    "logo": logo,
    "quay_at_dusk": quay_at_dusk,
    "quay_camera": quay_camera,
}
