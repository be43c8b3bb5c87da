from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements.applications.models import Application
from agreements.identity import lists
from agreements.review import tier_changes
from tests.review.test_notices_at_scale import many


def test_the_rules_of_a_dataset_are_read_once_however_many_applications_run(waiting: Application) -> None:
    many(waiting, 20)
    tables = lists.load()
    with CaptureQueriesContext(connection) as queries:
        assert list(tier_changes.between(tables, tables)) == []
    assert len(queries) == 2
