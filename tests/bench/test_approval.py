from __future__ import annotations

from bench import approval


def test_each_approval_s_mail_comes_once_in_order_and_its_time_is_taken() -> None:
    found = approval.measure(3)
    assert len(found.seconds) == 3
    assert found.in_order == 3
    assert found.twice == 0
    assert 0 < found.median <= found.p95 < approval.LAST_MAIL
    assert found.mails >= 6, "each of them was told that the application came, too"


def test_the_time_that_95_of_100_do_not_exceed_is_one_that_was_measured() -> None:
    def of(seconds: list[float]) -> approval.Figures:
        return approval.Figures(seconds, took=1, mails=0, twice=0, in_order=0)

    assert of([float(number) for number in range(1, 101)]).p95 == 95
    assert of([3.0, 1.0, 2.0]).p95 == 3
    assert of([]).p95 == of([]).median == float("inf")
