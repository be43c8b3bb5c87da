"""A store in an S3 bucket (AWS, SeaweedFS, radosgw and others), through boto3."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from agreements.vault import s3_parts, s3_reading
from agreements.vault.protocol import Leftover, NoSuchObject, Put, check_key, check_range, digest_of
from agreements.vault.s3_client import Access, client_of, reached
from agreements.vault.s3_put import put_stream

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


SIGNED_ANEW_AFTER: Final = 30
"""Seconds for which a signed address is given out again."""


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
        return client_of(self.access, endpoint=self.access.endpoint)

    @cached_property
    def _reader(self) -> S3Client:
        """Begins nothing again by itself: reading does, at the byte where it broke off."""
        return client_of(self.access, endpoint=self.access.endpoint, attempts=1)

    @cached_property
    def _writer(self) -> S3Client:
        """Patient: a part that was not stored ends the whole publishing."""
        return client_of(self.access, endpoint=self.access.endpoint, attempts=6)

    @cached_property
    def _signer(self) -> S3Client:
        """Signs for the public host; it never connects anywhere."""
        return client_of(self.access, endpoint=self.access.public_endpoint or self.access.endpoint)

    def prepare(self) -> None:
        try:
            with reached(f"bucket {self.bucket}", missing=self.bucket):
                self.client.head_bucket(Bucket=self.bucket)
        except NoSuchObject:
            self._make_bucket()

    def put(self, key: str, chunks: Iterable[bytes], *, expected_size: int | None = None) -> Put:
        digest = sha256()
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                yield chunk

        with reached(f"{key} could not be written to bucket {self.bucket}"):
            put_stream(self.client, self.bucket, check_key(key), counted(), expected_size=expected_size)
        return Put(size, digest.hexdigest())

    def begin_parts(self, key: str, *, size: int) -> s3_parts.S3Parts:
        return s3_parts.begin(self._writer, self.bucket, check_key(key), size)

    def resume_parts(self, key: str, token: str, *, size: int) -> s3_parts.S3Parts | None:
        return s3_parts.resume(self._writer, self.bucket, check_key(key), token, size)

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        return self.one_version(key)(start, stop)

    def one_version(self, key: str) -> Callable[[int, int], Iterator[bytes]]:
        first: dict[str, tuple[int, str]] = {}

        def read(start: int, stop: int) -> Iterator[bytes]:
            size, etag = first[key] if first else first.setdefault(key, self._head(key))
            check_range(start, stop, size)
            return s3_reading.read(self._reader, s3_reading.Version(self.bucket, key, etag), start, stop)

        return read

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

    @property
    def signs_addresses(self) -> bool:
        return self.may_presign

    def presign(self, key: str, *, filename: str, seconds: int) -> str | None:
        if not self.may_presign:
            return None
        # Signing takes longer than all queries of a redirect together. An address signed a moment ago lives as long,
        # less that moment, and says nothing of who asked.
        moment = int(time.monotonic() // SIGNED_ANEW_AFTER)
        return self._signed((check_key(key), filename, seconds, moment))

    @cached_property
    def _signed(self) -> Callable[[tuple[str, str, int, int]], str]:
        return lru_cache(maxsize=256)(self._sign)

    def _sign(self, wanted: tuple[str, str, int, int]) -> str:
        key, filename, seconds, _moment = wanted
        return self._signer.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
                "ResponseContentType": "application/octet-stream",
            },
            ExpiresIn=seconds,
        )

    def delete(self, key: str) -> None:
        with reached(f"{key} could not be removed from bucket {self.bucket}"):
            self.client.delete_object(Bucket=self.bucket, Key=check_key(key))

    def leftovers(self) -> Iterator[Leftover]:
        yield from (left for left, _token in s3_parts.unfinished(self.client, self.bucket))

    def forget_abandoned(self, older_than: dt.datetime) -> list[Leftover]:
        old = [both for both in s3_parts.unfinished(self.client, self.bucket) if both[0].touched_at < older_than]
        for left, token in old:
            s3_parts.forget(self.client, self.bucket, left.name, token)
        return [left for left, _token in old]

    def names(self) -> Iterator[str]:
        # A bucket that is not there holds nothing.
        with suppress(NoSuchObject), reached(f"bucket {self.bucket}", missing=self.bucket):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
                yield from (found["Key"] for found in page.get("Contents", []))

    def _head(self, key: str) -> tuple[int, str]:
        with reached(f"{key} in bucket {self.bucket}", missing=key):
            head = self.client.head_object(Bucket=self.bucket, Key=check_key(key))
        return head["ContentLength"], head["ETag"]

    def _make_bucket(self) -> None:
        extra: dict[str, Any] = {}
        # AWS wants every region named but its first one, which it refuses to see named.
        if self.access.region != "us-east-1":
            extra["CreateBucketConfiguration"] = {"LocationConstraint": self.access.region}
        with reached(f"bucket {self.bucket} could not be made"):
            self.client.create_bucket(Bucket=self.bucket, **extra)
