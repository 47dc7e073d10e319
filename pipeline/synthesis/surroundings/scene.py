"""The scene: a number on a piece of paper that is larger than what the picture will show of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from pipeline.synthesis.style import uniform
from pipeline.synthesis.surroundings.chances import Surroundings
from pipeline.synthesis.surroundings.number_line import NumberLine

LEAST_SIDE = 8.0  # pixels


@dataclass(eq=False)
class Scene:
    """Layers that lie one upon the other, all (H, W), and the window that the picture shows of them.

    ink: float32 in [0, 1]; owner: int16, index of the character, -1 = none; printed: float32, the share of the light
    that rules and print take away; height: of a digit, in pixels; box: (top, bottom, left, right) of the number, in
    pixels; room: how far the window reaches beyond the box, upward, downward, left and right; angle: by which the
    window is turned about the box's middle, in radians.
    """

    ink: np.ndarray
    owner: np.ndarray
    printed: np.ndarray
    height: float
    box: tuple[float, float, float, float]
    room: tuple[float, float, float, float]
    angle: float

    @property
    def middle(self) -> tuple[float, float]:
        """(x, y) of the box's middle."""
        top, bottom, left, right = self.box
        return (left + right) / 2, (top + bottom) / 2

    @property
    def window(self) -> tuple[float, float, float, float]:
        """(top, bottom, left, right) of the window as if it were not turned, in pixels of the scene."""
        (x, y), (up, down, left, right) = self.middle, _reach(self.box, self.room, self.angle)
        return y - up, y + down, x - left, x + right


def set_scene(
    rng: np.random.Generator, around: Surroundings, line: NumberLine, room: tuple[float, float, float, float]
) -> Scene:
    """The number on an empty sheet large enough for every turn of the window. room: as in `Scene`, in pixels."""
    ink, owner = line.ink, line.owner
    rows, columns = _extent(line)
    wide = columns[1] - columns[0] > 6 * (rows[1] - rows[0])
    tilt = uniform(rng, around.steep_tilts if rng.random() < around.steep and not wide else around.tilts)
    angle = math.radians(tilt) * (1 if rng.random() < 0.5 else -1)
    flat = (0.0, float(rows[1] - rows[0]), 0.0, float(columns[1] - columns[0]))
    up, down, left, right = _reach(flat, room, angle)
    cos, sin = math.cos(angle), abs(math.sin(angle))
    above = math.ceil(cos * max(up, down) + sin * max(left, right)) + 3
    beside = math.ceil(cos * max(left, right) + sin * max(up, down)) + 3
    shape = 2 * above, 2 * beside
    top, side = round(above - flat[1] / 2), round(beside - flat[3] / 2)
    scene = Scene(
        np.zeros(shape, np.float32),
        np.full(shape, -1, np.int16),
        np.zeros(shape, np.float32),
        line.height,
        (top, top + flat[1], side, side + flat[3]),
        room,
        angle,
    )
    put(scene.ink, ink, top - rows[0], side - columns[0])
    put(scene.owner, owner, top - rows[0], side - columns[0])
    if line.ghost is not None:
        put(
            scene.printed,
            line.ghost * np.float32(uniform(rng, (0.0, 0.22)) * (rng.random() < 0.6)),
            top - rows[0],
            side - columns[0],
        )
    return scene


def put(layer: np.ndarray, part: np.ndarray, top: int, left: int) -> None:
    """Lays ``part`` (h, w) into ``layer`` (H, W), in place; what reaches beyond it is cut, and the greater value
    stays."""
    h, w = part.shape
    rows, columns = slice(max(0, top), min(layer.shape[0], top + h)), slice(max(0, left), min(layer.shape[1], left + w))
    if rows.start < rows.stop and columns.start < columns.stop:
        window = layer[rows, columns]
        np.maximum(
            window, part[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left], out=window
        )


def bend(rng: np.random.Generator, ink: np.ndarray, owner: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """The whole line distorted at once: (ink, owner) moved smoothly by some ``size`` pixels at nodes far apart."""
    pad = math.ceil(3 * size) + 1
    ink, owner = np.pad(ink, pad), np.pad(owner, pad, constant_values=-1)
    h, w = ink.shape
    down, across = 2, int(np.clip(round(1.3 * w / h), 2, 9))
    rows, columns = np.linspace(0, h, down + 1).round(), np.linspace(0, w, across + 1).round()
    nodes = np.stack(np.meshgrid(columns, rows), axis=-1)
    nodes[:, 1:-1] += size * np.clip(rng.standard_normal((down + 1, across - 1, 2)), -2.5, 2.5)
    mesh = [
        (
            (int(columns[c]), int(rows[r]), int(columns[c + 1]), int(rows[r + 1])),
            tuple(np.concatenate([nodes[r, c], nodes[r + 1, c], nodes[r + 1, c + 1], nodes[r, c + 1]]).tolist()),
        )
        for r in range(down)
        for c in range(across)
    ]
    return _moved(ink, owner, (w, h), Image.Transform.MESH, mesh)


def take_window(rng: np.random.Generator, scene: Scene, warp: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ink, owner, printed) of what the window shows, turned by the scene's angle; warp: how far, in shares of its
    sides, its corners are off, as in a picture taken aslant."""
    top, bottom, left, right = scene.window
    w, h = max(LEAST_SIDE, round(right - left)), max(LEAST_SIDE, round(bottom - top))
    size = int(w), int(h)
    corners = np.array([(0, 0), (w, 0), (w, h), (0, h)])
    x, y = scene.middle
    offset = corners + np.array([left - x, top - y])
    cos, sin = math.cos(scene.angle), math.sin(scene.angle)
    places = offset @ np.array([[cos, sin], [-sin, cos]]) + np.array([x, y])
    if warp:
        # Of a long line, too, no more than its ends may leave the picture.
        places += warp * (rng.random((4, 2)) - 0.5) * np.minimum([w, h], 4 * scene.height)
    data = _perspective(corners, places)
    ink, owner = _moved(scene.ink, scene.owner, size, Image.Transform.PERSPECTIVE, data)
    printed = Image.fromarray(_bytes(scene.printed)).transform(
        size, Image.Transform.PERSPECTIVE, data, Image.Resampling.BILINEAR
    )
    return ink, owner, np.asarray(printed, np.float32) / np.float32(255)


def _extent(line: NumberLine) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns of the number's ink; of dividers, too, where there are any."""
    wanted = (
        np.array([*(line.inside if line.known else (True,)), False])[line.owner] if line.labels else line.owner >= 0
    )
    if not wanted.any():
        return (0, line.ink.shape[0]), (0, line.ink.shape[1])
    rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    if line.dividers:
        left, right = min(left, round(line.dividers[0])), max(right, round(line.dividers[-1]))
    return (int(rows[0]), int(rows[-1]) + 1), (left, right)


def _reach(
    box: tuple[float, float, float, float], room: tuple[float, float, float, float], angle: float
) -> tuple[float, float, float, float]:
    """How far from the box's middle a window turned by ``angle`` reaches that holds the box and the room about it."""
    h, w = box[1] - box[0], box[3] - box[2]
    cos, sin = math.cos(angle), abs(math.sin(angle))
    half_h, half_w = (h * cos + w * sin) / 2, (w * cos + h * sin) / 2
    return half_h + room[0], half_h + room[1], half_w + room[2], half_w + room[3]


def _moved(
    ink: np.ndarray, owner: np.ndarray, size: tuple[int, int], method: Image.Transform, data: Sequence[Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Ink and owner, each where the transform takes it from."""
    blurred = Image.fromarray(_bytes(ink)).transform(size, method, data, Image.Resampling.BILINEAR)
    # Owners are counted from 1, for what comes from outside is 0.
    moved = Image.fromarray((owner + 1).astype(np.uint8)).transform(size, method, data, Image.Resampling.NEAREST)
    return np.asarray(blurred, np.float32) / np.float32(255), np.asarray(moved, np.int16) - np.int16(1)


def _bytes(layer: np.ndarray) -> np.ndarray:
    return (np.clip(layer, 0, 1) * 255 + 0.5).astype(np.uint8)


def _perspective(corners: np.ndarray, places: np.ndarray) -> tuple[float, ...]:
    """Pillow's eight coefficients of the projective map that takes ``corners`` (4, 2) to ``places`` (4, 2)."""
    rows = []
    for (x, y), (u, v) in zip(corners, places, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return tuple(np.linalg.solve(np.array(rows), places.ravel()).tolist())
