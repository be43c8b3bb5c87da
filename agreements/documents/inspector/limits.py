"""How much of a file is told: what the child keeps to, and what is believed of its answer."""

from __future__ import annotations

from typing import Final

MARK: Final = "CS1:"
"""How the texts of our codes begin; the format is in `documents/qr.py`."""
MOST_CODES: Final = 8
"""Of one page."""
LONGEST_CODE: Final = 200
MOST_SIGNATURES: Final = 20
"""Of one file; one with more is not judged."""
LONGEST_NAME: Final = 200
"""Characters of a signer's or a field's name."""
