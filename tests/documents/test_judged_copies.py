"""Copies that are kept: judged by our certificates and the agreement that they should be, and forgotten with them."""

from __future__ import annotations

import pytest

from agreements.documents import agreement_form, certifying, erasing, inspecting, store
from agreements.documents.models import Inspection
from agreements.documents.places import SIGNATURE
from tests.documents import signers
from tests.documents.papers import FORM, KEY

pytestmark = pytest.mark.django_db


def test_a_kept_copy_is_judged_and_what_was_said_goes_with_it() -> None:
    drawn = agreement_form.drawn_agreement(FORM, qr_key=KEY, qr_key_number=1)
    issued = certifying.certify(drawn.pdf, permits="form-filling", signature=drawn.places[SIGNATURE])
    original = store.save(issued.pdf)
    copy, noted = store.save(signers.signed(issued.pdf)), store.save(signers.saved_by_pikepdf(issued.pdf))
    looks = [inspecting.ask(document=one, original=original) for one in (copy, noted)]
    assert inspecting.work_off() == 2
    signed, saved_anew = (inspecting.report_of(_fresh(look)).judgement for look in looks)
    assert signed is not None
    assert (signed.certification, signed.changes, signed.revision_sha256) == ("intact", "form-filling", original.sha256)
    assert signed.certificate == issued.certificate.fingerprint
    assert [one.signer for one in signed.signatures] == [signers.ALICE]
    assert saved_anew is not None
    assert (saved_anew.certification, saved_anew.pages_differ) == ("broken", ())
    assert saved_anew.original_sha256 == original.sha256
    erasing.mark([copy])
    assert _fresh(looks[0]).judgement == {}


def _fresh(look: Inspection) -> Inspection:
    look.refresh_from_db()
    return look
