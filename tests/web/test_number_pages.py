"""The numbers on the desk: drawn, as a table and as CSV, and the drawing agrees with the table."""

from __future__ import annotations

import re

import pytest

from agreements.applications.models import State
from agreements.flows.numbers import Figure, Series
from agreements.web import charts
from tests.applications.cases import put
from tests.flows.scene import Scene, signed_in


def test_each_figure_has_a_drawing_a_table_and_a_csv(scene: Scene) -> None:
    put(scene, State.APPROVED)
    page = signed_in(scene.dan).get(f"/stewardship/{scene.dataset.slug}/numbers/").content.decode()
    drawn = page.count('<svg class="chart')
    assert drawn == page.count("<caption") == page.count(".csv?months=12") == 3
    assert "Hong Kong, running: 1" in page
    assert "Nothing yet in this time." in page  # nobody has downloaded


def test_the_csv_has_the_rows_of_the_table(scene: Scene) -> None:
    put(scene, State.APPROVED)
    answer = signed_in(scene.dan).get(f"/stewardship/{scene.dataset.slug}/numbers/countries.csv")
    assert answer.content.decode().splitlines() == [",running,ended", "Hong Kong,1,0"]


@pytest.mark.parametrize("query", ["", "?months=36", "?months=x", "?months=-1", "?months=999999"])
def test_any_period_is_answered(scene: Scene, query: str) -> None:
    dan = signed_in(scene.dan)
    assert dan.get(f"/stewardship/{scene.dataset.slug}/numbers/{query}").status_code == 200
    assert dan.get(f"/stewardship/{scene.dataset.slug}/numbers/nonsense.csv{query}").status_code == 404


def test_columns_are_as_tall_as_their_values_and_never_leave_the_box() -> None:
    figure = Figure("x", "X", "x", tuple("abcd"), (Series("one", (0, 5, 10, None)), Series("two", (1, 1, 1, 1))))
    chart = charts.draw(figure)
    tall = {mark.title: mark.height for mark in chart.marks}
    assert tall["c, one: 10"] == pytest.approx(2 * tall["b, one: 5"], abs=0.2)
    assert "a, one: 0" not in tall
    for mark in chart.marks:
        assert min(mark.x, mark.y) >= 0
        assert mark.x + mark.width <= chart.width
        assert mark.y + mark.height <= chart.height


@pytest.mark.parametrize("value", [0.001, 0.4, 3, 4, 17, 1_000, 123_456_789])
def test_the_scale_holds_the_highest_value_and_wastes_less_than_two_thirds(value: float) -> None:
    chart = charts.draw(Figure("x", "X", "x", ("a",), (Series("one", (value,)),)))
    assert 184 / 3 <= chart.marks[0].height <= 184


def test_long_lists_of_countries_are_cut_in_the_drawing_and_said_so() -> None:
    labels = tuple(f"Country {number}" for number in range(40))
    chart = charts.draw(Figure("x", "X", "x", labels, (Series("one", tuple(range(40, 0, -1))),), over_time=False))
    assert (len(chart.marks), chart.left_out) == (15, 25)
    assert max(mark.x + mark.width for mark in chart.marks) <= chart.width


def test_numbers_in_the_drawing_are_plain_whatever_the_language(scene: Scene) -> None:
    put(scene, State.APPROVED)
    page = signed_in(scene.dan).get(f"/stewardship/{scene.dataset.slug}/numbers/").content.decode()
    for value in re.findall(r' (?:x|y|width|height)="([^"]+)"', page):
        float(value)
