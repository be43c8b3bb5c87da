"""Every change of a grant goes through here; `writing.py` alone writes its state."""

from agreements.grants.lifecycle.ending import revoke
from agreements.grants.lifecycle.lasting import close, expire, expire_due, renew
from agreements.grants.lifecycle.suspending import SYSTEM_CAUSES, resume, resume_cause, suspend
from agreements.grants.lifecycle.writing import lock, lock_all, subjects

__all__ = [
    "SYSTEM_CAUSES",
    "close",
    "expire",
    "expire_due",
    "lock",
    "lock_all",
    "renew",
    "resume",
    "resume_cause",
    "revoke",
    "subjects",
    "suspend",
]
