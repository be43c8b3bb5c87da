"""Publishing a version of the terms: once, for good, whether it comes from the dataset's folder or from the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from agreements.catalog import terms_limits
from agreements.catalog.models import Dataset, Terms
from agreements.catalog.permissions import Permission, check_may
from agreements.catalog.source_errors import BadSource
from agreements.catalog.terms_source import TermsSource, order, parse_terms
from agreements.core.actors import Actor
from agreements.core.clock import today
from agreements.core.errors import Invalid, NotPossible
from agreements.ledger.act import Act, act
from agreements.ledger.kinds import Kind

FRONT_LINES: Final = 5
"""How many lines of a version's file stand above its first clause, where it was composed here."""


def compose(*, version: str, title: str, effective_from: dt.date, clauses: str) -> TermsSource:
    """Return a version made from its parts, written as its file would be; `clauses` is as the file has them.

    Raises Invalid for the version or the title, and BadSource with the line, counted in `clauses`.
    """
    for field, refused in (
        ("version", terms_limits.of_version(version)),
        ("title", terms_limits.of_title(title)),
        ("effective_from", terms_limits.of_day(effective_from)),
        ("clauses", terms_limits.of_length(len(clauses))),
    ):
        if refused is not None:
            raise Invalid(refused, field=field)
    body = clauses.replace("\r\n", "\n").replace("\r", "\n").rstrip()
    text = f"---\ntitle: {title.strip()}\neffective: {effective_from.isoformat()}\n---\n\n{body}\n"
    try:
        return parse_terms(version, text)
    except BadSource as bad:
        line = None if bad.line is None else max(bad.line - FRONT_LINES, 1)
        raise BadSource(bad.file, line, bad.problem) from None


def body_of(terms: Terms) -> str:
    """Return the clauses of a published version as its file has them, to begin the next version with."""
    return "\n\n".join(
        "\n\n".join([f"## {clause['heading']} {{#{clause['id']}}}", *clause["paragraphs"]]) for clause in terms.clauses
    )


def publish(*, dataset: Dataset, source: TermsSource, by: Actor) -> Terms:
    """Publish a version on the desk. It cannot be changed or taken back afterwards.

    Raises NotAllowed; Invalid (a BadSource) for a version or a day that cannot follow; NotPossible where nothing of
    the text would be new.
    """
    with act() as record:
        # The folder may be loaded at the same moment: whoever comes second sees what the first one wrote.
        dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
        standing = check_may(Permission.PUBLISH_TERMS, dataset=dataset, by=by)
        check_publishable(dataset, source)
        return write(dataset, source, record, by=by, as_role=standing)


def check_publishable(dataset: Dataset, source: TermsSource) -> None:
    """Raise as `publish` does for what it would refuse of the text itself.

    That is what `check_may_follow` says for the folder too; and what only the desk refuses: a first version for a later
    day, which a folder may announce, and a text without any difference.
    """
    before = versions(dataset)
    if source.version in before:
        raise Invalid(_("Version %(version)s is published already.") % {"version": source.version}, field="version")
    check_may_follow(source, before)
    if not before and source.effective_from > today():
        raise Invalid(_("The first version takes effect today or earlier."), field="effective_from")
    newest = max(before.values(), key=lambda terms: (terms.effective_from, terms.pk), default=None)
    if newest is not None and (newest.title, newest.clauses) == (source.title, source.clauses):
        words = _("Nothing is different from version %(version)s.") % {"version": newest.version}
        raise NotPossible(words)


def versions(dataset: Dataset) -> dict[str, Terms]:
    """Return what is published, by version."""
    return {terms.version: terms for terms in Terms.objects.filter(dataset=dataset)}


def write(dataset: Dataset, source: TermsSource, record: Act, *, by: Actor, as_role: str) -> Terms:
    """Write a version that was checked, and its ledger row."""
    terms = Terms.objects.create(
        dataset=dataset,
        version=source.version,
        title=source.title,
        effective_from=source.effective_from,
        clauses=source.clauses,
        source=source.text,
        sha256=source.sha256,
    )
    record.record(
        Kind.TERMS_PUBLISHED,
        by=by,
        as_role=as_role,
        subjects={"dataset": dataset.slug},
        version=source.version,
        sha256=source.sha256,
        effective=source.effective_from.isoformat(),
    )
    return terms


def check_unchanged(terms: Terms, source: TermsSource) -> None:
    """Raise BadSource, with the first line that is different, for another text of a published version."""
    if terms.sha256 == source.sha256:
        return
    old, new = terms.source.split("\n"), source.text.split("\n")
    # Where one text is the beginning of the other, the first line that only one of them has.
    common = min(len(old), len(new))
    line = next((n for n in range(common) if old[n] != new[n]), common) + 1
    raise BadSource(
        f"terms/{source.version}.md",
        line,
        _(
            "terms %(version)s were published on %(date)s and people agreed to that text; it cannot change. "
            "Undo the edit, and write the new text as a new version."
        )
        % {"version": source.version, "date": terms.published_at.date().isoformat()},
    )


def check_may_follow(source: TermsSource, before: Mapping[str, Terms]) -> None:
    """Raise BadSource: a later version has a higher number, and must not reach into the past; each keeps its limits."""
    name = f"terms/{source.version}.md"
    if (found := terms_limits.of_source(source)) is not None:
        raise BadSource(name, *found)
    if not before:
        return
    if source.effective_from < today():
        # Nobody could have known it.
        words = _("a new version of the terms cannot take effect in the past (%(date)s).")
        raise BadSource(name, None, words % {"date": source.effective_from.isoformat()})
    latest = max(terms.effective_from for terms in before.values())
    if source.effective_from < latest:
        words = _("the version before takes effect later (%(date)s); this one would never be in force.")
        raise BadSource(name, None, words % {"date": latest.isoformat()})
    highest = max(before, key=order)
    if order(source.version) <= order(highest):
        words = _("version %(highest)s is published already; a new one has a higher number.")
        raise BadSource(name, None, words % {"highest": highest})
