"""Codes sent by mail: made, checked, spent. Signing in and proving one's mailbox again both use them.

A code has six characters of an alphabet of 30 (29 bits), works for 15 minutes, in the browser session that asked
for it, and allows five tries; the web layer limits how many may be asked for. Only an HMAC of it is stored.
Attempts are counted by an UPDATE with a condition, so tries sent at the same moment cannot share one.
"""

from __future__ import annotations

import datetime as dt
import secrets
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.core.clock import now
from agreements.core.errors import Invalid, NotPossible
from agreements.core.references import ALPHABET
from agreements.core.secrets import same
from agreements.people.models import EmailedCode, normal_address

LENGTH: Final = 6
ATTEMPTS: Final = 5
LIFETIME: Final = dt.timedelta(minutes=15)
FRESH_FOR: Final = dt.timedelta(minutes=15)
"""How long a code that was typed in, or a second factor, counts as fresh proof of who sits there."""
# Rows hold addresses that anybody may have typed; none is kept longer than this.
KEPT_FOR: Final = dt.timedelta(days=1)


class Purpose(StrEnum):
    SIGN_IN = "sign-in"
    FRESH = "fresh"
    ADDRESS = "address"
    MOVING = "moving"
    SIGNING = "signing"
    TERMS = "terms"


class CodeSpent(NotPossible):
    """The code cannot be used any more, whatever is typed; another one must be asked for."""


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """`text` goes into the mail and nowhere else; `handle` goes into the session."""

    handle: str
    text: str = field(repr=False)


def issue(*, address: str, purpose: Purpose) -> IssuedCode:
    """Return a fresh code for an address, known here or not."""
    moment = now()
    EmailedCode.objects.filter(created_at__lt=moment - KEPT_FOR).delete()
    plain = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    handle = secrets.token_hex(16)
    EmailedCode.objects.create(
        handle=handle,
        address=normal_address(address),
        purpose=purpose,
        code_digest=_digest(handle, purpose, plain),
        created_at=moment,
        expires_at=moment + LIFETIME,
        attempts_left=ATTEMPTS,
    )
    return IssuedCode(handle=handle, text=f"{plain[:3]}-{plain[3:]}")


def withdraw(handle: str) -> None:
    """Make a code useless, such as one whose mail could not be sent."""
    EmailedCode.objects.filter(handle=handle).delete()


def check(*, handle: str, address: str, purpose: Purpose, code: str) -> None:
    """Spend the code if it is the right one. Raises Invalid for a wrong try, CodeSpent if no try can succeed.

    Must not run inside a transaction that a refusal rolls back: the spent attempt would come back with it.
    """
    row = EmailedCode.objects.filter(handle=handle, address=normal_address(address), purpose=purpose).first()
    moment = now()
    if row is None:
        raise CodeSpent(_("This code is not valid any more. Ask for a new one."))
    if row.used_at is not None:
        raise CodeSpent(_("This code has been used already. Ask for a new one."))
    if moment >= row.expires_at:
        raise CodeSpent(_("This code has expired: codes work for 15 minutes. Ask for a new one."))
    unused = EmailedCode.objects.filter(pk=row.pk, used_at=None)
    if not unused.filter(attempts_left__gt=0).update(attempts_left=F("attempts_left") - 1):
        raise CodeSpent(_("Too many wrong codes were typed. Ask for a new one."))
    if not same(_digest(handle, purpose, _typed(code)), row.code_digest):
        _refuse(row.pk)
    if not unused.update(used_at=moment):
        raise CodeSpent(_("This code has been used already. Ask for a new one."))


def _refuse(pk: int) -> None:
    left = EmailedCode.objects.values_list("attempts_left", flat=True).get(pk=pk)
    if left == 0:
        raise CodeSpent(_("Too many wrong codes were typed. Ask for a new one."))
    tries = ngettext("%(left)d try is left.", "%(left)d tries are left.", left) % {"left": left}
    raise Invalid(_("This is not the code of the newest mail we sent you. %(tries)s") % {"tries": tries}, field="code")


def _typed(code: str) -> str:
    """Return what was typed without its dash, spaces and case, in any width a keyboard may give it."""
    plain = unicodedata.normalize("NFKC", code[:100]).upper()
    return "".join(character for character in plain if character in ALPHABET)


def _digest(handle: str, purpose: str, plain: str) -> str:
    return salted_hmac(f"agreements.people.emailed-code/{purpose}/{handle}", plain, algorithm="sha256").hexdigest()
