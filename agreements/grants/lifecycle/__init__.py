"""Every change of a grant goes through here; `writing.py` alone writes its state."""

from agreements.grants.lifecycle.expiry import close, expire, expire_due, renew
from agreements.grants.lifecycle.new_terms import agree_to_terms
from agreements.grants.lifecycle.revoking import revoke, revoke_all
from agreements.grants.lifecycle.subsets import give_back_subset, take_subset
from agreements.grants.lifecycle.suspending import (
    SYSTEM_CAUSES,
    resume,
    resume_all,
    resume_cause,
    suspend,
    suspend_all,
    suspend_cause,
)
from agreements.grants.lifecycle.writing import lock, lock_all, subjects

__all__ = [
    "SYSTEM_CAUSES",
    "agree_to_terms",
    "close",
    "expire",
    "expire_due",
    "give_back_subset",
    "lock",
    "lock_all",
    "renew",
    "resume",
    "resume_all",
    "resume_cause",
    "revoke",
    "revoke_all",
    "subjects",
    "suspend",
    "suspend_all",
    "suspend_cause",
    "take_subset",
]
