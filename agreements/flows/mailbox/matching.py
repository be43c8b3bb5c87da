"""What the papers of a message are, by the codes on their pages, and to which application it belongs."""

from __future__ import annotations

from dataclasses import dataclass

from agreements.applications.models import Application
from agreements.applications.states import RUNNING
from agreements.core.addresses import normal
from agreements.documents import inspecting, issuing, qr
from agreements.documents.inspection import InspectionReport
from agreements.documents.models import Inspection, MailedPaper, StoredDocument
from agreements.mail.inbox.models import InboundMail, Proof


@dataclass(frozen=True, slots=True)
class Paper:
    """One PDF of a message: what `inspect` found, and which of our codes are on its pages."""

    document: StoredDocument
    name: str
    report: InspectionReport
    fields: dict[str, str]
    codes: tuple[qr.PageCode, ...]

    @property
    def applications(self) -> frozenset[str]:
        """Return the references that its codes name."""
        return frozenset(code.application for code in self.codes if code.application != qr.BLANK)

    @property
    def blank_terms(self) -> str:
        """Return the terms version of the blank form that this is, as a code writes it; '' if it is none."""
        versions = {code.terms for code in self.codes}
        return versions.pop() if not self.applications and len(versions) == 1 else ""


def papers_of(mail: InboundMail) -> list[Paper]:
    """Return the opened papers of a message, in the order in which they came."""
    keys = issuing.qr_keys()
    names = {each["document"]: str(each["name"]) for each in mail.attachments if each.get("document")}
    found = []
    for mailed in MailedPaper.objects.filter(mail=mail).select_related("document"):
        inspection = Inspection.objects.filter(document=mailed.document).first()
        if inspection is None or mailed.document.erased_at is not None:
            continue
        report = inspecting.report_of(inspection)
        name = names.get(mailed.document_id, "")
        found.append(Paper(mailed.document, name, report, dict(inspection.fields), _codes(report, keys)))
    return found


def application_of(mail: InboundMail, papers: list[Paper]) -> Application | None:
    """Return the one application that a message is about, or None.

    The codes on its papers go first, then the reference or the thread, then whose mailbox it says it comes from.
    """
    coded = frozenset[str]().union(*(paper.applications for paper in papers))
    if coded:
        return _by_reference(next(iter(coded))) if len(coded) == 1 else None
    if mail.application_reference and (found := _by_reference(mail.application_reference)) is not None:
        return found
    return _running_of_sender(mail) if not any(paper.blank_terms for paper in papers) else None


def is_from_applicant(mail: InboundMail, application: Application) -> bool:
    """Return whether the sender is proven to have the address under which was applied.

    Spelt as it is there: where a server keeps `ada+lab@` for somebody else, another spelling is another mailbox.
    """
    return mail.proof == Proof.PROVEN and mail.sender != "" and mail.sender == normal(application.email)


def _by_reference(reference: str) -> Application | None:
    known = Application.objects.select_related("dataset", "terms", "applicant")
    return known.filter(reference=reference).first()


def _running_of_sender(mail: InboundMail) -> Application | None:
    if not mail.sender:
        return None
    running = Application.objects.filter(state__in=RUNNING, email=mail.sender)
    if mail.dataset_slug:
        running = running.filter(dataset__slug=mail.dataset_slug)
    found = list(running.select_related("dataset", "terms", "applicant")[:2])
    return found[0] if len(found) == 1 else None


def _codes(report: InspectionReport, keys: dict[int, bytes]) -> tuple[qr.PageCode, ...]:
    """Return the codes whose tags are ours. One in our format with a wrong tag says nothing."""
    found: dict[qr.PageCode, None] = {}
    for page in report.pages:
        for text in page.codes:
            try:
                found[qr.parse_and_verify(text, keys)] = None
            except (qr.ForeignCode, qr.ForgedCode):
                continue
    return tuple(found)
