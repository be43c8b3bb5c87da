"""What stewards and public sources say about domains."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class Verdict(models.TextChoices):
    ALLOW = "allow", _("institutional")
    REVIEW = "review", _("look closely")
    DENY = "deny", _("not accepted")


class DomainRule(models.Model):
    """Longest suffix wins; among equals deny beats review beats allow."""

    dataset = models.ForeignKey("Dataset", on_delete=models.PROTECT, related_name="+")
    suffix = models.CharField(max_length=253)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.TextField()
    reason_salt = models.CharField(max_length=32)
    author = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        "User", on_delete=models.PROTECT, null=True, related_name="+", help_text="nobody: it ran out by itself"
    )

    def __str__(self) -> str:
        return f"{self.suffix}: {self.verdict}"


class SourceLoad(models.Model):
    """One loading of a source about domains: a list from a package, or a dump of an organization registry.

    The newest row of a source that is not replaced counts. Replaced rows stay, with what they held, since evidence
    that was frozen under them names them.
    """

    source = models.CharField(max_length=40, help_text="name of the package, or of the registry")
    version = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64, help_text="of the file, or of the entries in order")
    released_on = models.DateField(null=True, help_text="when its maintainers released it, where that is known")
    entries = models.PositiveIntegerField()
    counts: models.JSONField[dict[str, int], Any] = models.JSONField(default=dict)
    tables = models.BinaryField(null=True, help_text="what a list holds, compressed; nothing for a registry")
    loaded_at = models.DateTimeField(default=now)
    loaded_by = models.CharField(max_length=80, help_text="actor")
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["source", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=models.Q(replaced_at=None), name="one_load_of_a_source_counts"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.version}"


class RegisteredOrganization(models.Model):
    """An organization as a registry knows it (ROR schema v2: id, names, types, locations, relationships)."""

    load = models.ForeignKey(SourceLoad, on_delete=models.CASCADE, related_name="+")
    registry_id = models.CharField(max_length=40, help_text="https://ror.org/… without the address: 05f950310")
    name = models.CharField(max_length=400)
    names: models.JSONField[list[str], Any] = models.JSONField(default=list)
    search = models.TextField(help_text="all names without accents, in lower case, one on a line")
    types: models.JSONField[list[str], Any] = models.JSONField(default=list)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2")
    city = models.CharField(max_length=200, blank=True)
    parents: models.JSONField[list[str], Any] = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["load", "registry_id"], name="organization_once_in_a_load")]

    def __str__(self) -> str:
        return self.name


class RegisteredDomain(models.Model):
    """A domain that a registry gives for an organization; a website's host says less than a domain of its mail."""

    load = models.ForeignKey(SourceLoad, on_delete=models.CASCADE, related_name="+")
    organization = models.ForeignKey(RegisteredOrganization, on_delete=models.CASCADE, related_name="+")
    domain = models.CharField(max_length=253)
    from_website = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["load", "domain"])]

    def __str__(self) -> str:
        return self.domain
