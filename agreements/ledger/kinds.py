"""Every kind of ledger row: the fields its payload may have, and the sentence a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Kind(models.TextChoices):
    DATASET_LOADED = "dataset.loaded", _("Dataset loaded")
    DATASET_WITHDRAWN = "dataset.withdrawn", _("Dataset withdrawn")
    DATASET_OFFERED_AGAIN = "dataset.offered-again", _("Dataset offered again")
    DATASET_SHUT = "dataset.shut", _("Downloads shut after a restore")
    DATASET_REOPENED = "dataset.reopened", _("Downloads opened after a restore")
    SUBSET_OPENED = "subset.opened", _("Announced subset opened")
    OPENING_DECIDED = "opening.decided", _("Decided who gets an opened subset")
    INTEREST_NOTED = "interest.noted", _("Asked to be told of a subset")
    INTEREST_ENDED = "interest.ended", _("No longer to be told of a subset")
    CHECKPOINT_MADE = "checkpoint.made", _("Checkpoint of the record made")
    DOWNLOADS_DIGESTED = "downloads.digested", _("Downloads of a day digested")
    TERMS_PUBLISHED = "terms.published", _("Terms published")
    ARCHIVE_PUBLISHED = "archive.published", _("Archive published")
    ARCHIVE_WITHDRAWN = "archive.withdrawn", _("Archive withdrawn")
    GENERATION_SEALED = "generation.sealed", _("Shared archive sealed")
    GENERATION_RETIRED = "generation.retired", _("Shared archive retired")
    GENERATION_REVEALED = "generation.revealed", _("Password of a shared archive shown")
    ARCHIVE_TRACED = "archive.traced", _("Found archive traced")
    KEY_REPLACED = "key.replaced", _("Master key replaced")
    ROLE_GIVEN = "role.given", _("Role given")
    ROLE_ENDED = "role.ended", _("Role ended")
    STAFF_INVITED = "staff.invited", _("Staff invited")
    INVITATION_WITHDRAWN = "invitation.withdrawn", _("Invitation withdrawn")
    DOMAIN_RULE_ADDED = "domain-rule.added", _("Address rule added")
    DOMAIN_RULE_ENDED = "domain-rule.ended", _("Address rule ended")

    APPLICATION_STARTED = "application.started", _("Application started")
    AGREEMENT_ISSUED = "agreement.issued", _("Agreement issued")
    SIGNED_COPY_RECEIVED = "signed-copy.received", _("Signed copy received")
    APPLICATION_SUBMITTED = "application.submitted", _("Application submitted")
    APPLICATION_WITHDRAWN = "application.withdrawn", _("Application withdrawn")
    APPLICATION_LAPSED = "application.lapsed", _("Application lapsed")
    EVIDENCE_GATHERED = "evidence.gathered", _("Evidence gathered")
    EVIDENCE_REQUESTED = "evidence.requested", _("Evidence asked for again")
    APPLICATION_APPROVED = "application.approved", _("Approved")
    APPLICATION_RETURNED = "application.returned", _("Returned for changes")
    APPLICATION_DECLINED = "application.declined", _("Declined")
    APPROVAL_GIVEN = "approval.given", _("One of several approvals given")
    REMARK_ADDED = "remark.added", _("Remark added")

    GRANT_ISSUED = "grant.issued", _("Access granted")
    LINK_ISSUED = "link.issued", _("Download link issued")
    LINK_ENDED = "link.ended", _("Download link ended")
    PASSWORD_REVEALED = "password.revealed", _("Password shown")
    SEAL_RENEWED = "seal.renewed", _("Password replaced")
    MEMBER_INVITED = "member.invited", _("Member invited")
    MEMBER_JOINED = "member.joined", _("Member joined")
    MEMBER_LEFT = "member.left", _("Member left")
    MEMBER_REMOVED = "member.removed", _("Member removed")
    GRANT_SUSPENDED = "grant.suspended", _("Access suspended")
    GRANT_RESUMED = "grant.resumed", _("Access resumed")
    GRANT_EXPIRED = "grant.expired", _("Access expired")
    GRANT_REVOKED = "grant.revoked", _("Access revoked")
    GRANT_RENEWED = "grant.renewed", _("Access renewed")
    GRANT_CLOSED = "grant.closed", _("Access closed by its holder")
    GRANT_IMPORTED = "grant.imported", _("Earlier access brought in")
    GRANT_CONFIRMED = "grant.confirmed", _("Earlier access confirmed")
    ADDRESS_PROVEN = "address.proven", _("Address proven again")
    SUBSET_TAKEN = "subset.taken", _("Subset taken from access")
    SUBSET_GIVEN_BACK = "subset.given-back", _("Subset given back to access")
    SUBSET_OFFERED = "subset.offered", _("Opened subset offered")
    SUBSET_ADDED = "subset.added", _("Opened subset added to access")
    SUBSET_DECLINED = "subset.declined", _("Opened subset declined")
    PROCEDURE_BEGUN = "procedure.begun", _("Procedure begun")
    SUSPENSION_LIFTED = "suspension.lifted", _("Suspension lifted")
    CERTIFICATE_MADE = "certificate.made", _("Certificate made")
    DESTRUCTION_ATTESTED = "destruction.attested", _("Destruction attested")
    DESTRUCTION_EXCUSED = "destruction.excused", _("Destruction excused")
    DESTRUCTION_OVERDUE = "destruction.overdue", _("Destruction overdue")
    BAR_SET = "bar.set", _("Barred from applying")
    BAR_LIFTED = "bar.lifted", _("Bar lifted")

    ACCOUNT_CLOSED = "account.closed", _("Account closed")
    ACCOUNT_OPENED = "account.opened", _("Account opened again")
    ADMINISTRATOR_MADE = "administrator.made", _("Site administrator made")
    ADMINISTRATOR_ENDED = "administrator.ended", _("Site administrator ended")
    DATA_HANDED_OUT = "data.handed-out", _("Own data downloaded")
    PERSON_ERASED = "person.erased", _("Person erased")
    APPLICATION_ERASED = "application.erased", _("Application erased")
    SIGNED_COPY_ERASED = "signed-copy.erased", _("Signed copy erased")


# What a payload may hold. Never a secret, never a person's words: of free text only `reason_digest`.
PAYLOAD_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    Kind.DATASET_LOADED: frozenset({"changes", "source_sha256"}),
    Kind.DATASET_WITHDRAWN: frozenset({"reason_digest"}),
    Kind.DATASET_OFFERED_AGAIN: frozenset({"reason_digest"}),
    Kind.DATASET_SHUT: frozenset({"cause", "found_sequence", "expected_sequence"}),
    Kind.DATASET_REOPENED: frozenset({"checkpoint_sequence", "checkpoint_hash", "missing", "reason_digest"}),
    Kind.SUBSET_OPENED: frozenset({"subset"}),
    Kind.OPENING_DECIDED: frozenset({"subset", "choice", "grants"}),
    Kind.INTEREST_NOTED: frozenset({"subset"}),
    Kind.INTEREST_ENDED: frozenset({"subset", "cause"}),
    Kind.CHECKPOINT_MADE: frozenset({"count", "head_hash", "key_number", "public_key", "signature"}),
    Kind.DOWNLOADS_DIGESTED: frozenset({"day", "opened", "closed", "sha256"}),
    Kind.TERMS_PUBLISHED: frozenset({"version", "sha256", "effective"}),
    Kind.ARCHIVE_PUBLISHED: frozenset({"version", "digest", "members", "size", "seal"}),
    Kind.ARCHIVE_WITHDRAWN: frozenset({"version", "reason_digest"}),
    Kind.GENERATION_SEALED: frozenset({"version", "generation", "sha256", "size"}),
    Kind.GENERATION_RETIRED: frozenset({"version", "generation"}),
    Kind.GENERATION_REVEALED: frozenset({"version", "generation"}),
    Kind.ARCHIVE_TRACED: frozenset({"piece_sha256", "salts", "seals"}),
    Kind.KEY_REPLACED: frozenset({"key_number", "compromised", "seals", "links"}),
    Kind.ROLE_GIVEN: frozenset({"assigned_role"}),
    Kind.ROLE_ENDED: frozenset({"assigned_role"}),
    Kind.STAFF_INVITED: frozenset({"assigned_role"}),
    Kind.INVITATION_WITHDRAWN: frozenset({"assigned_role"}),
    Kind.DOMAIN_RULE_ADDED: frozenset({"suffix", "verdict", "reason_digest"}),
    Kind.DOMAIN_RULE_ENDED: frozenset({"suffix"}),
    Kind.APPLICATION_STARTED: frozenset({"terms"}),
    Kind.AGREEMENT_ISSUED: frozenset({"issue", "sha256", "terms"}),
    Kind.SIGNED_COPY_RECEIVED: frozenset({"sha256", "size"}),
    Kind.APPLICATION_SUBMITTED: frozenset({"submission", "form_sha256", "signed_copy_sha256", "terms"}),
    Kind.APPLICATION_WITHDRAWN: frozenset(),
    Kind.APPLICATION_LAPSED: frozenset(),
    Kind.EVIDENCE_GATHERED: frozenset({"submission", "run", "digest", "outcomes"}),
    Kind.EVIDENCE_REQUESTED: frozenset({"submission", "run"}),
    Kind.APPLICATION_APPROVED: frozenset({"submission", "evidence_digest", "reason_digest"}),
    Kind.APPLICATION_RETURNED: frozenset({"submission", "evidence_digest", "reason_digest"}),
    Kind.APPLICATION_DECLINED: frozenset({"submission", "evidence_digest", "reason_digest"}),
    Kind.APPROVAL_GIVEN: frozenset({"submission", "evidence_digest", "reason_digest", "given", "needed"}),
    Kind.REMARK_ADDED: frozenset({"visibility", "reason_digest"}),
    Kind.GRANT_ISSUED: frozenset({"terms", "subsets", "starts", "ends"}),
    Kind.LINK_ISSUED: frozenset({"archive", "version", "expires"}),
    Kind.LINK_ENDED: frozenset({"archive"}),
    Kind.PASSWORD_REVEALED: frozenset({"seal_number"}),
    Kind.SEAL_RENEWED: frozenset({"seal_number", "key_number", "cause"}),
    Kind.MEMBER_INVITED: frozenset(),
    Kind.MEMBER_JOINED: frozenset({"terms"}),
    Kind.MEMBER_LEFT: frozenset(),
    Kind.MEMBER_REMOVED: frozenset({"reason_digest"}),
    Kind.GRANT_SUSPENDED: frozenset({"cause", "reason_digest"}),
    Kind.GRANT_RESUMED: frozenset({"cause", "reason_digest"}),
    Kind.GRANT_EXPIRED: frozenset(),
    Kind.GRANT_REVOKED: frozenset({"clause", "terms", "reason_digest"}),
    Kind.GRANT_RENEWED: frozenset({"previous_end", "ends", "terms", "use_digest"}),
    Kind.GRANT_CLOSED: frozenset({"cause"}),
    Kind.GRANT_IMPORTED: frozenset({"terms", "subsets", "starts", "ends", "signed_copy_sha256"}),
    Kind.GRANT_CONFIRMED: frozenset({"terms"}),
    Kind.ADDRESS_PROVEN: frozenset(),
    Kind.SUBSET_TAKEN: frozenset({"subset", "cause"}),
    Kind.SUBSET_GIVEN_BACK: frozenset({"subset"}),
    Kind.SUBSET_OFFERED: frozenset({"subset"}),
    Kind.SUBSET_ADDED: frozenset({"subset", "cause"}),
    Kind.SUBSET_DECLINED: frozenset({"subset"}),
    Kind.PROCEDURE_BEGUN: frozenset({"act", "scope", "grants", "people", "clause", "destroy_by", "reason_digest"}),
    Kind.SUSPENSION_LIFTED: frozenset({"grants", "reason_digest"}),
    Kind.CERTIFICATE_MADE: frozenset({"certificate", "sha256"}),
    Kind.DESTRUCTION_ATTESTED: frozenset({"statement_digest", "certificate_sha256"}),
    Kind.DESTRUCTION_EXCUSED: frozenset({"reason_digest"}),
    Kind.DESTRUCTION_OVERDUE: frozenset({"due"}),
    Kind.BAR_SET: frozenset({"reason_digest", "until"}),
    Kind.BAR_LIFTED: frozenset({"reason_digest"}),
    Kind.ACCOUNT_CLOSED: frozenset(),
    Kind.ACCOUNT_OPENED: frozenset(),
    Kind.ADMINISTRATOR_MADE: frozenset(),
    Kind.ADMINISTRATOR_ENDED: frozenset(),
    Kind.DATA_HANDED_OUT: frozenset(),
    Kind.PERSON_ERASED: frozenset({"rows", "applications", "documents", "reason_digest"}),
    Kind.APPLICATION_ERASED: frozenset({"cause", "rows"}),
    Kind.SIGNED_COPY_ERASED: frozenset({"cause", "sha256"}),
}


def check_payload(kind: Kind, payload: Mapping[str, Any]) -> None:
    """Raise ValueError if the payload has a field that the kind does not know, or lacks one that it has."""
    if frozenset(payload) != PAYLOAD_FIELDS[kind]:
        raise ValueError(f"{kind}: payload {sorted(payload)} is not {sorted(PAYLOAD_FIELDS[kind])}")


def label(kind: str) -> StrOrPromise:
    """Return the words for a kind, or the kind itself if it is of another version."""
    return Kind(kind).label if kind in Kind.values else kind
