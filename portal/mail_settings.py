"""Settings of mail, out and in; a part of `settings.py`."""

from __future__ import annotations

from portal import environment as env

# --- Mail that goes out
EMAIL_HOST = env.text("COUNTERSIGN_SMTP_HOST", "127.0.0.1")
EMAIL_PORT = env.number("COUNTERSIGN_SMTP_PORT", 25)
EMAIL_HOST_USER = env.text("COUNTERSIGN_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.text("COUNTERSIGN_SMTP_PASSWORD", "")
EMAIL_USE_TLS = env.text("COUNTERSIGN_SMTP_SECURITY", "none") == "starttls"
EMAIL_USE_SSL = env.text("COUNTERSIGN_SMTP_SECURITY", "none") == "tls"
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.text("COUNTERSIGN_MAIL_FROM", "Countersign <countersign@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Word of mail that did not arrive goes here, with a tag for each mail (`bounces+42-tag@...`); empty: to the sender's
# address, without a tag.
BOUNCE_ADDRESS = env.text("COUNTERSIGN_BOUNCE_ADDRESS", "")
# `user:password` with which a mail provider reports bounces (django-anymail's webhooks); without one they do not exist.
MAIL_WEBHOOK_SECRET = env.text("COUNTERSIGN_MAIL_WEBHOOK_SECRET", "")
ANYMAIL = {"WEBHOOK_SECRET": MAIL_WEBHOOK_SECRET} if MAIL_WEBHOOK_SECRET else {}

# --- The mailbox that is read; without a host none is
IMAP_HOST = env.text("COUNTERSIGN_IMAP_HOST", "")
IMAP_PORT = env.number("COUNTERSIGN_IMAP_PORT", 993)
IMAP_USER = env.text("COUNTERSIGN_IMAP_USER", "")
IMAP_PASSWORD = env.text("COUNTERSIGN_IMAP_PASSWORD", "")
IMAP_SECURITY = env.text("COUNTERSIGN_IMAP_SECURITY", "tls")
IMAP_FOLDER = env.text("COUNTERSIGN_IMAP_FOLDER", "INBOX")
# Where messages are moved once they are kept here, and those that were too large to be taken.
IMAP_DONE_FOLDER = env.text("COUNTERSIGN_IMAP_DONE_FOLDER", "Processed")
IMAP_FAILED_FOLDER = env.text("COUNTERSIGN_IMAP_FAILED_FOLDER", "Failed")
IMAP_TIMEOUT = 30
# The addresses under which the mailbox is known; mail that was signed for somebody else proves nothing.
MAILBOX_ADDRESSES = env.words("COUNTERSIGN_MAILBOX_ADDRESSES", "")
# By which name our own mail server signs its Authentication-Results (RFC 8601); without one none is believed.
AUTHSERV_ID = env.text("COUNTERSIGN_AUTHSERV_ID", "")

# --- Names of domains: asked by the worker alone. `system`: the machine's servers; or addresses, each with `:port` if
# it is not 53; `none`: nobody is asked, and what would be known from there stays unknown.
NAME_SERVERS = env.text("COUNTERSIGN_NAME_SERVERS", "system")
