"""Who may do what with an application: one table, asked by pages, lists, buttons and write paths alike."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from agreements.applications.models import Application, ApplicationMember
from agreements.catalog.models import Role, RoleAssignment
from agreements.catalog.roles import datasets_where, roles_of
from agreements.core.actors import Actor
from agreements.core.addresses import comparison_key, same_mailbox_pattern
from agreements.core.domains import domain_of, domains_of, same_organization
from agreements.core.errors import NotAllowed, is_allowed
from agreements.people.models import User


class Permission(StrEnum):
    VIEW = "view"
    EDIT = "edit"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    VIEW_CASE = "view the case"
    DECIDE = "decide"
    REMARK = "remark"
    LAPSE = "lapse"


class Standing(StrEnum):
    """What someone is to an application, from the weakest to the strongest. Staff's are named as their roles."""

    APPLICANT = "applicant"
    AUDITOR = "auditor"
    REVIEWER = "reviewer"
    STEWARD = "steward"
    SYSTEM = "system"


TABLE: Final[Mapping[Permission, frozenset[Standing]]] = {
    Permission.VIEW: frozenset({Standing.APPLICANT}),
    Permission.EDIT: frozenset({Standing.APPLICANT}),
    Permission.SUBMIT: frozenset({Standing.APPLICANT}),
    Permission.WITHDRAW: frozenset({Standing.APPLICANT, Standing.SYSTEM}),
    Permission.VIEW_CASE: frozenset({Standing.REVIEWER, Standing.STEWARD, Standing.AUDITOR}),
    Permission.DECIDE: frozenset({Standing.REVIEWER, Standing.STEWARD}),
    Permission.REMARK: frozenset({Standing.REVIEWER, Standing.STEWARD}),
    Permission.LAPSE: frozenset({Standing.SYSTEM}),
}

# A draft is its applicant's own; it becomes a case when it is submitted for the first time.
OF_A_CASE: Final = frozenset({Permission.DECIDE, Permission.REMARK, Permission.VIEW_CASE})
# Working on a case is not for those whom it concerns.
NOT_ON_ONES_OWN: Final = frozenset({Permission.DECIDE, Permission.REMARK, Permission.VIEW_CASE})


def standings(*, application: Application, by: Actor) -> frozenset[Standing]:
    """Return everything that someone is to an application."""
    if by.person_pk is None:
        return frozenset({Standing.SYSTEM})
    found = {Standing(role) for role in roles_of(by.person_pk, application.dataset)}
    if application.applicant_id == by.person_pk:
        found.add(Standing.APPLICANT)
    return frozenset(found)


def check_may(permission: Permission, *, application: Application, by: Actor) -> Standing:
    """Return the strongest standing that allows it. Raises NotAllowed with what a person should read."""
    found = standings(application=application, by=by)
    allowing = found & TABLE[permission]
    if not allowing:
        raise NotAllowed(_("You may not do this with this application."))
    if permission in OF_A_CASE and application.submitted_at is None:
        raise NotAllowed(_("This application was not submitted yet."))
    if permission in NOT_ON_ONES_OWN:
        if Standing.APPLICANT in found:
            raise NotAllowed(_("This is your own application: someone else has to work on it."))
        _check_not_concerned(application=application, by=by)
    if permission is Permission.DECIDE:
        _check_not_of_own_organization(application=application, by=by)
    return max(allowing, key=list(Standing).index)


def may(permission: Permission, *, application: Application, by: Actor) -> bool:
    """Return whether `check_may` would pass."""
    return is_allowed(lambda: check_may(permission, application=application, by=by))


def visible_to(by: Actor) -> QuerySet[Application]:
    """Return the applications that someone made. Agrees with `may(VIEW)`."""
    return Application.objects.filter(applicant_id=by.person_pk)


def cases_visible_to(by: Actor) -> QuerySet[Application]:
    """Return the applications that someone may read as staff. Agrees with `may(VIEW_CASE)`."""
    return _cases(Permission.VIEW_CASE, by=by)


def cases_decidable_by(by: Actor) -> QuerySet[Application]:
    """Return the applications that someone may decide, as far as they wait. Agrees with `may(DECIDE)`."""
    cases = _cases(Permission.DECIDE, by=by)
    if by.person_pk is None:
        return cases
    own = _address_of(by)
    near = Q(email__iendswith=f".{domain_of(own)}")
    for domain in domains_of(own):
        near |= Q(email__iendswith=f"@{domain}")
    return cases.exclude(near, dataset__reviewers_decide_on_own_organization=False)


def _cases(permission: Permission, *, by: Actor) -> QuerySet[Application]:
    roles = [role for role in Role if Standing(role) in TABLE[permission]]
    if by.person_pk is None:
        return Application.objects.none()
    submitted = Application.objects.filter(submitted_at__isnull=False)
    cases = submitted.filter(dataset__in=datasets_where(by.person_pk, roles))
    return cases.exclude(_concerns(by))


def concerning(by: Actor) -> QuerySet[Application]:
    """Return the applications that concern a person, as applicant or as a colleague: somebody else works on them."""
    return Application.objects.filter(_concerns(by))


def _concerns(by: Actor) -> Q:
    mailbox = same_mailbox_pattern(_address_of(by))
    named = ApplicationMember.objects.filter(application=OuterRef("pk"), email__iregex=mailbox)
    theirs = Q(applicant_id=by.pk) | Q(applicant__email__iregex=mailbox) | Q(email__iregex=mailbox)
    return theirs | Q(Exists(named))


def _address_of(by: Actor) -> str:
    return User.objects.values_list("email", flat=True).get(pk=by.pk)


def _check_not_concerned(*, application: Application, by: Actor) -> None:
    """Refuse who has the applicant's or a colleague's mailbox, in whatever spelling and account."""
    own = comparison_key(_address_of(by))
    if own in {comparison_key(application.email), comparison_key(application.applicant.email)}:
        raise NotAllowed(_("This is your own application: someone else has to work on it."))
    members = ApplicationMember.objects.filter(application=application).values_list("email", flat=True)
    if own in map(comparison_key, members):
        raise NotAllowed(_("You are named in this application as a colleague: someone else has to work on it."))


def _check_not_of_own_organization(*, application: Application, by: Actor) -> None:
    if application.dataset.reviewers_decide_on_own_organization:
        return
    own = RoleAssignment.objects.filter(user_id=by.pk, dataset=application.dataset, ended_at=None)
    addresses = own.values_list("user__email", flat=True)
    if any(same_organization(address, application.email) for address in addresses):
        raise NotAllowed(_("The applicant is of your own organization: this dataset asks someone else to decide."))
