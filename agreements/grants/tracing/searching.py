"""Finding out whose seal is on a file that turned up. It names the seal, not the hand that passed the file on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, Standing, check_may, datasets_for
from agreements.core.actors import Actor
from agreements.grants.tracing import findings as trace_findings
from agreements.grants.tracing import sample as trace_sample
from agreements.grants.tracing.findings import Finding, Search
from agreements.grants.tracing.sample import COMMAND, PAGE, Limits, Sample
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind

__all__ = ["COMMAND", "PAGE", "Finding", "Limits", "Report", "trace"]

NO_BAR: Final[Callable[[int], object]] = lambda _done: None  # noqa: E731


@dataclass(frozen=True, slots=True)
class Report:
    """What a trace says. `elsewhere` counts findings about datasets that the person who asks does not look after."""

    sample: Sample
    findings: tuple[Finding, ...]
    elsewhere: int
    unreadable: tuple[str, ...]
    lost_keys: Mapping[int, int]
    gave_up: bool

    @property
    def is_found(self) -> bool:
        return bool(self.findings or self.elsewhere)

    @property
    def is_complete(self) -> bool:
        """Return whether everything was looked at that there is."""
        return self.sample.is_whole and not (self.unreadable or self.lost_keys or self.gave_up)


def trace(
    file: BinaryIO,
    *,
    size: int,
    by: Actor,
    desk: Dataset | None = None,
    limits: Limits = COMMAND,
    told: Callable[[int], object] = NO_BAR,
) -> Report:
    """Return whose seals made the salts of a file: an archive, a piece of one, or anything that holds them.

    Looks at every seal there ever was, whatever became of it. What is found is recorded for each dataset with the
    file's SHA-256. A person asks from the `desk` of a dataset, and is told of datasets that they may trace for.
    Raises NotAllowed.
    """
    standing = check_may(Permission.TRACE, dataset=desk, by=by)
    sample = trace_sample.read(file, size=size, limits=limits, told=told)
    search = trace_findings.search(sample, read=trace_sample.reader(file), limits=limits)
    search.findings.sort(key=lambda finding: (not finding.is_verified, -finding.matched))
    _record(sample, search, by=by, standing=standing)
    if by.is_person:
        mine = set(datasets_for(Permission.TRACE, by=by).values_list("pk", flat=True))
        findings = tuple(each for each in search.findings if each.dataset.pk in mine)
    else:
        findings = tuple(search.findings)
    return Report(
        sample=sample,
        findings=findings,
        elsewhere=len(search.findings) - len(findings),
        unreadable=tuple(search.unreadable),
        lost_keys=dict(search.lost_keys),
        gave_up=search.gave_up,
    )


def _record(sample: Sample, search: Search, *, by: Actor, standing: Standing) -> None:
    """Write a row for each dataset whose seals were found. The grants' own histories, which holders read, get none."""
    by_dataset: dict[str, list[str]] = {}
    for finding in search.findings:
        by_dataset.setdefault(finding.dataset.slug, []).append(finding.name)
    with act() as record:
        for slug, names in sorted(by_dataset.items()):
            record.record(
                Kind.ARCHIVE_TRACED,
                by=by,
                as_role=standing,
                subjects={"dataset": slug},
                piece_sha256=sample.sha256,
                salts=sample.seen,
                seals=sorted(names),
            )
