"""The sample archives: GeneBody's layout, valid for numpy and Pillow, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo import samples


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> samples.Samples:
    return samples.make(tmp_path_factory.mktemp("samples"))


def contents(folder: Path) -> Iterator[tuple[str, str, float]]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield str(path.relative_to(folder)), sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime


def test_the_layout_is_genebody_s(made: samples.Samples) -> None:
    split = np.load(made.train40 / "genebody_split.npy", allow_pickle=True).item()
    assert sorted(p.name for p in made.train40.iterdir() if p.is_dir()) == sorted(split["train"])
    assert sorted(p.name for p in made.test10.iterdir() if p.is_dir()) == sorted(split["test"])
    for subject in (*made.test10.glob("*/"), *made.train40.glob("*/")):
        views = sorted(p.name for p in (subject / "image").iterdir())
        frames = sorted(p.stem for p in (subject / "image" / "00").iterdir())
        assert views == sorted(np.load(subject / "annots.npy", allow_pickle=True).item()["cams"])
        for view in views:
            assert sorted(p.name for p in (subject / "image" / view).iterdir()) == [f"{f}.jpg" for f in frames]
            assert sorted(p.name for p in (subject / "mask" / view).iterdir()) == [f"mask{f}.png" for f in frames]
        assert sorted(p.name for p in (subject / "param").iterdir()) == [f"{f}.npy" for f in frames]
        assert sorted(p.name for p in (subject / "smpl").iterdir()) == [f"{f}.obj" for f in frames]


def test_pictures_and_masks_open_and_fit_each_other(made: samples.Samples) -> None:
    for path in made.train40.glob("*/image/*/*.jpg"):
        mask = path.parents[2] / "mask" / path.parent.name / f"mask{path.stem}.png"
        with Image.open(path) as image, Image.open(mask) as outline:
            assert image.size == outline.size == (samples.WIDTH, samples.HEIGHT)
            assert np.asarray(image).std() > 20, "a real photograph, not a flat colour"
            assert set(np.unique(np.asarray(outline))) == {0, 255}


def test_the_cameras_project_the_body_onto_the_person(made: samples.Samples) -> None:
    subject = made.test10 / "eileen"
    cameras = np.load(subject / "annots.npy", allow_pickle=True).item()["cams"]
    lines = (subject / "smpl" / "0001.obj").read_text().splitlines()
    vertices = np.array([[*map(float, line.split()[1:]), 1.0] for line in lines if line.startswith("v ")])
    for view, camera in cameras.items():
        seen = camera["K"] @ (np.linalg.inv(camera["c2w"]) @ vertices.T)[:3]
        x, y = np.round(seen[:2] / seen[2]).astype(int)
        mask = np.asarray(Image.open(subject / "mask" / view / "mask0001.png"))
        inside = (x >= 0) & (x < samples.WIDTH) & (y >= 0) & (y < samples.HEIGHT)
        assert (mask[y[inside], x[inside]] == 255).mean() > 0.85


def test_parameters_have_the_shapes_an_smplx_model_takes(made: samples.Samples) -> None:
    parameters = np.load(made.train40 / "lav" / "param" / "0000.npy", allow_pickle=True).item()
    assert parameters["smplx_scale"] == 1.0
    assert parameters["smplx"]["body_pose"].shape == (1, 63)
    assert parameters["smplx"]["betas"].shape == (1, 10)


def test_they_are_small_and_the_same_every_time(made: samples.Samples, tmp_path: Path) -> None:
    again = samples.make(tmp_path)
    for one, other in ((made.test10, again.test10), (made.train40, again.train40)):
        assert list(contents(one)) == list(contents(other))
        assert 1_000_000 < sum(p.stat().st_size for p in one.rglob("*") if p.is_file()) < 6_000_000
    with Image.open(again.preview) as preview:
        assert preview.size == (1280, 720)
