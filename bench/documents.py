"""What an agreement costs: drawing it, certifying it, and the code on each page against reportlab's own.

``python -m bench.documents --json FILE --quick``. GeneBody's terms, an applicant with colleagues whose names are in
eight scripts, on SQLite in a folder of the run's own. Promise: drawing takes under 100 ms.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from bench.rows import Row, arguments, best_seconds, report

if TYPE_CHECKING:
    from agreements.documents.agreement_form import AgreementForm

ROOT = Path(__file__).resolve().parent.parent
COLLEAGUES = ("Юрий Щербаков", "Γεώργιος Παπάς", "王小明", "佐藤さくら", "김민준", "محمد بن عبد الله", "דוד בן־גוריון")


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory(prefix="cs-doc-") as folder:
        os.environ["COUNTERSIGN_TEST_FOLDER"] = folder
        os.environ["COUNTERSIGN_DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        rows, facts = _measured(rounds=10 if options.quick else 60)
    report(rows, title="bench.documents", json_file=options.json, facts=facts)


def _measured(*, rounds: int) -> tuple[list[Row], dict[str, object]]:
    from agreements.documents.agreement_form import drawn_agreement, page_count
    from agreements.documents.certifying import certify
    from agreements.documents.places import SIGNATURE

    form = _form()
    draw = partial(drawn_agreement, form, qr_key=bytes(32), qr_key_number=1)
    drawn = draw()
    seal = partial(certify, drawn.pdf, permits="form-filling", signature=drawn.places[SIGNATURE])
    certified = seal().pdf
    times, sealing = _times(draw, rounds), _times(seal, rounds)
    codes = best_seconds({"ours": _code_as_a_path, "theirs": _code_of_reportlab}, rounds)
    rows = [
        Row(
            promise="an agreement drawn, median",
            ours=statistics.median(times) * 1000,
            against=100.0,
            target=1.0,
            unit="ms",
            direction="at most",
        ),
        Row(
            promise="a page's code on a page, against reportlab's QrCodeWidget",
            ours=codes["ours"] * 1000,
            against=codes["theirs"] * 1000,
            target=0.5,
            unit="ms",
            direction="at most",
        ),
    ]
    facts: dict[str, object] = {
        "pages": page_count(drawn.pdf),
        "drawn": f"{len(drawn.pdf) / 1000:.0f} kB",
        "certified": f"{len(certified) / 1000:.0f} kB",
        "95 of 100 drawn in, ms": round(_95(times) * 1000, 1),
        "certifying, median, ms": round(statistics.median(sealing) * 1000, 1),
        "95 of 100 certified in, ms": round(_95(sealing) * 1000, 1),
        "rounds": rounds,
    }
    return rows, facts


def _form() -> AgreementForm:
    from agreements.catalog.terms_source import read_terms
    from agreements.documents.agreement_form import Clause, Member
    from tests.documents.papers import FORM

    terms = read_terms(ROOT / "datasets" / "genebody" / "terms" / "1.0.md")
    clauses = tuple(Clause(item["id"], item["heading"], tuple(item["paragraphs"])) for item in terms.clauses)
    members = tuple(Member(name, f"colleague{at}@uw.example") for at, name in enumerate(COLLEAGUES, 1))
    return replace(FORM, clauses=clauses, members=members, terms_sha256=terms.sha256)


def _times(work: Callable[[], object], rounds: int) -> list[float]:
    found = []
    for _round in range(rounds):
        begun = perf_counter()
        work()
        found.append(perf_counter() - begun)
    return found


def _95(times: list[float]) -> float:
    return sorted(times)[round(0.95 * (len(times) - 1))]


_CODE = "CS1:GB-A-7K2F9M:1.0:2:3:4:1:ABCDEFGHIJKLMNOP"


def _code_as_a_path() -> None:
    from reportlab.pdfgen.canvas import Canvas

    from agreements.documents.page_furniture import draw_code

    canvas = Canvas(BytesIO())
    draw_code(canvas, 100, 100, _CODE)
    canvas.save()


def _code_of_reportlab() -> None:
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(BytesIO())
    drawing = Drawing(85, 85)
    drawing.add(QrCodeWidget(_CODE, barLevel="M", barWidth=85, barHeight=85))
    renderPDF.draw(drawing, canvas, 100, 100)
    canvas.save()


if __name__ == "__main__":
    main()
