from __future__ import annotations

from dataclasses import replace

import pytest

from tongzheng.kernel.core.registry import Registry, registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.registers.checks import faults, warnings
from tongzheng.kernel.registers.kinds import Bulk, Column, Register

from . import trial


def with_register(register: Register) -> Registry:
    own = Registry()
    own.add(replace(trial.SYSTEM, declares=(register, *trial.ACTIONS)))
    return own


def test_the_trial_and_the_citys_own_registers_are_sound() -> None:
    assert faults(registry) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "trial.Nothing"}, "there is no model trial.Nothing"),
        ({"reads": "trial.unknown"}, "reads names no declared action: trial.unknown"),
        ({"region": "nowhere"}, "region names no column: nowhere"),
        ({"label": "nothing"}, "the model has no nothing"),
        ({"bulk": (Bulk("b", T("批", "b"), "nothing", "trial.bulk"),)}, "bulk b names no column: nothing"),
        ({"columns": (*trial.DAMS.columns, Column("zzz", T("无", "None")))}, "has no field zzz"),
        (
            {"columns": (*trial.DAMS.columns, Column("name", T("无", "None")))},
            "column name is declared twice",
        ),
        (
            {"columns": (*trial.DAMS.columns, Column("lon", T("经度", "Longitude"), kind="float"))},
            "column lon has no known kind: float",
        ),
        (
            {"columns": tuple(replace(c, key=c.name == "phone") for c in trial.DAMS.columns)},
            "key column phone has no index",
        ),
        (
            {"columns": tuple(c for c in trial.DAMS.columns if c.name != "region"), "region": "", "bulk": ()},
            "",
        ),
    ],
)
def test_a_declaration_that_does_not_fit_is_named(change: dict[str, object], words: str) -> None:
    found = faults(with_register(replace(trial.DAMS, **change)))  # type: ignore[arg-type]
    assert [f for f in found if words in f] or not words
    assert bool(found) == bool(words)


def test_what_no_index_serves_is_warned_of() -> None:
    assert warnings(with_register(trial.DAMS)) == ["register trial.dams: filter by checked has no index"]
    found = warnings(with_register(trial.REMARKS))
    assert found == [
        "register trial.remarks: search over text has no search_index(text)",
        "register trial.remarks: sort by number has no index",
    ]


@pytest.mark.usefixtures("city")
def test_health_warns_of_imports_that_stand_still_and_of_large_registers_without_indexes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.db import connection

    from tongzheng.kernel.registers import health
    from tongzheng.kernel.registers.health import checks

    assert [(c.name, c.level) for c in checks()] == [("registers.imports", "ok"), ("registers.indexes", "ok")]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registers_import (register, state, label, name, digest, size, columns, ignored, total, done,"
            " creates, updates, unchanged, bad, created_at) VALUES ('trial.dams', 'running', '', '', '', 0, '[]', '[]',"
            " 0, 0, 0, 0, 0, 0, now() - interval '1 hour')"
        )
    monkeypatch.setattr(health, "LARGE", -2)
    found = {c.name: c for c in checks()}
    assert found["registers.imports"].level == "warning"
    assert "has no search_index" in found["registers.indexes"].detail.en
