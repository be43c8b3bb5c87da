"""An erasure in words for the operator: what goes, and what stays though it is about the person."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.flows.erasing.reach import Reach
from agreements.flows.mailbox import forgetting as mailbox_forgetting
from agreements.grants.models import DownloadOpened
from agreements.ledger.queries import entries_about
from agreements.mail.models import OutboxMessage


def goes(reach: Reach, *, colleagues_papers: bool) -> list[str]:
    """Return what would be erased, one line for each thing."""
    person = reach.person
    lines = [_("The account %(email)s: name, address, sessions, second factors.") % {"email": person.email}]
    lines += [_("%(reference)s: what was written in it, and about it.") % _named(each) for each in reach.applications]
    lines += [_("%(reference)s: who held it, organization and site.") % _named(each) for each in reach.grants]
    lines += [
        _("%(reference)s, held by somebody else: the part in it, which ends if it still runs.") % _named(row.grant)
        for row in reach.memberships
    ]
    lines += [
        _("%(reference)s, of somebody else: this person's name and address as a colleague.") % _named(each)
        for each in reach.colleagues
    ]
    lines += [_("%(reference)s: what it says about this person.") % _named(each) for each in reach.procedures]
    marked = [*reach.own_papers(), *(reach.colleagues_papers() if colleagues_papers else [])]
    lines += [_("The file of the paper %(sha256)s.") % {"sha256": each.sha256} for each in marked]
    if sent := mails(reach):
        lines.append(ngettext("%(n)d mail.", "%(n)d mails.", sent) % {"n": sent})
    if came := mails_in(reach):
        lines.append(ngettext("%(n)d mail that came in.", "%(n)d mails that came in.", came) % {"n": came})
    return lines


def stays(reach: Reach, *, colleagues_papers: bool) -> list[str]:
    """Return what would stay, and why, one line for each thing."""
    person = reach.person
    rows = entries_about(str(person.public_id)).count()
    lines = [
        ngettext(
            "%(n)d row of the record: it knows a random name alone.",
            "%(n)d rows of the record: they know a random name alone.",
            rows,
        )
        % {"n": rows}
    ]
    opened = DownloadOpened.objects.filter(link__seal__person=person).count()
    if opened:
        words = ngettext(
            "That %(n)d download was opened, and when.", "That %(n)d downloads were opened, and when.", opened
        )
        lines.append(words % {"n": opened})
    lines += [
        _("A bar in %(dataset)s: of the mailbox a keyed digest, so that the bar holds for whoever comes back with it.")
        % {"dataset": bar.dataset.title}
        for bar in reach.bars
        if bar.lifted_at is None
    ]
    if mails_in(reach):
        lines.append(_("Their mails in the folders of the mail server: those are for you to delete."))
    if not colleagues_papers:
        lines += [
            _("The paper %(sha256)s of a colleague, which names this person (--with-colleagues-papers erases it).")
            % {"sha256": each.sha256}
            for each in reach.colleagues_papers()
        ]
    return lines


def _named(thing: object) -> dict[str, str]:
    return {"reference": str(thing)}


def mails(reach: Reach) -> int:
    """Return how many mails went to a person or were about what is theirs, invitations to roles included."""
    theirs = Q(subject_reference__in=reach.own_references)
    for pattern in reach.who.mailboxes():
        theirs |= Q(recipient__iregex=pattern)
    return OutboxMessage.objects.filter(theirs).count()


def mails_in(reach: Reach) -> int:
    """Return how many mails came in from a person, or about what is theirs."""
    return mailbox_forgetting.of_person(reach.who, reach.own_references).count()
