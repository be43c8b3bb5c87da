"""How a dataset was opened again after the database was restored from a backup."""

from __future__ import annotations

from django.db import models

from agreements.catalog.models.datasets import Dataset
from agreements.core.clock import now


class Reconciliation(models.Model):
    """A steward looked at what a restored database lacks, and opened the dataset again."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="+")
    shut_at = models.DateTimeField(help_text="since when the dataset was shut")
    reopened_at = models.DateTimeField(default=now)
    reopened_by = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    checkpoint_sequence = models.BigIntegerField(null=True, help_text="row that the kept checkpoint names; none: none")
    checkpoint_hash = models.CharField(max_length=64, blank=True)
    missing = models.BigIntegerField(null=True, help_text="rows of the record that are lost, where that is known")
    reason = models.TextField(help_text="what the steward found, and did again")
    reason_salt = models.CharField(max_length=32)

    class Meta:
        ordering = ["-reopened_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.dataset_id} opened again at {self.reopened_at}"
