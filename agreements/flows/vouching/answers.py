"""The answers in words. None names anybody, a reference, a dataset or a reason: the paper shows what it shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agreements.documents.judgement import Judgement, Signature
from agreements.flows.vouching.papers import CERTIFICATES, Paper, Sort
from agreements.flows.vouching.standing import Standing, Stands

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Tone = Literal["good", "attention", "bad", "quiet"]


class Outcome(StrEnum):
    """What came out, and all that a log says of it."""

    UNALTERED = "unaltered"
    FILLED_IN = "filled-in"
    ALTERED = "altered"
    UNJUDGED = "unjudged"
    UNKNOWN_PAPER = "unknown-paper"
    COPY = "copy"
    BLANK = "blank"
    FOREIGN = "foreign"
    NOT_OURS = "not-ours"
    UNREADABLE = "unreadable"


OURS: Final = frozenset({Outcome.UNALTERED, Outcome.FILLED_IN})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A headline and some sentences, for whoever holds the file. `stands` only where the file is ours."""

    outcome: Outcome
    headline: str
    sentences: tuple[str, ...]
    tone: Tone
    stands: Stands | None = None

    @property
    def exit_code(self) -> int:
        """Return 0: ours and in force; 1: not ours, or altered; 2: could not be read; 3: ours, and not in force."""
        if self.outcome in OURS:
            return 0 if self.stands is Stands.IN_FORCE else 3
        return 2 if self.outcome is Outcome.UNREADABLE else 1


_WHAT: Final[Mapping[Sort, StrOrPromise]] = {
    Sort.ISSUED: gettext_lazy("an agreement as this portal issued it on %(date)s"),
    Sort.SIGNED_HERE: gettext_lazy("an agreement that was signed in this portal on %(date)s"),
    Sort.EXECUTED: gettext_lazy(
        "an agreement that was signed, approved by the lab, and certified by this portal on %(date)s"
    ),
    Sort.CONSENT: gettext_lazy("a page of this portal on which new terms were agreed to on %(date)s"),
    Sort.REVOCATION: gettext_lazy("a certificate of revocation, made by this portal on %(date)s"),
    Sort.DESTRUCTION: gettext_lazy("a certificate of destruction, made by this portal on %(date)s"),
}
_TONES: Final[Mapping[Stands, Tone]] = {Stands.IN_FORCE: "good", Stands.UNKNOWN: "attention"}


def unaltered(paper: Paper) -> Verdict:
    """Return what is said of a file that is ours byte for byte."""
    sentence = _("Byte for byte, this is %(paper)s.") % {"paper": _what(paper)}
    if paper.sort is Sort.ISSUED:
        headline = _unsigned_headline(_("Ours and unaltered, but not signed"), paper)
        unsigned = _("This is the agreement as it was issued; the file bears no signature.")
        sentences = (sentence, unsigned, *_stands(paper))
        return Verdict(Outcome.UNALTERED, headline, sentences, "attention", paper.standing.stands)
    headline, stands = _headline(_("Ours and unaltered"), paper), _stands(paper)
    return Verdict(Outcome.UNALTERED, headline, (sentence, *stands), _tone(paper), paper.standing.stands)


def filled_in(paper: Paper, judgement: Judgement) -> Verdict:
    """Return what is said of an agreement as we issued it in which nothing was done but what it is there for."""
    began = _("This began as %(paper)s.") % {"paper": _what(paper)}
    nothing_else = _("Nothing else was changed in it.")
    if judgement.signatures:
        headline = _headline(_("Ours, filled in or signed since, otherwise unaltered"), paper)
        sentences = (began, *_since(judgement), nothing_else, *_stands(paper))
        return Verdict(Outcome.FILLED_IN, headline, sentences, _tone(paper), paper.standing.stands)
    headline = _unsigned_headline(_("Ours, filled in since, but not signed digitally"), paper)
    none = _("The file bears no digital signature.")
    sentences = (began, *_since(judgement), nothing_else, none, *_stands(paper))
    return Verdict(Outcome.FILLED_IN, headline, sentences, "attention", paper.standing.stands)


def altered(*, began: bool) -> Verdict:
    """Return what is said of what `began` as a paper of ours, byte for byte, or carries our certification wrongly."""
    sentences = (
        _("This began as a paper of this portal, and was changed afterwards.")
        if began
        else _("This file carries the certification of this portal, which does not hold: it was changed afterwards."),
        _("Do not rely on it. Ask for the file as the portal gave it out, or ask the lab."),
    )
    return Verdict(Outcome.ALTERED, _("Changed: do not rely on it"), sentences, "bad")


def unjudged() -> Verdict:
    """Return what is said of an agreement as we issued it, to which more was added than can be judged."""
    sentences = (
        _("This began as a paper of this portal, and was added to in a way that is not judged here."),
        _(
            "Whether its pages still say the same cannot be told: not every program shows them alike. "
            "It has to be compared by eye with the file as the portal gave it out."
        ),
        _("Do not rely on it. Ask for that file, or ask the lab."),
    )
    return Verdict(Outcome.UNJUDGED, _("Added to: whether it is unaltered cannot be told"), sentences, "bad")


def unknown_paper() -> Verdict:
    """Return what is said of what our key certified and our record does not have."""
    sentences = (
        _("This file was certified with the key of this portal, but the portal does not know it."),
        _("Do not rely on it before you have asked the lab."),
    )
    return Verdict(Outcome.UNKNOWN_PAPER, _("Not known to this portal"), sentences, "bad")


def copy_of_pages() -> Verdict:
    """Return what is said of pages with our codes and without our certification, whosever they are."""
    sentences = (
        _("This file has pages with codes of this portal, such as a print or a scan has, or a file saved anew."),
        _(
            "The portal cannot tell from it whether anything on the pages was changed: a code is copied with its page. "
            "So it does not say either how an agreement stands."
        ),
        _("Ask for the file as the portal gave it out, or ask the lab."),
    )
    return Verdict(Outcome.COPY, _("A print, a scan or a copy: cannot be verified"), sentences, "attention")


def blank_form() -> Verdict:
    """Return what is said of pages of the form that names nobody."""
    sentences = (
        _("This is the blank form of this portal, or a copy of it. Anybody can fetch it, and it names nobody."),
        _("The portal cannot tell whether anything was changed, and what is written on it is not vouched for."),
    )
    return Verdict(Outcome.BLANK, _("A blank form"), sentences, "attention")


def foreign() -> Verdict:
    """Return what is said of what somebody else certified."""
    sentences = (
        _("This file was certified, but with no key that this portal trusts."),
        _("Whatever it says, it does not come from this portal as it is. If in doubt, ask the lab."),
    )
    return Verdict(Outcome.FOREIGN, _("Certified by somebody else"), sentences, "bad")


def not_ours() -> Verdict:
    """Return what is said of any other file that could be read."""
    sentences = (
        _("This is no file that this portal made, as far as can be told."),
        _(
            "A program that prints into a PDF, or saves it anew, takes away what it is known by: "
            "try the file as it was received."
        ),
    )
    return Verdict(Outcome.NOT_OURS, _("Not a paper of this portal"), sentences, "quiet")


def no_pdf(reason: str) -> Verdict:
    """Return what is said of a file that is no PDF, such as a photograph; `reason` says so."""
    advice = _(
        "Of a print, a scan or a photograph nothing can be said. If it shows a paper of this portal, send the PDF "
        "itself."
    )
    return Verdict(Outcome.UNREADABLE, _("Only a PDF can be verified"), (reason, advice), "attention")


def unreadable(reason: str, *, is_ours_to_mend: bool) -> Verdict:
    """Return what is said of a file that could not be looked into; `is_ours_to_mend`: the check failed."""
    advice = (
        _("So nothing can be said of it now. Try again later.")
        if is_ours_to_mend
        else _("So nothing can be said of it. If it is a paper of this portal, try the file as it was received.")
    )
    sentences = (reason, advice)
    return Verdict(Outcome.UNREADABLE, _("The file could not be read"), sentences, "attention")


def day(at: dt.datetime) -> str:
    """Return a day in words; everybody gets the same, whatever their zone."""
    return date_format(at.astimezone(dt.UTC), "DATE_FORMAT")


def _what(paper: Paper) -> str:
    return str(_WHAT[paper.sort]) % {"date": day(paper.made_at)}


def _tone(paper: Paper) -> Tone:
    return "good" if paper.sort in CERTIFICATES else _TONES.get(paper.standing.stands, "attention")


def _headline(whose: str, paper: Paper) -> str:
    if paper.sort in CERTIFICATES:
        return whose
    return _("%(whose)s; %(standing)s") % {"whose": whose, "standing": _in_short(paper.standing)}


def _unsigned_headline(whose: str, paper: Paper) -> str:
    """Return it without "in force": that stands below, of the access, and is nothing that such a file proves."""
    return whose if paper.standing.stands is Stands.IN_FORCE else _headline(whose, paper)


def _in_short(standing: Standing) -> str:
    if standing.stands is Stands.ENDED:
        return _("ended on %(date)s") % {"date": day(standing.ended_at)} if standing.ended_at else _("ended")
    return {
        Stands.IN_FORCE: _("in force"),
        Stands.SUSPENDED: _("suspended at present"),
        Stands.NONE: _("no access rests on it"),
        Stands.UNKNOWN: _("how it stands cannot be told at present"),
    }[standing.stands]


def _stands(paper: Paper) -> tuple[str, ...]:
    standing = paper.standing
    if paper.sort is Sort.DESTRUCTION:
        return (_("What its signer had of what ended was attested destroyed on that day."),)
    if standing.stands is Stands.ENDED:
        return (*_ended(paper), *_destroyed(standing))
    return (
        {
            Stands.IN_FORCE: _("The access that rests on it is in force."),
            Stands.SUSPENDED: _("The access that rests on it is suspended at present."),
            Stands.NONE: _("No access rests on it: it was not opened, or rests on another paper."),
            Stands.UNKNOWN: _("Whether access rests on it cannot be told at present: ask the lab."),
        }[standing.stands],
    )


def _ended(paper: Paper) -> tuple[str, ...]:
    ended_at = paper.standing.ended_at
    if ended_at is None:
        return (_("The access that rested on it has ended."),)
    if paper.sort is Sort.REVOCATION:
        return (_("What it certifies the end of ended on %(date)s.") % {"date": day(ended_at)},)
    return (_("The access that rested on it ended on %(date)s.") % {"date": day(ended_at)},)


def _destroyed(standing: Standing) -> tuple[str, ...]:
    if standing.destroyed_at is None:
        return ()
    return (_("The copies were attested destroyed on %(date)s.") % {"date": day(standing.destroyed_at)},)


def _since(judgement: Judgement) -> Sequence[str]:
    if not judgement.signatures and judgement.changes == "none":
        return (_("Since then something was added to the file that does not show."),)
    filled = _("Its form was filled in since; the portal does not vouch for what was written there.")
    if not judgement.signatures:
        return (filled,)
    count = len(judgement.signatures)
    signed = ngettext(
        "It was signed digitally since, or filled in and signed; the portal does not vouch for what was written there.",
        "It was signed digitally %(count)d times since, or filled in and signed; the portal does not vouch for what "
        "was written there.",
        count,
    ) % {"count": count}
    return (signed, *map(_signature, judgement.signatures))


def _signature(signature: Signature) -> str:
    reaches = (
        _("covers the whole file")
        if signature.whole_file
        else _("covers the file as it was then; only what may be filled in or signed was added after it")
    )
    identity = {
        "expired": _("its certificate had run out, and the identity is unverified"),
        "ours": _("made with a key of this portal"),
        "unverified": _("the identity of whoever made it is unverified"),
    }[signature.identity]
    return _("The digital signature is intact, %(reaches)s; %(identity)s.") % {"reaches": reaches, "identity": identity}
