import hashlib
import json
from typing import Any

import pytest

from agreements.sealing import LAYOUT_VERSION, ArchiveIndex, Layout
from tests.sealing import make_vectors
from tests.sealing.packs import PASSWORD, SALT_KEY, pack_of

VECTORS: dict[str, Any] = json.loads(make_vectors.PATH.read_text())


def test_the_published_vectors_are_what_the_script_writes() -> None:
    assert make_vectors.vectors() == VECTORS


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: str(case["title"]))
def test_the_engine_makes_the_published_bytes(case: dict[str, Any]) -> None:
    files, deflate = make_vectors.CASES[case["title"]]
    pack = pack_of(files, deflate)
    index = ArchiveIndex.from_json(json.dumps(case["index"]))
    assert index.digest.hex() == case["archive_digest"]
    view = pack.view(VECTORS["password"], bytes.fromhex(VECTORS["salt_key"]))
    for facts in case["members"]:
        keys = view.keys(facts["member"])
        assert view.salt(facts["member"]).hex() == facts["salt"]
        assert (keys.aes + keys.mac + keys.verifier).hex() == facts["derived"]
        assert view.code(facts["member"]).hex() == facts["code"]
    whole = pack.sealed(PASSWORD, SALT_KEY)
    assert len(whole) == case["size"] == Layout(index).total_size
    assert hashlib.sha256(whole).hexdigest() == case["sha256"]
    if case["archive"]:
        assert whole.hex() == case["archive"]


def test_the_vectors_are_of_this_layout() -> None:
    assert VECTORS["layout_version"] == LAYOUT_VERSION
