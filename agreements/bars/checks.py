"""May this person apply? Told only after they submit, so that a bar cannot be probed."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from agreements.bars.models import Bar
from agreements.core.clock import now
from agreements.core.errors import NotAllowed


def check_not_barred(*, dataset_pk: int, person_pk: int, email: str) -> None:
    """Raise NotAllowed if a running bar names the person, or the address's domain or one above it."""
    domain = email.rpartition("@")[2].lower()
    parts = domain.split(".")
    domains = [".".join(parts[start:]) for start in range(len(parts))]
    running = Bar.objects.filter(dataset_id=dataset_pk, lifted_at=None).filter(Q(until=None) | Q(until__gt=now()))
    if running.filter(Q(person_id=person_pk) | Q(domain__in=domains)).exists():
        raise NotAllowed(_("You cannot apply for this dataset at present. Write to the dataset's contact to ask why."))
