"""What officials write that cases run by: drawn processes and forms."""

from __future__ import annotations

from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions.kinds import Definable

from . import designed
from .drawn import defining, simulating

definables = (
    Definable(
        name=defining.KIND,
        title=T("流程", "Process"),
        media_type="application/xml",
        extension="bpmn",
        basis=T("各流程写明自己的法定依据", "Each process states its own legal basis"),
        blank=defining.blank,
        check=defining.check,
        parts=defining.parts,
        asks=simulating.asks,
        simulate=simulating.simulate,
        published=defining.published,
        most=2 * 1024 * 1024,
        draws=defining.DRAW,
        publishes=defining.PUBLISH,
        editor="bpmn",
    ),
    Definable(
        name=defining.FORM,
        title=T("表单", "Form"),
        media_type="application/json",
        extension="form",
        basis=T("各表单项写明自己的法定依据", "Each entry of a form states its own legal basis"),
        blank=designed.blank,
        check=designed.check,
        parts=designed.parts,
        most=256 * 1024,
        draws=defining.DRAW,
        publishes=defining.PUBLISH,
        editor="form",
    ),
)
