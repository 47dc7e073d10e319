"""Growth as a plot: cost against how much there is to do, both by their first values, on logarithmic axes; SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 420, 60, 20, 20, 50  # points of the picture, and of its margins
DECADES = (4, 4)  # of each axis, across and up
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # told apart by colour-blind people, too (Okabe and Ito 2008)
TEXT = 'font-family="sans-serif" font-size="13"'

Series = Mapping[str, Sequence[tuple[float, float]]]  # name -> (amount, cost), rising


def drawn_plot(series: Series) -> str:
    """The SVG."""
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {TEXT}>']
    parts.append(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>')
    parts += _axes()
    for (name, points), colour in zip(series.items(), COLOURS, strict=False):
        places = [_place(amount / points[0][0], cost / points[0][1]) for amount, cost in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        x, y = places[-1]
        parts.append(f'<text x="{min(x + 6, WIDTH - 90):.1f}" y="{y - 6:.1f}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes() -> list[str]:
    """The grid, its labels, and the line of what grows as its amount does."""
    parts = []
    for decade in range(DECADES[0] + 1):
        x, _ = _place(10.0**decade, 1)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**decade:,}</text>')
    for decade in range(DECADES[1] + 1):
        _, y = _place(1, 10.0**decade)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10**decade:,}</text>')
    (x1, y1), (x2, y2) = _place(1, 1), _place(10.0 ** DECADES[0], 10.0 ** DECADES[0])
    parts.append(
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#888" stroke-dasharray="5 4"/>'
    )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">times as much to read</text>')
    up = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text transform="translate(16 {up}) rotate(-90)" text-anchor="middle">times the CPU</text>')
    return parts


def _place(amount: float, cost: float) -> tuple[float, float]:
    """Points across and down of a ratio of amounts and one of costs."""
    across = math.log10(amount) / DECADES[0] * (WIDTH - LEFT - RIGHT)
    up = math.log10(cost) / DECADES[1] * (HEIGHT - TOP - BOTTOM)
    return LEFT + across, HEIGHT - BOTTOM - up
