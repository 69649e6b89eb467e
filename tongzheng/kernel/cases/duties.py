"""What the engine of cases does again and again: what clocks have to do, moving them to a new calendar, letting
silence count where a type says so, and waking drawn processes."""

from __future__ import annotations

from tongzheng.kernel.core.duties import Duty

from .drawn.waking import carry, fire_due
from .health import tell_keepers
from .joining import lapse
from .recounting import recount_due
from .sweeping import sweep

duties = (
    Duty("cases.sweep", 5.0, sweep),
    Duty("cases.recount", 10.0, recount_due),
    Duty("cases.silence", 60, lapse),
    Duty("cases.calendar", 6 * 3600.0, tell_keepers),
    Duty("cases.timers", 1.0, fire_due),
    Duty("cases.thrown", 1.0, carry),
)
