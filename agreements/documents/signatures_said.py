"""Digital signatures in words for a reviewer. Whose they are is what their certificates say; nobody vouches for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from agreements.documents.judgement import Signature

Said = tuple[Literal["pass", "attention", "fail"], str]

_LONGEST_NAME: Final = 80
_WORST: Final = ("fail", "attention", "pass")


def said(signatures: Sequence[Signature]) -> Said:
    """Return the outcome, the worst of all signatures, and a sentence for each."""
    is_sealed = any(one.intact and one.whole_file for one in signatures)
    each = [_one(signature, is_sealed=is_sealed) for signature in signatures]
    outcome = min((outcome for outcome, _sentence in each), key=_WORST.index)
    return outcome, " ".join(sentence for _outcome, sentence in each)


def details(signatures: Sequence[Signature]) -> list[dict[str, Any]]:
    """Return what the sentences rest on."""
    return [
        {
            "signer": one.signer,
            "field": one.field,
            "intact": _("yes") if one.intact else _("no"),
            "covers the whole file": _("yes") if one.whole_file else _("no"),
            "added after it": one.changes,
            "identity": one.identity,
        }
        for one in signatures
    ]


def _one(signature: Signature, *, is_sealed: bool) -> Said:
    """Return one signature's outcome and sentence. `is_sealed`: a later one stands for all that came before it."""
    values = {"signer": signature.signer[:_LONGEST_NAME], "identity": _identity(signature)}
    if not signature.intact:
        return "fail", _(
            'Digitally signed by "%(signer)s": not intact, what was signed is not what is here; %(identity)s.'
        ) % values
    known: Literal["pass", "attention"] = "pass" if signature.identity == "unverified" else "attention"
    if signature.whole_file:
        return known, _('Digitally signed by "%(signer)s": intact, covers the whole file; %(identity)s.') % values
    if signature.changes != "form-filling":
        return "fail", _(
            'Digitally signed by "%(signer)s": intact, but the file was changed after it was signed; %(identity)s.'
        ) % values
    if is_sealed:
        return known, _(
            'Digitally signed by "%(signer)s": intact; after it only the form was filled in or signed; %(identity)s.'
        ) % values
    return "attention", _(
        'Digitally signed by "%(signer)s": intact, but does not cover the whole file: the form was filled in after '
        "it was signed; %(identity)s."
    ) % values


def _identity(signature: Signature) -> str:
    if signature.identity == "expired":
        return _("its certificate has expired, identity unverified")
    if signature.identity == "ours":
        return _("with a certificate of this portal")
    return _("identity unverified")
