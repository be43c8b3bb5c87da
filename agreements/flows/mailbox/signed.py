"""A signed copy that came by mail from the applicant's own proven mailbox.

Mailing the signed form under the subject that is printed on it is handing it in: that was the lab's habit before there
was a portal. So it is taken by the rules of an upload, and submitted if nothing is missing. Under another subject, or
when it is what was handed in before, it may come with a question: it is taken, and handed in on the page.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.translation import gettext as _

from agreements.applications import evidence, signing, submission
from agreements.applications.missing import what_is_missing
from agreements.applications.models import Application, EvidenceState, State
from agreements.applications.states import EDITABLE
from agreements.core.clock import now
from agreements.core.errors import DomainError
from agreements.documents import issuing
from agreements.documents.page_set import judge
from agreements.flows.mailbox import answering, messages
from agreements.flows.mailbox.became import Answer, Became
from agreements.flows.mailbox.matching import Paper
from agreements.mail.inbox.models import InboundMail, Outcome

# So often a day what came by mail has evidence gathered again: each time the reviewer has to look once more.
GATHERED_A_DAY: Final = 3


def take(mail: InboundMail, application: Application, paper: Paper) -> Became:
    """Take a paper as the signed copy of a locked, running application, and submit it if nothing is missing."""
    if application.state not in EDITABLE:
        return _with_the_case(application, paper)
    if (shown := _only_shown(mail, application)) is not None:
        return shown
    if problem := _what_is_wrong(application, paper) or _receive(mail, application, paper):
        return _not_taken(application, problem)
    if what_is_missing(application):
        words = _("Taken as the signed copy; the application was not submitted, since something is still missing.")
        answer = Answer(messages.MISSING, application.reference, {"problem": ""})
        return Became(Outcome.SIGNED_COPY, "missing", words, application=application, answer=answer)
    if doubt := _may_not_be_meant(mail, application):
        words = _("Taken as the signed copy, and not handed in. %(doubt)s") % {"doubt": doubt}
        problem = _("The PDF that you mailed was taken as your signed copy. %(doubt)s Hand it in on the page.")
        answer = Answer(messages.MISSING, application.reference, {"problem": problem % {"doubt": doubt}})
        return Became(Outcome.SIGNED_COPY, "to-confirm", words, application=application, answer=answer)
    return _submitted(application)


def _only_shown(mail: InboundMail, application: Application) -> Became | None:
    if not application.applicant.is_active:
        return Became(Outcome.SHOWN, "closed", _("The applicant's account is closed."), application=application)
    if answering.is_late(mail):
        words = _("Read more than %(days)d days after it came: it is shown, and nothing was handed in.")
        return Became(Outcome.SHOWN, "late", words % {"days": answering.LATE.days}, application=application)
    return None


def _receive(mail: InboundMail, application: Application, paper: Paper) -> str:
    """Take a paper as an upload is taken; return in a sentence for the applicant why not, or ''."""
    by, name = application.applicant.actor, paper.name or _("by mail")
    try:
        signing.check_may_receive(application=application, by=by)
        signing.receive(application=application, document=paper.document, original_name=name, by=by, mail_pk=mail.pk)
    except DomainError as refusal:
        return str(refusal)
    return ""


def nothing_to_take(application: Application, *, has_papers: bool) -> Became:
    """Return what becomes of the applicant's own mail that brings no page of ours."""
    if application.state not in EDITABLE:
        words = _("The applicant wrote about this application.")
        answer = Answer(messages.SHOWN, application.reference, once_a_day=True)
        return Became(Outcome.SHOWN, "written", words, application=application, answer=answer)
    problem = ""
    if has_papers:
        problem = _(
            "No page of the agreement was recognised in the PDF that you mailed: its square codes must be sharp."
        )
    words = _("The applicant wrote about this application; the answer says what is missing.")
    answer = Answer(messages.MISSING, application.reference, {"problem": problem}, once_a_day=True)
    return Became(Outcome.SHOWN, "written", words, application=application, answer=answer)


def _may_not_be_meant(mail: InboundMail, application: Application) -> str:
    """Return why mailing the signed form may not have been meant as handing it in, or ''."""
    if submission.repeats(application) is not None:
        return _("It is the very same as what was handed in before.")
    if application.state == State.RETURNED:
        return _("The application was returned for changes.")
    # More words may ask a question, and “Fwd:” passes somebody else's paper on.
    wanted = application.dataset.mail_subject
    if not wanted.strip() or _folded(wanted) != _folded(mail.subject.replace(application.reference, "")):
        words = _("The subject of the mail is not “%(subject)s”, by which a form is handed in by mail.")
        return words % {"subject": wanted}
    return ""


def _folded(text: str) -> str:
    """Return a subject as it is compared: without case, and without what stands around the words."""
    return " ".join(text.split()).strip(" -:.,()[]").casefold()


def _submitted(application: Application) -> Became:
    try:
        submission.submit(application=application, by=application.applicant.actor)
    except DomainError as refusal:  # a bar, which is told only now, as on the page
        words = _("Taken as the signed copy; the application could not be submitted: %(reason)s")
        answer = Answer(messages.MISSING, application.reference, {"problem": str(refusal)})
        told = words % {"reason": refusal}
        return Became(Outcome.SIGNED_COPY, "refused", told, application=application, answer=answer)
    words = _("Taken as the signed copy, and the application was submitted with it.")
    return Became(Outcome.SIGNED_COPY, "submitted", words, application=application)


def _what_is_wrong(application: Application, paper: Paper) -> str:
    """Return in a sentence for the applicant why a paper is no signed copy of the newest agreement; '' if it is."""
    if paper.report.outcome != "ok":
        return paper.report.reason
    issued = issuing.newest(application.reference)
    if issued is None:
        return _("There is no agreement of this application yet.")
    if issuing.is_issued(paper.document.sha256):
        return _("This is the agreement just as it was made for you: it bears no signature yet.")
    judged = judge([page.codes for page in paper.report.pages], issuing.expected_of(issued))
    return judged.summary if judged.outcome == "fail" else ""


def _not_taken(application: Application, problem: str) -> Became:
    words = _("Not taken as the signed copy: %(problem)s") % {"problem": problem}
    answer = Answer(messages.MISSING, application.reference, {"problem": problem})
    return Became(Outcome.SHOWN, "not-taken", words, application=application, answer=answer)


def _with_the_case(application: Application, paper: Paper) -> Became:
    """Show what came while the case is in review beside it, and have evidence gathered once more."""
    answer = Answer(messages.SHOWN, application.reference, once_a_day=True)
    words = _("Came while the application is %(state)s: it is shown with it, and the signed copy stays what it was.")
    told = words % {"state": State(application.state).label}
    handed_in = submission.newest(application)
    if handed_in is not None and handed_in.signed_copy.document.sha256 != paper.document.sha256:
        last = evidence.newest(handed_in)
        if (last is None or last.state != EvidenceState.PENDING) and not _was_gathered_often(application):
            evidence.open_run(submission=handed_in)
    return Became(Outcome.SHOWN, "in-review", told, application=application, answer=answer)


def _was_gathered_often(application: Application) -> bool:
    recent = InboundMail.objects.filter(
        application_reference=application.reference,
        reason_code="in-review",
        settled_at__gt=now() - dt.timedelta(days=1),
    )
    return recent.count() >= GATHERED_A_DAY
