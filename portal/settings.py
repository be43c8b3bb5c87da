"""Settings, all from the environment or from files it names. docs/operations.md lists them in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from portal import environment as env
from portal import store_origins
from portal.document_settings import *  # noqa: F403
from portal.mail_settings import *  # noqa: F403
from portal.schedule import SCHEDULE

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = False
SECRET_KEY = env.text("COUNTERSIGN_SECRET_KEY")
MASTER_KEYS = env.master_keys()
# Where `rotate_master_key` adds one.
MASTER_KEYS_SOURCE = env.source_of("COUNTERSIGN_MASTER_KEYS")

# --- Where the site lives
SITE_URL = env.text("COUNTERSIGN_SITE_URL", "http://127.0.0.1:8000").rstrip("/")
DELIVERY_URL = env.text("COUNTERSIGN_DELIVERY_URL", SITE_URL).rstrip("/")
ALLOWED_HOSTS = env.words("COUNTERSIGN_ALLOWED_HOSTS", f"{urlsplit(SITE_URL).hostname},127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
OVER_TLS = SITE_URL.startswith("https://")
# Which urlconf a process serves: `web` (pages) or `delivery` (the long downloads under /d/).
PROCESS = env.text("COUNTERSIGN_PROCESS", "web")
ROOT_URLCONF = "portal.delivery_urls" if PROCESS == "delivery" else "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
# Number of proxies in front that set X-Forwarded-For; 0 means the peer's address is the client's.
TRUSTED_PROXIES = env.number("COUNTERSIGN_TRUSTED_PROXIES", 0)

# --- Security
SECURE_SSL_REDIRECT = OVER_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if OVER_TLS else 0
# Both bind other sites of the same domain for a year, which is not ours to decide.
SECURE_HSTS_INCLUDE_SUBDOMAINS = OVER_TLS and env.flag("COUNTERSIGN_HSTS_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS and env.flag("COUNTERSIGN_HSTS_PRELOAD", False)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = OVER_TLS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "__Host-session" if OVER_TLS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if OVER_TLS else "csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "base-uri": [NONE],
        "form-action": [SELF, DELIVERY_URL],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# --- The app
INSTALLED_APPS = [
    "agreements",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "agreements.web.user_sessions.UserSessions",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "agreements.web.upload_limit.UploadLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "agreements.web.personal.PersonalMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "agreements.web.staff_gate.StaffGateMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "agreements.web.nav.nav",
            ]
        },
    }
]
if MAIL_WEBHOOK_SECRET:  # noqa: F405
    INSTALLED_APPS.append("anymail")
AUTH_USER_MODEL = "agreements.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Data
DATABASE_URL = env.text("COUNTERSIGN_DATABASE_URL", f"sqlite:///{BASE_DIR / 'var' / 'countersign.sqlite3'}")
# Connections to PostgreSQL of each `web` and `delivery` process, at most.
DATABASE_POOL = env.number("COUNTERSIGN_DATABASE_POOL", 20)
DATABASES: dict[str, Any] = {"default": dict(dj_database_url.parse(DATABASE_URL))}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: without it most concurrent read-then-write transactions fail with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # secure_delete: what is erased is overwritten in the file, whatever the library was built with.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5
    if PROCESS in {"web", "delivery"}:
        # Many threads, few connections: a new one for each request costs more than the request. Streams hold none.
        # A worker's children are forked, which a pool does not survive.
        DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DATABASE_POOL, "timeout": 2}
        DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # Rate limits live here. With the default of 300 rows, whoever makes 300 others resets a counter.
        "OPTIONS": {"MAX_ENTRIES": 1_000_000, "CULL_FREQUENCY": 10},
    }
}
# Tables have digests of session keys: a stolen database signs nobody in.
SESSION_ENGINE = "agreements.people.session_store"

# Vault addresses: `folder:/path` or `s3:bucket`. Three stores: archives and delivery (may presign), papers (never).
VAULT_ARCHIVES = env.text("COUNTERSIGN_VAULT_ARCHIVES", f"folder:{BASE_DIR / 'var' / 'archives'}")
VAULT_DELIVERY = env.text("COUNTERSIGN_VAULT_DELIVERY", f"folder:{BASE_DIR / 'var' / 'delivery'}")
VAULT_PAPERS = env.text("COUNTERSIGN_VAULT_PAPERS", f"folder:{BASE_DIR / 'var' / 'papers'}")
S3_ENDPOINT = env.text("COUNTERSIGN_S3_ENDPOINT", "")
# Where browsers reach it. Without one nobody is sent there, unless it is AWS itself: `delivery` streams instead.
S3_PUBLIC_ENDPOINT = env.text("COUNTERSIGN_S3_PUBLIC_ENDPOINT", "")
S3_REGION = env.text("COUNTERSIGN_S3_REGION", "us-east-1")
S3_ACCESS_KEY = env.text("COUNTERSIGN_S3_ACCESS_KEY", "")
S3_SECRET_KEY = env.text("COUNTERSIGN_S3_SECRET_KEY", "")
# The button of a link to a shared archive is a form, which is led on to the object store.
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += store_origins.origins(
    VAULT_DELIVERY, endpoint=S3_ENDPOINT, public_endpoint=S3_PUBLIC_ENDPOINT, region=S3_REGION
)

# A folder of the server from which stewards publish without a shell; what their browsers send lies there too.
INBOX = Path(env.text("COUNTERSIGN_INBOX", str(BASE_DIR / "var" / "inbox")))

# `child`: a limited child of the worker opens strangers' files; `spool:/path`: a process of its own does.
INSPECT = env.text("COUNTERSIGN_INSPECT", "child")

# A bearer token for /metrics; without one the address does not exist.
METRICS_TOKEN = env.text("COUNTERSIGN_METRICS_TOKEN", "")

# --- Background work
CELERY_BROKER_URL = env.text("COUNTERSIGN_REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Worker and beat wait for their broker however long it is away.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A killed worker's task comes back after the longest task's time; the sweep's own default adds 100 s.
    "visibility_timeout": 300,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    # A frozen broker must not hang a page.
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "retry_on_timeout": False,
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 240
CELERY_TIMEZONE = "UTC"
# Celery's own handlers would not cut tokens; LOGGING below is for worker and beat too.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = SCHEDULE

# --- The role that runs, for the command that the owner of the tables runs after a migration (`grant_runtime`)
RUNTIME_ROLE = env.text("COUNTERSIGN_RUNTIME_ROLE", "")
RUNTIME_PASSWORD = env.text("COUNTERSIGN_RUNTIME_PASSWORD", "")

# --- People
STAFF_MFA_REQUIRED = env.flag("COUNTERSIGN_STAFF_MFA", True)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "agreements.web.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# `agreements.web.sign_in` has proved the address before allauth's pipeline begins.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
# Per client address (many people share one behind a university's gateway), per mail address, and per person for what
# writes to the record and asks no more than being signed in.
ACCOUNT_RATE_LIMITS = {
    "emailed_code": "100/10m/ip,6/10m/key,20/h/key",
    "code_try": "300/10m/ip,40/10m/key",
    "tell_me": "10/h/key,20/d/key",
    # Files to verify: of one network, of one site; then such as have to be looked into, of one site and of everybody
    # together; and apart from them such as begin as a paper of ours, of each paper.
    "verify": "20/m/key,200/h/key",
    "verify_site": "60/m/key,600/h/key",
    "verify_look_site": "20/m/key",
    "verify_look": "40/m/key",
    "verify_look_ours": "10/m/key",
}
MFA_ADAPTER = "agreements.web.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Countersign"
# A code typed in the last second of its half minute still counts.
MFA_TOTP_TOLERANCE = 1

# --- Texts, files, time
LANGUAGE_CODE = "en"
# A language is offered once its catalogue is committed: half a translation is worse than none.
LANGUAGES = [("en", "English")]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["portal.formats"]
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("COUNTERSIGN_STATIC_ROOT", str(BASE_DIR / "var" / "static")))
STATICFILES_DIRS = [BASE_DIR / "portal" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Logs: to standard error, tokens cut out of every line
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"cut tokens": {"()": "portal.log_filter.CutTokens"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["cut tokens"]},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # A line for each of its seventeen readers and each message otherwise; what breaks is told by `mail.bounces`.
        "flufl.bounce": {"level": "CRITICAL"},
        # It says that it was loaded, on the standard error of every command that loads it.
        "pikepdf": {"level": "WARNING"},
    },
}
