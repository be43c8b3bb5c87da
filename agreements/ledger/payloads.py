"""What the payload of each kind of ledger row holds: its fields and their types.

Never a secret, never a person's words: of free text only a digest (`act.text_digest`). Every kind needs a row here, and
a sentence in `sentences.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agreements.ledger.field_types import (
    CODE,
    COUNT,
    DATE,
    DIGEST,
    DIGEST_OR_EMPTY,
    ED25519_KEY,
    ED25519_SIGNATURE,
    MOMENT,
    NUMBER,
    SHA256,
    SIZE,
    TEXT,
    FieldType,
    by_name,
    list_of,
    optional,
)
from agreements.ledger.kinds import Kind

_ENDS: Final = optional(MOMENT, absent=pgettext_lazy("until", "further notice"))
_UNKNOWN_COUNT: Final = optional(COUNT, absent=pgettext_lazy("a number", "unknown"))
_UNKNOWN_SHA256: Final = optional(SHA256, absent=pgettext_lazy("a hash", "none"))
_DECIDED: Final = {"submission": NUMBER, "evidence_digest": DIGEST_OR_EMPTY, "reason_digest": DIGEST}
_WHY: Final = {"reason_digest": DIGEST}
_SUBSET: Final = {"subset": TEXT}
_GENERATION: Final = {"version": NUMBER, "generation": NUMBER}
_ROLE: Final = {"assigned_role": CODE}
_GRANTED: Final = {"terms": TEXT, "subsets": list_of(TEXT), "starts": MOMENT, "ends": _ENDS}

PAYLOADS: Final[Mapping[Kind, Mapping[str, FieldType]]] = {
    Kind.DATASET_LOADED: {"changes": list_of(TEXT), "source_sha256": SHA256},
    Kind.DATASET_WITHDRAWN: _WHY,
    Kind.DATASET_OFFERED_AGAIN: _WHY,
    Kind.DATASET_SHUT: {"cause": CODE, "found_sequence": COUNT, "expected_sequence": _UNKNOWN_COUNT},
    Kind.DATASET_REOPENED: {
        "checkpoint_sequence": _UNKNOWN_COUNT,
        "checkpoint_hash": _UNKNOWN_SHA256,
        "missing": _UNKNOWN_COUNT,
        "reason_digest": DIGEST,
    },
    Kind.SUBSET_OPENED: _SUBSET,
    Kind.OPENING_DECIDED: {"subset": TEXT, "choice": CODE, "grants": COUNT},
    Kind.INTEREST_NOTED: _SUBSET,
    Kind.INTEREST_ENDED: {"subset": TEXT, "cause": CODE},
    Kind.CHECKPOINT_MADE: {
        "count": COUNT,
        "head_hash": SHA256,
        "made": MOMENT,
        "site": TEXT,
        "key_number": NUMBER,
        "public_key": ED25519_KEY,
        "signature": ED25519_SIGNATURE,
    },
    Kind.DOWNLOADS_DIGESTED: {"day": DATE, "opened": COUNT, "closed": COUNT, "sha256": SHA256},
    Kind.TERMS_PUBLISHED: {"version": TEXT, "sha256": SHA256, "effective": DATE},
    Kind.TERMS_DECIDED: {
        "version": TEXT,
        "choice": CODE,
        "grants": COUNT,
        "grace_ends": _ENDS,
        "reason_digest": DIGEST,
    },
    Kind.ARCHIVE_PUBLISHED: {"version": NUMBER, "digest": SHA256, "members": COUNT, "size": SIZE, "seal": CODE},
    Kind.ARCHIVE_WITHDRAWN: {"version": NUMBER, "reason_digest": DIGEST},
    Kind.GENERATION_SEALED: {**_GENERATION, "sha256": SHA256, "size": SIZE},
    Kind.GENERATION_RETIRED: _GENERATION,
    Kind.GENERATION_REVEALED: _GENERATION,
    Kind.ARCHIVE_TRACED: {"piece_sha256": SHA256, "salts": COUNT, "seals": list_of(TEXT)},
    Kind.KEY_REPLACED: {"key_number": NUMBER, "compromised": NUMBER, "seals": COUNT, "links": COUNT},
    Kind.SIGNING_KEY_ADDED: {"fingerprint": SHA256, "until": MOMENT},
    Kind.SIGNING_KEY_COMPROMISED: {"fingerprint": SHA256},
    Kind.ROLE_GIVEN: _ROLE,
    Kind.ROLE_ENDED: _ROLE,
    Kind.STAFF_INVITED: _ROLE,
    Kind.INVITATION_WITHDRAWN: _ROLE,
    Kind.DOMAIN_RULE_ADDED: {"suffix": TEXT, "verdict": CODE, "reason_digest": DIGEST},
    Kind.DOMAIN_RULE_ENDED: {"suffix": TEXT},
    Kind.SOURCE_LOADED: {"source": TEXT, "version": TEXT, "sha256": SHA256, "entries": COUNT},
    Kind.MAIL_TAKEN: {"sha256": SHA256, "size": SIZE, "outcome": CODE, "proof": CODE},
    Kind.MAIL_LOOKED_AT: {"sha256": SHA256},
    Kind.MAIL_READ_AGAIN: {"sha256": SHA256},
    Kind.MAIL_HANDED_OUT: {"sha256": SHA256},
    Kind.MAIL_SENT_AGAIN: {"mail": CODE},
    Kind.ADDRESS_DEAD: {"status": TEXT},
    Kind.ADDRESS_LIVES: {"cause": CODE},
    Kind.APPLICATION_STARTED: {"terms": TEXT},
    Kind.AGREEMENT_ISSUED: {"issue": NUMBER, "sha256": SHA256, "terms": TEXT},
    Kind.AGREEMENT_SIGNED: {"issue": NUMBER, "issued_sha256": SHA256, "sha256": SHA256, "manner": CODE},
    Kind.SIGNED_COPY_RECEIVED: {"sha256": SHA256, "size": SIZE},
    Kind.APPLICATION_SUBMITTED: {
        "submission": NUMBER,
        "form_sha256": SHA256,
        "signed_copy_sha256": SHA256,
        "terms": TEXT,
    },
    Kind.APPLICATION_WITHDRAWN: {},
    Kind.APPLICATION_LAPSED: {},
    Kind.EVIDENCE_GATHERED: {"submission": NUMBER, "run": NUMBER, "digest": SHA256, "outcomes": by_name(CODE)},
    Kind.EVIDENCE_REQUESTED: {"submission": NUMBER, "run": NUMBER},
    Kind.APPLICATION_APPROVED: _DECIDED,
    Kind.APPLICATION_RETURNED: _DECIDED,
    Kind.APPLICATION_DECLINED: _DECIDED,
    Kind.APPROVAL_GIVEN: {**_DECIDED, "given": NUMBER, "needed": NUMBER},
    Kind.REMARK_ADDED: {"visibility": CODE, "reason_digest": DIGEST},
    Kind.GRANT_ISSUED: _GRANTED,
    Kind.AGREEMENT_EXECUTED: {"sha256": SHA256, "issued_sha256": _UNKNOWN_SHA256, "original_sha256": SHA256},
    Kind.TERMS_ASKED: {"terms": TEXT, "grace_ends": _ENDS},
    Kind.TERMS_AGREED: {"terms": TEXT, "previous": TEXT, "consent_sha256": SHA256},
    Kind.TERMS_REFUSED: {"terms": TEXT},
    Kind.LINK_ISSUED: {"archive": TEXT, "version": NUMBER, "expires": MOMENT},
    Kind.LINK_ENDED: {"archive": TEXT},
    Kind.PASSWORD_REVEALED: {"seal_number": NUMBER},
    Kind.SEAL_RENEWED: {"seal_number": NUMBER, "key_number": NUMBER, "cause": CODE},
    Kind.MEMBER_INVITED: {"explanation_digest": optional(DIGEST, absent=pgettext_lazy("an explanation", "none"))},
    Kind.MEMBER_JOINED: {"terms": TEXT},
    Kind.MEMBER_LEFT: {},
    Kind.MEMBER_REMOVED: _WHY,
    Kind.GRANT_SUSPENDED: {"cause": CODE, "reason_digest": DIGEST},
    Kind.GRANT_RESUMED: {"cause": CODE, "reason_digest": DIGEST},
    Kind.GRANT_EXPIRED: {},
    Kind.GRANT_REVOKED: {"clause": TEXT, "terms": TEXT, "reason_digest": DIGEST},
    Kind.GRANT_RENEWED: {
        "previous_end": optional(MOMENT, absent=pgettext_lazy("a previous end", "none")),
        "ends": _ENDS,
        "terms": TEXT,
        "use_digest": DIGEST,
    },
    Kind.GRANT_CLOSED: {"cause": CODE},
    Kind.GRANT_IMPORTED: {**_GRANTED, "signed_copy_sha256": _UNKNOWN_SHA256},
    Kind.GRANT_CONFIRMED: {"terms": TEXT},
    Kind.ADDRESS_PROVEN: {},
    Kind.SUBSET_TAKEN: {"subset": TEXT, "cause": CODE},
    Kind.SUBSET_GIVEN_BACK: _SUBSET,
    Kind.SUBSET_OFFERED: _SUBSET,
    Kind.SUBSET_ADDED: {"subset": TEXT, "cause": CODE},
    Kind.SUBSET_DECLINED: _SUBSET,
    Kind.PROCEDURE_BEGUN: {
        "act": CODE,
        "scope": TEXT,
        "scope_digest": DIGEST_OR_EMPTY,
        "grants": COUNT,
        "people": COUNT,
        "clause": TEXT,
        "destroy_by": optional(DATE, absent=_("no date")),
        "reason_digest": DIGEST,
    },
    Kind.SUSPENSION_LIFTED: {"grants": COUNT, "reason_digest": DIGEST},
    Kind.CERTIFICATE_MADE: {"certificate": TEXT, "sha256": SHA256},
    Kind.DESTRUCTION_ATTESTED: {"statement_digest": DIGEST, "certificate_sha256": _UNKNOWN_SHA256},
    Kind.DESTRUCTION_EXCUSED: _WHY,
    Kind.DESTRUCTION_OVERDUE: {"due": DATE},
    Kind.BAR_SET: {"domain_digest": DIGEST_OR_EMPTY, "reason_digest": DIGEST, "until": _ENDS},
    Kind.BAR_LIFTED: {"domain_digest": DIGEST_OR_EMPTY, "reason_digest": DIGEST},
    Kind.ACCOUNT_CLOSED: {},
    Kind.ACCOUNT_OPENED: {},
    Kind.ADMINISTRATOR_MADE: {},
    Kind.ADMINISTRATOR_ENDED: {},
    Kind.DATA_HANDED_OUT: {},
    Kind.PERSON_ERASED: {
        "rows": list_of(COUNT),
        "applications": COUNT,
        "documents": COUNT,
        "reason_digest": DIGEST,
    },
    Kind.APPLICATION_ERASED: {"cause": CODE, "rows": list_of(COUNT)},
    Kind.SIGNED_COPY_ERASED: {"cause": CODE, "sha256": SHA256},
}


def check_payload(kind: Kind, payload: Mapping[str, Any]) -> None:
    """Raise ValueError if the payload lacks a field, has one that the kind does not know, or one of a wrong type.

    The message names kind and field and never the value: it might be a secret put there by mistake.
    """
    fields = PAYLOADS[kind]
    if payload.keys() != fields.keys():
        raise ValueError(f"{kind}: payload {sorted(payload)} is not {sorted(fields)}")
    for name, type_ in fields.items():
        if not type_.fits(payload[name]):
            found = type(payload[name]).__name__
            raise ValueError(f"{kind}: {name} must be: {type_.words}; this {found} is not")
