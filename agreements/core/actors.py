"""Who acts: a person, known to the record by an opaque id, or a job of the system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is what the ledger keeps; `person_pk` is the database key of a person, None for a job."""

    id: str
    person_pk: int | None = None

    @property
    def is_person(self) -> bool:
        return self.person_pk is not None

    @property
    def pk(self) -> int:
        """The database key of a person. Raises ValueError for a job: it cannot sign for anything."""
        if self.person_pk is None:
            raise ValueError(f"{self.id} is not a person")
        return self.person_pk


def person(*, public_id: object, pk: int) -> Actor:
    """Return the actor for a person; `public_id` is the person's random UUID."""
    return Actor(id=f"person:{public_id}", person_pk=pk)


def job(name: str) -> Actor:
    """Return the actor for a job of the system, such as `job("evidence")`."""
    return Actor(id=f"system:{name}")
