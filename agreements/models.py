"""All models of the one app; each lives in the package that owns it."""

from agreements.applications.models import (
    Application,
    ApplicationMember,
    Decision,
    EvidenceRun,
    Remark,
    SignedCopy,
    Submission,
)
from agreements.bars.models import Bar
from agreements.catalog.models import Archive, Dataset, RoleAssignment, StaffInvitation, Subset, Terms
from agreements.documents.models import Inspection, IssuedAgreement, PageImage, StoredDocument
from agreements.grants.models import DeliveryProcess, DownloadClosed, DownloadOpened, Grant, Link, Seal, Suspension
from agreements.identity.models import DomainRule
from agreements.keys.models import MasterKey
from agreements.ledger.models import LedgerEntry, LedgerHead, LedgerSubject
from agreements.mail.models import OutboxMessage
from agreements.people.models import EmailedCode, User
from agreements.revocation.models import Revocation

__all__ = [
    "Application",
    "ApplicationMember",
    "Archive",
    "Bar",
    "Dataset",
    "Decision",
    "DeliveryProcess",
    "DomainRule",
    "DownloadClosed",
    "DownloadOpened",
    "EmailedCode",
    "EvidenceRun",
    "Grant",
    "Inspection",
    "IssuedAgreement",
    "LedgerEntry",
    "LedgerHead",
    "LedgerSubject",
    "Link",
    "MasterKey",
    "OutboxMessage",
    "PageImage",
    "Remark",
    "Revocation",
    "RoleAssignment",
    "Seal",
    "SignedCopy",
    "StaffInvitation",
    "StoredDocument",
    "Submission",
    "Subset",
    "Suspension",
    "Terms",
    "User",
]
