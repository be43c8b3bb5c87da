"""New terms for access that runs: what the steward decided, and what each holder answered."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class TermsChoice(models.TextChoices):
    KEEP = "keep", _("running access goes on under the terms it was given under")
    ASK = "ask", _("every holder is asked to agree")


class TermsCampaign(models.Model):
    """What becomes of running access when a version of the terms was published: decided once for each version."""

    dataset = models.ForeignKey("Dataset", on_delete=models.PROTECT, related_name="+")
    terms = models.OneToOneField("Terms", on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(max_length=10, choices=TermsChoice.choices)
    grace_ends_at = models.DateTimeField(null=True, help_text="from then on access of who has not agreed is suspended")
    note = models.TextField(blank=True, help_text="why, as the holders read it")
    note_salt = models.CharField(max_length=32)
    decided_at = models.DateTimeField(default=now)
    decided_by = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, help_text="a later campaign of the dataset took its place")

    class Meta:
        ordering = ["-decided_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset"], condition=models.Q(ended_at=None), name="one_running_campaign_of_a_dataset"
            )
        ]

    def __str__(self) -> str:
        return f"{self.choice} for terms {self.terms_id}"


class ConsentAnswer(models.TextChoices):
    AGREED = "agreed", _("agreed")
    DECLINED = "declined", _("does not agree")


class TermsConsent(models.Model):
    """What one holder answered for one grant. `document` is the certified page that says so; their agreement stays."""

    campaign = models.ForeignKey(TermsCampaign, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey("Grant", on_delete=models.PROTECT, related_name="+")
    previous_terms = models.ForeignKey("Terms", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=now)
    grace_ends_at = models.DateTimeField(
        null=True, help_text="later than the campaign's for who was asked later; none: the access is suspended already"
    )
    answer = models.CharField(max_length=10, choices=ConsentAnswer.choices, blank=True)
    answered_at = models.DateTimeField(null=True)
    document = models.OneToOneField("StoredDocument", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["campaign", "answer"])]
        constraints = [models.UniqueConstraint(fields=["campaign", "grant"], name="consent_once")]

    def __str__(self) -> str:
        return f"consent of {self.grant_id} to {self.campaign_id}"
