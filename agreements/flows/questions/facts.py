"""The lines of an answer about a person or an organization: each thing that is known, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from agreements.applications.models import Application, Decision
from agreements.bars.models import Bar
from agreements.grants.models import Grant, GrantMember
from agreements.revocation.models import Destruction, Procedure

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of an answer: what kind of thing, when, its reference, the application it belongs to, who, and how it is.

    `application` leads to a page; it is empty for a draft, which is its author's alone, and for what has none.
    """

    what: StrOrPromise
    at: dt.datetime
    reference: str
    application: str
    who: str
    state: StrOrPromise


def of_application(each: Application) -> Fact:
    reference, who = each.reference, each.name or each.applicant.display_name
    return Fact(_("Application"), each.created_at, reference, reference, who, each.get_state_display())


def of_decision(each: Decision) -> Fact:
    reference = each.application.reference
    kind = each.get_kind_display()
    return Fact(_("Decision"), each.decided_at, reference, reference, each.reviewer.display_name, kind)


def of_grant(each: Grant) -> Fact:
    application = each.application.reference
    return Fact(_("Access"), each.starts_at, each.reference, application, each.holder_name, each.get_state_display())


def of_member(each: GrantMember) -> Fact:
    at, application = each.joined_at or each.invited_at, each.grant.application.reference
    return Fact(_("Membership"), at, each.grant.reference, application, each.display_name, each.get_state_display())


def of_procedure(each: Procedure) -> Fact:
    what, state = capfirst(str(each.get_act_display())), each.get_scope_display()
    if each.lifted_at:
        state = _("%(scope)s; lifted") % {"scope": state}
    return Fact(what, each.begun_at, each.reference, "", each.begun_by.display_name, state)


def of_owed(each: Destruction) -> Fact:
    grant, words = each.affected.grant, {"state": each.get_state_display(), "date": date_format(each.due_on)}
    state = _("%(state)s, due %(date)s") % words
    at = each.settled_at or each.affected.procedure.begun_at
    what, who = _("Destruction of copies"), each.person.display_name
    return Fact(what, at, grant.reference, grant.application.reference, who, state)


def of_bar(each: Bar) -> Fact:
    state = _("lifted") if each.lifted_at else _("set")
    whom = each.domain or (each.person.email if each.person else "")
    return Fact(_("Bar"), each.set_at, whom, "", each.set_by.display_name, state)


def rows_of(facts: Iterable[Fact]) -> Iterator[list[object]]:
    """Yield the cells of each fact, for CSV."""
    for fact in facts:
        yield [fact.what, fact.at, fact.reference, fact.application, fact.who, fact.state]
