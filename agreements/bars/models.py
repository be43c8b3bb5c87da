"""Who may not apply, and until when."""

from __future__ import annotations

from django.db import models

from agreements.core.clock import now


class Bar(models.Model):
    """Bars a person, or everybody who writes from a domain, from applying for a dataset."""

    dataset = models.ForeignKey("Dataset", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    domain = models.CharField(max_length=253, blank=True)
    domain_salt = models.CharField(max_length=32, blank=True, help_text="of its digest in the record")
    reason = models.TextField()
    reason_salt = models.CharField(max_length=32)
    set_by = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=now)
    until = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    lift_reason = models.TextField(blank=True)
    lift_salt = models.CharField(max_length=32, blank=True)
    procedure = models.CharField(max_length=20, blank=True, help_text="reference of the procedure that it came with")
    digests = models.JSONField(default=list, help_text="keyed, of each mailbox or the domain, where it was erased")
    key_number = models.PositiveSmallIntegerField(null=True, help_text="master key of those digests")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=False) ^ ~models.Q(domain=""), name="bar_names_one_subject"
            )
        ]

    def __str__(self) -> str:
        return f"bar on {self.person_id or self.domain}"
