"""The outbox: mail that a decision asked for, kept after it was sent."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class MessageState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    SUPERSEDED = "superseded", _("no longer needed")


class OutboxMessage(models.Model):
    """One mail. It is rendered when it is sent; `values` are plain and never hold a secret."""

    kind = models.CharField(max_length=60)
    recipient = models.EmailField(max_length=320)
    language = models.CharField(max_length=10, default="en")
    subject_reference = models.CharField(max_length=80, blank=True, help_text="what it is about: GB-A-7K2F9M")
    values: models.JSONField[dict[str, Any], Any] = models.JSONField(default=dict)
    message_id = models.CharField(max_length=200, unique=True)
    thread = models.CharField(max_length=200, blank=True, help_text="Message-ID that it answers")
    resend_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.CharField(max_length=80, blank=True, help_text="actor who had it sent again")
    state = models.CharField(max_length=12, choices=MessageState.choices, default=MessageState.QUEUED)
    created_at = models.DateTimeField(default=now)
    next_attempt_at = models.DateTimeField(default=now)
    deadline = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    lease_token = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_subject = models.CharField(max_length=300, blank=True)
    sent_text = models.TextField(blank=True, help_text="as sent, with link addresses cut")
    last_error = models.CharField(max_length=500, blank=True)
    bounced_at = models.DateTimeField(null=True, help_text="when word came that it did not arrive after all")
    bounce_status = models.CharField(max_length=12, blank=True, help_text="RFC 3463, such as 5.1.1")
    bounce_words = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "next_attempt_at"]),
            models.Index(fields=["subject_reference", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"


class DeadAddress(models.Model):
    """An address at which mail does not arrive: nothing more is sent to it until it is lifted."""

    key = models.CharField(max_length=320, help_text="equal for all spellings of one mailbox")
    address = models.EmailField(max_length=320)
    status = models.CharField(max_length=12, blank=True, help_text="RFC 3463, such as 5.1.1")
    words = models.CharField(max_length=500, blank=True)
    message = models.ForeignKey(OutboxMessage, on_delete=models.SET_NULL, null=True, related_name="+")
    since = models.DateTimeField(default=now)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, blank=True, help_text="actor")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=models.Q(lifted_at=None), name="dead_address_once")
        ]

    def __str__(self) -> str:
        return self.address
