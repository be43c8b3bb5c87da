"""A lab with a mailbox, and a message that came in with a paper of which there are pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from django.test import Client

from agreements.applications.models import Application
from agreements.flows.mailbox import reading
from agreements.mail.inbox.models import InboundMail
from tests.flows.mailbox.letters_in import issued_pdf, letter, pdf, took
from tests.flows.scene import Scene
from tests.mail.inbox import letters

NOT_THERE: Final = {"inbound": "987654", "mailed": "987654"}


@pytest.fixture
def lab(scene: Scene, tmp_path: Path, settings: Any) -> Scene:
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"
    settings.MAILBOX_ADDRESSES = [letters.OURS]
    return scene


def page(browser: Client, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def main(text: str) -> str:
    return text[text.index("<main") : text.index("</main>")]


def message_with_paper(application: Application) -> dict[str, str]:
    """Return the names of a message about a case from a sender who is not proven, read to its end."""
    mail = took(letter(pdf(issued_pdf(application)), sign=False))
    reading.work_off()
    mail = InboundMail.objects.get(pk=mail.pk)
    assert mail.application_reference == application.reference
    return {"inbound": str(mail.pk), "mailed": str(mail.attachments[0]["document"])}
