"""The holder's colleagues under a grant."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now
from agreements.core.erased import WORD, is_erased
from agreements.grants.models.grants import Grant


class MemberState(models.TextChoices):
    INVITED = "invited", _("invited")
    JOINED = "joined", _("joined")
    LEFT = "left", _("left")
    REMOVED = "removed", _("removed")
    WITHDRAWN = "withdrawn", _("invitation withdrawn")


class GrantMember(models.Model):
    """Someone of the holder's site who uses the data under the same grant, with a seal and links of their own."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=MemberState.choices, default=MemberState.INVITED)
    nonce = models.CharField(max_length=32, unique=True, help_text="the invitation's address carries a tag over it")
    key_number = models.PositiveSmallIntegerField()
    invited_by = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=now)
    person = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    terms = models.ForeignKey("Terms", on_delete=models.PROTECT, null=True, related_name="+", help_text="as accepted")
    joined_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True, help_text="why the member was removed, as they read it")
    reason_salt = models.CharField(max_length=32, blank=True)
    explanation = models.TextField(blank=True, help_text="why the address is of another organization than the holder's")
    explanation_salt = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["grant", "invited_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "email"], condition=models.Q(ended_at=None), name="grant_member_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} under {self.grant_id}"

    @property
    def display_name(self) -> str:
        return self.name or (self.person.name if self.person else "") or (WORD if is_erased(self.email) else self.email)
