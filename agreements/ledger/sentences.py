"""What each kind of ledger row says to a person: one sentence, filled in from its payload.

A sentence begins like the kind's label, names no person and quotes nobody. Words that are wanted in the plural in some
language have no number in them here: "people: 3".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

from agreements.ledger.kinds import Kind, label
from agreements.ledger.payloads import PAYLOADS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SENTENCES: Final[Mapping[Kind, StrOrPromise]] = {
    Kind.DATASET_LOADED: _("Dataset loaded; changed: %(changes)s"),
    Kind.DATASET_WITHDRAWN: _("Dataset withdrawn"),
    Kind.DATASET_OFFERED_AGAIN: _("Dataset offered again"),
    Kind.DATASET_SHUT: _(
        "Downloads shut after a restore: %(cause)s; the record ends at row %(found_sequence)s, "
        "row %(expected_sequence)s was expected"
    ),
    Kind.DATASET_REOPENED: _(
        "Downloads opened after a restore, compared with a checkpoint of row %(checkpoint_sequence)s; "
        "rows missing: %(missing)s"
    ),
    Kind.SUBSET_OPENED: _("Announced subset %(subset)s opened"),
    Kind.OPENING_DECIDED: _("Decided who gets the opened subset %(subset)s: %(choice)s; access: %(grants)s"),
    Kind.INTEREST_NOTED: _("Asked to be told of subset %(subset)s"),
    Kind.INTEREST_ENDED: _("No longer to be told of subset %(subset)s (%(cause)s)"),
    Kind.CHECKPOINT_MADE: _("Checkpoint of the record made: rows %(count)s, signed under key %(key_number)s"),
    Kind.DOWNLOADS_DIGESTED: _("Downloads of %(day)s digested; opened: %(opened)s, closed: %(closed)s"),
    Kind.TERMS_PUBLISHED: _("Terms %(version)s published, in force from %(effective)s"),
    Kind.TERMS_DECIDED: _(
        "Decided what terms %(version)s mean for running access: %(choice)s; access: %(grants)s, until %(grace_ends)s"
    ),
    Kind.ARCHIVE_PUBLISHED: _("Archive published: version %(version)s, %(size)s, seal: %(seal)s"),
    Kind.ARCHIVE_WITHDRAWN: _("Archive withdrawn: version %(version)s"),
    Kind.GENERATION_SEALED: _("Shared archive sealed: version %(version)s, generation %(generation)s"),
    Kind.GENERATION_RETIRED: _("Shared archive retired: version %(version)s, generation %(generation)s"),
    Kind.GENERATION_REVEALED: _("Password of a shared archive shown: version %(version)s, generation %(generation)s"),
    Kind.ARCHIVE_TRACED: _("Found archive traced to %(seals)s"),
    Kind.KEY_REPLACED: _(
        "Master key %(compromised)s replaced by %(key_number)s; passwords replaced: %(seals)s, links ended: %(links)s"
    ),
    Kind.SIGNING_KEY_ADDED: _("Signing key taken into use, valid until %(until)s"),
    Kind.SIGNING_KEY_COMPROMISED: _("Signing key marked as compromised"),
    Kind.ROLE_GIVEN: _("Role given: %(assigned_role)s"),
    Kind.ROLE_ENDED: _("Role ended: %(assigned_role)s"),
    Kind.STAFF_INVITED: _("Staff invited: %(assigned_role)s"),
    Kind.INVITATION_WITHDRAWN: _("Invitation withdrawn: %(assigned_role)s"),
    Kind.DOMAIN_RULE_ADDED: _("Address rule added: %(verdict)s %(suffix)s"),
    Kind.DOMAIN_RULE_ENDED: _("Address rule ended: %(suffix)s"),
    Kind.SOURCE_LOADED: _("Source about domains loaded: %(source)s %(version)s, entries: %(entries)s"),
    Kind.MAIL_TAKEN: _("Mail taken in, %(size)s: %(outcome)s, sender %(proof)s"),
    Kind.MAIL_LOOKED_AT: _("Mail marked as looked at"),
    Kind.MAIL_READ_AGAIN: _("Mail to be read again"),
    Kind.MAIL_HANDED_OUT: _("Mail handed out as it came"),
    Kind.MAIL_SENT_AGAIN: _("Mail sent again: %(mail)s"),
    Kind.ADDRESS_DEAD: _("Address found dead: mail came back with %(status)s"),
    Kind.ADDRESS_LIVES: _("Address taken up again (%(cause)s)"),
    Kind.APPLICATION_STARTED: _("Application started under terms %(terms)s"),
    Kind.AGREEMENT_ISSUED: _("Agreement issued: issue %(issue)s, terms %(terms)s"),
    Kind.AGREEMENT_SIGNED: _("Agreement signed in the browser (%(manner)s), issue %(issue)s"),
    Kind.SIGNED_COPY_RECEIVED: _("Signed copy received, %(size)s"),
    Kind.APPLICATION_SUBMITTED: _("Application submitted: submission %(submission)s, terms %(terms)s"),
    Kind.APPLICATION_WITHDRAWN: _("Application withdrawn"),
    Kind.APPLICATION_LAPSED: _("Application lapsed"),
    Kind.EVIDENCE_GATHERED: _("Evidence gathered: submission %(submission)s, run %(run)s"),
    Kind.EVIDENCE_REQUESTED: _("Evidence asked for again: submission %(submission)s, run %(run)s"),
    Kind.APPLICATION_APPROVED: _("Approved: submission %(submission)s"),
    Kind.APPLICATION_RETURNED: _("Returned for changes: submission %(submission)s"),
    Kind.APPLICATION_DECLINED: _("Declined: submission %(submission)s"),
    Kind.APPROVAL_GIVEN: _("One of several approvals given: %(given)s of %(needed)s for submission %(submission)s"),
    Kind.REMARK_ADDED: _("Remark added (%(visibility)s)"),
    Kind.GRANT_ISSUED: _("Access granted under terms %(terms)s to %(subsets)s, until %(ends)s"),
    Kind.AGREEMENT_EXECUTED: _("Agreement executed"),
    Kind.TERMS_ASKED: _("Asked to agree to terms %(terms)s until %(grace_ends)s"),
    Kind.TERMS_AGREED: _("Agreed to terms %(terms)s, in place of %(previous)s"),
    Kind.TERMS_REFUSED: _("Terms %(terms)s refused"),
    Kind.LINK_ISSUED: _("Download link issued: %(archive)s, version %(version)s"),
    Kind.LINK_ENDED: _("Download link ended: %(archive)s"),
    Kind.PASSWORD_REVEALED: _("Password shown: number %(seal_number)s"),
    Kind.SEAL_RENEWED: _("Password replaced by number %(seal_number)s (%(cause)s)"),
    Kind.MEMBER_INVITED: _("Member invited"),
    Kind.MEMBER_JOINED: _("Member joined, accepting terms %(terms)s"),
    Kind.MEMBER_LEFT: _("Member left"),
    Kind.MEMBER_REMOVED: _("Member removed"),
    Kind.GRANT_SUSPENDED: _("Access suspended (%(cause)s)"),
    Kind.GRANT_RESUMED: _("Access resumed (%(cause)s)"),
    Kind.GRANT_EXPIRED: _("Access expired"),
    Kind.GRANT_REVOKED: _("Access revoked under clause %(clause)s of terms %(terms)s"),
    Kind.GRANT_RENEWED: _("Access renewed under terms %(terms)s, until %(ends)s"),
    Kind.GRANT_CLOSED: _("Access closed by its holder (%(cause)s)"),
    Kind.GRANT_IMPORTED: _("Earlier access brought in: terms %(terms)s, %(subsets)s, until %(ends)s"),
    Kind.GRANT_CONFIRMED: _("Earlier access confirmed, accepting terms %(terms)s"),
    Kind.ADDRESS_PROVEN: _("Address proven again"),
    Kind.SUBSET_TAKEN: _("Subset %(subset)s taken from access (%(cause)s)"),
    Kind.SUBSET_GIVEN_BACK: _("Subset %(subset)s given back to access"),
    Kind.SUBSET_OFFERED: _("Opened subset %(subset)s offered"),
    Kind.SUBSET_ADDED: _("Opened subset %(subset)s added to access (%(cause)s)"),
    Kind.SUBSET_DECLINED: _("Opened subset %(subset)s declined"),
    Kind.PROCEDURE_BEGUN: _(
        "Procedure begun under clause %(clause)s: %(act)s, %(scope)s; access reached: %(grants)s, people: %(people)s; "
        "copies to be destroyed by %(destroy_by)s"
    ),
    Kind.SUSPENSION_LIFTED: _("Suspension lifted; access reached: %(grants)s"),
    Kind.CERTIFICATE_MADE: _("Certificate made: %(certificate)s"),
    Kind.DESTRUCTION_ATTESTED: _("Destruction attested"),
    Kind.DESTRUCTION_EXCUSED: _("Destruction excused"),
    Kind.DESTRUCTION_OVERDUE: _("Destruction overdue since %(due)s"),
    Kind.BAR_SET: _("Barred from applying until %(until)s"),
    Kind.BAR_LIFTED: _("Bar lifted"),
    Kind.ACCOUNT_CLOSED: _("Account closed"),
    Kind.ACCOUNT_OPENED: _("Account opened again"),
    Kind.ADMINISTRATOR_MADE: _("Site administrator made"),
    Kind.ADMINISTRATOR_ENDED: _("Site administrator ended"),
    Kind.DATA_HANDED_OUT: _("Own data downloaded"),
    Kind.PERSON_ERASED: _("Person erased; applications: %(applications)s, documents: %(documents)s"),
    Kind.APPLICATION_ERASED: _("Application erased (%(cause)s)"),
    Kind.SIGNED_COPY_ERASED: _("Signed copy erased (%(cause)s)"),
}


# Where a field is null, the sentence without it.
WITHOUT: Final[Mapping[Kind, tuple[str, StrOrPromise]]] = {
    Kind.DATASET_SHUT: (
        "expected_sequence",
        _("Downloads shut after a restore: %(cause)s; the record ends at row %(found_sequence)s"),
    ),
    Kind.DATASET_REOPENED: (
        "checkpoint_sequence",
        _("Downloads opened after a restore, compared with no checkpoint; rows missing: %(missing)s"),
    ),
    Kind.PROCEDURE_BEGUN: (
        "destroy_by",
        _(
            "Procedure begun under clause %(clause)s: %(act)s, %(scope)s; access reached: %(grants)s, "
            "people: %(people)s"
        ),
    ),
    Kind.BAR_SET: ("until", _("Barred from applying, with no end")),
    Kind.GRANT_ISSUED: ("ends", _("Access granted under terms %(terms)s to %(subsets)s, with no end")),
    Kind.GRANT_RENEWED: ("ends", _("Access renewed under terms %(terms)s, with no end")),
    Kind.GRANT_IMPORTED: ("ends", _("Earlier access brought in: terms %(terms)s, %(subsets)s, with no end")),
}

# What a field of ours calls a thing, as people call it. A word that is not here is shown as it is.
WORDS: Final[Mapping[str, Mapping[str, StrOrPromise]]] = {
    "act": {
        "revoke": _("revocation"),
        "suspend": _("suspension"),
        "move": _("end after a move"),
        "close": _("end by its holder"),
    },
    "assigned_role": {"steward": _("steward"), "reviewer": _("reviewer"), "auditor": _("auditor")},
    "cause": {
        # of a suspension
        "address": _("the address was not proven again"),
        "unconfirmed": _("until its holder confirms it"),
        "procedure": _("by a procedure"),
        # of the end of an expired access
        "moved": _("moved to another institution"),
        "declined": _("no longer used"),
        # of a subset taken or added
        "revoke": _("revocation"),
        "suspend": _("suspension"),
        "not-used": _("not used any more"),
        "accepted": _("its holder accepted"),
        "upgraded": _("given to all who had access"),
        # of a wish to be told
        "taken-back": _("taken back"),
        "told": _("told by the operator"),
        "taken-out": _("the subset was taken out"),
        # of a shutting
        "behind": _("rows are missing"),
        "different": _("rows differ from what the store remembers"),
        # of an erasure
        "person": _("at the person's request"),
        "forget_days": _("its time was over"),
        "copy_years": _("its time was over"),
        # of an address taken up again
        "signed-in": _("a code that was mailed there signed its owner in"),
        "code-used": _("a code that was mailed there was typed"),
        "by-staff": _("a steward had mail sent there again"),
        # of a replaced password
        "key-compromised": _("the master key may be known to others"),
    },
    "choice": {"upgrade": _("all who have access, at once"), "ask": _("who has access is asked")},
    "seal": {"none": _("none"), "personal": _("personal"), "shared": _("shared")},
    "verdict": {"allow": _("institutional"), "review": _("look closely"), "deny": _("not accepted")},
    "visibility": {"applicant": _("for the applicant and reviewers"), "reviewers": _("for reviewers only")},
}
# A field means one thing in one kind, and another elsewhere.
_IN_KIND: Final[Mapping[tuple[Kind, str, str], StrOrPromise]] = {
    (Kind.INTEREST_ENDED, "cause", "told"): _("they were told"),
}
_SCOPES: Final[Mapping[str, StrOrPromise]] = {
    "grant": _("the access %(value)s"),
    "person": _("all of one person"),
    "organization": _("the organization %(value)s"),
    "domain": _("addresses at %(value)s"),
    "site": _("one site"),
    "subset": _("the subset %(value)s"),
    "terms": _("terms %(value)s"),
    "dataset": _("the whole dataset"),
}
# What people wrote of those the record has as a digest.
_UNNAMED: Final[Mapping[str, StrOrPromise]] = {
    "organization": _("an organization"),
    "domain": _("an organization by its addresses"),
    "site": _("a site"),
}


def sentence(kind: str, payload: Mapping[str, Any]) -> str:
    """Return the sentence of a row; its kind's label alone where another version wrote other fields."""
    if kind not in Kind.values:
        return kind
    known, fields = Kind(kind), PAYLOADS[Kind(kind)]
    shown = {
        name: _word(known, name, value) or fields[name].show(value)
        for name, value in payload.items()
        if name in fields and fields[name].fits(value)
    }
    field, shorter = WITHOUT.get(known, ("", ""))
    words = shorter if field in shown and payload[field] is None else SENTENCES[known]
    try:
        return str(words) % shown
    except KeyError:
        return str(label(kind))


def _word(kind: Kind, field: str, value: Any) -> str:
    """Return what people call a value of ours; empty for what has no such word."""
    if not isinstance(value, str):
        return ""
    if (kind, field) == (Kind.PROCEDURE_BEGUN, "scope"):
        what, _space, which = value.partition(" ")
        words = _SCOPES.get(what, "") if which else _UNNAMED.get(what) or _SCOPES.get(what, "")
        return str(words) % {"value": which}
    return str(_IN_KIND.get((kind, field, value)) or WORDS.get(field, {}).get(value, ""))
