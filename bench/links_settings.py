"""The portal's settings, with the address that the bench of links compares with beside those of `delivery`."""

from __future__ import annotations

from portal.settings import *  # noqa: F403

ROOT_URLCONF = "bench.links_urls"
