"""Handing in: what was written and signed is frozen under a number, and evidence about it is asked for."""

from __future__ import annotations

from django.db.models import Max
from django.utils.translation import gettext as _

from agreements.applications import evidence
from agreements.applications.form import form_of, form_sha256
from agreements.applications.messages import queue_received
from agreements.applications.missing import what_is_missing
from agreements.applications.models import Application, Submission
from agreements.applications.signing import current
from agreements.applications.states import Step
from agreements.applications.transition import check_step, lock, move
from agreements.bars.checks import check_not_barred
from agreements.core.actors import Actor
from agreements.core.errors import Invalid
from agreements.ledger.act import act


def submit(*, application: Application, by: Actor) -> Submission:
    """Freeze a numbered submission and put the case in the queue.

    Raises Invalid naming what is missing, NotPossible if it was submitted already (a double click), NotAllowed if
    the person is barred.
    """
    with act() as record:
        locked = lock(application)
        check_step(application=locked, step=Step.SUBMIT, by=by)
        if missing := what_is_missing(locked):
            raise Invalid(_("Still missing: %(what)s.") % {"what": "; ".join(item.text for item in missing)})
        addresses = (locked.applicant.email, locked.email)
        check_not_barred(dataset_pk=locked.dataset_id, person_pk=locked.applicant_id, emails=addresses)
        submission = _freeze(locked)
        move(
            record,
            application=locked,
            step=Step.SUBMIT,
            by=by,
            submission=submission.number,
            form_sha256=submission.form_sha256,
            signed_copy_sha256=submission.signed_copy.document.sha256,
            terms=submission.terms.version,
        )
        evidence.open_run(submission=submission)
        queue_received(locked, submission)
    return submission


def newest(application: Application) -> Submission | None:
    """Return what was handed in last."""
    submissions = Submission.objects.filter(application=application).order_by("-number")
    return submissions.select_related("signed_copy__document", "terms", "application__dataset").first()


def repeats(application: Application) -> Submission | None:
    """Return the last submission if handing in now would hand in the very same form and signed copy, else None."""
    last, copy = newest(application), current(application)
    if last is None or copy is None or last.form_sha256 != form_sha256(form_of(application)):
        return None
    return last if copy.document.sha256 == last.signed_copy.document.sha256 else None


def _freeze(application: Application) -> Submission:
    last = Submission.objects.filter(application=application).aggregate(last=Max("number"))["last"] or 0
    copy = current(application)
    assert copy is not None, "what_is_missing asks for a signed copy"
    form = form_of(application)
    return Submission.objects.create(
        application=application,
        number=last + 1,
        form=form,
        form_sha256=form_sha256(form),
        signed_copy=copy,
        terms=application.terms,
    )
