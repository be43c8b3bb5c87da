"""Everything in the database that is about one person, found before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from django.db.models import Q

from agreements.applications import erasing as application_erasing
from agreements.applications.models import Application, Submission
from agreements.bars.models import Bar
from agreements.core.erased import Named, named
from agreements.documents import erasing as papers
from agreements.documents.models import StoredDocument
from agreements.grants import erasing as grant_erasing
from agreements.grants import executed
from agreements.grants.members import erasing as member_erasing
from agreements.grants.models import Grant, GrantMember
from agreements.people.models import User
from agreements.revocation import erasing as procedure_erasing
from agreements.revocation.models import Destruction, Procedure


@dataclass(frozen=True, slots=True)
class Reach:
    """`colleagues` are other people's applications that name the person, `colleagues_papers` what was printed of them.

    `memberships` are their parts, and invitations, in other people's grants; `domains` are called after them, and
    nobody else signs in from there.
    """

    person: User
    who: Named
    applications: list[Application]
    grants: list[Grant]
    memberships: list[GrantMember]
    colleagues: list[Application]
    procedures: list[Procedure]
    bars: list[Bar]
    domains: list[str]

    @property
    def references(self) -> list[str]:
        """Return by what rows of the record name what is theirs."""
        others = [*(each.reference for each in self.procedures), *(each.reference for each in self.colleagues)]
        return [str(self.person.public_id), *self.own_references, *others]

    @property
    def own_references(self) -> list[str]:
        """Return the references of their applications and grants."""
        return [*(each.reference for each in self.applications), *(each.reference for each in self.grants)]

    def own_papers(self) -> list[StoredDocument]:
        """Return the papers that are about this person: agreements, signed copies, consents, certificates."""
        copies = chain.from_iterable(map(application_erasing.signed_copies, self.applications))
        made = _agreements(self.applications)
        consents = grant_erasing.consents_of(*self.grants)
        return _standing([*copies, *made, *consents, *procedure_erasing.certificates_of(self.person.pk)])

    def colleagues_papers(self) -> list[StoredDocument]:
        """Return the papers of colleagues in which this person is printed as one who shares their access."""
        copies = chain.from_iterable(map(application_erasing.signed_copies, self.colleagues))
        return _standing([*copies, *_agreements(self.colleagues)])


def reach_of(person: User) -> Reach:
    """Return everything about a person, as it is now."""
    applications = list(Application.objects.filter(applicant=person).select_related("dataset").order_by("pk"))
    grants = list(Grant.objects.filter(holder=person).select_related("dataset").order_by("pk"))
    first = named(_addresses(person, applications), ())
    memberships = list(member_erasing.rows_of(person, first))
    addresses = [*first.addresses, *(row.email for row in memberships if row.person_id == person.pk)]
    by_address = named(addresses, ())
    colleagues = [each for each in application_erasing.naming(by_address) if each.applicant_id != person.pk]
    names = _names(person, applications, grants) | {row.name for row in memberships}
    names |= application_erasing.names_written_for(by_address, colleagues)
    who = named(addresses, names)
    return Reach(
        person=person,
        who=who,
        applications=applications,
        grants=grants,
        memberships=memberships,
        colleagues=colleagues,
        procedures=procedure_erasing.procedures_of(person.pk),
        bars=list(Bar.objects.filter(person=person).select_related("dataset")),
        domains=[domain for domain in who.own_domains() if not _others_at(domain, person)],
    )


def _others_at(domain: str, person: User) -> bool:
    there = Q(email__iendswith=f"@{domain}") | Q(email__iendswith=f".{domain}")
    return User.objects.filter(there).exclude(pk=person.pk).exists()


def _addresses(person: User, applications: list[Application]) -> set[str]:
    handed_in = Submission.objects.filter(application__in=applications)
    return {person.email, *(each.email for each in applications), *(str(each.form.get("email")) for each in handed_in)}


def _names(person: User, applications: list[Application], grants: list[Grant]) -> set[str]:
    handed_in = Submission.objects.filter(application__in=applications)
    signed = Destruction.objects.filter(person=person).values_list("signed_name", flat=True)
    return {
        person.name,
        *(each.name for each in applications),
        *(str(each.form.get("name", "")) for each in handed_in),
        *(each.holder_name for each in grants),
        *signed,
    }


def _agreements(applications: list[Application]) -> list[StoredDocument]:
    """Return the agreements of applications, as they were issued and as they were executed."""
    references = [each.reference for each in applications]
    return [*papers.agreements_of(*references), *executed.documents_of(*references)]


def _standing(documents: list[StoredDocument]) -> list[StoredDocument]:
    return list({each.pk: each for each in documents if each.erased_at is None}.values())
