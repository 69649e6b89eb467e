"""What the ledger must do again and again."""

from __future__ import annotations

from tongzheng.kernel.core.duties import Duty

from .sweep import sweep
from .tree import BATCH, integrate


def _integrate() -> int:
    """Ask to be called again at once only after a full batch: a steady trickle is one batch each half second."""
    taken = integrate()
    return taken if taken >= BATCH else 0


duties = (
    Duty("ledger.integrate", 0.5, _integrate),
    Duty("ledger.sweep", 600, sweep),
)
