"""A browser holds the redirects of a form to the policy's list too: the store must be in it, and nothing else."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.conf import settings

from agreements.vault.s3 import S3Store
from agreements.vault.s3_client import Access
from portal.store_origins import origins


def test_a_folder_hands_out_nothing() -> None:
    assert origins("folder:/srv/delivery", endpoint="", public_endpoint="https://s3.example.org", region="x") == []
    assert origins("s3:delivery", endpoint="http://seaweedfs:8333", public_endpoint="", region="x") == []
    assert settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] == ["'self'", settings.DELIVERY_URL]


@pytest.mark.parametrize("endpoint", ["https://s3.example.org:9000/", "http://127.0.0.1:8333", ""])
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_what_the_store_signs_is_among_them(endpoint: str, region: str) -> None:
    access = Access(endpoint=endpoint, public_endpoint=endpoint, region=region, access_key="k", secret_key="s")
    signed = S3Store("delivery", access, may_presign=True).presign("a.zip", filename="a.zip", seconds=60)
    assert signed is not None
    parts = urlsplit(signed)
    assert f"{parts.scheme}://{parts.netloc}" in origins(
        "s3:delivery", endpoint=endpoint, public_endpoint=endpoint, region=region
    )
