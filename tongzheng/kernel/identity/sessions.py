"""The session that a browser holds: whose it is, until when, and what was typed when it ended.

The keys are Django's own, so that everything that knows Django's sessions knows these. A session is bound to the
password: changing it ends every other session at once.
"""

from __future__ import annotations

import base64
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest, QueryDict
from django.middleware.csrf import rotate_token
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.sealing import SealBroken, seal, unseal

from .actors import snapshot
from .models import Account
from .views import NOBODY, Actor

SEEN, KEPT = "seen", "kept"
TOUCH_SECONDS = 60
KEEP_BYTES, KEEP_SECONDS, KEEP_MOST = 64 * 1024, 30 * 60, 3
_NEVER_KEPT = frozenset({"csrfmiddlewaretoken", "password", "old", "new", "again", "code"})


def actor_from(request: HttpRequest) -> Actor:
    """Return who is acting in a request: NOBODY without a session, or with one that has ended. One statement.

    A session ends after settings.SESSION_COOKIE_AGE seconds without a request, when the account is closed, and
    when its password changes. Its last use is written at most once a minute.
    """
    session = request.session
    id = session.get(SESSION_KEY)
    if id is None:
        return NOBODY
    now = int(clock.now().timestamp())
    seen = session.get(SEEN)
    actor, password = snapshot(int(id))
    if (
        not actor.signed_in
        or (seen is not None and now - int(seen) > settings.SESSION_COOKIE_AGE)
        or not constant_time_compare(session.get(HASH_SESSION_KEY, ""), _bound(password))
    ):
        session.flush()
        return NOBODY
    if seen is None or now - int(seen) >= TOUCH_SECONDS:
        session[SEEN] = now
    return actor


def begin(request: HttpRequest, account: Account) -> None:
    """Make the browser's session that of `account`, under a new key; what was kept for its owner stays."""
    kept = request.session.get(KEPT)
    if request.session.get(SESSION_KEY) not in (None, str(account.pk)):
        request.session.flush()
        if kept:
            request.session[KEPT] = kept
    else:
        request.session.cycle_key()
    request.session[SESSION_KEY] = str(account.pk)
    request.session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    request.session[HASH_SESSION_KEY] = _bound(account.password)
    request.session[SEEN] = int(clock.now().timestamp())
    rotate_token(request)


def _bound(password: str) -> str:
    return Account(password=password).get_session_auth_hash()


def keep_post(request: HttpRequest) -> str:
    """Keep what a form sent when its sender was no longer signed in, and return a token for it; "" if nothing was.

    Kept sealed in the browser's own session for 30 minutes, fields only, no files and no passwords, at most 64 KB
    each and three at a time. The page it belongs to is the one the form stood on.
    """
    if request.method != "POST":
        return ""
    fields = QueryDict(mutable=True)
    for name, values in request.POST.lists():
        if name not in _NEVER_KEPT:
            fields.setlist(name, values)
    text = fields.urlencode()
    if not text or len(text) > KEEP_BYTES:
        return ""
    now = int(clock.now().timestamp())
    alive = {
        token: entry
        for token, entry in request.session.get(KEPT, {}).items()
        if now - entry["at"] <= KEEP_SECONDS
    }
    for token in sorted(alive, key=lambda t: alive[t]["at"])[: max(0, len(alive) - KEEP_MOST + 1)]:
        del alive[token]
    token = token_urlsafe(12)
    sealed = base64.b64encode(seal(text, use="identity.kept")).decode()
    alive[token] = {"path": form_page(request), "at": now, "sealed": sealed}
    request.session[KEPT] = alive
    return token


def kept_values(request: HttpRequest, path: str = "") -> QueryDict | None:
    """Return what was kept of a form on this page (`path`, the request's own by default), once; None if nothing.

    A page with a form asks this when it is shown, and fills the form with the answer.
    """
    path = path or request.path
    stored: dict[str, Any] = request.session.get(KEPT) or {}
    if not stored:
        return None
    now = int(clock.now().timestamp())
    fitting = [
        token
        for token, entry in stored.items()
        if urlsplit(entry["path"]).path == path and now - entry["at"] <= KEEP_SECONDS
    ]
    if not fitting:
        return None
    token = max(fitting, key=lambda t: stored[t]["at"])
    entry = stored.pop(token)
    request.session[KEPT] = stored
    try:
        return QueryDict(unseal(base64.b64decode(entry["sealed"]), use="identity.kept"))
    except SealBroken:
        return None


def kept_page(request: HttpRequest, token: str) -> str:
    """Return the page that a kept form belongs to, or ""."""
    entry = (request.session.get(KEPT) or {}).get(token)
    return str(entry["path"]) if entry else ""


def form_page(request: HttpRequest) -> str:
    """Return the path of the page whose form was sent: the referring page of our own host, else the request's."""
    came = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if came and url_has_allowed_host_and_scheme(came, {request.get_host()}):
        parts = urlsplit(came)
        if parts.path.startswith("/"):
            return parts.path + (f"?{parts.query}" if parts.query else "")
    return request.path
