"""Decisions a second: a unique table of 10 inputs and 200 rows, beside Python `if`s generated from the same rows.

    python -m bench rules

Two floors, written as a module and imported: a chain that returns at the first row that applies, and one that looks at
all rows, as the check for overlaps that a unique table demands would. They and ours take turns, and every decision is
compared before anything is timed.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tongzheng.kernel.rules.dmn.deciding import decider
from tongzheng.kernel.rules.dmn.engine import load

ROWS, TURNS, DECISIONS, TARGET = 200, 15, 4_000, 0.5
chance = random.Random(20261123)
KINDS = ["餐饮", "零售", "医疗", "教育", "运输", "制造", "娱乐", "建筑", "农业", "信息"]
TOWNS = [f"5101{number:02d}" for number in range(20)]
INPUTS = {
    "行业": "string", "区县": "string", "面积": "number", "人数": "number", "年限": "number", "评分": "number",
    "注册资本": "number", "是否连锁": "boolean", "类型": "string", "笔数": "number",
}  # fmt: skip


def rows() -> list[dict[str, Any]]:
    """Return rows of which at most one applies: industry and town split the cases, other columns narrow them."""
    found = []
    for number in range(ROWS):
        low = chance.randrange(0, 500)
        found.append(
            {
                "行业": KINDS[number % 10],
                "区县": TOWNS[number // 10],
                "面积": (low, low + chance.randrange(200, 3000)),
                "人数": (None, chance.randrange(50, 500)) if number % 3 else None,
                "年限": (chance.randrange(0, 3), None) if number % 2 else None,
                "评分": (chance.randrange(0, 40), 100) if number % 4 else None,
                "注册资本": (chance.randrange(0, 50), None) if number % 5 else None,
                "是否连锁": chance.choice([True, False, None]),
                "类型": chance.choice([None, ["甲", "乙"], ["乙", "丙"]]),
                "笔数": (0, chance.randrange(500, 1000)) if number % 2 else None,
            }
        )
    return found


def cell(value: Any) -> str:
    """Return a cell as FEEL writes it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return ", ".join(f'"{one}"' for one in value)
    low, high = value
    if low is None:
        return f"<= {high}"
    return f">= {low}" if high is None else f"[{low}..{high})"


def condition(name: str, value: Any) -> str:
    """Return a cell as Python writes it."""
    if isinstance(value, bool | str):
        return f"{name} == {value!r}" if isinstance(value, str) else f"{name} is {value}"
    if isinstance(value, list):
        return f"{name} in {tuple(value)!r}"
    low, high = value
    if low is None:
        return f"{name} <= {high}"
    return f"{name} >= {low}" if high is None else f"{low} <= {name} < {high}"


def model(table: list[dict[str, Any]]) -> str:
    """Return the table as DMN."""
    data = "".join(
        f'<inputData id="i{n}" name="{name}"><variable name="{name}" typeRef="{type}"/></inputData>'
        for n, (name, type) in enumerate(INPUTS.items())
    )
    needs = "".join(
        f'<informationRequirement><requiredInput href="#i{n}"/></informationRequirement>' for n in range(10)
    )
    heads = "".join(
        f"<input><inputExpression><text>{name}</text></inputExpression></input>" for name in INPUTS
    )
    body = "".join(
        "<rule>"
        + "".join(f"<inputEntry><text>{escape(cell(row[name]))}</text></inputEntry>" for name in INPUTS)
        + f"<outputEntry><text>{number * 10}</text></outputEntry></rule>"
        for number, row in enumerate(table)
    )
    space = quoteattr("https://www.omg.org/spec/DMN/20230324/MODEL/")
    return (
        f'<definitions xmlns={space} namespace="urn:bench" name="bench">{data}<decision id="d" name="等级">'
        f'<variable name="等级" typeRef="number"/>{needs}<decisionTable hitPolicy="UNIQUE">{heads}<output/>{body}'
        "</decisionTable></decision></definitions>"
    )


def generated(table: list[dict[str, Any]], folder: Path) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Write both chains as a module and import it."""
    take = "".join(f"    {name} = facts[{name!r}]\n" for name in INPUTS)
    first = ["def first(facts):\n", take]
    every = ["def every(facts):\n", take, "    found = None\n"]
    for number, row in enumerate(table):
        tests = " and ".join(condition(name, row[name]) for name in INPUTS if row[name] is not None)
        first.append(f"    if {tests}:\n        return {number * 10}\n")
        every.append(
            f"    if {tests}:\n        if found is not None:\n            raise ValueError\n        found = {number * 10}\n"
        )
    path = folder / "chains.py"
    path.write_text(
        "".join([*first, "    return None\n\n\n", *every, "    return found\n"]), encoding="utf-8"
    )
    spec = importlib.util.spec_from_file_location("chains", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.first, module.every


def facts(table: list[dict[str, Any]]) -> dict[str, Any]:
    """Return facts to which one row applies."""
    row = chance.choice(table)
    found: dict[str, Any] = {}
    for name, type in INPUTS.items():
        value = row[name]
        if type == "boolean":
            found[name] = value if value is not None else chance.choice([True, False])
        elif type == "string":
            found[name] = value if isinstance(value, str) else chance.choice(value or ["甲", "乙", "丙"])
        else:
            low, high = value or (0, 5000)
            found[name] = chance.randrange(low or 0, high if high is not None else 5000)
    return found


def speed(decide: Callable[[dict[str, Any]], Any], cases: list[dict[str, Any]]) -> float:
    """Return decisions a second."""
    began = time.perf_counter()
    for case in cases:
        decide(case)
    return len(cases) / (time.perf_counter() - began)


def main() -> int:
    """Print the medians and return 1 when the target is missed."""
    table = rows()
    began = time.perf_counter()
    compiled = load(model(table))
    decide = decider(compiled, "等级")
    print(
        f"{len(INPUTS)} inputs × {ROWS} rows, unique; compiled in {(time.perf_counter() - began) * 1000:.0f} ms"
    )
    with tempfile.TemporaryDirectory() as folder:
        first, every = generated(table, Path(folder))
    cases = [facts(table) for _ in range(DECISIONS)]
    for case in cases:
        assert decide(case).value == every(case) == first(case), case
    whole = {"first": [], "every": [], "ours": [], "long": []}  # type: dict[str, list[float]]
    for turn in range(TURNS):
        runs = [
            ("first", first, cases), ("every", every, cases), ("ours", decide, cases),
            ("long", lambda case: compiled.evaluate("等级", case), cases[:400]),
        ]  # fmt: skip
        for name, call, given in runs if turn % 2 else reversed(runs):
            whole[name].append(speed(call, given))
    found = {name: median(values) for name, values in whole.items()}
    for name, words in (
        ("first", "Python if, first row that applies"),
        ("every", "Python if over all rows (overlaps seen)"),
        ("ours", "ours, index with overlaps seen"),
        ("long", "ours, the long way (any model)"),
    ):
        print(f"{words:42} {found[name]:12,.0f}/s   {found['ours'] / found[name]:6.2f} × is ours")
    worst = min(ours / floor for ours, floor in zip(whole["ours"], whole["every"], strict=True))
    ratio = found["ours"] / found["every"]
    verdict = "held" if ratio >= TARGET else "MISSED"
    print(f"target ≥ {TARGET} × Python if over all rows: {ratio:.2f} × (worst turn {worst:.2f}) {verdict}")
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
