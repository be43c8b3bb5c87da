"""Where a mail provider reports what became of mail; loaded only where a secret for it is set.

Providers whose reports are kept from strangers by that secret alone are here; those that need keys of their own, or
that have us ask an address they name, are not.
"""

from __future__ import annotations

from typing import Any

from anymail.signals import tracking
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.urls import URLPattern, path

from agreements.mail import provider_events


def take(sender: object, event: Any, **_more: Any) -> None:
    """Hand one event on."""
    provider_events.note_event(event)


tracking.connect(take, dispatch_uid="countersign-mail-events")

urlpatterns: list[URLPattern] = [
    path("brevo/", BrevoTrackingWebhookView.as_view(), name="mail-events-brevo"),
    path("mailjet/", MailjetTrackingWebhookView.as_view(), name="mail-events-mailjet"),
    path("postmark/", PostmarkTrackingWebhookView.as_view(), name="mail-events-postmark"),
    path("sparkpost/", SparkPostTrackingWebhookView.as_view(), name="mail-events-sparkpost"),
]
