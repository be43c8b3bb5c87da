"""How it was proven that the applicant reads mail at the application's address."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.applications.models import Application
from agreements.core.addresses import comparison_key, normal
from agreements.core.erased import is_erased
from agreements.grants.models import ClosedFor, Grant
from agreements.mail.inbox.models import InboundMail, Proof

SHOWN: Final = 5


def proof_finding(application: Application) -> dict[str, Any]:
    """Return whether a code that was mailed there, or a signed mail that came from there, proves the address.

    Signing in takes an emailed code, so an address that is the sign-in address is proven by it. Another one gets into
    an application by moving to a new place, which takes a code that was mailed there.
    """
    signs_in_with_it = comparison_key(application.email) == comparison_key(application.applicant.email)
    about = InboundMail.objects.filter(application_reference=application.reference)
    theirs = about.filter(proof=Proof.PROVEN, sender_key=comparison_key(application.email)).order_by("-taken_at")
    mails = [] if is_erased(application.email) else list(theirs[:SHOWN])
    proving = 0 if is_erased(application.email) else theirs.count()
    others = about.count() - proving
    details = {
        _("address"): application.email,
        _("sign-in address"): application.applicant.email,
        _("source"): _("this portal: sign-in by emailed code, and mail with a signature of the sender's domain (DKIM)"),
    }
    for mail in mails:
        told = _("signed by %(domain)s, taken on %(day)s")
        day = mail.taken_at.date().isoformat()
        details[_("mail %(number)d") % {"number": mail.pk}] = told % {"domain": mail.proof_domain, "day": day}
    if proving > len(mails):
        details[_("signed mail, besides")] = _("%(count)d more") % {"count": proving - len(mails)}
    if others > 0:
        words = ngettext("%(count)d, which proves nothing", "%(count)d, which prove nothing", others)
        details[_("other mail about this application")] = words % {"count": others}
    has_moved = not signs_in_with_it and _has_moved(application)
    summary = _of_a_move(application) if has_moved else _summary(application, signs_in_with_it, next(iter(mails), None))
    outcome = "pass" if signs_in_with_it or has_moved or mails else "attention"
    return {"check": "address-proof", "outcome": outcome, "summary": summary, "details": details}


def _has_moved(application: Application) -> bool:
    ended = Grant.objects.filter(holder=application.applicant_id, closed_for=ClosedFor.MOVED)
    return application.imported_at is None and ended.filter(starts_at__lte=application.created_at).exists()


def _of_a_move(application: Application) -> str:
    words = {"address": application.email, "other": application.applicant.email}
    return _("The applicant moved and typed in a code mailed to %(address)s then; they sign in with %(other)s.") % words


def _summary(application: Application, signs_in_with_it: bool, mail: InboundMail | None) -> str:
    words = {
        "address": application.email,
        "other": application.applicant.email,
        "domain": mail.proof_domain if mail else "",
    }
    # The code went to the sign-in address; a tag behind a plus (or a dot) is another spelling of the same mailbox
    # where the portal compares addresses, and almost everywhere else.
    if signs_in_with_it and normal(application.email) != normal(application.applicant.email):
        code = _(
            "The applicant signed in with a code mailed to %(other)s; %(address)s is held to be another spelling of it."
        )
        wrote = _("They wrote from the mailbox as well (%(domain)s).") if mail is not None else ""
        return " ".join(filter(None, (code, wrote))) % words
    if signs_in_with_it and mail is not None:
        return _("The applicant signed in with a code mailed to %(address)s, and wrote from it (%(domain)s).") % words
    if signs_in_with_it:
        return _("The applicant signed in with a code mailed to %(address)s.") % words
    if mail is not None:
        return _("A mail from %(address)s, signed by %(domain)s, came about this application.") % words
    return _("Nothing proves that %(address)s is the applicant's: they sign in with %(other)s.") % words
