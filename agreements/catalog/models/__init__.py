"""What is released, under which terms, and who looks after it."""

from agreements.catalog.models.archives import Archive, JobState, PublishJob, SealKind, Upload
from agreements.catalog.models.datasets import Access, Dataset, Subset, Terms
from agreements.catalog.models.interest import Interest, Opening, OpeningChoice
from agreements.catalog.models.reconciliations import Reconciliation
from agreements.catalog.models.roles import Role, RoleAssignment, StaffInvitation

__all__ = [
    "Access",
    "Archive",
    "Dataset",
    "Interest",
    "JobState",
    "Opening",
    "OpeningChoice",
    "PublishJob",
    "Reconciliation",
    "Role",
    "RoleAssignment",
    "SealKind",
    "StaffInvitation",
    "Subset",
    "Terms",
    "Upload",
]
