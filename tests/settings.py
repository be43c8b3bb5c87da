"""Settings of the test suite: the real ones, on a database and folders of the run's own."""

from __future__ import annotations

import base64
import os
import tempfile

_run = os.environ.setdefault("COUNTERSIGN_TEST_FOLDER", tempfile.mkdtemp(prefix="cs-"))
os.environ.setdefault("COUNTERSIGN_ENV_FILE", "")
os.environ.setdefault("COUNTERSIGN_SECRET_KEY", "only tests use this key: it is long enough for check --deploy")
os.environ.setdefault("COUNTERSIGN_MASTER_KEYS", "1:" + base64.b64encode(bytes(range(32))).decode())
os.environ.setdefault("COUNTERSIGN_VAULT_ARCHIVES", f"folder:{_run}/archives")
os.environ.setdefault("COUNTERSIGN_VAULT_DELIVERY", f"folder:{_run}/delivery")
os.environ.setdefault("COUNTERSIGN_INBOX", f"{_run}/inbox")
os.environ.setdefault("COUNTERSIGN_VAULT_PAPERS", f"folder:{_run}/papers")
# No test asks the network about a domain, unless it brings a name server of its own.
os.environ.setdefault("COUNTERSIGN_NAME_SERVERS", "none")
os.environ.setdefault("COUNTERSIGN_SIGNING_KEY", f"{_run}/signing-key.p12")
os.environ.setdefault("COUNTERSIGN_SIGNING_PASSPHRASE", "only tests use this passphrase")
os.environ.setdefault("COUNTERSIGN_DATABASE_URL", f"sqlite:///{_run}/test.sqlite3")

from portal.settings import *  # noqa: E402, F403 - the environment above must be there first
from portal.settings import DATABASES, SIGNING_KEY, SIGNING_PASSPHRASE  # noqa: E402
from tests import signing  # noqa: E402

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file: the shared in-memory database locks otherwise than the real one, and races would prove nothing.
    DATABASES["default"]["TEST"] = {"NAME": f"{_run}/test-run.sqlite3"}
# Choosing a language is tested with one that Django itself knows; the site offers those whose catalogue is committed.
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]

signing.key_for_this_run(SIGNING_KEY, passphrase=SIGNING_PASSPHRASE)
