"""An object of a bucket that is written in parts, over several tries: S3's multipart upload.

The upload's id is the token. The server knows which parts it has; nothing about them is kept here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from agreements.vault.parts import check_all_there, check_part, part_size, sizes_of_parts
from agreements.vault.protocol import Leftover, OutOfReach, is_key
from agreements.vault.s3_client import code_of, reached

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_UNKNOWN: Final = frozenset({"NoSuchUpload", "NoSuchKey", "NoSuchBucket", "404", "NotFound"})
# What servers say of an id that is not even in the form of theirs.
_ODD: Final = frozenset({"InvalidRequest", "InvalidArgument"})
_TYPE: Final = "application/octet-stream"


class S3Parts:
    """See `protocol.Parts`."""

    def __init__(self, client: S3Client, bucket: str, key: str, token: str, size: int) -> None:
        self.token = token
        self.part_size = part_size(size)
        self._client = client
        self._bucket = bucket
        self._key = key
        self._size = size
        self._sizes = sizes_of_parts(size, self.part_size)

    def stored(self) -> dict[int, int]:
        return {number: self._sizes[number] for number in self._tags()}

    def write(self, number: int, data: bytes) -> None:
        check_part(number, data, self._sizes)
        with self._reached(f"part {number}"):
            self._client.upload_part(
                Bucket=self._bucket, Key=self._key, UploadId=self.token, PartNumber=number + 1, Body=data
            )

    def finish(self) -> None:
        if not self._sizes:
            # S3 makes no object of no parts.
            self._put_empty()
            return
        tags = self._tags()
        check_all_there(dict.fromkeys(tags, 0), self._sizes)
        try:
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self.token,
                MultipartUpload={"Parts": [{"PartNumber": n + 1, "ETag": tags[n]} for n in range(len(self._sizes))]},
            )
        except (ClientError, BotoCoreError) as error:
            # The answer to an earlier try may have been lost on its way: then the upload is over and the object there.
            if not (_is_unknown(error) and self._is_there(tags)):
                raise OutOfReach(f"{self._key} could not be completed in bucket {self._bucket}: {error}") from error

    def abandon(self) -> None:
        forget(self._client, self._bucket, self._key, self.token)

    def _tags(self) -> dict[int, str]:
        """Return the ETags of the parts that are stored with the size they should have."""
        with self._reached("its parts"):
            pages = self._client.get_paginator("list_parts").paginate(
                Bucket=self._bucket, Key=self._key, UploadId=self.token
            )
            found = [
                (part["PartNumber"] - 1, part["Size"], part["ETag"]) for page in pages for part in page.get("Parts", [])
            ]
        return {n: tag for n, size, tag in sorted(found) if 0 <= n < len(self._sizes) and size == self._sizes[n]}

    def _is_there(self, tags: dict[int, str]) -> bool:
        """Tell whether the object is the one of these parts: its ETag is made from theirs."""
        with self._reached("its length"):
            head = self._client.head_object(Bucket=self._bucket, Key=self._key)
        joined = b"".join(bytes.fromhex(tags[n].strip('"')) for n in range(len(self._sizes)))
        expected = f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(self._sizes)}"
        return head["ContentLength"] == self._size and head["ETag"].strip('"') == expected

    def _put_empty(self) -> None:
        with self._reached("the empty object"):
            self._client.put_object(Bucket=self._bucket, Key=self._key, Body=b"", ContentType=_TYPE)
        self.abandon()

    def _reached(self, what: str) -> AbstractContextManager[None]:
        return reached(f"{self._key}, {what}, in bucket {self._bucket}")


def begin(client: S3Client, bucket: str, key: str, size: int) -> S3Parts:
    """Begin an upload. Raises OutOfReach."""
    with reached(f"{key} could not be begun in bucket {bucket}"):
        upload = client.create_multipart_upload(Bucket=bucket, Key=key, ContentType=_TYPE)
    return S3Parts(client, bucket, key, upload["UploadId"], size)


def resume(client: S3Client, bucket: str, key: str, token: str, size: int) -> S3Parts | None:
    """Return the upload of that id, or None if the server does not know it. Raises OutOfReach."""
    if not token:
        return None
    try:
        client.list_parts(Bucket=bucket, Key=key, UploadId=token, MaxParts=1)
    except (ClientError, BotoCoreError) as error:
        if code_of(error) in _UNKNOWN | _ODD:
            return None
        raise OutOfReach(f"{key} in bucket {bucket}: {error}") from error
    return S3Parts(client, bucket, key, token, size)


def forget(client: S3Client, bucket: str, key: str, token: str) -> None:
    """Have the server drop an upload's parts; one that it does not know is no error. Raises OutOfReach."""
    try:
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=token)
    except (ClientError, BotoCoreError) as error:
        if not _is_unknown(error):
            raise OutOfReach(f"the parts of {key} in bucket {bucket} could not be removed: {error}") from error


def unfinished(client: S3Client, bucket: str) -> Iterator[tuple[Leftover, str]]:
    """Give every upload of a bucket that is neither complete nor dropped, with its id. Raises OutOfReach."""
    try:
        for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            for upload in page.get("Uploads", []):
                key, token, touched = upload["Key"], upload["UploadId"], upload["Initiated"]
                if not is_key(key):
                    # Of somebody else who uses the bucket.
                    continue
                size = 0
                for parts in client.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=token):
                    for part in parts.get("Parts", []):
                        size += part["Size"]
                        touched = max(touched, part["LastModified"])
                yield Leftover(key, size, touched), token
    except (ClientError, BotoCoreError) as error:
        if not _is_unknown(error):
            raise OutOfReach(f"bucket {bucket}: {error}") from error


def _is_unknown(error: Exception) -> bool:
    return code_of(error) in _UNKNOWN
