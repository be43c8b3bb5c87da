"""The append-only record. Triggers refuse UPDATE, DELETE and TRUNCATE (see `triggers.py`)."""

from __future__ import annotations

from typing import Any

from django.db import models

from agreements.core.clock import now
from agreements.ledger.chain import canonical


class LedgerEntry(models.Model):
    """One act. `hash` covers every other column and the previous row's hash: see `chain.py`."""

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    role = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=60)
    subjects: models.JSONField[dict[str, str], Any] = models.JSONField(default=dict)
    payload: models.JSONField[dict[str, Any], Any] = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["sequence"]
        indexes = [models.Index(fields=["kind", "sequence"])]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"

    def body(self) -> dict[str, Any]:
        """Return what the hash is made of, as `chain.canonical` says."""
        return canonical(
            sequence=self.sequence,
            at=self.at,
            actor=self.actor,
            role=self.role,
            kind=self.kind,
            subjects=self.subjects,
            payload=self.payload,
            previous_hash=self.previous_hash,
        )


class LedgerSubject(models.Model):
    """An index over the entries' subjects, so that the life of one thing is found quickly. No truth of its own."""

    entry = models.ForeignKey(LedgerEntry, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    role = models.CharField(max_length=20)
    reference = models.CharField(max_length=250)

    class Meta:
        indexes = [models.Index(fields=["reference", "entry"])]
        constraints = [models.UniqueConstraint(fields=["entry", "role"], name="ledger_subject_once")]

    def __str__(self) -> str:
        return f"{self.role}={self.reference}"


class LedgerHead(models.Model):
    """The single row that serialises writers and gives out sequence numbers without gaps."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="ledger_has_one_head")]

    def __str__(self) -> str:
        return f"head at {self.sequence}"


class Restoration(models.Model):
    """The database was found to be older than what the stores remember of the record: it was restored.

    Opened once for each restoration; each dataset stays shut until one of its stewards has reconciled it.
    """

    noticed_at = models.DateTimeField(default=now)
    cause = models.CharField(max_length=20, help_text="`behind`, `different`, or `told` by the operator")
    found_sequence = models.BigIntegerField(help_text="the head that this database had")
    found_hash = models.CharField(max_length=64)
    expected_sequence = models.BigIntegerField(null=True, help_text="the head that the stores remember")
    expected_hash = models.CharField(max_length=64, blank=True)
    expected_at = models.DateTimeField(null=True, help_text="when they were told of it")

    class Meta:
        ordering = ["-noticed_at"]

    def __str__(self) -> str:
        return f"restoration noticed at {self.noticed_at}"
