"""Reading a range of an S3 object: resumed where the stream broke, ended plainly when it cannot go on.

Every request carries the ETag of the first one, so that bytes of two versions never meet; what the answer says of
itself is compared with what was asked, because a proxy may answer in the server's place.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from urllib3.exceptions import HTTPError

from agreements.vault.protocol import OutOfReach

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

log = logging.getLogger(__name__)

PATIENCE: Final = 45.0
"""Seconds without a byte after which no further attempt is made."""
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
"""Seconds before an attempt; doubled for each that brought nothing."""

AT_ONCE: Final = 128 * 1024
"""Bytes asked of the socket at once: what a break can lose of what had already come."""

# A stream that broke: urllib3 below botocore, botocore's own wrapping of it, or the socket itself.
_BROKEN: Final = (HTTPError, HTTPClientError, BotoCoreError, OSError)
_PARTIAL: Final = 206
_PRECONDITION_FAILED: Final = 412
_NOT_FOUND: Final = 404
_TOO_MANY_REQUESTS: Final = 429
_SERVER_TROUBLE: Final = 500


class _OtherBytes(Exception):
    """The answer is not the one that was asked for."""


class Version(NamedTuple):
    """One version of an object, as the first answer named it."""

    bucket: str
    key: str
    etag: str


def read(client: S3Client, version: Version, start: int, stop: int) -> Iterator[bytes]:
    """Stream the bytes [start, stop), exactly. Raises OutOfReach.

    `client` should not retry by itself: this does.
    """
    fruitless = 0
    heard_at = time.monotonic()
    while start < stop:
        trouble: Exception | None = None
        try:
            for chunk in _attempt(client, version, start, stop):
                start += len(chunk)
                fruitless = 0
                yield chunk
                # After the yield: how long a slow client takes says nothing about the server.
                heard_at = time.monotonic()
        except (ClientError, _OtherBytes) as error:
            if _is_final(error):
                raise OutOfReach(f"{version.key} cannot be read on from byte {start}: {_meaning(error)}") from error
            trouble = error
        except _BROKEN as error:
            trouble = error
        if start < stop:
            broke_off = f"{version.key} broke off at byte {start}"
            pause = min(FIRST_PAUSE * 2**fruitless, LONGEST_PAUSE)
            silent = time.monotonic() - heard_at
            if silent + pause > PATIENCE:
                raise OutOfReach(f"{broke_off}; nothing came for {silent:.0f} s") from trouble
            log.warning("%s of %d (%s); resuming", broke_off, stop, type(trouble).__name__)
            time.sleep(pause)
            fruitless += 1


def _attempt(client: S3Client, version: Version, start: int, stop: int) -> Iterator[bytes]:
    bucket, key, etag = version
    answer = client.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{stop - 1}", IfMatch=etag)
    with closing(answer["Body"]) as body:
        _check_answer(answer, start, etag)
        left = stop - start
        while left and (chunk := body.read(min(AT_ONCE, left))):
            left -= len(chunk)
            yield chunk


def _check_answer(answer: GetObjectOutputTypeDef, start: int, etag: str) -> None:
    """Compare what an answer says of itself with what was asked.

    An ignored Range gives the first bytes, an ignored If-Match those of another version.
    """
    is_part = answer["ResponseMetadata"]["HTTPStatusCode"] == _PARTIAL
    if "ETag" not in answer or (is_part and "ContentRange" not in answer):
        raise OSError("the head of the answer broke off")
    if not answer.get("ContentRange", "").startswith(f"bytes {start}-"):
        raise _OtherBytes(f"the answer holds {answer.get('ContentRange') or 'the whole object'}")
    if answer["ETag"] != etag:
        raise _OtherBytes("it was replaced meanwhile")


def _is_final(error: ClientError | _OtherBytes) -> bool:
    """Tell whether asking again would not change the answer.

    That an object is missing which was there a moment ago is said by servers that are just starting.
    """
    if isinstance(error, _OtherBytes):
        return True
    status = _status(error)
    return status < _SERVER_TROUBLE and status not in (_NOT_FOUND, _TOO_MANY_REQUESTS)


def _meaning(error: ClientError | _OtherBytes) -> str:
    is_replaced = isinstance(error, ClientError) and _status(error) == _PRECONDITION_FAILED
    return "it was replaced meanwhile" if is_replaced else str(error)


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
