"""Notes on a case, for reviewers alone or for the applicant too."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.applications.models import Application, Remark, Visibility
from agreements.applications.permissions import Permission, check_may
from agreements.applications.transition import lock, subjects
from agreements.core.actors import Actor
from agreements.core.errors import Invalid, NotPossible
from agreements.ledger.act import act, new_salt, text_digest
from agreements.ledger.kinds import Kind


def add(*, application: Application, text: str, visibility: Visibility, by: Actor) -> Remark:
    """Keep a remark of a reviewer. Raises Invalid if it is empty, NotPossible once the application was erased."""
    if not text.strip():
        raise Invalid(_("Write something first."), field="text")
    with act() as record:
        locked = lock(application)
        standing = check_may(Permission.REMARK, application=locked, by=by)
        if locked.erased_at is not None:
            raise NotPossible(_("This application was erased: nothing more is written about it."))
        salt = new_salt()
        remark = Remark.objects.create(
            application=locked, author_id=by.pk, text=text.strip(), text_salt=salt, visibility=visibility
        )
        record.record(
            Kind.REMARK_ADDED,
            by=by,
            as_role=standing,
            subjects=subjects(locked),
            visibility=str(visibility),
            reason_digest=text_digest(remark.text, salt=salt),
        )
    return remark


def visible_to_applicant(application: Application) -> QuerySet[Remark]:
    """Return the remarks that the applicant reads."""
    return Remark.objects.filter(application=application, visibility=Visibility.APPLICANT)


def visible_to_reviewers(application: Application) -> QuerySet[Remark]:
    """Return all remarks."""
    return Remark.objects.filter(application=application).select_related("author")
