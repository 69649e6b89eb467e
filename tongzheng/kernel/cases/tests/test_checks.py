"""Every fault that a case type can have is found and named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tongzheng.kernel.cases import checks
from tongzheng.kernel.cases.kinds import CaseType, Move, State
from tongzheng.kernel.cases.tests.conftest import ACTIONS, MOVED, REPAIR
from tongzheng.kernel.core.registry import Registry, System
from tongzheng.kernel.core.text import T


def found(declared: CaseType) -> list[str]:
    """Return the faults of a type in a system that declares its actions."""
    registry = Registry()
    registry.add(
        System("casetest", "kernel", "", T("测", "t"), T("测", "t"), declares=(declared, MOVED, *ACTIONS))
    )
    return checks.faults(registry)


def changed(name: str, **values: Any) -> CaseType:
    """Return the sound type with one move changed."""
    return replace(REPAIR, moves=tuple(replace(m, **values) if m.name == name else m for m in REPAIR.moves))


def test_a_sound_type_has_no_fault() -> None:
    assert found(REPAIR) == []


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        (replace(REPAIR, start="nowhere"), "it starts in 'nowhere', which is no state of it"),
        (replace(REPAIR, prefix="gr"), "the prefix 'gr' is not one to eight capitals"),
        (replace(REPAIR, opens="casetest.none"), "opens: no action is declared as 'casetest.none'"),
        (
            replace(REPAIR, reads="casetest.open"),
            "reads: casetest.open is open to all, who would read everyone's cases",
        ),
        (replace(REPAIR, basis=T("", "")), "it has no legal basis"),
        (
            replace(REPAIR, states=(*REPAIR.states, State("lost", T("a", "b")))),
            "state lost: nothing leads there",
        ),
        (replace(REPAIR, states=(*REPAIR.states, State("new", T("a", "b")))), "the state new stands twice"),
        (changed("sign", target="gone"), "move sign: there is no state 'gone'"),
        (changed("sign", by="casetest.none"), "move sign: by: no action is declared as 'casetest.none'"),
        (
            changed("sign", by="casetest.open"),
            "move sign: by: casetest.open is open to all, who would move everyone's cases;"
            " say APPLICANT for one's own",
        ),
        (changed("sign", basis=T("", "x")), "move sign: it has no legal basis"),
        (
            changed("sign", tells=("casetest.none",)),
            "move sign: tells: no template is declared as 'casetest.none'",
        ),
        (changed("sign", to="anyone"), "move sign: to: there is no 'anyone'"),
        (changed("sign", to="nobody"), "move sign: nobody would hold an open case"),
        (
            changed("extend", extend_limit=0),
            "move extend: an extension needs an extend_limit, and nothing else has one",
        ),
        (changed("inspect", clock=""), "move inspect: from working it reaches a pause without clock='pause'"),
        (
            changed("inspected", clock=""),
            "move inspected: from inspecting it ends a pause without clock='resume'",
        ),
        (
            changed("inspected", target="inspecting", clock=""),
            "state inspecting: no way leads from it to a closed one",
        ),
        (replace(REPAIR, clock=None), "moves extend, pause, resume a clock that it has not"),
    ],
)
def test_a_fault_is_named(declared: CaseType, fault: str) -> None:
    assert f"CaseType casetest.repair: {fault}" in found(declared)


def test_two_moves_from_one_state_share_no_key() -> None:
    moves = tuple(replace(m, key="s") if m.name in ("inspect", "ask") else m for m in REPAIR.moves)
    assert found(replace(REPAIR, moves=moves)) == [
        "CaseType casetest.repair: state working: the key s is that of inspect and of ask"
    ]
    assert isinstance(moves[0], Move)
