"""What the engine of cases does again and again: let silence count where a type says so."""

from __future__ import annotations

from tongzheng.kernel.core.duties import Duty

from .joining import lapse

duties = (Duty("cases.silence", 60, lapse),)
