"""The password of a seal: derived when it is needed, shown to its person, kept nowhere."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.errors import NotPossible
from agreements.core.secrets import PASSWORD, crockford, key_ring
from agreements.grants import lifecycle, seals
from agreements.grants.models import AnySeal, Grant
from agreements.grants.permissions import Permission, check_may
from agreements.grants.running import check_running
from agreements.keys import master_keys
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind

CHARACTERS: Final = 20
"""Of five bits each: 100 bits."""
GROUP: Final = 4


def password_of(seal: AnySeal) -> str:
    """Return the password of a seal, dashes included: `7K2F-9MQX-...`, five groups of four Crockford characters."""
    material = key_ring().derive(PASSWORD, *seals.inputs(seal), number=seal.key_number, length=13)
    text = crockford(material, characters=CHARACTERS)
    return "-".join(text[start : start + GROUP] for start in range(0, CHARACTERS, GROUP))


def reveal(*, grant: Grant, by: Actor) -> str:
    """Return the person's own password and record that it was shown.

    Raises NotAllowed for whoever has no seal under the grant, NotPossible unless the access is running.
    """
    with act() as record:
        locked = lifecycle.lock(grant)
        standing = check_may(Permission.REVEAL_PASSWORD, grant=locked, by=by)
        check_running(locked)
        seal = seals.running_seal(grant=locked, person_pk=by.person_pk)
        if seal is None:
            raise NotPossible(_("There is no password for you under this access."))
        master_keys.confirm(seal.key_number)
        record.record(
            Kind.PASSWORD_REVEALED,
            by=by,
            as_role=standing,
            subjects=lifecycle.subjects(locked, seal.person),
            seal_number=seal.number,
        )
        return password_of(seal)
