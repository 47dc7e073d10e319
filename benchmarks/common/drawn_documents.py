"""Forms and cheques drawn with known fields: boxes, combs, currency signs, number lines, print around them.

One seed, one page. The writing is that of the synthetic strings (pipeline.synthesis.strings), the papers are theirs.
Nothing here was fitted to a real document: sizes, places and labels are drawn at random from wide ranges.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common.drawn_pages import CLEAN, WORDS, DrawnPage, TrueField
from pipeline.synthesis.sources import Sources

SIGNS = ("$", "£", "Rs.", "USD")
AMOUNTS = replace(CLEAN, name="amounts", separators=0.5, endings=0.4)


def number(rng: np.random.Generator, least: int, most: int) -> str:
    length = least + int(rng.random() * (most - least + 1))
    return "".join(str(int(rng.random() * 10)) for _ in range(length))


def amount(rng: np.random.Generator) -> str:
    return str(1 + int(rng.random() * 9)) + number(rng, 2, 6)


def date(rng: np.random.Generator) -> str:
    return f"{1 + int(rng.random() * 28):02d}{1 + int(rng.random() * 12):02d}{1990 + int(rng.random() * 40)}"


def draw_form(seed: int, sources: Sources) -> tuple[np.ndarray, list[TrueField]]:
    """A form of rows of boxes and combs; (H, W) uint8, and its fields. Some boxes stay empty."""
    rng = np.random.default_rng([seed, 1])
    dots = (150, 200, 300)[int(rng.random() * 3)]
    unit = dots / 100
    page = DrawnPage(rng, sources, (int(11.7 * dots), int(8.27 * dots)), unit)
    page.text(80 * unit, 50 * unit, page.words(4).upper(), 22)
    page.text(80 * unit, 85 * unit, page.words(11), 11)
    page.text(80 * unit, 100 * unit, page.words(11), 11)
    height, y = page.uniform(25, 36) * unit, 150 * unit
    while y < 900 * unit:
        _draw_row(page, y, height)
        y += height + page.uniform(26, 60) * unit
    for k in range(5):
        page.text(80 * unit, y + (20 + 16 * k) * unit, page.words(12), 11)
    return page.finished(page.pick(("white", "white", "grey", "mottled"))), page.fields


def _draw_row(page: DrawnPage, y: float, height: float) -> None:
    unit, rng, x = page.unit, page.rng, 70 * page.unit
    while x < 620 * unit:
        kind = rng.random()
        if rng.random() < 0.4:  # the number above the box, or a label beside it
            page.text(x + 20 * unit, y - 13 * unit, number(rng, 2, 6), 11)
        else:
            x += page.text(x, y + 0.5 * height - 6 * unit, page.words(1) + " ", 11) + 4 * unit
        room = 760 * unit - x
        if kind < 0.55:
            text = number(rng, 2, 8)
            width = height * (0.6 * len(text) + page.uniform(0.8, 3))
            if width < room:
                if rng.random() < 0.15:
                    page.rectangle(x, y, x + width, y + height)
                else:
                    page.box("", "box", x, y, width, height, text)
        elif kind < 0.8:
            is_date = rng.random() < 0.3
            text = date(rng) if is_date else number(rng, 4, 10)
            cell = page.uniform(0.75, 1.1) * height
            width = cell * len(text)
            if width < room:
                page.comb("date" if is_date else "", x, y, cell, height, text)
        else:
            width = height * page.uniform(2, 5)
            text = number(rng, 3, 5)
            if width < room:
                page.rule(x, x + width, y + height)
                page.write(x, y - 0.1 * height, x + width, y + 0.97 * height, text)
                page.note("", "line", x, y - 0.1 * height, width, 1.1 * height, text)
        x += width + page.uniform(30, 80) * unit


def draw_cheque(seed: int, sources: Sources) -> tuple[np.ndarray, list[TrueField]]:
    """A cheque; (H, W) uint8, and its fields: the amount, and the date in a comb."""
    rng = np.random.default_rng([seed, 2])
    dots = (150, 200, 300)[int(rng.random() * 3)]
    unit = dots / 100
    page = DrawnPage(rng, sources, (int(page_height(rng) * dots), int((7 + rng.random()) * dots)), unit)
    width, height = page.shape[1] / unit, page.shape[0] / unit
    page.text(40 * unit, 25 * unit, f"BANK OF {page.pick(WORDS).upper()}", 24)
    for k in range(2):
        page.text(40 * unit, (55 + 13 * k) * unit, f"{page.words(3)} {number(rng, 3, 6)}", 9)
    cell = page.uniform(18, 23)
    left = width - 8 * cell - page.uniform(15, 50)
    tall = page.uniform(18, 27)
    page.comb("date", left * unit, 30 * unit, cell * unit, tall * unit, date(rng))
    for k, letter in enumerate("DDMMYYYY"):
        page.text((left + (k + 0.35) * cell) * unit, (33 + tall) * unit, letter, 9)
    for k, label in enumerate(("Pay", "the sum of")):
        y = height * (0.3 + 0.13 * k)
        end = page.text(35 * unit, (y - 10) * unit, label, 11)
        page.rule(45 * unit + end, (width - 180 * k - 40) * unit, y * unit)
        _scribble(page, 120 * unit, (y - 22) * unit, page.uniform(120, 260) * unit, 20 * unit)
    _draw_amount(page, width, height * page.uniform(0.42, 0.5))
    if rng.random() < 0.6:
        page.text(40 * unit, height * 0.6 * unit, f"A/c No. {number(rng, 9, 14)}", 12)
    _scribble(page, (width - 150) * unit, height * 0.68 * unit, 100 * unit, 32 * unit)
    page.text((width - 150) * unit, height * 0.83 * unit, "Authorised signature", 8)
    for k in range(3):
        page.text((170 + 130 * k) * unit, height * 0.91 * unit, number(rng, 6, 9), 14)
    paper = page.pick(("guilloche", "guilloche", "waves", "halftone", "hatching", "white"))
    return page.finished(paper), page.fields


def page_height(rng: np.random.Generator) -> float:
    return 3.1 + 0.7 * float(rng.random())


def _draw_amount(page: DrawnPage, width: float, y: float) -> None:
    unit, tall = page.unit, page.uniform(28, 38)
    wide = page.uniform(150, 200)
    left = width - wide - page.uniform(15, 40)
    sign, where, text = page.pick(SIGNS), page.rng.random(), amount(page.rng)
    size = 0.5 * tall
    page.rectangle(left * unit, y * unit, (left + wide) * unit, (y + tall) * unit)
    inner = left
    if where < 0.75:
        room = ImageFont.load_default(max(6, size * unit)).getlength(sign) / unit
        page.text((left + 7) * unit, (y + 0.22 * tall) * unit, sign, size)
        inner = left + 14 + room
        if where < 0.35:
            page.draw.line([(inner * unit, y * unit), (inner * unit, (y + tall) * unit)], page.grey, page.line)
    else:
        page.text((left - 30) * unit, (y + 0.22 * tall) * unit, sign, size)
    page.write(
        inner * unit + 4 * page.line,
        y * unit + page.line,
        (left + wide) * unit - page.line,
        (y + tall) * unit - page.line,
        text,
        AMOUNTS,
    )
    page.note("amount", "amount", left * unit, y * unit, wide * unit, tall * unit, text)


def _scribble(page: DrawnPage, x: float, y: float, width: float, height: float) -> None:
    """A line of joined-up writing that means nothing."""
    count = max(4, int(width / height * 2.5))
    points = [
        (
            x + (k + 0.5 * page.rng.random()) * width / count,
            y + height * (0.25 + 0.7 * page.rng.random() if k % 2 else page.rng.random() * 0.6),
        )
        for k in range(count)
    ]
    fine = np.linspace(0, count - 1, 20 * count)
    xs = np.interp(fine, range(count), [p[0] for p in points]) + 0.1 * height * np.sin(3 * fine)
    ys = np.interp(fine, range(count), [p[1] for p in points])
    picture = Image.new("L", page.shape[::-1], 0)
    ImageDraw.Draw(picture).line(list(zip(xs, ys, strict=True)), 230, max(2, round(2 * page.unit)), "curve")
    np.maximum(page.ink, np.asarray(picture, np.float32) / 255, out=page.ink)
