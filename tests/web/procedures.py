"""Beginning a procedure on its page: the addresses, what is typed, more access like one that is there."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from agreements.grants.models import Grant
from agreements.people.models import User

DESK: Final = "/stewardship/genebody/"
END: Final = f"{DESK}end/"


def another(grant: Grant, number: int, **fields: Any) -> Grant:
    """Return a further grant like this one, of somebody else."""
    copy, application = Grant.objects.get(pk=grant.pk), grant.application
    application.pk, application.reference = None, f"GB-A-{number:06}"
    application.save()
    copy.pk, copy.reference, copy.application = None, f"GB-G-{number:06}", application
    copy.holder = User.objects.create_user(f"holder{number}@connect.ust.hk", name=f"Holder {number}")
    copy.holder_name = f"Holder {number}"
    for name, value in fields.items():
        setattr(copy, name, value)
    copy.save()
    copy.subsets.set(grant.subsets.all())
    return copy


def end(scope: str, value: str = "", act: str = "revoke") -> str:
    return f"{END}?{urlencode({'act': act, 'scope': scope, 'value': value})}"


def typed(expected: int = 1, **more: str) -> dict[str, str]:
    return {"expected": str(expected), "clause_id": "termination", "reason": "The project has ended.", **more}
