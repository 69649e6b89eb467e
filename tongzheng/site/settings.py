"""Django settings. Everything that differs between cities comes from the environment and the data folder."""

from __future__ import annotations

import os

from tongzheng.kernel.core.discovery import engine_packages, system_packages
from tongzheng.site import place

DATA = place.data_folder()
SECRETS = place.secrets(DATA)

SECRET_KEY = SECRETS.web
SEAL_KEYS = SECRETS.seal
BLIND_KEY = SECRETS.blind
LEDGER_KEY = SECRETS.ledger
LEDGER_HASH = os.environ.get("TONGZHENG_LEDGER_HASH", "sha256")  # at the city's birth only; or sm3
DEBUG = False
ALLOWED_HOSTS = place.hosts()
DATABASES = {"default": place.database(DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    *engine_packages(),
    *system_packages(),
    "tongzheng.site",
]
AUTH_USER_MODEL = "identity.Account"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

MIDDLEWARE = [
    "tongzheng.site.middleware.requests",
    "tongzheng.site.middleware.security_headers",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "tongzheng.site.middleware.faults",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tongzheng.site.middleware.actors",
    "tongzheng.site.middleware.drafts",
]
ROOT_URLCONF = "tongzheng.site.urls"
WSGI_APPLICATION = "tongzheng.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "tongzheng.site.shell.context",
            ],
            "builtins": ["tongzheng.site.templatetags.pieces", "tongzheng.site.templatetags.entries"],
        },
    }
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "tongzheng.site.statics.Versioned"},
}

PORTAL = os.environ.get("TONGZHENG_PORTAL", "吕梁通|Lüliang Tong")
"""The portal's name in both languages."""

SESSION_COOKIE_AGE = int(os.environ.get("TONGZHENG_SESSION_MINUTES", "30")) * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_SAVE_EVERY_REQUEST = False
PROXIES = int(os.environ.get("TONGZHENG_PROXIES", "0"))  # how many of ours a request has passed
SECURE_TLS = os.environ.get("TONGZHENG_TLS", "") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_TLS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "tongzheng.site.faces.csrf_failure"
X_FRAME_OPTIONS = "DENY"

UPLOAD_LIMIT = 20 * 1024 * 1024
REQUEST_LIMIT = 64 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 30
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILES = DATA / "files"

DEMO = os.environ.get("TONGZHENG_DEMO", "") == "1"
EMAIL_URL = os.environ.get("TONGZHENG_SMTP", "")
SMS_URL = os.environ.get("TONGZHENG_SMS", "demo://" if DEMO else "")
SMS_SECRET = os.environ.get("TONGZHENG_SMS_SECRET", "")
SMS_SIGN = os.environ.get("TONGZHENG_SMS_SIGN", "政务服务")
LOGGING_CONFIG = None

# Background jobs of a package are in its `jobs.py` (docs/decisions/0005-duties-and-jobs.md).
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
