"""The fixture of an S3 server; a folder whose tests need it imports it in its conftest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services import seaweed


@pytest.fixture(scope="session")
def seaweed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Seaweed]:
    """Run an S3 server for the tests of a folder."""
    with seaweed.running(tmp_path_factory.mktemp("s3")) as server:
        yield server
