"""Loading what an address names, for whom it may be shown: the only place where pages fetch by reference.

What exists and is not theirs is answered like what does not exist, so that existence does not leak.
"""

from __future__ import annotations

import uuid
from typing import TypeVar

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from agreements.applications import drafting, signing, submission
from agreements.applications import permissions as application_rules
from agreements.applications.models import Application, SignedCopy, Submission
from agreements.catalog import invitations, shelf
from agreements.catalog.models import (
    Archive,
    Dataset,
    PublishJob,
    RoleAssignment,
    StaffInvitation,
    Subset,
    Terms,
    Upload,
)
from agreements.catalog.permissions import Permission as DatasetPermission
from agreements.catalog.permissions import datasets_for
from agreements.catalog.permissions import may as may_do
from agreements.catalog.publishing import jobs, uploads
from agreements.catalog.roles import holders
from agreements.core.actors import Actor
from agreements.flows import mail_again
from agreements.grants import permissions as grant_rules
from agreements.grants.deliverable import deliverable
from agreements.grants.links import making as links
from agreements.grants.members import queries as member_queries
from agreements.grants.models import Generation, Grant, GrantMember, Link
from agreements.grants.shared import desk as shared_desk
from agreements.identity import rules
from agreements.identity.models import DomainRule
from agreements.mail import outbox
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.revocation.models import AffectedGrant, ProcedureAct

T = TypeVar("T")


def person(request: HttpRequest) -> User:
    """Return who is signed in; for views behind `login_required`."""
    assert isinstance(request.user, User)
    return request.user


def actor(request: HttpRequest) -> Actor:
    """Return the signed-in person as an actor."""
    return person(request).actor


def offered_datasets() -> QuerySet[Dataset]:
    """Return the datasets that are not withdrawn, for anyone."""
    return Dataset.objects.filter(withdrawn_at=None)


def dataset(slug: str) -> Dataset:
    """Return a dataset, for anyone."""
    return _found(Dataset.objects.filter(slug=slug).first())


def archives(dataset: Dataset) -> QuerySet[Archive]:
    """Return all that was ever published of a dataset, for its staff."""
    return Archive.objects.filter(subset__dataset=dataset).select_related("subset")


def archive(dataset: Dataset, archive_id: int) -> Archive:
    """Return one of them; the dataset was loaded for its staff."""
    return _found(archives(dataset).select_related("subset__dataset").filter(pk=archive_id).first())


def publishable_subset(dataset: Dataset, slug: str) -> Subset:
    """Return a subset of which something can be published; the dataset was loaded for its steward."""
    return _found(next((subset for subset in shelf.publishable_subsets(dataset) if subset.slug == slug), None))


def waiting_upload(dataset: Dataset, upload_id: uuid.UUID) -> Upload:
    """Return an upload whose bytes are kept, whoever began it; the dataset was loaded for its steward."""
    return _found(uploads.waiting(dataset).filter(pk=upload_id).first())


def own_upload(request: HttpRequest, dataset: Dataset, upload_id: uuid.UUID | str) -> Upload:
    """Return an upload that the signed-in steward began, and whose bytes are kept."""
    try:
        mine = uploads.waiting(dataset).filter(pk=uuid.UUID(str(upload_id)), created_by=person(request))
    except ValueError:
        raise Http404 from None
    return _found(mine.first())


def publish_job(dataset: Dataset, job_id: int) -> PublishJob:
    """Return a publishing of which the desk tells; the dataset was loaded for its staff."""
    return _found(jobs.shown(dataset).filter(pk=job_id).first())


def terms(slug: str, version: str) -> Terms:
    """Return a version of a dataset's terms, for anyone."""
    return _found(Terms.objects.filter(dataset__slug=slug, version=version).select_related("dataset").first())


def own_application(request: HttpRequest, reference: str) -> Application:
    """Return an application of the signed-in person."""
    mine = application_rules.visible_to(actor(request))
    return _found(mine.select_related("dataset", "terms", "applicant").filter(reference=reference).first())


def is_late_form(request: HttpRequest, application: Application) -> bool:
    """Return whether a page to fill in is asked for that is closed now; a post says itself why it is refused."""
    return request.method == "GET" and not drafting.is_open(application)


def signed_copy(application: Application) -> SignedCopy:
    """Return the signed copy that counts."""
    return _found(signing.current(application))


def submitted(application: Application) -> Submission:
    """Return what was handed in last."""
    return _found(submission.newest(application))


def own_mail(application: Application, message_id: int) -> OutboxMessage:
    """Return a mail about an application that went to its applicant."""
    return _found(own_mails(application).filter(pk=message_id).first())


def own_mails(application: Application) -> QuerySet[OutboxMessage]:
    """Return the mails about an application and its access that went to its applicant's address, newest first."""
    grants = Grant.objects.filter(application=application).values_list("reference", flat=True)
    return outbox.about(application.reference, *grants).filter(recipient=application.email).order_by("-pk")


def case(request: HttpRequest, reference: str) -> Application:
    """Return an application that the signed-in person may read as staff."""
    cases = application_rules.cases_visible_to(actor(request))
    return _found(cases.select_related("dataset", "terms", "applicant").filter(reference=reference).first())


def own_grant(request: HttpRequest, reference: str) -> Grant:
    """Return a grant that is the signed-in person's own."""
    held = grant_rules.held_by(person(request).pk)
    return _found(held.select_related("dataset", "terms", "holder").filter(reference=reference).first())


def shared_grant(request: HttpRequest, reference: str, *, needs: grant_rules.Permission) -> Grant:
    """Return a grant that is the signed-in person's own, with which they may do `needs`."""
    return _may(request, own_grant(request, reference), needs)


def member(grant: Grant, member_id: int) -> GrantMember:
    """Return a member, or who was one or was invited; the grant was loaded for whoever manages its members."""
    return _found(member_queries.every(grant).filter(pk=member_id).first())


def own_archive(grant: Grant, archive_id: int) -> Archive:
    """Return an archive that the grant covers."""
    return _found(deliverable(grant).filter(pk=archive_id).first())


def own_link(request: HttpRequest, grant: Grant, link_id: int) -> Link:
    """Return a running link of the signed-in person."""
    return _found(links.running(grant=grant, person_pk=person(request).pk).filter(pk=link_id).first())


def revocation_of(grant: Grant) -> dict[str, object]:
    """Return the `revocation` of a grant that was loaded here, and the `clause` it cites."""
    ended = AffectedGrant.objects.filter(grant=grant, member=None, subset=None, procedure__act=ProcedureAct.REVOKE)
    found = ended.select_related("procedure__begun_by").first()
    procedure = found.procedure if found else None
    return {"revocation": procedure, "clause": grant.terms.clause(procedure.clause_id) if procedure else None}


def managed_grants(request: HttpRequest, slug: str, *, words: str = "") -> QuerySet[Grant]:
    """Return the grants of a dataset that the signed-in person looks after as steward or auditor.

    With `words`, those whose holder, organization or reference hold each of them.
    """
    managed = staffed_dataset(request, slug)
    found = grant_rules.visible_to(person(request).pk).filter(dataset=managed)
    for word in words.split():
        holder = Q(holder_name__icontains=word) | Q(holder__email__icontains=word)
        found = found.filter(holder | Q(organization__icontains=word) | Q(reference__icontains=word))
    return found.select_related("dataset", "terms", "holder").order_by("-starts_at", "-pk")


def desk_mail(request: HttpRequest, dataset: Dataset, message_id: int) -> OutboxMessage:
    """Return a mail about a dataset's cases and access; the dataset was loaded for its steward."""
    return _found(mail_again.of_dataset(dataset, by=actor(request)).filter(pk=message_id).first())


def managed_grant(
    request: HttpRequest, slug: str, reference: str, *, needs: grant_rules.Permission | None = None
) -> Grant:
    """Return one of them, with which the signed-in person may do `needs`."""
    found = _found(managed_grants(request, slug).filter(reference=reference).first())
    return _may(request, found, needs) if needs else found


def shared_archive(dataset: Dataset, archive_id: int) -> Archive:
    """Return an archive under a shared seal; the dataset was loaded for its steward."""
    return _found(shared_desk.shared_archives(dataset).filter(pk=archive_id).first())


def newest_generation(dataset: Dataset, archive_id: int) -> Generation:
    """Return the newest generation of a shared archive; the dataset was loaded for its steward."""
    found = Generation.objects.filter(archive__in=shared_desk.shared_archives(dataset).filter(pk=archive_id))
    return _found(found.select_related("archive__subset__dataset").order_by("-generation").first())


def running_role(dataset: Dataset, assignment_id: int) -> RoleAssignment:
    """Return a role that somebody holds now; the dataset was loaded for its steward."""
    return _found(holders(dataset).filter(pk=assignment_id).first())


def waiting_invitation(dataset: Dataset, invitation_id: int) -> StaffInvitation:
    """Return an invitation that nobody took up yet; the dataset was loaded for its steward."""
    return _found(invitations.waiting(dataset).filter(pk=invitation_id).first())


def rule(dataset: Dataset, rule_id: int) -> DomainRule:
    """Return a rule about addresses that is in force; the dataset was loaded for its steward."""
    return _found(rules.rows(dataset).filter(pk=rule_id).first())


def staffed_dataset(
    request: HttpRequest, slug: str, *, needs: DatasetPermission = DatasetPermission.VIEW_DESK
) -> Dataset:
    """Return a dataset whose desk the signed-in person may see, and do `needs` there."""
    found = dataset(slug)
    if not all(may_do(each, dataset=found, by=actor(request)) for each in (DatasetPermission.VIEW_DESK, needs)):
        raise Http404
    return found


def staffed_datasets(request: HttpRequest, needs: DatasetPermission) -> QuerySet[Dataset]:
    """Return the datasets with which the signed-in person may do `needs`; Http404 if there is none."""
    found = datasets_for(needs, by=actor(request))
    if not found.exists():
        raise Http404
    return found


def _may(request: HttpRequest, grant: Grant, needs: grant_rules.Permission) -> Grant:
    return _found(grant if grant_rules.may(needs, grant=grant, by=actor(request)) else None)


def _found(value: T | None) -> T:
    if value is None:
        raise Http404
    return value
