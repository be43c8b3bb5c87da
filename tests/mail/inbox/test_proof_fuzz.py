"""Letters changed at random, and dkimpy as the referee of what a signature covers."""

from __future__ import annotations

from typing import Any

from dkim.canonicalization import Relaxed, Simple
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from agreements.mail.inbox import dkim_signature, header_block, proof
from agreements.mail.inbox.caps import Unreadable
from agreements.mail.inbox.models import Proof
from tests.mail.inbox.letters import signed, write
from tests.mail.inbox.proving import PDF, dkimpy_says, examined


class TestAgainstDkimpy:
    """dkimpy's own verifier is the referee for what canonicalization and choice of fields mean."""

    @hypothesis_settings(max_examples=150, deadline=None)
    @given(
        st.lists(st.text(alphabet=" \tab\xe9", max_size=8), max_size=8),
        st.sampled_from(["relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed", "relaxed"]),
    )
    def test_both_agree_on_every_body_and_canonicalization(self, lines: list[str], canonical: str) -> None:
        head = write().partition(b"\r\n\r\n")[0]
        raw = signed(
            head + b"\r\n\r\n" + "".join(f"{line}\r\n" for line in lines).encode(), tags={"c": canonical}, at=None
        )
        assert examined(raw).proof == Proof.PROVEN
        assert dkimpy_says(raw)

    @hypothesis_settings(max_examples=300, deadline=None)
    @given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r\n\r\n"]), max_size=30))
    def test_the_body_is_hashed_as_dkimpy_hashes_it(self, pieces: list[bytes]) -> None:
        body = b"".join(pieces) + b"\r\n"
        for relaxed in (True, False):
            theirs: Any = Relaxed if relaxed else Simple
            assert dkim_signature.canonical_body(body, relaxed=relaxed) == theirs.canonicalize_body(body)


def _seen(raw: bytes) -> tuple[bytes, ...]:
    """What people see of a letter and what was signed, blanks aside."""
    block, body = header_block.split(raw)
    fields = tuple(b"".join(one.text for one in block.all(name)) for name in proof.COVERED)
    return (*fields, dkim_signature.canonical_body(body, relaxed=True))


_ORIGINAL = signed(write(attachments=[("form.pdf", "application/pdf", PDF[:300])]))
_PIECES = st.one_of(
    st.binary(min_size=0, max_size=6),
    st.sampled_from(
        [
            b"\r\n",
            b"\r",
            b"\n",
            b"From: eve@evil.example\r\n",
            b"\r\n ",
            b";",
            b"=",
            b"\0",
            b"\r\n\r\n",
            b"l=1;",
            b"To:",
        ]
    ),
)


@hypothesis_settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(_ORIGINAL)), st.integers(0, 40), _PIECES), min_size=1, max_size=4))
def test_no_change_of_what_was_signed_is_ever_proven(changes: list[tuple[int, int, bytes]]) -> None:
    raw = _ORIGINAL
    for start, length, piece in changes:
        raw = raw[:start] + piece + raw[start + length :]
    try:
        found = examined(raw)
    except Unreadable:
        return
    if found.proof == Proof.PROVEN:
        assert _seen(raw) == _seen(_ORIGINAL)


@hypothesis_settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_never_proven_and_break_nothing(raw: bytes) -> None:
    for whole in (raw, b"From: " + raw, b"DKIM-Signature: " + raw + b"\r\n" + write()):
        try:
            assert examined(whole).proof == Proof.UNPROVEN
        except Unreadable:
            continue
