"""A connection to an S3 server, and what its errors mean.

Checksums of botocore's own are asked for only where the protocol requires them: older servers refuse the
trailers, and some echo a whole object's checksum on a range. What matters is compared by SHA-256 anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from agreements.vault.protocol import NoSuchObject, OutOfReach

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT: Final = 5
SILENCE: Final = 15
"""Seconds until a server that does not accept, or accepts and says nothing, is given up for this attempt."""

_MISSING: Final = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})


@dataclass(frozen=True, slots=True)
class Access:
    """Where a server is and who we are there. `public_endpoint` is the server as browsers reach it."""

    endpoint: str
    public_endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)


def client_of(access: Access, *, endpoint: str, attempts: int = 3) -> S3Client:
    """Return a client, usable from several threads. `attempts` counts the first one too."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=access.region,
        aws_access_key_id=access.access_key or None,
        aws_secret_access_key=access.secret_key or None,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if endpoint else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=CONNECT,
            read_timeout=SILENCE,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=64,
        ),
    )


@contextmanager
def reached(what: str, *, missing: str | None = None) -> Iterator[None]:
    """Turn what boto3 raises within into OutOfReach, which says `what` and why.

    Where the server says that there is no such object or bucket: into NoSuchObject, if its name is given as `missing`.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        if missing is not None and is_missing(error):
            raise NoSuchObject(missing) from None
        raise OutOfReach(f"{what}: {error}") from error


def code_of(error: Exception) -> str:
    """Return the server's code for an error, or an empty text for one that is not the server's."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def is_missing(error: Exception) -> bool:
    """Tell whether the server says that there is no such object, or no such bucket."""
    return code_of(error) in _MISSING
