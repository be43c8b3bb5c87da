"""Uploading a stream of any length to S3 in parts; the object appears only when all parts are there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from agreements.vault.parts import part_size, regrouped

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef


def put_stream(client: S3Client, bucket: str, key: str, chunks: Iterable[bytes], *, expected_size: int | None) -> None:
    """Upload a stream. On any exception, an interrupt included, the upload is called off and nothing is visible."""
    parts = regrouped(chunks, part_size(expected_size))
    first = next(parts, b"")
    second = next(parts, None)
    if second is None:
        client.put_object(Bucket=bucket, Key=key, Body=first, ContentType="application/octet-stream")
        return
    upload = client.create_multipart_upload(Bucket=bucket, Key=key, ContentType="application/octet-stream")
    upload_id = upload["UploadId"]
    try:
        done: list[CompletedPartTypeDef] = []
        for number, part in enumerate(chain((first, second), parts), start=1):
            answer = client.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=part)
            done.append({"PartNumber": number, "ETag": answer["ETag"]})
        client.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": done})
    except BaseException:
        with suppress(ClientError, BotoCoreError):
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
        raise
