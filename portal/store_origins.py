"""Where the object store hands out files to browsers: what the Content-Security-Policy must let a form lead to."""

from __future__ import annotations

from urllib.parse import urlsplit


def origins(vault: str, *, endpoint: str, public_endpoint: str, region: str) -> list[str]:
    """Return the origins of signed addresses of a store (`folder:/path` or `s3:bucket`), none where none is signed.

    With an endpoint the bucket is in the path; without one it is AWS, which has it in the host's name.
    """
    kind, _, bucket = vault.partition(":")
    if kind != "s3" or (endpoint and not public_endpoint):
        return []
    if public_endpoint:
        parts = urlsplit(public_endpoint)
        return [f"{parts.scheme}://{parts.netloc}"]
    return [f"https://{bucket}.s3.amazonaws.com", f"https://{bucket}.s3.{region}.amazonaws.com"]
