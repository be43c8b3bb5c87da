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
from agreements.documents.models import Inspection, IssuedAgreement, PageImage, StoredDocument
from agreements.grants.models import (
    DeliveryProcess,
    DownloadClosed,
    DownloadOpened,
    DownloadRunning,
    Generation,
    Grant,
    GrantMember,
    Link,
    LinkRefusal,
    Seal,
    StoredTag,
    Suspension,
    TagPass,
)
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
    "DownloadRunning",
    "EmailedCode",
    "EvidenceRun",
    "Generation",
    "Grant",
    "GrantMember",
    "Inspection",
    "IssuedAgreement",
    "LedgerEntry",
    "LedgerHead",
    "LedgerSubject",
    "Link",
    "LinkRefusal",
    "MasterKey",
    "OutboxMessage",
    "PageImage",
    "PublishJob",
    "Remark",
    "Revocation",
    "RoleAssignment",
    "Seal",
    "SignedCopy",
    "StaffInvitation",
    "StoredDocument",
    "StoredTag",
    "Submission",
    "Subset",
    "Suspension",
    "TagPass",
    "Terms",
    "Upload",
    "User",
]
