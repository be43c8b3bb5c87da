"""What the table of earlier recipients comes to here: who is new, who is there, what cannot be brought in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django_countries import countries

from agreements.applications.models import SignedCopy
from agreements.bars.checks import check_not_barred
from agreements.catalog.models import Access, Dataset, Subset, Terms
from agreements.core.addresses import comparison_key, normal, parse
from agreements.core.clock import now, today
from agreements.core.errors import DomainError, Invalid, NotAllowed, NotPossible
from agreements.documents.fonts import unprintable
from agreements.documents.inspection import looks_like_pdf
from agreements.flows import import_ended
from agreements.flows.import_table import Problem, Row, Table
from agreements.grants.models import Grant
from agreements.grants.states import NOT_ENDED
from agreements.people.models import User
from agreements.revocation.standing import ended_subsets

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST_DAY: Final = dt.date(1990, 1, 1)
_PRINTED: Final = (
    "name",
    "organization",
    "position",
    "address_line1",
    "address_line2",
    "city",
    "department",
    "site_city",
)


@dataclass(frozen=True, slots=True)
class Paper:
    """A signed copy in the folder: where it lies, its SHA-256 in hex, its size in bytes."""

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row that can be brought in. `user` is whoever has this mailbox already; `signed_on` is a day in UTC."""

    line: int
    cells: Mapping[str, str]
    email: str
    country: str
    site_country: str
    terms: Terms
    subsets: tuple[Subset, ...]
    signed_on: dt.date
    paper: Paper
    user: User | None
    ends_at: dt.datetime | None

    @property
    def starts_at(self) -> dt.datetime:
        return _midnight(self.signed_on)


@dataclass(slots=True)
class Plan:
    """`there`: lines that were brought in before, each with the reference of its grant."""

    wanted: list[Wanted] = field(default_factory=list)
    there: list[tuple[int, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def make(table: Table, *, dataset: Dataset, folder: Path, told: Callable[[int], None] = lambda _rows: None) -> Plan:
    """Return the plan for a table and the folder of signed copies. Writes nothing; reads every file once.

    `told` is called with the number of rows looked at so far.
    """
    plan = Plan(problems=list(table.problems))
    known = _Known(dataset, folder.resolve())
    rows = [(row, frozenset[str]()) for row in table.rows] + table.wrong
    for number, (row, wrong) in enumerate(sorted(rows, key=lambda each: each[0].line), 1):
        _look_at(row, known, plan, wrong=wrong)
        told(number)
    plan.problems.sort(key=lambda problem: problem.line)
    return plan


def there_already(dataset: Dataset, *, sha256: str = "") -> dict[tuple[str, str, str], str]:
    """Return the references of what was brought in, by mailbox, terms' version and SHA-256 of the signed copy.

    With `sha256`, only what has that signed copy.
    """
    copies = SignedCopy.objects.filter(application__dataset=dataset, application__imported_at__isnull=False)
    if sha256:
        copies = copies.filter(document__sha256=sha256)
    rows = list(
        copies.values_list("application_id", "application__email", "application__terms__version", "document__sha256")
    )
    grants = Grant.objects.filter(dataset=dataset, imported_at__isnull=False)
    if sha256:
        grants = grants.filter(application__in=[row[0] for row in rows])
    references = dict(grants.values_list("application_id", "reference"))
    return {
        (comparison_key(email), version, digest): references[pk]
        for pk, email, version, digest in rows
        if pk in references
    }


def _look_at(row: Row, known: _Known, plan: Plan, *, wrong: frozenset[str]) -> None:
    """Put a row among those wanted or those that are there, or every problem of it into the list.

    `wrong`: columns of which the list has a problem already.
    """
    checks: dict[str, tuple[str, Callable[[str], Any]]] = {
        "email": ("email", lambda text: known.email(text, line=row.line)),
        "country": ("country", _country),
        "site_country": ("site_country", _country),
        "terms": ("terms", known.terms_of),
        "signed_on": ("signed_on", _day),
        "subsets": ("subsets", known.subsets_of),
        "paper": ("file", lambda text: known.paper(text, line=row.line)),
    } | {f"printed {column}": (column, _check_printable) for column in _PRINTED}
    found: dict[str, Any] = {}
    before = len(plan.problems)
    for name, (column, check) in checks.items():
        if column in wrong:
            continue
        try:
            found[name] = check(row.cells[column])
        except Invalid as problem:
            plan.problems.append(Problem(row.line, column, str(problem)))
    if wrong or len(plan.problems) > before:
        return
    values = {name: value for name, value in found.items() if not name.startswith("printed ")}
    key = (comparison_key(values["email"]), values["terms"].version, values["paper"].sha256)
    if (reference := known.there.get(key)) is not None:
        plan.there.append((row.line, reference))
        return
    try:
        user = known.person(values["email"])
        ends_at = known.end(values["signed_on"])
    except DomainError as problem:
        plan.problems.append(Problem(row.line, "", str(problem)))
        return
    plan.wanted.append(Wanted(line=row.line, cells=row.cells, user=user, ends_at=ends_at, **values))


class _Known:
    """What every row is compared with, asked for once. Its methods raise Invalid, or another refusal, in words."""

    def __init__(self, dataset: Dataset, folder: Path) -> None:
        self.dataset = dataset
        self.folder = folder
        self.there = there_already(dataset)
        self._terms = {terms.version: terms for terms in Terms.objects.filter(dataset=dataset)}
        subsets = Subset.objects.filter(dataset=dataset, access=Access.AGREEMENT)
        # What was revoked for everybody is given to nobody, as in an approval.
        given = subsets.exclude(pk__in=ended_subsets(dataset)).order_by("position")
        self._subsets = {subset.slug: subset for subset in given}
        self._users = {comparison_key(user.email): user for user in User.objects.filter(erased_at=None)}
        standing = Grant.objects.filter(dataset=dataset, state__in=NOT_ENDED)
        self._standing = {
            comparison_key(email): reference for email, reference in standing.values_list("holder__email", "reference")
        }
        self._ended = import_ended.of(dataset)
        self._mailboxes: dict[str, int] = {}
        self._files: dict[Path, int] = {}

    def email(self, text: str, *, line: int) -> str:
        """Return an address as it is stored."""
        address = normal(parse(text).normalized)
        first = self._mailboxes.setdefault(comparison_key(address), line)
        if first != line:
            raise Invalid(_("this mailbox is in line %(line)d already.") % {"line": first})
        return address

    def terms_of(self, text: str) -> Terms:
        if text not in self._terms:
            versions = ", ".join(self._terms) or _("none")
            words = _("terms %(given)s are not published; there are: %(versions)s.")
            raise Invalid(words % {"given": text, "versions": versions})
        return self._terms[text]

    def subsets_of(self, text: str) -> tuple[Subset, ...]:
        """Return the subsets that a cell names, or all that are given by agreement if it is empty."""
        slugs = [slug for slug in re.split(r"[\s,;|]+", text) if slug] or list(self._subsets)
        if unknown := [slug for slug in slugs if slug not in self._subsets]:
            words = _("%(given)s is no subset that is given by agreement; there are: %(subsets)s.")
            raise Invalid(words % {"given": unknown[0], "subsets": ", ".join(self._subsets) or _("none")})
        return tuple(self._subsets[slug] for slug in dict.fromkeys(slugs))

    def paper(self, text: str, *, line: int) -> Paper:
        """Return a file of the folder, whichever way its name would lead out of it."""
        path = self._inside(text)
        first = self._files.setdefault(path, line)
        if first != line:
            raise Invalid(_("this file belongs to line %(line)d already.") % {"line": first})
        size = path.stat().st_size
        if not 0 < size <= settings.SIGNED_COPY_LIMIT:
            limit = settings.SIGNED_COPY_LIMIT // 2**20
            raise Invalid(_("the file is empty, or larger than %(limit)d MiB.") % {"limit": limit})
        try:
            with path.open("rb") as file:
                if not looks_like_pdf(file.read(1024)):
                    raise Invalid(_("the file is not a PDF."))
                file.seek(0)
                return Paper(path, file_digest(file, "sha256").hexdigest(), size)
        except OSError as problem:
            raise Invalid(_("the file cannot be read: %(why)s.") % {"why": problem.strerror}) from None

    def person(self, email: str) -> User | None:
        """Return who has this mailbox, or None. Raises NotPossible for who gets no access here."""
        key = comparison_key(email)
        user = self._users.get(key)
        if user is not None and not user.is_active:
            raise NotPossible(_("the account of %(email)s is closed.") % {"email": email})
        if key in self._standing:
            words = _("%(email)s has access %(reference)s already.")
            raise NotPossible(words % {"email": email, "reference": self._standing[key]})
        emails = (email, user.email if user else "")
        try:
            check_not_barred(dataset_pk=self.dataset.pk, person_pk=user.pk if user else 0, emails=emails)
        except NotAllowed:
            raise NotPossible(_("%(email)s is barred from this dataset.") % {"email": email}) from None
        import_ended.check_not_ended(self._ended, dataset=self.dataset, email=email, user=user)
        return user

    def end(self, signed_on: dt.date) -> dt.datetime | None:
        """Return when access that began then ends, or None if it does not. Raises NotPossible if that is past."""
        days = self.dataset.grant_days
        if days is None:
            return None
        ends_at = _midnight(signed_on) + dt.timedelta(days=days)
        if ends_at <= now():
            words = _("access that began on %(day)s ended on %(end)s.")
            raise NotPossible(words % {"day": signed_on.isoformat(), "end": ends_at.date().isoformat()})
        return ends_at

    def _inside(self, text: str) -> Path:
        if "\\" in text or Path(text).is_absolute() or ".." in Path(text).parts:
            raise Invalid(_("write the file's name as it is below the folder."))
        try:
            # A link that leads out of the folder is resolved too.
            path = (self.folder / text).resolve()
            is_there = path.is_relative_to(self.folder) and path.is_file()
        except (OSError, ValueError):
            is_there = False
        if not is_there:
            raise Invalid(_("there is no such file in the folder."))
        return path


def _country(text: str) -> str:
    """Return the code of a country that is named by its code or its English name; '' for nothing."""
    if not text:
        return ""
    code = text.upper() if countries.name(text.upper()) else countries.by_name(text, language="en", insensitive=True)
    if not code or len(code) != 2:
        raise Invalid(_("%(given)s is no country; write its code, such as HK.") % {"given": text})
    return str(code)


def _day(text: str) -> dt.date:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid(_("%(given)s is no date; write it as 2024-05-31.") % {"given": text}) from None
    if not _FIRST_DAY <= day <= today():
        raise Invalid(_("%(given)s cannot be the day of a signature.") % {"given": text})
    return day


def _check_printable(text: str) -> None:
    if bad := unprintable(text):
        raise Invalid(_("this cannot be printed: %(characters)s.") % {"characters": ", ".join(bad)})


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
