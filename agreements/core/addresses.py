"""One form for an address, so that two spellings of the same mailbox are seen to be the same.

`normal` and `comparison_key` take anything and never raise; `parse` says what is wrong with an address.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import idna
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from agreements.core.errors import Invalid

_DOTS_DO_NOT_COUNT: Final = frozenset({"gmail.com", "googlemail.com"})


@dataclass(frozen=True, slots=True)
class Address:
    """`normalized` is for sending; `comparison_key` is equal for all spellings of one mailbox."""

    original: str
    normalized: str
    local: str
    domain: str
    ascii_domain: str

    @property
    def comparison_key(self) -> str:
        """Return the mailbox in lower case, without a `+tag`, and without dots where they do not count."""
        return comparison_key(f"{self.local}@{self.ascii_domain}")


def parse(text: str) -> Address:
    """Return the address in its normal form. Raises Invalid with the reason; asks no name server."""
    original = text.strip()
    try:
        # Without `strict` a local part of 65 characters would pass (RFC 5321 allows 64).
        checked: ValidatedEmail = validate_email(original, check_deliverability=False, strict=True)
    except EmailNotValidError as problem:
        raise Invalid(
            _("This is not an e-mail address that mail can reach: %(reason)s") % {"reason": problem}, field="email"
        ) from None
    return Address(
        original=original,
        normalized=checked.normalized,
        local=checked.local_part,
        domain=checked.domain.lower(),
        ascii_domain=checked.ascii_domain.lower(),
    )


def normal(text: str) -> str:
    """Return the address as it is stored: trimmed, in lower case, the domain as mail servers write it (IDNA)."""
    local, at, domain = text.strip().lower().rpartition("@")
    return f"{local}{at}{_ascii(domain)}" if at else domain


def comparison_key(text: str) -> str:
    """Return what is equal for all spellings of one mailbox: no case, no `+tag`, no dots where they do not count."""
    local, _at, domain = normal(text).rpartition("@")
    local = unicodedata.normalize("NFKC", local).lower()
    local = local.partition("+")[0] or local
    if domain in _DOTS_DO_NOT_COUNT:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


def same_mailbox_pattern(text: str) -> str:
    """Return a regular expression (Python's and PostgreSQL's) for the stored addresses with this one's key."""
    local, _at, domain = comparison_key(text).rpartition("@")
    if domain in _DOTS_DO_NOT_COUNT:
        spread = r"\.*".join(map(re.escape, local))
        return rf"^{spread}\.*(\+[^@]*)?@(gmail|googlemail)\.com$"
    return rf"^{re.escape(local)}(\+[^@]*)?@{re.escape(domain)}$"


def _ascii(domain: str) -> str:
    try:
        return idna.encode(unicodedata.normalize("NFKC", domain), uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return domain
