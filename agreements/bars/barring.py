"""Barring a person, or everybody who writes from a domain, from applying for a dataset; and lifting that again."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from agreements.bars import checks
from agreements.bars.models import Bar
from agreements.catalog import holding
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, Standing, check_may
from agreements.core.actors import Actor
from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.core.domains import domain_of, domains_of
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.ledger.act import act, new_salt, text_digest
from agreements.ledger.kinds import Kind
from agreements.people.models import User


def set_bar(
    *,
    dataset: Dataset,
    reason: str,
    by: Actor,
    person: User | None = None,
    domain: str = "",
    until: dt.datetime | None = None,
    procedure: str = "",
) -> Bar:
    """Bar a person, or a domain and all below it, until a moment or for good; `procedure` is one it comes with.

    Raises NotAllowed (not a steward, or barred oneself by it), Invalid (no reason, no domain, an end that is over),
    NotPossible where a bar that lasts as long is there already.
    """
    standing = check_may(Permission.END_ACCESS, dataset=dataset, by=by)
    clean = normal_domain(domain) if person is None else ""
    if not reason.strip():
        raise Invalid(_("Say why, so that the next steward understands this bar."), field="reason")
    if until is not None and until <= now():
        raise Invalid(_("The bar would have ended already."), field="until")
    _check_not_oneself(by, person=person, domain=clean)
    with act() as record:
        # Whoever opens access at this moment looks at the bars before this one, or after it.
        holding.hold(dataset.pk)
        if lasting(dataset, person=person, domain=clean, until=until):
            raise NotPossible(_("%(whom)s is barred already.") % {"whom": person.email if person else clean})
        bar = Bar.objects.create(
            dataset=dataset,
            person=person,
            domain=clean,
            domain_salt=new_salt() if clean else "",
            reason=reason.strip(),
            reason_salt=new_salt(),
            set_by_id=by.pk,
            until=until,
            procedure=procedure,
        )
        record.record(
            Kind.BAR_SET,
            by=by,
            as_role=standing,
            subjects=_subjects(bar),
            domain_digest=_domain_digest(bar),
            reason_digest=text_digest(bar.reason, salt=bar.reason_salt),
            until=until.isoformat() if until else None,
        )
    return bar


def lift(*, bar: Bar, reason: str, by: Actor) -> Bar:
    """Lift a bar and return it; whom it named may apply again.

    Raises NotAllowed (not a steward, or oneself is barred by it), Invalid without a reason, NotPossible if it holds no
    more.
    """
    if not reason.strip():
        raise Invalid(_("Say why the bar is lifted."), field="reason")
    with act() as record:
        locked = Bar.objects.select_for_update(of=("self",)).select_related("dataset", "person").get(pk=bar.pk)
        standing = _check_may_lift(locked, by)
        if not checks.running(dataset_pk=locked.dataset_id).filter(pk=locked.pk).exists():
            raise NotPossible(_("This bar was lifted already, or has run out."))
        locked.lifted_at, locked.lifted_by_id = now(), by.pk
        locked.lift_reason, locked.lift_salt = reason.strip(), new_salt()
        locked.save(update_fields=["lifted_at", "lifted_by", "lift_reason", "lift_salt"])
        record.record(
            Kind.BAR_LIFTED,
            by=by,
            as_role=standing,
            subjects=_subjects(locked),
            domain_digest=_domain_digest(locked),
            reason_digest=text_digest(locked.lift_reason, salt=locked.lift_salt),
        )
    return locked


def lasting(dataset: Dataset, *, person: User | None, domain: str, until: dt.datetime | None) -> bool:
    """Return whether a bar on just this person or domain holds at least until a moment, or for good."""
    same = checks.running(dataset_pk=dataset.pk).filter(person=person, domain=domain)
    return any(bar.until is None or (until is not None and bar.until >= until) for bar in same)


def normal_domain(text: str) -> str:
    """Return a domain as it is stored, from itself, `@domain` or an address. Raises Invalid."""
    domain = domain_of(f"x@{text.strip().rpartition('@')[2].strip('.')}")
    if "." not in domain or any(sign.isspace() or sign in "/%*" for sign in domain):
        raise Invalid(_("Name a person, or a domain of one organization, such as ethz.ch."), field="domain")
    return domain


def _check_may_lift(bar: Bar, by: Actor) -> Standing:
    standing = check_may(Permission.END_ACCESS, dataset=bar.dataset, by=by)
    _check_not_oneself(by, person=bar.person, domain=bar.domain)
    return standing


def _check_not_oneself(by: Actor, *, person: User | None, domain: str) -> None:
    own = User.objects.get(pk=by.pk).email
    if person is not None and (person.pk == by.pk or comparison_key(person.email) == comparison_key(own)):
        raise NotAllowed(_("This bar names yourself: another steward has to do this."))
    if domain and domain in domains_of(own):
        raise NotAllowed(_("This bar names the domain of your own address: another steward has to do this."))


def _subjects(bar: Bar) -> dict[str, str]:
    whom = {"person": str(bar.person.public_id)} if bar.person is not None else {}
    return {"dataset": bar.dataset.slug} | whom | ({"procedure": bar.procedure} if bar.procedure else {})


def _domain_digest(bar: Bar) -> str:
    """Return by what the record knows a domain, which may be a person's name: the same when it is set and lifted."""
    return text_digest(bar.domain, salt=bar.domain_salt) if bar.domain_salt else ""
