"""Access that an approval opened: the grant, its seals, its members, its links, and every download."""

from agreements.grants.models.downloads import (
    DeliveryProcess,
    DownloadClosed,
    DownloadEnd,
    DownloadOpened,
    DownloadRunning,
    StoredTag,
    TagPass,
)
from agreements.grants.models.executed import ExecutedAgreement
from agreements.grants.models.grants import (
    Cause,
    ClosedFor,
    Grant,
    GrantNotice,
    GrantState,
    Renewal,
    SubsetOffer,
    Suspension,
    TakenSubset,
)
from agreements.grants.models.links import Link, LinkRefusal
from agreements.grants.models.members import GrantMember, MemberState
from agreements.grants.models.seals import AnySeal, Generation, GenerationState, Seal
from agreements.grants.models.terms import ConsentAnswer, TermsCampaign, TermsChoice, TermsConsent

__all__ = [
    "AnySeal",
    "Cause",
    "ClosedFor",
    "ConsentAnswer",
    "DeliveryProcess",
    "DownloadClosed",
    "DownloadEnd",
    "DownloadOpened",
    "DownloadRunning",
    "ExecutedAgreement",
    "Generation",
    "GenerationState",
    "Grant",
    "GrantMember",
    "GrantNotice",
    "GrantState",
    "Link",
    "LinkRefusal",
    "MemberState",
    "Renewal",
    "Seal",
    "StoredTag",
    "SubsetOffer",
    "Suspension",
    "TagPass",
    "TakenSubset",
    "TermsCampaign",
    "TermsChoice",
    "TermsConsent",
]
