"""Erasing an account: who it was, where they were signed in, their second factors, the codes mailed to them."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Q

from agreements.core import erased
from agreements.core.clock import now
from agreements.core.erased import Named
from agreements.people.models import EmailedCode, User
from agreements.people.session_store import SessionStore


def lock(person: User) -> User:
    """Return the account as it is now, locked until the act ends. New rows may refer to it meanwhile."""
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def is_last_administrator(person: User) -> bool:
    """Return whether the site would have no administrator without this person."""
    others = User.objects.filter(is_staff=True, is_active=True).exclude(pk=person.pk)
    return person.is_site_administrator and not others.exists()


def erase(person: User, who: Named) -> None:
    """Erase a locked account. It stays as a row without a name, closed; its address is free for a new one."""
    _erase_sessions(person, who)
    Authenticator.objects.filter(user=person).delete()
    EmailAddress.objects.filter(user=person).delete()
    theirs = Q()
    for pattern in who.mailboxes():
        theirs |= Q(address__iregex=pattern)
    EmailedCode.objects.filter(theirs).delete()
    about = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk))
    about.update(object_repr=erased.WORD)
    for entry in LogEntry.objects.filter(user=person):
        entry.change_message = who.cut(entry.change_message)
        entry.save(update_fields=["change_message"])
    person.email, person.name = erased.address_of(person.public_id), ""
    person.language, person.time_zone, person.last_login = "en", "UTC", None
    person.is_active = person.is_staff = person.is_superuser = False
    person.erased_at = now()
    person.set_unusable_password()
    person.save()


def _erase_sessions(person: User, who: Named) -> None:
    """Delete each session that is theirs or holds their address: listed ones, and those that no list knows."""
    UserSession.objects.filter(user=person).delete()
    store = SessionStore()
    for row in Session.objects.iterator():
        data = store.decode(row.session_data)
        text = repr(data)
        if str(data.get("_auth_user_id")) == str(person.pk) or who.cut(text) != text:
            row.delete()
