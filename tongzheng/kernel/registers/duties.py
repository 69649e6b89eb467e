"""What registers do beside answering requests: work on imports, forget what is no longer needed."""

from __future__ import annotations

from tongzheng.kernel.core.duties import Duty

from .import_work import advance, sweep

duties = (
    Duty("registers.imports", 1.0, advance),
    Duty("registers.sweep", 3600.0, sweep),
)
