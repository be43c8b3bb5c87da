import json
from pathlib import Path

import pytest

from bench.rows import Row, best_seconds, report


def test_a_rate_must_reach_its_target_and_a_time_must_not_exceed_it() -> None:
    rate = Row(promise="fast", ours=850, against=1000, target=0.85)
    assert (rate.ratio, rate.holds) == (0.85, True)
    assert not Row(promise="fast", ours=849, against=1000, target=0.85).holds
    assert Row(promise="quick", ours=50, against=50, target=1, unit="ms", direction="at most").holds
    assert not Row(promise="quick", ours=51, against=50, target=1, unit="ms", direction="at most").holds


def test_what_is_measured_against_nothing_is_infinitely_more() -> None:
    assert Row(promise="x", ours=1, against=0, target=1).holds
    assert not Row(promise="x", ours=1, against=0, target=1, direction="at most").holds


def test_the_file_has_rows_of_six_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Row(promise="large members", ours=1234.56, against=1000, target=4)]
    report(rows, title="sealing", json_file=tmp_path / "rows.json", facts={"SHA-1, MB/s": 1930.123})
    written = json.loads((tmp_path / "rows.json").read_text())
    assert written["rows"] == [
        {
            "promise": "large members (MB/s)",
            "ours": 1235.0,
            "against": 1000.0,
            "ratio": 1.235,
            "target": 4,
            "holds": False,
        }
    ]
    assert written["facts"] == {"SHA-1, MB/s": 1930.123}
    printed = capsys.readouterr().out
    assert "MISSED" in printed
    assert "1,235" in printed


def test_works_take_turns() -> None:
    turns: list[str] = []
    found = best_seconds({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, 3)
    assert turns == ["a", "b"] * 3
    assert set(found) == {"a", "b"}
