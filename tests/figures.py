"""What tests measured: printed at the end of the run, for whoever writes about it."""

from __future__ import annotations

FIGURES: list[str] = []
