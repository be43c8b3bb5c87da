"""What the database knows of keys: never a key, only how to tell one, and which certificates are ours."""

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


class SigningCertificate(models.Model):
    """A certificate that this installation signs agreements with, or signed with before: all are still trusted."""

    fingerprint = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the certificate in DER, hex")
    certificate = models.BinaryField(help_text="DER")
    subject = models.CharField(max_length=200)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    first_used_at = models.DateTimeField(default=now)
    compromised_at = models.DateTimeField(null=True, help_text="from then on a signature by it alone proves nothing")

    class Meta:
        ordering = ["-first_used_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.subject} ({self.fingerprint[:12]})"
