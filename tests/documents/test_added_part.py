"""What is added to the end of a PDF: plain, or read in two ways."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agreements.documents.inspector.added_part import is_plain
from tests.documents import forging, signers
from tests.documents.judging_by_hand import filled
from tests.documents.signers import signed
from tests.documents.test_judging import TYPED, issued

Changed = Callable[[bytes], bytes]


def replaced(old: bytes, new: bytes) -> Changed:
    """A signed file with something in the added part replaced by as many bytes."""

    def change(pdf: bytes) -> bytes:
        added = signed(pdf)[len(pdf) :]
        assert old in added
        assert len(old) == len(new)
        return pdf + added.replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    "added",
    [
        lambda pdf: pdf + b"\n",
        lambda pdf: filled(pdf, TYPED, ticked=True),
        signed,
        lambda pdf: signed(signed(filled(pdf, TYPED)), signers.signer("Bob"), field="Second"),
        lambda pdf: filled(pdf, {"signing_name": "100 % (sure)\\", "signing_place": "an obj"}),
    ],
    ids=["an empty line", "a table in a stream", "a plain table", "three additions", "odd characters"],
)
def test_what_programs_write_is_plain(added: Changed) -> None:
    assert is_plain(added(issued()), start=len(issued()))


@pytest.mark.parametrize(
    "added",
    [
        forging.hidden_page,
        lambda pdf: pdf + b"% a comment",
        lambda pdf: signed(pdf) + b"\nand more",
        lambda pdf: signed(pdf).rstrip() + b" junk\n",
        replaced(b"0000000000 65535 f \n", b"0000000000 65535 f\n\n"),
        replaced(b"0000000000 65535 f \n", b"0000000009 65535 f \n"),
        replaced(b"0000000000 65535 f \n", b"-000000000 65535 f \n"),
        replaced(b"/Prev ", b"/Prev+"),
        replaced(b"/Prev ", b"/Bref "),
        replaced(b"/FontName /Courier", b"/FontName %Courier"),
        replaced(b"/FontName /Courier", b"endobj 9 0 obj 999"),
        replaced(b"\nxref\n0 1", b"\nxref\n0_1"),
    ],
    ids=[
        "unlisted objects",
        "a comment",
        "bytes behind",
        "words behind an end",
        "short line",
        "a freed object",
        "a sign",
        "a sign in the trailer",
        "no way back",
        "a comment within",
        "an object within",
        "no number",
    ],
)
def test_what_may_be_read_otherwise_is_not(added: Changed) -> None:
    assert not is_plain(added(issued()), start=len(issued()))
