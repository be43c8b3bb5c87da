"""`manage.py verify_agreement FILE`."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agreements.flows.verifying import verify
from agreements.grants.models import Grant
from tests.flows.conftest import scene
from tests.flows.papers_of_ours import MARCH, approved, executed, text_of
from tests.flows.scene import Scene

__all__ = ["scene"]


def said(path: Path) -> tuple[int, str]:
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("verify_agreement", str(path), stdout=out)
    return int(left.value.code or 0), out.getvalue()


def test_its_codes_tell_what_its_words_do(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "agreement.pdf"
    both = executed(approved(scene), b"%PDF-1.7 signed by both sides\n%%EOF\n")
    file.write_bytes(both)
    code, words = said(file)
    assert code == 0
    assert words.split() == text_of(verify(both)).split(), "the words of the page"
    assert words.startswith("Ours and unaltered; in force\n")
    Grant.objects.update(state="revoked", ended_at=MARCH)
    assert said(file) == (
        3,
        "Ours and unaltered; ended on 2 March 2026\n"
        "  Byte for byte, this is an agreement that was signed, approved by the lab, and certified by this portal on "
        "2 March 2026.\n"
        "  The access that rested on it ended on 2 March 2026.\n",
    )
    file.write_bytes(both + b"more")
    assert said(file)[0] == 1
    file.write_bytes(b"\xff\xd8\xff")
    assert said(file) == (2, said(file)[1])
    assert said(file)[1] == (
        "Only a PDF can be verified\n  The file is not a PDF.\n  Of a print, a scan or a photograph nothing can be "
        "said. If it shows a paper of this portal, send the PDF itself.\n"
    )


def test_a_file_that_is_not_there_could_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file") as failure:
        call_command("verify_agreement", str(tmp_path / "nowhere.pdf"))
    assert failure.value.returncode == 2
