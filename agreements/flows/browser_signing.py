"""Signing an agreement in the browser: what is signed is checked, drawn, certified and kept as the signed copy."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from agreements.applications import browser_signatures, signing
from agreements.applications.browser_signatures import clause_ids, up_to_date
from agreements.applications.drafting import LONGEST_NAME, check_field, lock_editable
from agreements.applications.models import Application, BrowserSignature, Manner, SignedCopy
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid, MovedOn
from agreements.documents import certifying, joining, places, store, strokes
from agreements.documents.models import IssuedAgreement
from agreements.documents.signature_page import SignedRecord, render_signature_page
from agreements.documents.stamping import stamped
from agreements.documents.strokes import Strokes
from agreements.ledger.act import act

log = logging.getLogger(__name__)

FILE_NAME: Final = "signed-in-the-browser.pdf"


@dataclass(frozen=True, slots=True)
class _Signed:
    """What somebody signs with, checked."""

    manner: Manner
    name: str
    strokes: Strokes
    clauses: tuple[str, ...]


def sign(
    *,
    application: Application,
    seen: str,
    manner: Manner,
    name: str,
    strokes: Sequence[Sequence[tuple[int, int]]],
    clauses: Sequence[str],
    network_address: str | None,
    by: Actor,
) -> SignedCopy:
    """Sign the agreement whose SHA-256 is `seen`, and return the signed copy; twice the same signature is one.

    The caller has had the application's address confirm it. Raises NotAllowed, NotPossible, TooMany, NoSigningKey;
    Invalid for what cannot be a signature; MovedOn where another agreement is to be signed than was seen.
    """
    issued = check_may_sign(application=application, seen=seen, by=by)
    given = _checked(application, manner, name, strokes, clauses)
    if (before := _same(application, issued, given)) is not None:
        return before
    signature = BrowserSignature(
        issued=issued,
        manner=given.manner,
        name=given.name,
        strokes=_plain(given.strokes),
        clauses=list(given.clauses),
        email=application.email,
        network_address=network_address,
        signed_at=now().replace(microsecond=0),
    )
    # Drawn and certified outside of any transaction, and kept only if nothing changed meanwhile.
    document = store.save(_drawn(application, signature, given.strokes))
    try:
        with act():
            locked = lock_editable(application, by=by)
            _check_seen(locked, seen)
            if (before := _same(locked, issued, given)) is None:
                return browser_signatures.receive(
                    application=locked, document=document, signature=signature, original_name=FILE_NAME, by=by
                )
    except BaseException:
        store.discard(document)  # nothing refers to it
        raise
    store.discard(document)  # a double click: the other request was first
    return before


def check_may_sign(*, application: Application, seen: str, by: Actor) -> IssuedAgreement:
    """Return the agreement that `sign` would sign. Raises what `sign` would but Invalid: before a code is mailed."""
    signing.check_may_receive(application=application, by=by)
    certifying.check_ready()
    with act():
        return _check_seen(lock_editable(application, by=by), seen)


def check_name(name: str) -> str:
    """Return the name as it will be printed. Raises Invalid without one, or with what cannot be printed, named."""
    plain = " ".join(name.split())
    if not plain:
        raise Invalid(_("Type your name: it is printed under the signature."), field="name")
    if len(plain) > LONGEST_NAME:
        raise Invalid(_("At most %(most)d characters.") % {"most": LONGEST_NAME}, field="name")
    check_field(plain, field="name")
    return plain


def _checked(
    application: Application,
    manner: str,
    name: str,
    drawn: Sequence[Sequence[tuple[int, int]]],
    clauses: Sequence[str],
) -> _Signed:
    if manner not in Manner.values:
        raise Invalid(_("Draw your signature, or type your name."), field="manner")
    expected = list(clause_ids(application))
    if sorted(clauses) != sorted(expected):
        raise Invalid(_("Each clause of the agreement has to be accepted, and no other."), field="clauses")
    plain = [[list(point) for point in stroke] for stroke in drawn]
    checked = strokes.checked(plain) if manner == Manner.DRAWN else ()
    return _Signed(Manner(manner), check_name(name), checked, tuple(expected))


def _check_seen(application: Application, seen: str) -> IssuedAgreement:
    issued = up_to_date(application)
    if issued is None:
        raise MovedOn(_("Your details were changed meanwhile: the agreement has to be made anew, then signed."))
    if issued.document.sha256 != seen:
        raise MovedOn(_("A newer agreement was made meanwhile: look at it, and sign that one."))
    return issued


def _same(application: Application, issued: IssuedAgreement, given: _Signed) -> SignedCopy | None:
    """Return the copy that counts if it is signed in just this way already."""
    copy = signing.current(application)
    before = browser_signatures.of(copy)
    if before is None or before.issued_id != issued.pk:
        return None
    is_same = (before.manner, before.name, before.strokes) == (given.manner, given.name, _plain(given.strokes))
    return copy if is_same else None


def _drawn(application: Application, signature: BrowserSignature, drawn: Strokes) -> bytes:
    """Return the issued pages with the signature page behind them, certified so that nothing may change."""
    issued = signature.issued
    terms = application.terms
    signed = SignedRecord(
        dataset_name=application.dataset.title,
        application_reference=application.reference,
        issue=issued.issue_number,
        pages=issued.page_count,
        terms_version=terms.version,
        terms_sha256=terms.sha256,
        issued_sha256=issued.document.sha256,
        name=signature.name,
        organization=application.organization,
        email=signature.email,
        network_address=signature.network_address or "",
        signed_at=signature.signed_at.astimezone(dt.UTC),
        strokes=drawn,
        clauses=tuple((str(clause["id"]), str(clause["heading"])) for clause in terms.clauses),
    )
    page = render_signature_page(signed)
    whole = joining.join([_pages(issued), page])
    return certifying.certify(
        whole, permits="nothing", reason=_("Signed in the browser, confirmed by a mailed code")
    ).pdf


def _pages(issued: IssuedAgreement) -> bytes:
    """Return the issued pages, on which is said where their signature is."""
    try:
        pages = store.read(issued.document)
    except OSError as failure:
        log.error("an agreement that was to be signed could not be read: %s", failure)
        raise store.NotStored(
            _("The agreement could not be read: our store does not answer. Nothing was signed; try again later.")
        ) from failure
    return stamped(
        pages,
        _("Pages of the agreement as it was issued. It was signed in the portal: see the signature page behind them."),
        box=places.from_json(issued.places).get(places.SIGNATURE),
        in_box=_("Signed in the portal: see the signature page."),
    )


def _plain(drawn: Strokes) -> list[list[list[int]]]:
    return strokes.as_json(drawn)
