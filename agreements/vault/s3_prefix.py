"""What lies under a prefix of any bucket that our S3 account can read: for publishing from there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.exceptions import ParamValidationError

from agreements.vault import s3_reading
from agreements.vault.protocol import NoSuchObject
from agreements.vault.s3_client import Access, client_of, reached

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME: Final = "s3://"


class Listed(NamedTuple):
    """An object as it was listed; its size in bytes."""

    key: str
    size: int
    etag: str
    modified: dt.datetime


class Prefix:
    """The objects of `s3://bucket/folder`: those whose keys begin with `folder/`."""

    def __init__(self, address: str, access: Access) -> None:
        bucket, _, folder = address.removeprefix(SCHEME).partition("/")
        if not address.startswith(SCHEME) or not bucket:
            raise ValueError(f"{address!r} is not of the form s3://bucket/prefix")
        self.bucket = bucket
        self.prefix = f"{folder.removesuffix('/')}/" if folder.strip("/") else ""
        self._access = access

    def objects(self) -> Iterator[Listed]:
        """Give the objects in the order of their keys. Raises NoSuchObject for the bucket, OutOfReach."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        with reached(f"bucket {self.bucket}", missing=self.bucket):
            try:
                for page in pages:
                    for found in page.get("Contents", []):
                        yield Listed(found["Key"], found["Size"], found["ETag"], found["LastModified"])
            except ParamValidationError as error:
                # No bucket can have such a name.
                raise NoSuchObject(self.bucket) from error

    def read(self, listed: Listed, start: int = 0) -> Iterator[bytes]:
        """Stream an object from a byte on, as it was when it was listed. Raises OutOfReach, also if it was replaced."""
        version = s3_reading.Version(self.bucket, listed.key, listed.etag)
        return s3_reading.read(self._reader, version, start, listed.size)

    @cached_property
    def _client(self) -> S3Client:
        return client_of(self._access, endpoint=self._access.endpoint)

    @cached_property
    def _reader(self) -> S3Client:
        return client_of(self._access, endpoint=self._access.endpoint, attempts=1)
