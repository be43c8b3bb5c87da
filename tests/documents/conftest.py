"""Pages of an agreement as they come back: flat, and photographed on a table."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.documents.papers import issue, photograph
from tests.documents.photographs import jpeg, on_a_table


@pytest.fixture(scope="module")
def sheets() -> list[Image.Image]:
    return photograph(issue(), dots_per_inch=150)


@pytest.fixture(scope="module")
def shots(sheets: list[Image.Image]) -> list[bytes]:
    """Photographs of pages 1, 2 and 3."""
    return [jpeg(on_a_table(sheet, seed=at)) for at, sheet in enumerate(sheets)]
