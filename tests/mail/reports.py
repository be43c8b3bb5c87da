"""Reports of undelivered mail as servers write them. The first has the shape of a real one of Postfix 3.7."""

from __future__ import annotations

from agreements.mail.models import OutboxMessage


def dsn(
    *,
    to: str,
    recipient: str,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 no such mailbox",
    message_id: str = "",
    original_recipient: str = "",
) -> bytes:
    """Return a delivery status notification (RFC 3464), sent to `to`, about `recipient`."""
    quoted = f"Message-ID: {message_id}\r\n" if message_id else ""
    original = f"Original-Recipient: rfc822;{original_recipient}\r\n" if original_recipient else ""
    return (
        "Return-Path: <>\r\n"
        f"Delivered-To: {to}\r\n"
        "Date: Mon, 02 Mar 2026 12:00:05 +0000 (UTC)\r\n"
        "From: MAILER-DAEMON@relay.example.org (Mail Delivery System)\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        f"To: {to}\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="9B1F.1772452805/relay"\r\n'
        "\r\n"
        "This is a MIME-encapsulated message.\r\n"
        "\r\n"
        "--9B1F.1772452805/relay\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n"
        "\r\n"
        "I'm sorry to have to inform you that your message could not be delivered.\r\n"
        "\r\n"
        "--9B1F.1772452805/relay\r\n"
        "Content-Type: message/delivery-status\r\n"
        "\r\n"
        "Reporting-MTA: dns; relay.example.org\r\n"
        "X-Postfix-Queue-ID: 9B1F\r\n"
        "Arrival-Date: Mon, 02 Mar 2026 12:00:00 +0000 (UTC)\r\n"
        "\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\n"
        f"{original}"
        f"Action: {action}\r\n"
        f"Status: {status}\r\n"
        "Remote-MTA: dns; mx.hku.hk\r\n"
        f"Diagnostic-Code: {diagnostic}\r\n"
        "\r\n"
        "--9B1F.1772452805/relay\r\n"
        "Content-Type: message/rfc822\r\n"
        "\r\n"
        f"{quoted}"
        "Subject: GeneBody: news\r\n"
        "\r\n"
        "Your application has arrived.\r\n"
        "\r\n"
        "--9B1F.1772452805/relay--\r\n"
    ).encode()


def qmail(*, to: str, recipient: str) -> bytes:
    """Return what qmail writes, which is no RFC 3464."""
    return (
        "Return-Path: <>\r\n"
        f"To: {to}\r\n"
        "From: MAILER-DAEMON@mx.hku.hk\r\n"
        "Subject: failure notice\r\n"
        "\r\n"
        "Hi. This is the qmail-send program at mx.hku.hk.\r\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\r\n"
        "\r\n"
        f"<{recipient}>:\r\n"
        "Sorry, no mailbox here by that name. (#5.1.1)\r\n"
        "\r\n"
        "--- Below this line is a copy of the message.\r\n"
        "\r\n"
        "Subject: GeneBody: news\r\n"
    ).encode()


def by_id(message: OutboxMessage, **fields: str) -> bytes:
    """Return a notification to the plain sender's address that quotes the mail's Message-ID."""
    given = {"recipient": message.recipient, "message_id": message.message_id} | fields
    return dsn(to="access@portal.example.org", **given)
