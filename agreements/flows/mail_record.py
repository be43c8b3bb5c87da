"""What mail tells, in the record: mail sent again, addresses found dead and taken up again."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import QuerySet

from agreements.catalog.models import Dataset
from agreements.core.addresses import same_mailbox_pattern
from agreements.grants.queries import application_behind
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.mail import dead_addresses, telling
from agreements.mail.telling import Told, What
from agreements.people.models import User

_KINDS: Final = {
    What.SENT_AGAIN: (Kind.MAIL_SENT_AGAIN, "mail"),
    What.ADDRESS_DEAD: (Kind.ADDRESS_DEAD, "status"),
    What.ADDRESS_LIVES: (Kind.ADDRESS_LIVES, "cause"),
}


def register() -> None:
    """Have everything that mail tells written down, and mail told who has been here."""
    telling.register("record", write)
    dead_addresses.register_sign("sign-in", signed_in_since)


def signed_in_since(address: str, moment: dt.datetime) -> bool:
    """Return whether whoever has an address, in any spelling, signed in after a moment."""
    return _at(address).filter(last_login__gt=moment).exists()


def write(told: Told) -> None:
    """Append the row of one thing that mail tells, within the transaction of what happened. No address is in it."""
    kind, field = _KINDS[told.what]
    with act() as record:
        about = _about(told)
        record.record(kind, by=told.by, as_role=told.as_role, subjects=about, **{field: told.detail})


def _about(told: Told) -> dict[str, str]:
    """Return whom and what it concerns: the person by their mailbox, the rest by the reference of the mail."""
    found = _of_reference(told.reference)
    person = _at(told.address).order_by("pk").first()
    return found | ({"person": str(person.public_id)} if person else {})


def _at(address: str) -> QuerySet[User]:
    return User.objects.filter(email__iregex=same_mailbox_pattern(address))


def _of_reference(reference: str) -> dict[str, str]:
    if not reference:
        return {}
    application = application_behind(reference)
    if application is not None:
        named = {} if application.reference == reference else {"grant": reference}
        return named | {"application": application.reference, "dataset": application.dataset.slug}
    dataset = Dataset.objects.filter(reference_prefix=reference.partition("-")[0]).first()
    return {"dataset": dataset.slug} if dataset else {}
