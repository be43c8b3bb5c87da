"""Reading people."""

from __future__ import annotations

from agreements.people.models import User


def by_pk(pk: int) -> User:
    """Return a person by database key. Raises User.DoesNotExist."""
    return User.objects.get(pk=pk)


def by_public_id(public_id: str) -> User | None:
    """Return the person that the record knows by this id, or None."""
    return User.objects.filter(public_id=public_id).first()
