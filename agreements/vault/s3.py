"""A store in an S3 bucket (AWS, SeaweedFS, radosgw and others), through boto3.

Checksums of botocore's own are asked for only where the protocol requires them: older servers refuse the
trailers, and some echo a whole object's checksum on a range. What matters is compared by SHA-256 anyway.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from urllib3.exceptions import HTTPError

from agreements.vault import s3_parts
from agreements.vault.multipart import put_stream
from agreements.vault.protocol import Leftover, NoSuchObject, OutOfReach, Put, check_key, check_range, digest_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

ATTEMPTS: Final = 5
"""How often a read is begun again without a single byte having come in between."""
FIRST_PAUSE: Final = 0.2
"""Seconds before the second attempt; doubled for each further one."""

AT_ONCE: Final = 128 * 1024
"""Bytes asked of the socket at once: what a break can lose of what had already come."""

_MISSING: Final = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
# A stream that broke: urllib3 below botocore, botocore's own wrapping of it, or the socket itself.
_BROKEN: Final = (HTTPError, HTTPClientError, BotoCoreError, OSError)


@dataclass(frozen=True, slots=True)
class Access:
    """Where a server is and who we are there. `public_endpoint` is the server as browsers reach it."""

    endpoint: str
    public_endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)


class S3Store:
    """Objects of one bucket. Without `may_presign` no address is ever signed."""

    def __init__(self, bucket: str, access: Access, *, may_presign: bool) -> None:
        self.bucket = bucket
        self.access = access
        self.may_presign = may_presign

    def __repr__(self) -> str:
        return f"S3Store({self.bucket!r} at {self.access.endpoint!r})"

    @cached_property
    def client(self) -> S3Client:
        return _client(self.access, self.access.endpoint)

    @cached_property
    def _signer(self) -> S3Client:
        """Signs for the public host; it never connects anywhere."""
        return _client(self.access, self.access.public_endpoint or self.access.endpoint)

    def prepare(self) -> None:
        try:
            self.client.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if _code(error) not in _MISSING:
                raise OutOfReach(f"bucket {self.bucket}: {error}") from error
            self._make_bucket()
        except BotoCoreError as error:
            raise OutOfReach(f"bucket {self.bucket}: {error}") from error

    def put(self, key: str, chunks: Iterable[bytes], *, expected_size: int | None = None) -> Put:
        digest = sha256()
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                yield chunk

        try:
            put_stream(self.client, self.bucket, check_key(key), counted(), expected_size=expected_size)
        except (ClientError, BotoCoreError) as error:
            raise OutOfReach(f"{key} could not be written to bucket {self.bucket}: {error}") from error
        return Put(size, digest.hexdigest())

    def begin_parts(self, key: str, *, size: int) -> s3_parts.S3Parts:
        return s3_parts.begin(self.client, self.bucket, check_key(key), size)

    def resume_parts(self, key: str, token: str, *, size: int) -> s3_parts.S3Parts | None:
        return s3_parts.resume(self.client, self.bucket, check_key(key), token, size)

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        size, etag = self._head(key)
        check_range(start, stop, size)
        return self._read(key, start, stop, etag)

    def size(self, key: str) -> int:
        return self._head(key)[0]

    def digest(self, key: str) -> str:
        return digest_of(self.open_range(key, 0, self.size(key)))

    def exists(self, key: str) -> bool:
        try:
            self._head(key)
        except NoSuchObject:
            return False
        return True

    def presign(self, key: str, *, filename: str, seconds: int) -> str | None:
        if not self.may_presign:
            return None
        return self._signer.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": check_key(key),
                "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
                "ResponseContentType": "application/octet-stream",
            },
            ExpiresIn=seconds,
        )

    def delete(self, key: str) -> None:
        try:
            self.client.delete_object(Bucket=self.bucket, Key=check_key(key))
        except (ClientError, BotoCoreError) as error:
            raise OutOfReach(f"{key} could not be removed from bucket {self.bucket}: {error}") from error

    def leftovers(self) -> Iterator[Leftover]:
        yield from (left for left, _token in s3_parts.unfinished(self.client, self.bucket))

    def forget_abandoned(self, older_than: dt.datetime) -> list[Leftover]:
        old = [both for both in s3_parts.unfinished(self.client, self.bucket) if both[0].touched_at < older_than]
        for left, token in old:
            s3_parts.forget(self.client, self.bucket, left.name, token)
        return [left for left, _token in old]

    def keys(self) -> Iterator[str]:
        try:
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
                yield from (found["Key"] for found in page.get("Contents", []))
        except ClientError as error:
            if _code(error) not in _MISSING:
                raise OutOfReach(f"bucket {self.bucket}: {error}") from error
        except BotoCoreError as error:
            raise OutOfReach(f"bucket {self.bucket}: {error}") from error

    def _head(self, key: str) -> tuple[int, str]:
        try:
            head = self.client.head_object(Bucket=self.bucket, Key=check_key(key))
        except ClientError as error:
            if _code(error) in _MISSING:
                raise NoSuchObject(key) from None
            raise OutOfReach(f"{key} in bucket {self.bucket}: {error}") from error
        except BotoCoreError as error:
            raise OutOfReach(f"{key} in bucket {self.bucket}: {error}") from error
        return head["ContentLength"], head["ETag"]

    def _read(self, key: str, start: int, stop: int, etag: str) -> Iterator[bytes]:
        """Stream a range; where the stream breaks, ask again from that byte on."""
        failures = 0
        while start < stop:
            trouble: Exception | None = None
            try:
                for chunk in self._attempt(key, start, stop, etag):
                    start += len(chunk)
                    failures = 0
                    yield chunk
            except ClientError as error:
                # An answer with a meaning (gone, forbidden, replaced): asking again would not change it.
                if not _is_server_trouble(error):
                    raise _refusal(key, error) from error
                trouble = error
            except _BROKEN as error:
                trouble = error
            if start < stop:
                failures += 1
                if failures >= ATTEMPTS:
                    raise OutOfReach(f"{key} broke off at byte {start} {failures} times") from trouble
                log.warning("reading %s broke off at byte %d of %d; resuming", key, start, stop)
                time.sleep(FIRST_PAUSE * 2 ** (failures - 1))

    def _attempt(self, key: str, start: int, stop: int, etag: str) -> Iterator[bytes]:
        answer = self.client.get_object(Bucket=self.bucket, Key=key, Range=f"bytes={start}-{stop - 1}", IfMatch=etag)
        left = stop - start
        with closing(answer["Body"]) as body:
            while left and (chunk := body.read(min(AT_ONCE, left))):
                left -= len(chunk)
                yield chunk

    def _make_bucket(self) -> None:
        extra: dict[str, Any] = {}
        # AWS wants every region named but its first one, which it refuses to see named.
        if self.access.region != "us-east-1":
            extra["CreateBucketConfiguration"] = {"LocationConstraint": self.access.region}
        try:
            self.client.create_bucket(Bucket=self.bucket, **extra)
        except (ClientError, BotoCoreError) as error:
            raise OutOfReach(f"bucket {self.bucket} could not be made: {error}") from error


def _client(access: Access, endpoint: str) -> S3Client:
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
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 4},
            max_pool_connections=64,
        ),
    )


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _is_server_trouble(error: ClientError) -> bool:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500


def _refusal(key: str, error: ClientError) -> Exception:
    return NoSuchObject(key) if _code(error) in _MISSING else OutOfReach(f"{key}: {error}")
