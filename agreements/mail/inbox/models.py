"""The mailbox, and every message that came into it, with what became of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class Mailbox(models.Model):
    """A mailbox that is polled, and the lease of the one poller that may touch it."""

    name = models.CharField(max_length=300, unique=True, help_text="user@host/folder; never a password")
    polled_at = models.DateTimeField(null=True, help_text="when it was last read to its end")
    error = models.CharField(max_length=300, blank=True, help_text="why it could not be read, in our words")
    failing_since = models.DateTimeField(null=True)
    waiting = models.PositiveIntegerField(default=0, help_text="messages left in it when it was last looked at")
    lease_token = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class InboundState(models.TextChoices):
    TAKEN = "taken", _("to be read")
    OPENING = "opening", _("its papers are being opened")
    DONE = "done", _("done")
    UNREADABLE = "unreadable", _("could not be read")


class Outcome(models.TextChoices):
    NONE = "", _("nothing yet")
    SIGNED_COPY = "signed-copy", _("taken as the signed copy")
    SHOWN = "shown", _("shown on the case")
    DRAFT = "draft", _("became a draft")
    ANSWERED = "answered", _("answered")
    KEPT = "kept", _("kept, not answered")
    AUTOMATIC = "automatic", _("automatic mail, not answered")
    BOUNCE = "bounce", _("word that a mail did not arrive")


class Proof(models.TextChoices):
    PENDING = "pending", _("not looked at yet")
    PROVEN = "proven", _("proven sender")
    UNPROVEN = "unproven", _("unproven sender")
    UNKNOWN = "unknown", _("could not be looked up")


class InboundMail(models.Model):
    """One message, kept byte for byte in the private store. Header fields are what it claims, cut to their columns.

    `proof_reasons`: [{"code", "words"}]. `attachments`: [{"name", "type", "size", "sha256", "document", "left"}], where
    `document` is the key of a stored document or None, `left` the code of why it is not opened, and `name` is for
    people's eyes and never a path. Links, tokens and codes are cut out of what it says.
    """

    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, help_text="of the raw bytes")
    size = models.PositiveIntegerField(help_text="bytes")
    store_key = models.CharField(max_length=120, blank=True, help_text="where the raw bytes are; empty once removed")
    state = models.CharField(max_length=12, choices=InboundState.choices, default=InboundState.TAKEN)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True, default=Outcome.NONE)
    reason = models.CharField(max_length=500, blank=True, help_text="why it came out so, for people")
    reason_code = models.CharField(max_length=40, blank=True)
    sender = models.CharField(max_length=320, blank=True, help_text="the one address in From, as it is stored")
    sender_key = models.CharField(max_length=320, blank=True, help_text="equal for all spellings of one mailbox")
    sender_name = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True, help_text="its plain text, cut")
    message_id = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, help_text="what its Date header says")
    proof = models.CharField(max_length=10, choices=Proof.choices, default=Proof.PENDING)
    proof_domain = models.CharField(max_length=253, blank=True, help_text="whose signature proved it")
    proof_reasons: models.JSONField[list[dict[str, str]], Any] = models.JSONField(default=list)
    proven_signature = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the signature that this message used up"
    )
    attachments: models.JSONField[list[dict[str, Any]], Any] = models.JSONField(default=list)
    left_out = models.PositiveIntegerField(default=0, help_text="attachments beyond those that are named")
    application_reference = models.CharField(max_length=40, blank=True)
    dataset_slug = models.CharField(max_length=80, blank=True)
    answer = models.ForeignKey("OutboxMessage", on_delete=models.SET_NULL, null=True, related_name="+")
    answered_on = models.DateField(null=True)
    taken_at = models.DateTimeField(default=now)
    settled_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=now, help_text="when it may be taken up (again)")
    attempts = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(null=True, help_text="when a person said that it needs nothing more")
    seen_by = models.CharField(max_length=80, blank=True, help_text="actor")
    erased_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["application_reference"]),
            models.Index(fields=["sender_key"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "sha256"], name="mail_taken_once"),
            models.UniqueConstraint(
                fields=["proven_signature"], condition=~models.Q(proven_signature=""), name="signature_proves_once"
            ),
            models.UniqueConstraint(
                fields=["sender_key", "answered_on"],
                condition=models.Q(answered_on__isnull=False),
                name="sender_answered_once_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}: {self.state}"
