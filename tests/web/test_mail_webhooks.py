"""What a mail provider reports: without the secret there is no such address, with a wrong one nothing happens."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.core import mail
from django.test import Client, override_settings

from agreements.applications.models import State
from agreements.core.clock import now
from agreements.mail import dead_addresses
from agreements.mail.drain import drain
from agreements.mail.models import DeadAddress, OutboxMessage
from tests.applications.cases import put
from tests.flows.scene import Scene

SECRET = "provider:a-long-secret-of-this-test"
OPEN = override_settings(
    MAIL_WEBHOOK_SECRET=SECRET, ANYMAIL={"WEBHOOK_SECRET": SECRET}, ROOT_URLCONF="tests.web.webhook_urls"
)
ADDRESS = "/mail-events/postmark/"


@pytest.fixture
def message(scene: Scene) -> OutboxMessage:
    put(scene, State.SUBMITTED)
    drain()
    return OutboxMessage.objects.get(kind="application-received")


def bounce(message: OutboxMessage, **more: Any) -> dict[str, Any]:
    """Return a report as Postmark sends it."""
    return {
        "RecordType": "Bounce",
        "ID": 42,
        "Type": "HardBounce",
        "MessageID": "00000000-0000-0000-0000-000000000000",
        "Email": message.recipient,
        "Details": "smtp;550 5.1.1 no such mailbox",
        "Description": "The server was unable to deliver your message.",
        "BouncedAt": "2026-03-02T12:00:00Z",
        "Metadata": {"countersign": message.message_id},
    } | more


def post(data: object, *, secret: str = SECRET) -> int:
    proof = "Basic " + base64.b64encode(secret.encode()).decode()
    headers = {"Authorization": proof} if secret else {}
    answer = Client(enforce_csrf_checks=True).post(
        ADDRESS, json.dumps(data), content_type="application/json", headers=headers
    )
    return int(answer.status_code)


def test_without_a_secret_there_is_no_such_address(message: OutboxMessage) -> None:
    assert post(bounce(message)) == 404
    assert not DeadAddress.objects.exists()


@OPEN
@pytest.mark.parametrize("secret", ["", "provider:wrong", "provider:", ":", SECRET[:-1]])
def test_without_the_right_secret_nothing_happens(
    message: OutboxMessage, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    assert post(bounce(message), secret=secret) == 400
    message.refresh_from_db()
    assert message.bounced_at is None
    assert not DeadAddress.objects.exists()
    assert SECRET.partition(":")[2] not in caplog.text


@OPEN
def test_with_it_a_report_is_taken_like_any_bounce(message: OutboxMessage) -> None:
    assert post(bounce(message)) == 200
    message.refresh_from_db()
    assert (message.bounce_status, message.bounce_words) == ("5.1.1", "smtp;550 5.1.1 no such mailbox")
    assert message.bounced_at is not None
    assert dead_addresses.is_dead(message.recipient) is not None
    assert post(bounce(message)) == 200
    assert DeadAddress.objects.count() == 1


@OPEN
def test_a_report_about_no_mail_of_ours_or_another_recipient_changes_nothing(message: OutboxMessage) -> None:
    unknown = {"countersign": "<" + "0" * 32 + "@portal.example.org>"}
    for data in (bounce(message, Metadata=unknown), bounce(message, Metadata={}), bounce(message, Email="bob@hku.hk")):
        assert post(data) == 200
    message.refresh_from_db()
    assert message.bounced_at is None
    assert not DeadAddress.objects.exists()


@OPEN
def test_word_of_delivery_and_of_spam_marks_nothing(message: OutboxMessage) -> None:
    delivered = {"RecordType": "Delivery", "Recipient": message.recipient, "DeliveredAt": "2026-03-02T12:00:00Z"}
    assert post(bounce(message) | delivered) == 200
    assert post(bounce(message, Type="SpamNotification", Details="")) == 200
    message.refresh_from_db()
    assert not DeadAddress.objects.exists()


def test_mail_asks_providers_to_repeat_its_message_id_only_where_they_report(scene: Scene) -> None:
    put(scene, State.SUBMITTED)
    drain()
    assert not [name for name in mail.outbox[-1].extra_headers if name.startswith(("X-PM", "X-MJ", "X-M"))]
    with override_settings(MAIL_WEBHOOK_SECRET=SECRET):
        OutboxMessage.objects.filter(kind="application-received").update(
            state="queued", lease_token="", next_attempt_at=now()
        )
        drain()
    headers = mail.outbox[-1].extra_headers
    message_id = headers["Message-ID"]
    assert headers["X-PM-Metadata-countersign"] == message_id
    assert (
        json.loads(headers["X-MJ-EventPayload"])
        == json.loads(headers["X-Mailin-custom"])
        == {"countersign": message_id}
    )


def test_a_process_with_the_secret_has_the_addresses_and_the_app() -> None:
    asked = (
        "import django; django.setup(); from django.conf import settings; from django.urls import reverse;"
        "print('anymail' in settings.INSTALLED_APPS, reverse('mail-events-brevo'))"
    )
    environment = {**os.environ, "COUNTERSIGN_MAIL_WEBHOOK_SECRET": SECRET, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, env=environment, check=True)
    assert answer.stdout.split() == ["True", "/mail-events/brevo/"]
