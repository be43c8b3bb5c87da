# ruff: noqa: F811 - fixtures are imported and then named as arguments
"""Addresses that resemble a good one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from agreements.catalog.publishing.publish import publish_archive
from agreements.core import actors
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import DownloadOpened
from tests.grants.conftest import noon, scene, seconds, watching  # noqa: F401
from tests.grants.scene import Scene
from tests.web.downloads import token  # noqa: F401


class TestOtherSpellings:
    """A token has one spelling; an address that means the same to the standard is the same address."""

    @pytest.mark.parametrize(
        "change",
        [
            str.upper,
            lambda token: token + "0",
            lambda token: token[:-1],
            lambda token: token + "%0a",
            lambda token: "%20" + token,
            lambda token: token + "%00",
            lambda token: token[:32] + "-" + token[32:],
            lambda token: "".join(chr(ord(c) + 0xFEE0) for c in token),
            lambda token: token[32:] + token[:32],
            lambda token: token * 3,
        ],
    )
    def test_another_spelling_of_the_token_is_no_token(
        self, client: Client, token: str, change: Callable[[str], str]
    ) -> None:
        assert client.get(f"/d/{change(token)}/train40.zip").status_code == 404
        assert not DownloadOpened.objects.exists()

    @pytest.mark.parametrize(
        "name", ["Train40.zip", "train40.zip/", "train40.zip%0a", "./train40.zip", "%2e/train40.zip"]
    )
    def test_another_spelling_of_the_name_opens_nothing(self, client: Client, token: str, name: str) -> None:
        assert client.get(f"/d/{token}/{name}").status_code == 404
        assert not DownloadOpened.objects.exists()

    def test_a_link_opens_no_other_archive_under_its_name(
        self, client: Client, scene: Scene, token: str, tmp_path: Path
    ) -> None:
        other = publish_archive(
            subset=scene.train40, source=_one_file(tmp_path / "one"), name="more.zip", by=actors.job("tests")
        )
        theirs = links.make(grant=scene.grant, archive=other, person=scene.alice, by=scene.alice.actor, mail=False)
        assert client.head(f"/d/{tokens.token(theirs)}/more.zip").status_code == 200
        assert client.get(f"/d/{token}/more.zip").status_code == 404
        assert client.get(f"/d/{tokens.token(theirs)}/train40.zip").status_code == 404
        mixed = tokens.token(theirs)[:32] + token[32:]
        assert client.get(f"/d/{mixed}/more.zip").status_code == 404


def _one_file(folder: Path) -> Path:
    folder.mkdir()
    (folder / "one.txt").write_bytes(b"another archive")
    return folder
