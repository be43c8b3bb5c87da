"""Loading a dataset's folder: safe to run again, and never a change of what was published.

The folder is read and checked whole before anything is written; then everything happens in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from agreements.catalog import interest, preview_source, publishing_terms
from agreements.catalog.models import Access, Archive, Dataset, Opening, Subset
from agreements.catalog.permissions import Permission, check_may
from agreements.catalog.source_errors import BadSource
from agreements.catalog.terms_source import TermsSource, read_all_terms
from agreements.catalog.toml_source import FILE, DatasetSource, SubsetSource, read_dataset
from agreements.core.actors import Actor
from agreements.core.clock import today
from agreements.core.wakeups import Wakeup, poke
from agreements.ledger.act import Act, act
from agreements.ledger.kinds import Kind


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading did. `changes` names fields and subsets; `remarks` are sentences for the operator."""

    dataset: Dataset
    created: bool
    changes: tuple[str, ...]
    terms_published: tuple[str, ...]
    remarks: tuple[str, ...]


def load_dataset(folder: Path, *, by: Actor, preview: Path | None = None) -> LoadReport:
    """Load `dataset.toml`, `terms/*.md` and the preview picture; `preview` overrides the picture in the folder.

    Raises BadSource (an Invalid) naming file and line, also for what would change published terms or archives;
    NotAllowed; OutOfReach when the vault cannot take the picture.
    """
    source = read_dataset(folder / FILE)
    all_terms = read_all_terms(folder / "terms")
    picture = preview_source.read(preview or (folder / source.preview if source.preview else None))
    remarks = _remarks(source, all_terms, has_picture=picture is not None)
    fields = dict(source.fields)
    if picture is not None:
        fields["preview"] = preview_source.store(picture)
    elif not source.preview:
        fields["preview"] = ""
    fields["source_sha256"] = sha256((folder / FILE).read_bytes()).hexdigest()
    with act() as record:
        dataset = Dataset.objects.select_for_update().filter(slug=source.slug).first()
        standing = check_may(Permission.LOAD, dataset=dataset, by=by)
        dataset, created, changes = _load_fields(dataset, source.slug, fields)
        changes += _load_subsets(dataset, source.subsets, record, by=by, as_role=standing)
        published = _load_terms(dataset, all_terms, record, by=by, as_role=standing)
        if created or changes:
            record.record(
                Kind.DATASET_LOADED,
                by=by,
                as_role=standing,
                subjects={"dataset": dataset.slug},
                changes=changes,
                source_sha256=dataset.source_sha256,
            )
    return LoadReport(dataset, created, tuple(changes), tuple(published), remarks)


def _load_fields(dataset: Dataset | None, slug: str, fields: dict[str, Any]) -> tuple[Dataset, bool, list[str]]:
    _check_prefix(dataset, slug, fields["reference_prefix"])
    if dataset is None:
        return Dataset.objects.create(slug=slug, **fields), True, ["dataset"]
    changes = [name for name, value in fields.items() if getattr(dataset, name) != value]
    for name in changes:
        setattr(dataset, name, fields[name])
    if changes:
        dataset.save(update_fields=changes)
    return dataset, False, changes


def _check_prefix(dataset: Dataset | None, slug: str, prefix: str) -> None:
    """References are read aloud and written on paper: what they begin with names one dataset, for good."""
    if dataset is not None and dataset.reference_prefix != prefix:
        words = _("reference_prefix is %(old)s on papers that are out there; it cannot become %(new)s.")
        raise BadSource(FILE, None, words % {"old": dataset.reference_prefix, "new": prefix})
    other = Dataset.objects.filter(reference_prefix=prefix).exclude(slug=slug).first()
    if other is not None:
        words = _("reference_prefix %(prefix)s belongs to the dataset %(slug)s; choose another.")
        raise BadSource(FILE, None, words % {"prefix": prefix, "slug": other.slug})


def _load_subsets(
    dataset: Dataset, sources: tuple[SubsetSource, ...], record: Act, *, by: Actor, as_role: str
) -> list[str]:
    before = {subset.slug: subset for subset in Subset.objects.select_for_update().filter(dataset=dataset)}
    changes = []
    for missing in before.keys() - {source.slug for source in sources}:
        _remove(before[missing], record, by=by, as_role=as_role)
        changes.append(f"subset {missing}")
    for position, source in enumerate(sources):
        fields = {
            "title": source.title,
            "summary": source.summary,
            "access": str(source.access),
            "announced_for": source.announced_for,
            "position": position,
        }
        subset = before.get(source.slug)
        if subset is None:
            Subset.objects.create(dataset=dataset, slug=source.slug, **fields)
        elif any(getattr(subset, name) != value for name, value in fields.items()):
            _check_access_change(subset, source.access)
            Subset.objects.filter(pk=subset.pk).update(**fields)
            if subset.access == Access.ANNOUNCED != source.access:
                _open(subset, record, by=by, as_role=as_role)
        else:
            continue
        changes.append(f"subset {source.slug}")
    return changes


def _check_access_change(subset: Subset, access: Access) -> None:
    """What was published sealed stays sealed, and what people can reach is not taken away by an edited file."""
    if access == Access.ANNOUNCED and Opening.objects.filter(subset=subset).exists():
        raise BadSource(
            FILE,
            None,
            _("subset %(slug)s was opened and people were told; it cannot be announced again.") % {"slug": subset.slug},
        )
    if subset.access != access and Archive.objects.filter(subset=subset).exists():
        raise BadSource(
            FILE,
            None,
            _(
                "subset %(slug)s has published archives and is %(old)s; it cannot become %(new)s. "
                "Publish the archives in a new subset."
            )
            % {"slug": subset.slug, "old": Access(subset.access).label, "new": access.label},
        )


def _open(subset: Subset, record: Act, *, by: Actor, as_role: str) -> None:
    """Note that an announced subset opened: a task tells those who wait, the steward decides on running access."""
    Opening.objects.create(subset=subset)
    named = {"dataset": subset.dataset.slug}
    record.record(Kind.SUBSET_OPENED, by=by, as_role=as_role, subjects=named, subset=subset.slug)
    poke(Wakeup.OPENING)


def _remove(subset: Subset, record: Act, *, by: Actor, as_role: str) -> None:
    if subset.access != Access.ANNOUNCED or Archive.objects.filter(subset=subset).exists():
        raise BadSource(
            FILE,
            None,
            _("subset %(slug)s was released and is missing here. Only an announced subset can be taken out.")
            % {"slug": subset.slug},
        )
    interest.forget_subset(record, subset=subset, by=by, as_role=as_role)
    subset.delete()


def _load_terms(dataset: Dataset, sources: list[TermsSource], record: Act, *, by: Actor, as_role: str) -> list[str]:
    """Publish what is new. A version that is only in the database was published on the desk, and stays."""
    before = publishing_terms.versions(dataset)
    published = []
    for source in sources:
        if source.version in before:
            publishing_terms.check_unchanged(before[source.version], source)
            continue
        publishing_terms.check_may_follow(source, before)
        publishing_terms.write(dataset, source, record, by=by, as_role=as_role)
        published.append(source.version)
    return published


def _remarks(source: DatasetSource, all_terms: list[TermsSource], *, has_picture: bool) -> tuple[str, ...]:
    if not any(terms.effective_from <= today() for terms in all_terms):
        raise BadSource("terms", None, _("no version is in force yet; one must take effect today or earlier."))
    remarks = []
    if source.preview and not has_picture:
        remarks.append(_("There is no %(file)s beside dataset.toml.") % {"file": source.preview})
    remarks += [
        _("%(subset)s is announced for %(date)s, which is past.")
        % {"subset": subset.title, "date": subset.announced_for.isoformat()}
        for subset in source.subsets
        if subset.announced_for and subset.announced_for < today()
    ]
    return tuple(remarks)
