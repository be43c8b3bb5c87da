"""Habits of the house that a syntax tree can show."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.sources import Source, calls, imported, sources

WRITE_PATHS = {"agreements/applications/transition.py", "agreements/grants/lifecycle/writing.py"}
# The state of an outbox row, an inspection, an evidence run, a publishing job, a member of a grant, a shared archive's
# generation and an attestation is no application's or grant's; their owners write it. The first two packages stand
# below applications, which they cannot even import.
OTHER_STATES = {
    "agreements/mail/",
    "agreements/documents/",
    "agreements/applications/evidence.py",
    "agreements/catalog/publishing/jobs.py",
    "agreements/flows/mailbox/",
    "agreements/grants/members/parts.py",
    "agreements/grants/members/erasing.py",
    "agreements/grants/members/membership.py",
    "agreements/grants/shared/",
    "agreements/revocation/attesting.py",
}
LINE_LIMIT = 300
# path -> why it may be longer
LONGER: dict[str, str] = {"tests/web/permission_table.py": "one line for each address and method"}
READS_THE_CLOCK = {"agreements/core/clock.py"}
CLOCK_CALLS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "dt.datetime.now",
    "dt.datetime.utcnow",
    "dt.date.today",
    "datetime.datetime.now",
    "datetime.date.today",
    "timezone.now",
    "timezone.localdate",
    "time.time",
}


def test_states_change_only_in_the_two_write_paths() -> None:
    elsewhere = [
        f"{source.path}: {ast.unparse(node)}"
        for source in sources("agreements")
        for node in ast.walk(source.tree)
        if _assigns_state(node)
        and source.path not in WRITE_PATHS
        and not any(source.path.startswith(owner) for owner in OTHER_STATES)
    ]
    assert elsewhere == []


def test_both_write_paths_are_there() -> None:
    writing = {source.path for source in sources("agreements") if any(map(_assigns_state, ast.walk(source.tree)))}
    assert writing >= WRITE_PATHS


def test_a_state_is_never_changed_in_bulk() -> None:
    """`QuerySet.update(state=...)` elsewhere would go round the lock, the permission and the record."""
    elsewhere = [
        f"{source.path}:{call.lineno}"
        for source in sources("agreements")
        for name, call in calls(source)
        if name.rpartition(".")[2] == "update"
        and source.path not in WRITE_PATHS
        and any(keyword.arg == "state" for keyword in call.keywords)
        and not any(source.path.startswith(owner) for owner in OTHER_STATES)
    ]
    assert elsewhere == []


# What was approved before this portal comes in as it is; `imported_at` says so wherever the state is read.
BEGINS_LATER = {"agreements/applications/importing.py"}


def test_an_application_and_a_grant_begin_in_their_first_state() -> None:
    """A row that is made in a later state went round the table of states as much as an assignment would."""
    elsewhere = {
        source.path
        for source in sources("agreements")
        for name, call in calls(source)
        if name in {f"{model}{made}" for model in ("Application", "Grant") for made in ("", ".objects.create")}
        and any(keyword.arg == "state" for keyword in call.keywords)
    }
    assert elsewhere == BEGINS_LATER


def test_files_stay_short_enough_to_read() -> None:
    lengths = {
        source.path: source.text.count("\n") for source in sources("agreements", "portal", "demo", "tests", "bench")
    }
    assert {path: length for path, length in lengths.items() if length > LINE_LIMIT and path not in LONGER} == {}
    assert all(lengths[path] > LINE_LIMIT for path in LONGER), "an exception that is needed no more"


def test_time_comes_from_the_clock_alone() -> None:
    elsewhere = [
        f"{source.path}:{call.lineno}: {name}"
        for source in sources("agreements")
        for name, call in calls(source)
        if name in CLOCK_CALLS and source.path not in READS_THE_CLOCK
    ]
    assert elsewhere == []


def test_the_domain_wakes_nobody_by_itself() -> None:
    """`core.wakeups.poke` does, after the commit; a `.delay` inside a transaction runs too early or hangs a page."""
    elsewhere = [
        f"{source.path}:{call.lineno}: {name}"
        for source in sources("agreements")
        for name, call in calls(source)
        if name.rpartition(".")[2] in {"delay", "apply_async", "send_task"}
        and source.package not in {"tasks", "wiring"}
    ]
    assert elsewhere == []


def test_a_page_never_queries_saves_or_compares_states_by_itself() -> None:
    """Pages load through `web/access.py`, change things by one domain call, and ask the domain what may be done."""
    pages = [source for source in sources("agreements/web") if _is_page(source.path)]
    assert {source.path for source in pages} >= {"agreements/web/steward_pages.py", "agreements/web/sign_in.py"}
    elsewhere = [f"{source.path}:{line}: {what}" for source in pages for line, what in _against_the_habit(source)]
    assert elsewhere == []


PAGES_BY_NAME = {"sign_in.py", "fresh_gate.py", "code_mail.py", "code_page.py", "account_urls.py"}
WRITES = {"save", "create", "bulk_create", "get_or_create", "update_or_create", "delete"}
BY_ID = {"pk", "id", "state", "state__in"}


def _is_page(path: str) -> bool:
    return path.endswith("_pages.py") or path.rpartition("/")[2] in PAGES_BY_NAME


def _against_the_habit(source: Source) -> Iterator[tuple[int, str]]:
    """Yield what a page leaves to `web/access.py` and to the domain: `drafting.save` is a verb, `draft.save` is not."""
    modules = {name.rpartition(".")[2] for name, _line in imported(source)}
    for node in ast.walk(source.tree):
        if (isinstance(node, ast.Attribute) and node.attr == "objects") or (
            isinstance(node, ast.Compare)
            and any(isinstance(part, ast.Attribute) and part.attr == "state" for part in [node.left, *node.comparators])
        ):
            yield node.lineno, ast.unparse(node)
    for name, call in calls(source):
        owner, _dot, verb = name.rpartition(".")
        if verb in WRITES and owner and owner not in modules:
            yield call.lineno, name
        if verb in {"filter", "get", "exclude"} and any(keyword.arg in BY_ID for keyword in call.keywords):
            yield call.lineno, ast.unparse(call)


def _assigns_state(node: ast.AST) -> bool:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    # `application.state, standing = ...` writes it too.
    written = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return any(isinstance(target, ast.Attribute) and target.attr == "state" for target in written)
