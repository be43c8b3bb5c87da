"""Accounts: found by their address, made at the first proof of it, changed by their owner."""

from __future__ import annotations

import unicodedata
import zoneinfo
from typing import Final

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.errors import Invalid, NotAllowed
from agreements.people.models import User, normal_address

NAME_LIMIT: Final = 200
REGIONS: Final = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


def find(address: str) -> User | None:
    """Return the person with this address, or None."""
    return User.objects.filter(email=normal_address(address)).first()


def find_or_create(address: str, *, language: str = "en") -> User:
    """Return the person with this address, made now if there is none. Only for an address that was proved."""
    if (user := find(address)) is not None:
        return user
    try:
        with transaction.atomic():
            return User.objects.create_user(address, language=known_language(language))
    except IntegrityError:  # made by a second browser in the same moment
        return User.objects.get(email=normal_address(address))


def enter(address: str, *, name: str) -> User:
    """Return the person with this address, entered now if there is none, though nobody has proved it yet.

    For people whom the lab knows from before: signing in with the address proves it.
    """
    return find(address) or User.objects.create_user(address, name=name)


def note_verified(user: User) -> None:
    """Tell allauth that the one address of this person is verified; a second factor needs that."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def make_administrator(*, user: User, by: Actor) -> None:
    """Make a person the site's administrator. For set-up only: later ones are made by an administrator."""
    if by.is_person:
        raise NotAllowed(_("Only set-up makes the first administrator."))
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])


def change_profile(*, user: User, name: str, language: str, time_zone: str, by: Actor) -> None:
    """Set what a person says of themselves. Raises Invalid, or NotAllowed if `by` is somebody else."""
    if by.person_pk != user.pk:
        raise NotAllowed(_("Only you can change this."))
    name = " ".join(name.split())
    if len(name) > NAME_LIMIT:
        raise Invalid(_("A name can have %(limit)d characters.") % {"limit": NAME_LIMIT}, field="name")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise Invalid(_("The name holds a character that cannot be printed."), field="name")
    if language not in dict(settings.LANGUAGES):
        raise Invalid(_("This language is not offered."), field="language")
    if time_zone not in time_zones():
        raise Invalid(_("This time zone is not known."), field="time_zone")
    # By a condition: a page that was open while the account was erased writes no name into it again.
    if User.objects.filter(pk=user.pk, erased_at=None).update(name=name, language=language, time_zone=time_zone):
        user.name, user.language, user.time_zone = name, language, time_zone


def known_language(code: str) -> str:
    """Return the code of a language that is offered, English if this one is not."""
    return code if code in dict(settings.LANGUAGES) else "en"


def time_zones() -> list[str]:
    """Return the names of places people choose from, `UTC` first: no abbreviations, no historic aliases."""
    return ["UTC", *sorted(name for name in zoneinfo.available_timezones() if name.startswith(REGIONS))]
