"""Scales, marks and palettes of the hand-made SVG figures.

Roles are told apart by shape and by colour; the colours keep apart for colour-blind readers.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from node_api.findings import ArmRole

STEPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
WIDEST_NAME, NAME_LINE = 230.0, 15
LETTER, CAPITAL, WIDE, NARROW = 8.9, 10.5, 13.9, 5.8
"""Widths in a wide sans serif of 14 px."""

FAMILIES: dict[ArmRole, str] = {
    "baseline": "own",
    "healthy control": "own",
    "matched control": "own",
    "painted control": "own",
    "blob control": "own",
    "own generator control": "own",
    "augmentation control": "own",
    "synthetic": "synthetic",
    "synthetic only": "alone",
    "real donor": "real",
}
"""The class that gives an arm's marks their colour, in report.css."""


@dataclass(frozen=True)
class Figure:
    """A drawing and what stands above it."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high` that lies between `start` and `end`, in SVG units."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value lies."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, most: int = 8) -> list[float]:
        """Return values to mark: at most `most` steps, all round."""
        step = next(step for step in STEPS if (self.high - self.low) / step <= most + 0.001)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(index * step, 4) + 0.0 for index in range(first, last + 1)]


def limits(
    values: Iterable[float], *, step: float = 0.05, room: float = 0.005
) -> tuple[float, float]:
    """Return round ends of a scale that leave room around every value; 0 to 1 for none."""
    known = list(values)
    if not known:
        return 0.0, 1.0
    low = math.floor((min(known) - room) / step) * step
    high = math.ceil((max(known) + room) / step) * step
    return round(low, 4), round(high, 4)


def svg(width: float, height: float, description: str, parts: Iterable[Markup]) -> Markup:
    """Return a drawing that says what it is to those who cannot see it."""
    return Markup(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>'
    ).format(width, height, description, description, Markup("").join(parts))


def line(css: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    """Return a straight line."""
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(css, x1, y1, x2, y2)


def text(value: str, x: float, y: float, *, css: str, anchor: str = "start") -> Markup:
    """Return a line of text."""
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        css, x, y, anchor, value
    )


@dataclass(frozen=True)
class Names:
    """Arms' names beside a figure; one that is wider than `WIDEST_NAME` takes several lines.

    Attributes:
        lines: By name.
    """

    lines: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, names: Iterable[str]) -> "Names":
        """Wrap names where they need it."""
        return cls({name: tuple(_wrapped(name)) for name in names})

    @property
    def width(self) -> float:
        """What the widest line takes."""
        return max((_width(line) for lines in self.lines.values() for line in lines), default=0.0)

    @property
    def extra_height(self) -> int:
        """What the name of most lines takes beyond one line."""
        return NAME_LINE * (max(map(len, self.lines.values()), default=1) - 1)

    def label(self, name: str, x: float, y: float, *, anchor: str = "end") -> Markup:
        """Return a name whose lines are centred where a single one has its foot at `y`."""
        lines = self.lines[name]
        first = y - NAME_LINE * (len(lines) - 1) / 2
        return Markup("").join(
            Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
                x, first + NAME_LINE * number, anchor, line
            )
            for number, line in enumerate(lines)
        )


def _wrapped(name: str) -> Iterator[str]:
    shown = ""
    for piece in re.findall(r"\S+\s*", name):
        if shown and _width((shown + piece).rstrip()) > WIDEST_NAME:
            yield shown.rstrip()
            shown = ""
        for character in piece:
            if _width(shown + character.strip()) > WIDEST_NAME:
                yield shown
                shown = ""
            shown += character
    yield shown.rstrip()


def _width(line: str) -> float:
    """Return about how wide a line is, rather too much than too little."""
    return round(sum(map(_character_width, line)), 1)


def _character_width(character: str) -> float:
    if character in "MWmw@%+":
        return WIDE
    if character in " .,:;()-/ijlrtfI'":
        return NARROW
    return CAPITAL if character.isupper() else LETTER


def upright(value: str, x: float, y: float) -> Markup:
    """Return a title of a vertical axis, read from below."""
    return Markup(
        '<text class="tick" x="{}" y="{}" text-anchor="middle" transform="rotate(-90 {} {})">'
        "{}</text>"
    ).format(x, y, x, y, value)


def mark(family: str, x: float, y: float, *, title: str = "", size: float = 4.5) -> Markup:
    """Return a mark of an arm's family: hollow and filled circle, triangle, diamond."""
    if family in {"own", "synthetic"}:
        return disc(f"mark {family}", x, y, size, title=title)
    corners = [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)]
    if family == "alone":
        corners = [(0, -1.2), (1.15, 0.9), (-1.15, 0.9)]
    points = " ".join(f"{x + size * dx:.1f},{y + size * dy:.1f}" for dx, dy in corners)
    return Markup('<polygon class="mark {}" points="{}">{}</polygon>').format(
        family, points, _tip(title)
    )


def disc(css: str, x: float, y: float, radius: float, *, title: str = "") -> Markup:
    """Return a circle that says `title` under the pointer."""
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{:.1f}">{}</circle>').format(
        css, x, y, radius, _tip(title)
    )


def path(css: str, points: Sequence[tuple[float, float]], *, closed: bool = False) -> Markup:
    """Return straight lines through points."""
    steps = "L".join(f"{x:g} {y:g}" for x, y in points)
    return Markup('<path class="{}" d="M{}{}"/>').format(css, steps, "Z" if closed else "")


def _tip(title: str) -> Markup:
    return Markup("<title>{}</title>").format(title) if title else Markup("")
