"""What reviewers are told, and how."""

from __future__ import annotations

from django.db import models


class ReviewerNotices(models.Model):
    """What mail a reviewer wants. Whoever has no row gets the daily digest and reminders, and no mail for each case.

    The days are those of the reviewer's time zone.
    """

    person = models.OneToOneField("User", on_delete=models.CASCADE, related_name="+")
    digest = models.BooleanField(default=True)
    each_case_since = models.DateTimeField(null=True, help_text="since when a mail for each case is wanted")
    digest_on = models.DateField(null=True, help_text="the last day that was looked at")
    reminded_on = models.DateField(null=True, help_text="the day of the last reminder")

    def __str__(self) -> str:
        return f"notices of {self.person_id}"
