"""What this engine offers to the engine of definitions: decision models that officials write."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions.kinds import Definable

from .deciding import KIND
from .grids import to_dmn
from .kinds import Column, DecisionTable, Example
from .trying import asks, check, parts, simulate, try_out


def blank(title: T) -> str:
    """Return a table to begin with: one condition, one result, one row, one test row."""
    table = DecisionTable(
        "result",
        title,
        title,
        inputs=(Column("fact", T("条件", "Condition")),),
        results=(Column("outcome", T("结果", "Result")),),
        rows=(("-", '"…"'),),
        examples=(Example("例", {"fact": "x"}, "…"),),
        policy="F",
    )
    text = to_dmn("drafts", table)
    return text.replace('namespace="urn:tongzheng:drafts"', f"namespace={quoteattr('urn:tongzheng:free')}")


definables = (
    Definable(
        name=KIND,
        title=T("决策表", "Decision table"),
        media_type="application/xml",
        extension="dmn",
        basis=T("DMN 1.1 至 1.6（OMG）", "DMN 1.1 to 1.6 (OMG)"),
        blank=blank,
        check=check,
        parts=parts,
        try_out=try_out,
        asks=asks,
        simulate=simulate,
        editor="dmn",
    ),
)
