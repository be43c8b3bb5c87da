"""Asking for downloads: the link of the scene, and what comes back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agreements.grants.links import tokens
from tests.grants.scene import Scene


@pytest.fixture
def token(scene: Scene) -> str:
    return tokens.token(scene.link)


@pytest.fixture
def path(token: str) -> str:
    return f"/d/{token}/train40.zip"


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def streaming(response: Any) -> Any:
    return response.streaming_content


def leave(response: Any) -> None:
    """Go away after the first piece. `response.close()` would close the connection that holds the test's data."""
    next(response._iterator)
    response._iterator.close()


def whole(client: Client, path: str) -> bytes:
    return body(client.get(path))
