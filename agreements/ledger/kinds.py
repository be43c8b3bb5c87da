"""Every kind of ledger row. What its payload holds stands in `payloads.py`, what a person reads in `sentences.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    TERMS_DECIDED = "terms.decided", _("Decided what new terms mean for running access")
    ARCHIVE_PUBLISHED = "archive.published", _("Archive published")
    ARCHIVE_WITHDRAWN = "archive.withdrawn", _("Archive withdrawn")
    GENERATION_SEALED = "generation.sealed", _("Shared archive sealed")
    GENERATION_RETIRED = "generation.retired", _("Shared archive retired")
    GENERATION_REVEALED = "generation.revealed", _("Password of a shared archive shown")
    ARCHIVE_TRACED = "archive.traced", _("Found archive traced")
    KEY_REPLACED = "key.replaced", _("Master key replaced")
    SIGNING_KEY_ADDED = "signing-key.added", _("Signing key taken into use")
    SIGNING_KEY_COMPROMISED = "signing-key.compromised", _("Signing key marked as compromised")
    ROLE_GIVEN = "role.given", _("Role given")
    ROLE_ENDED = "role.ended", _("Role ended")
    STAFF_INVITED = "staff.invited", _("Staff invited")
    INVITATION_WITHDRAWN = "invitation.withdrawn", _("Invitation withdrawn")
    DOMAIN_RULE_ADDED = "domain-rule.added", _("Address rule added")
    DOMAIN_RULE_ENDED = "domain-rule.ended", _("Address rule ended")

    SOURCE_LOADED = "source.loaded", _("Source about domains loaded")
    MAIL_TAKEN = "mail.taken", _("Mail taken in")
    MAIL_LOOKED_AT = "mail.looked-at", _("Mail marked as looked at")
    MAIL_READ_AGAIN = "mail.read-again", _("Mail to be read again")
    MAIL_HANDED_OUT = "mail.handed-out", _("Mail handed out as it came")
    MAIL_SENT_AGAIN = "mail.sent-again", _("Mail sent again")
    ADDRESS_DEAD = "address.dead", _("Address found dead")
    ADDRESS_LIVES = "address.lives", _("Address taken up again")

    APPLICATION_STARTED = "application.started", _("Application started")
    AGREEMENT_ISSUED = "agreement.issued", _("Agreement issued")
    AGREEMENT_SIGNED = "agreement.signed", _("Agreement signed in the browser")
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
    AGREEMENT_EXECUTED = "agreement.executed", _("Agreement executed")
    TERMS_ASKED = "terms.asked", _("Asked to agree to new terms")
    TERMS_AGREED = "terms.agreed", _("Agreed to new terms")
    TERMS_REFUSED = "terms.refused", _("New terms refused")
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


def label(kind: str) -> StrOrPromise:
    """Return the words for a kind, or the kind itself if it is of another version."""
    return Kind(kind).label if kind in Kind.values else kind
