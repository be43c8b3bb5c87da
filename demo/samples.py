"""Small sample archives in GeneBody's own layout, made from two photographs that scikit-image ships.

`python -m demo.samples FOLDER` makes `test10/`, `train40/` and `preview.jpg`; the same bytes every time.

Each photograph is a flat picture two metres high in the middle of a ring of cameras, so that images, masks and camera
parameters agree with each other: `K` and `c2w` project the stand-in bodies, made of ellipsoids, onto the person. The
photographs: Eileen Collins (NASA, public domain) and a photographer (Lav Varshney, CC0).
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import skimage
from PIL import Image, ImageDraw

WIDTH: Final = 600
HEIGHT: Final = 720
CAMERAS: Final = 48
VIEWS: Final = (0, 1, 3, 45, 46, 47)
"""Of the ring of 48, those in front: a flat picture has no other side."""
RADIUS: Final = 3.0  # metres from the middle to each camera
PICTURE: Final = 2.0  # metres that the photograph is high and wide
FOCAL: Final = 940.0  # pixels
TURN: Final = math.radians(5)  # how far the person turns from frame to frame
STUDIO: Final = (124, 127, 130)
MADE: Final = 1_650_844_800  # 2022-04-25, the modification time of every file

# Rough outlines of the people, in pixels of the photographs (512 x 512).
ASTRONAUT: Final = (
    "225,15 270,35 300,85 287,130 262,165 262,190 300,235 340,268 360,345 430,345 480,390 497,460 492,511 25,511 "
    "22,420 35,310 60,255 115,212 120,180 150,155 180,150 170,115 155,90 165,50 190,25"
)
PHOTOGRAPHER: Final = (
    "195,68 240,68 268,95 272,132 264,150 300,182 330,168 326,210 312,226 300,242 270,280 262,312 235,310 205,270 "
    "160,345 152,400 150,511 0,511 0,270 20,225 60,165 110,125 160,110 165,85"
)

Vector = tuple[float, float, float]
Ellipsoid = tuple[Vector, Vector]  # middle and radii, metres, y down
EILEEN: Final[tuple[Ellipsoid, ...]] = (
    ((-0.11, -0.62, 0.0), (0.22, 0.30, 0.12)),
    ((-0.24, 0.42, 0.0), (0.52, 0.52, 0.12)),
)
LAV: Final[tuple[Ellipsoid, ...]] = (
    ((-0.14, -0.52, 0.0), (0.20, 0.24, 0.12)),
    ((-0.66, 0.30, 0.0), (0.32, 0.62, 0.12)),
)


@dataclass(frozen=True, slots=True)
class Subject:
    name: str
    photograph: Image.Image
    outline: str
    body: tuple[Ellipsoid, ...]
    frames: int


@dataclass(frozen=True, slots=True)
class Samples:
    """The folders to publish, and the picture for the dataset's page."""

    test10: Path
    train40: Path
    preview: Path


def make(folder: Path) -> Samples:
    """Make the samples in a folder; what is there from an earlier run is overwritten with the same bytes."""
    astronaut, photographer = _photograph("astronaut.png"), _photograph("camera.png")
    test = [Subject("eileen", astronaut, ASTRONAUT, EILEEN, frames=2)]
    train = [
        Subject("eileen2", astronaut, ASTRONAUT, EILEEN, frames=3),
        Subject("lav", photographer, PHOTOGRAPHER, LAV, frames=3),
    ]
    split = {"train": np.array([s.name for s in train]), "test": np.array([s.name for s in test])}
    samples = Samples(folder / "test10", folder / "train40", folder / "preview.jpg")
    for place, subjects in ((samples.test10, test), (samples.train40, train)):
        for subject in subjects:
            _make_subject(place / subject.name, subject)
        _save(place / "genebody_split.npy", split)
    _make_preview(samples.preview, astronaut)
    for path in sorted(folder.rglob("*")):
        os.utime(path, (MADE, MADE))
    return samples


def camera(view: int) -> dict[str, Any]:
    """Return `K`, `c2w` and `D` of a view, as in `annots.npy`: metres, axes right, down, forward."""
    angle = 2 * math.pi * view / CAMERAS
    place = np.array([math.sin(angle), 0.0, -math.cos(angle)]) * RADIUS
    forward = -place / RADIUS
    down = np.array([0.0, 1.0, 0.0])
    c2w = np.eye(4)
    c2w[:3, :4] = np.stack([np.cross(down, forward), down, forward, place], axis=1)
    intrinsic = np.array([[FOCAL, 0.0, WIDTH / 2], [0.0, FOCAL, HEIGHT / 2], [0.0, 0.0, 1.0]])
    return {"K": intrinsic, "c2w": c2w, "D": np.zeros(5)}


def _photograph(name: str) -> Image.Image:
    return Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB")


def _make_subject(folder: Path, subject: Subject) -> None:
    outline = _mask_of(subject)
    for frame in range(subject.frames):
        turn = (frame - subject.frames // 2) * TURN
        for view in VIEWS:
            coefficients = _seen_by(camera(view), turn)
            image = _warped(subject.photograph, coefficients, STUDIO, Image.Resampling.BICUBIC)
            mask = _warped(outline, coefficients, 0, Image.Resampling.NEAREST)
            image.save(_place(folder / "image" / f"{view:02}" / f"{frame:04}.jpg"), quality=92, subsampling=0)
            mask.save(_place(folder / "mask" / f"{view:02}" / f"mask{frame:04}.png"), optimize=True)
        _save(folder / "param" / f"{frame:04}.npy", _parameters(turn))
        _place(folder / "smpl" / f"{frame:04}.obj").write_text(_body(subject.body, turn), encoding="ascii")
    _save(folder / "annots.npy", {"cams": {f"{view:02}": camera(view) for view in VIEWS}})


def _mask_of(subject: Subject) -> Image.Image:
    mask = Image.new("L", subject.photograph.size, 0)
    points = [tuple(float(n) for n in point.split(",")) for point in subject.outline.split()]
    ImageDraw.Draw(mask).polygon([(x, y) for x, y in points], fill=255)
    return mask


def _seen_by(view: dict[str, Any], turn: float) -> list[float]:
    """Return Pillow's eight coefficients: from a pixel of the view to one of the photograph."""
    scale = PICTURE / 512
    turned = _turned(turn)
    w2c = np.linalg.inv(view["c2w"])
    # A photograph's pixel (u, v) lies at `turned @ ((u - 256) * scale, (v - 256) * scale, 0)`.
    across, along = turned[:, 0] * scale, turned[:, 1] * scale
    corner = -256 * (across + along)
    columns = [w2c[:3, :3] @ across, w2c[:3, :3] @ along, w2c[:3, :3] @ corner + w2c[:3, 3]]
    back = np.linalg.inv(view["K"] @ np.stack(columns, axis=1))
    return [float(n) for n in (back / back[2, 2]).ravel()[:8]]


def _warped(
    picture: Image.Image, coefficients: Sequence[float], fill: int | tuple[int, ...], how: Image.Resampling
) -> Image.Image:
    size = (WIDTH, HEIGHT)
    return picture.transform(size, Image.Transform.PERSPECTIVE, coefficients, resample=how, fillcolor=fill)


def _turned(turn: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    cos, sin = math.cos(turn), math.sin(turn)
    return np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])


def _parameters(turn: float) -> dict[str, Any]:
    """What `param/*.npy` holds: the shapes that an SMPLx model takes, at rest and turned."""
    shapes = {
        "global_orient": 3,
        "body_pose": 63,
        "jaw_pose": 3,
        "leye_pose": 3,
        "reye_pose": 3,
        "left_hand_pose": 45,
        "right_hand_pose": 45,
        "betas": 10,
        "expression": 10,
        "transl": 3,
    }
    smplx = {name: np.zeros((1, size), np.float32) for name, size in shapes.items()}
    smplx["global_orient"][0, 1] = turn
    return {"smplx": smplx, "smplx_scale": np.float32(1.0)}


def _body(parts: tuple[Ellipsoid, ...], turn: float) -> str:
    """Return a mesh in OBJ, each ellipsoid of 12 by 16 facets; metres, y down."""
    lines = ["# A stand-in made of ellipsoids. The real dataset has the fitted SMPLx body here."]
    faces: list[str] = []
    for middle, radii in parts:
        base = len(lines)  # vertices are numbered from 1, and one line is the comment
        for ring in range(13):
            for step in range(16):
                polar, round_ = math.pi * ring / 12, 2 * math.pi * step / 16
                unit = (math.sin(polar) * math.cos(round_), math.cos(polar), math.sin(polar) * math.sin(round_))
                x, y, z = _turned(turn) @ (np.array(middle) + np.array(unit) * np.array(radii))
                lines.append(f"v {x:.5f} {y:.5f} {z:.5f}")
        for ring in range(12):
            for step in range(16):
                a, b = base + ring * 16 + step, base + ring * 16 + (step + 1) % 16
                faces += [f"f {a} {b} {a + 16}", f"f {b} {b + 16} {a + 16}"]
    return "\n".join([*lines, *faces]) + "\n"


def _make_preview(path: Path, photograph: Image.Image) -> None:
    """Three views of one moment, side by side, 1280 x 720."""
    preview = Image.new("RGB", (1280, HEIGHT), STUDIO)
    for column, view in enumerate((45, 0, 3)):
        seen = _warped(photograph, _seen_by(camera(view), 0.0), STUDIO, Image.Resampling.BICUBIC)
        preview.paste(seen.crop((88, 0, 512, HEIGHT)), (column * 428, 0))
    preview.save(_place(path), quality=88)


def _save(path: Path, value: dict[str, Any]) -> None:
    # A dictionary in a .npy, as GeneBody has it; read with `np.load(path, allow_pickle=True).item()`.
    np.save(_place(path), np.array(value, dtype=object), allow_pickle=True)


def _place(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    made = make(Path(sys.argv[1]))
    sys.stdout.write(f"{made.test10}\n{made.train40}\n{made.preview}\n")
