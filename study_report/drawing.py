"""Scales, marks and palettes of the hand-made SVG figures.

Roles are told apart by shape and by colour; the colours keep apart for colour-blind readers.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from node_api.findings import ArmRole

STEPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
LONGEST_LABEL = 26

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


def label(
    value: str, x: float, y: float, *, anchor: str = "end", longest: int = LONGEST_LABEL
) -> Markup:
    """Return an arm's name; a long one is cut, and says all of itself under the pointer."""
    shown = value if len(value) <= longest else value[: longest - 1] + "…"
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}<title>{}</title></text>').format(
        x, y, anchor, shown, value
    )


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
