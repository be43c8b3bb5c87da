"""People, named by their e-mail address."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core import actors, addresses
from agreements.core.clock import now
from agreements.core.erased import WORD


class UserManager(BaseUserManager["User"]):
    """Makes people; nobody has a password unless a site administrator sets one."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Return a new person with a normalised address."""
        user = self.model(email=normal_address(email), **fields)
        user.set_password(password) if password else user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Return a new site administrator."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normal_address(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """`public_id` is what the record knows of a person; the address is the sign-in name."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(_("site administrator"), default=False)
    date_joined = models.DateTimeField(default=now)
    erased_at = models.DateTimeField(null=True, help_text="when everything that names this person was erased")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    @property
    def actor(self) -> actors.Actor:
        return actors.person(public_id=self.public_id, pk=self.pk)

    @property
    def is_site_administrator(self) -> bool:
        """Return whether this person looks after the whole site."""
        return self.is_active and self.is_staff

    @property
    def display_name(self) -> str:
        return self.name or (WORD if self.erased_at else self.email)


class EmailedCode(models.Model):
    """A short code mailed to an address, to prove that its mailbox is theirs. Only the code's digest is kept.

    `handle` is known to the browser session that asked and to nobody else, so that a code works only there and
    nobody can spend another person's attempts.
    """

    handle = models.CharField(max_length=32, unique=True)
    address = models.EmailField()
    purpose = models.CharField(max_length=30)
    code_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=now, db_index=True)
    expires_at = models.DateTimeField()
    attempts_left = models.PositiveSmallIntegerField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} code {self.pk}"


def normal_address(email: str) -> str:
    """Return the address as it is stored: one form for all widths and cases; a `+tag` stays, so that mail arrives."""
    return addresses.normal(email)
