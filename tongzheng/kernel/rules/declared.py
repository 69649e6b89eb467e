"""What the engine itself declares: its place in the workbench. Who may draw and publish is the business of definitions."""

from __future__ import annotations

from tongzheng.kernel.core.faces import WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T

system = System(
    slug="rules",
    chapter="kernel",
    plan="",
    title=T("规则", "Rules"),
    summary=T(
        "决策表与表达式（DMN、FEEL）：现行的表、测试行、试算",
        "Decision tables and expressions (DMN, FEEL): the tables in force, their test rows, trials",
    ),
    declares=(
        WorkEntry(
            "tables",
            T("决策表", "Decision tables"),
            "/rules/",
            "definitions.read",
            icon="list",
            order=75,
            section="manage",
        ),
    ),
)
