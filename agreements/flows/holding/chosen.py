"""What a person chose to be mailed, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agreements.people.models import User
from agreements.review.models import ReviewerNotices


def notices(person: User) -> list[Mapping[str, Any]]:
    """Return what mail a reviewer chose; none for who never chose and was never told."""
    return [
        {
            "each_morning": row.digest,
            "each_case_since": row.each_case_since,
            "looked_at_on": row.digest_on,
            "reminded_on": row.reminded_on,
        }
        for row in ReviewerNotices.objects.filter(person=person)
    ]
