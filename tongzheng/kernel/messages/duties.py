"""What messages must do again and again."""

from __future__ import annotations

from tongzheng.kernel.core.duties import Duty

from .delivery import deliver_due

duties = (Duty("messages.deliver", 1.0, deliver_due),)
