"""What the database knows of the master keys: never a key, only how to tell whether a key is the same as before."""

from __future__ import annotations

from django.db import models

from agreements.core.clock import now


class MasterKey(models.Model):
    """A master key that something was made under. `check_value` is derived (64 bits, one way) and no secret."""

    number = models.PositiveSmallIntegerField(unique=True)
    check_value = models.CharField(max_length=16, help_text="16 hex digits, derived under a label of its own")
    first_used_at = models.DateTimeField(default=now)
    compromised_at = models.DateTimeField(null=True, help_text="from then on nothing made under it opens anything")

    def __str__(self) -> str:
        return f"master key {self.number}"
