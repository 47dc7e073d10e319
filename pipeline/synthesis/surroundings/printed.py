"""What is printed about a number: frames, cells, tables, combs, ruled and squared paper, stamps."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.synthesis.style import uniform
from pipeline.synthesis.surroundings.chances import Surroundings
from pipeline.synthesis.surroundings.scene import Scene, put


@dataclass(frozen=True)
class Pen:
    """Of printed lines. thick: pixels; dark: share of the light that they take."""

    thick: float
    dark: float


def draw_pen(rng: np.random.Generator, around: Surroundings, height: float) -> Pen:
    """A pen for the rules of one picture."""
    return Pen(max(0.8, height * uniform(rng, around.rule_widths)), uniform(rng, around.rule_darkness))


def draw_rule(
    layer: np.ndarray, place: float, pen: Pen, *, upright: bool, start: float = -np.inf, stop: float = np.inf
) -> None:
    """A straight anti-aliased line in row (upright: column) ``place`` of ``layer`` (H, W), from ``start`` to
    ``stop``, in place."""
    view = layer.T if upright else layer
    half = pen.thick / 2
    first, last = max(0, int(place - half - 1)), min(view.shape[0], int(place + half + 2))
    begin, end = int(max(0, start - half)), int(min(view.shape[1], stop + half + 0.5))
    if first >= last or begin >= end:
        return
    cover = np.clip(half + 0.5 - np.abs(np.arange(first, last) + 0.5 - place), 0, min(1.0, pen.thick))
    window = view[first:last, begin:end]
    np.maximum(window, (pen.dark * cover).astype(np.float32)[:, None], out=window)


def draw_frame(layer: np.ndarray, edges: tuple[float, float, float, float], pen: Pen, sides: str = "tblr") -> None:
    """The sides "t", "b", "l", "r" of a rectangle (top, bottom, left, right)."""
    top, bottom, left, right = edges
    for side, place in zip("tblr", edges, strict=True):
        if side in sides:
            low, high = (top, bottom) if side in "lr" else (left, right)
            draw_rule(layer, place, pen, upright=side in "lr", start=low, stop=high)


@dataclass(frozen=True)
class Setting:
    """Where a layout's lines lie. edges: (top, bottom, left, right) of the frame or cell in the scene; dividers:
    columns between cells, in the scene, () where the characters are in none."""

    edges: tuple[float, float, float, float]
    dividers: tuple[float, ...]
    pen: Pen


Layout = Callable[[np.random.Generator, Scene, Setting], None]


def _plain(rng: np.random.Generator, scene: Scene, setting: Setting) -> None:
    if rng.random() < 0.15:
        draw_rule(scene.printed, scene.box[1] + scene.height * uniform(rng, (-0.1, 0.3)), setting.pen, upright=False)


def _frame(rng: np.random.Generator, scene: Scene, setting: Setting) -> None:
    draw_frame(scene.printed, setting.edges, setting.pen)


def _open(rng: np.random.Generator, scene: Scene, setting: Setting) -> None:
    sides = "".join(side for side in "tblr" if rng.random() < 0.5)
    long = scene.window if rng.random() < 0.5 else setting.edges
    for side in sides:
        edges = list(long)
        edges["tblr".index(side)] = setting.edges["tblr".index(side)]
        draw_frame(scene.printed, (edges[0], edges[1], edges[2], edges[3]), setting.pen, side)


def _double(rng: np.random.Generator, scene: Scene, setting: Setting) -> None:
    sides = "tblr" if rng.random() < 0.5 else ("b", "t", "lr", "tb", "l", "r")[int(6 * rng.random())]
    apart = setting.pen.thick * uniform(rng, (1.8, 4))
    top, bottom, left, right = setting.edges
    draw_frame(scene.printed, setting.edges, setting.pen)
    draw_frame(scene.printed, (top - apart, bottom + apart, left - apart, right + apart), setting.pen, sides)


def _cells(rng: np.random.Generator, scene: Scene, setting: Setting) -> None:
    """Lines across the whole sheet: the cell and those beside it; each line with a thickness of its own."""
    for place, upright in zip(setting.edges, (False, False, True, True), strict=True):
        thick = setting.pen.thick * (1 if rng.random() < 0.75 else uniform(rng, (1.5, 3)))
        draw_rule(scene.printed, place, Pen(thick, setting.pen.dark), upright=upright)


def _table(rng: np.random.Generator, scene: Scene, setting: Setting) -> None:
    """Rules between the lines, some of them through the writing, and now and then columns."""
    shift = scene.height * uniform(rng, (-0.25, 0.15))
    for place in (setting.edges[0] - shift, setting.edges[1] + shift):
        draw_rule(scene.printed, place, setting.pen, upright=False)
    for place in setting.edges[2:]:
        if rng.random() < 0.35:
            draw_rule(scene.printed, place, setting.pen, upright=True)
            if rng.random() < 0.25:
                apart = setting.pen.thick * uniform(rng, (1.5, 3))
                draw_rule(scene.printed, place + apart, setting.pen, upright=True)


def _comb(rng: np.random.Generator, scene: Scene, setting: Setting) -> None:
    """A cell for each digit, some empty ones after them; the dividers whole, or ticks at the foot."""
    if not setting.dividers:
        return _frame(rng, scene, setting)
    places = list(setting.dividers)
    pitch = places[1] - places[0]
    before, after = (int(rng.random() * 3) if rng.random() < 0.3 else 0 for _ in range(2))
    places = [places[0] - pitch * k for k in range(before, 0, -1)] + places
    places += [places[-1] + pitch * (k + 1) for k in range(after)]
    top, bottom = setting.edges[:2]
    tick = rng.random() < 0.25
    high = bottom - (bottom - top) * uniform(rng, (0.12, 0.4)) if tick else top
    inner = Pen(setting.pen.thick * (1 if rng.random() < 0.6 else 0.6), setting.pen.dark)
    for place in places[1:-1]:
        draw_rule(scene.printed, place, inner, upright=True, start=high, stop=bottom)
    draw_frame(
        scene.printed,
        (top, bottom, places[0], places[-1]),
        setting.pen,
        "blr" if tick or rng.random() < 0.1 else "tblr",
    )


def _ruled(rng: np.random.Generator, scene: Scene, setting: Setting) -> None:
    pitch = scene.height * uniform(rng, (0.55, 1.8))
    place = scene.box[1] + scene.height * uniform(rng, (-0.15, 0.25))
    _rules(scene.printed, place, pitch, _thin(setting.pen), upright=False)
    if rng.random() < 0.12:
        draw_rule(scene.printed, setting.edges[2], setting.pen, upright=True)


def _squared(rng: np.random.Generator, scene: Scene, setting: Setting) -> None:
    pitch = scene.height * uniform(rng, (0.3, 1.2))
    for upright in (False, True):
        _rules(scene.printed, pitch * rng.random(), pitch, _thin(setting.pen), upright=upright)


def _thin(pen: Pen) -> Pen:
    return Pen(max(0.6, 0.5 * pen.thick), 0.7 * pen.dark)


def _rules(layer: np.ndarray, place: float, pitch: float, pen: Pen, *, upright: bool) -> None:
    for row in np.arange(place % pitch, layer.shape[int(upright)], pitch):
        draw_rule(layer, float(row), pen, upright=upright)


LAYOUTS: dict[str, Layout] = {
    "plain": _plain,
    "frame": _frame,
    "open": _open,
    "double": _double,
    "cells": _cells,
    "table": _table,
    "comb": _comb,
    "ruled": _ruled,
    "squared": _squared,
}


def draw_stamp(rng: np.random.Generator, scene: Scene) -> None:
    """A stamp over part of the number: a ring or two, or a frame, with a word in it; paler than the ink."""
    size = scene.height * uniform(rng, (1.5, 3.0))
    wide = size * uniform(rng, (1.0, 2.5))
    ring = rng.random() < 0.6
    canvas = Image.new("L", (int(2 * (size if ring else wide)), int(2 * size)))
    draw = ImageDraw.Draw(canvas)
    grey, line = round(255 * uniform(rng, (0.12, 0.4))), max(1, round(0.08 * size))
    for inset in (2, int(0.2 * size)) if rng.random() < 0.6 else (2,):
        box = (inset, inset, canvas.width - inset, canvas.height - inset)
        draw.ellipse(box, outline=grey, width=line) if ring else draw.rectangle(box, outline=grey, width=line)
    draw.text((canvas.width / 2, canvas.height / 2), draw_word(rng), grey, print_font(int(0.5 * size)), "mm")
    # A round stamp is turned any way, a framed one a little.
    turned = canvas.reduce(2).rotate(
        uniform(rng, (-60, 60) if ring else (-15, 15)), Image.Resampling.BILINEAR, expand=True
    )
    top, bottom, left, right = scene.box
    x, y = left + (right - left) * rng.random(), top + (bottom - top) * uniform(rng, (-0.2, 1.2))
    part = np.asarray(turned, np.float32) / np.float32(255)
    put(scene.printed, part, int(y - part.shape[0] / 2), int(x - part.shape[1] / 2))


def draw_word(rng: np.random.Generator) -> str:
    """Letters that look like a word or an abbreviation."""
    vowels, consonants = "aeiou", "bcdfghklmnprstvw"
    word = "".join(
        (vowels if place % 2 else consonants)[int(rng.random() * (5 if place % 2 else 16))]
        for place in range(2 + int(6 * rng.random()))
    )
    manner = rng.random()
    return word.upper() if manner < 0.3 else word.capitalize() if manner < 0.7 else word


@functools.cache
def print_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The print font that comes with Pillow."""
    return ImageFont.load_default(max(4, size))


def print_text(text: str, height: float) -> np.ndarray:
    """(h, w) float32 in [0, 1]: ``text`` printed, its capitals ``height`` pixels high, cut close."""
    font = print_font(round(1.4 * height))
    left, top, right, bottom = font.getbbox(text)
    canvas = Image.new("L", (max(1, int(right - left)), max(1, int(bottom - top))))
    ImageDraw.Draw(canvas).text((-left, -top), text, 255, font)
    return np.asarray(canvas, np.float32) / np.float32(255)
