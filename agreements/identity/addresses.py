"""One form for an address, so that two spellings of the same mailbox are seen to be the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
        local = self.local.partition("+")[0].lower() or self.local.lower()
        if self.ascii_domain in _DOTS_DO_NOT_COUNT:
            return f"{local.replace('.', '')}@gmail.com"
        return f"{local}@{self.ascii_domain}"


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
