"""What identity does again and again: forget attempts and sessions that no longer count."""

from __future__ import annotations

from django.contrib.sessions.models import Session

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.duties import Duty

from .signin import sweep
from .throttling import sweep_paces


def sweep_sessions() -> int:
    """Forget a thousand sessions that have ended; return how many went."""
    keys = list(Session.objects.filter(expire_date__lt=clock.now()).values_list("pk", flat=True)[:1000])
    return Session.objects.filter(pk__in=keys).delete()[0] if keys else 0


duties = (
    Duty("identity.attempts", 3600, sweep),
    Duty("identity.paces", 600, sweep_paces),
    Duty("identity.sessions", 3600, sweep_sessions),
)
