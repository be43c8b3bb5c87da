"""Foreign keys, which are strings and so unseen by import-linter, point down the house."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Field, Model

LAYERS = (
    {"core"},
    {"keys", "people", "ledger", "mail", "sealing", "vault"},
    {"catalog", "documents", "identity"},
    {"bars"},
    {"applications"},
    {"grants"},
    {"review", "revocation"},
    {"flows"},
)
# Rules and agreement forms belong to one dataset, and an agreement form to one version of its terms. The
# packages do not import each other: the relation is a string, and only the database knows both ends.
SIDEWAYS = {("documents", "catalog"), ("identity", "catalog")}


def test_every_relation_points_down() -> None:
    wrong = [
        f"{model.__name__}.{field.name} -> {target.__name__}"
        for model, field, target in _relations()
        if not _allowed(_package(model), _package(target))
    ]
    assert wrong == []


def test_no_relation_gives_its_target_a_way_back_up() -> None:
    wrong = [
        f"{model.__name__}.{field.name}"
        for model, field, _target in _relations()
        if not (field.remote_field.related_name or "").endswith("+")
    ]
    assert wrong == []


def test_there_are_relations_to_look_at() -> None:
    assert len(list(_relations())) > 20


def _relations() -> Iterator[tuple[type[Model], Any, type[Model]]]:
    for model in apps.get_app_config("agreements").get_models():
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            assert isinstance(field, Field)
            target = field.related_model
            if isinstance(target, type) and target.__module__.startswith("agreements."):
                yield model, field, target


def _allowed(package: str, target: str) -> bool:
    return package == target or _layer(target) < _layer(package) or (package, target) in SIDEWAYS


def _package(model: type[Model]) -> str:
    return model.__module__.split(".")[1]


def _layer(package: str) -> int:
    for number, names in enumerate(LAYERS):
        if package in names:
            return number
    raise AssertionError(f"{package} stands in no layer that may hold models")
