"""What reviewers are told, and how."""

from __future__ import annotations

from django.db import models


class ReviewerNotices(models.Model):
    """What mail a reviewer wants. Whoever has no row gets the daily digest and reminders, and no mail for each case."""

    person = models.OneToOneField("User", on_delete=models.CASCADE, related_name="+")
    digest = models.BooleanField(default=True)
    each_case = models.BooleanField(default=False)
    digest_on = models.DateField(null=True, help_text="the day of the last digest")
    reminded_on = models.DateField(null=True, help_text="the day of the last reminder")

    def __str__(self) -> str:
        return f"notices of {self.person_id}"
