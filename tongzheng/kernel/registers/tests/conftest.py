from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def trial_tables(django_db_setup: None, django_db_blocker: Any) -> None:
    """Make the test models' tables; they belong to no installed app, so no migration knows them."""
    from django.db import connection

    from . import trial

    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS trial_dam, trial_remark CASCADE")
        with connection.schema_editor() as editor:
            editor.create_model(trial.Dam)
            editor.create_model(trial.Remark)


@pytest.fixture(autouse=True)
def declared() -> Iterator[None]:
    """Declare the trial system for the length of one test."""
    from tongzheng.kernel.core.registry import registry
    from tongzheng.kernel.registers import tables

    from . import trial

    before = dict(registry.systems), dict(registry._things)
    registry.add(trial.SYSTEM)
    yield
    registry.systems, registry._things = before
    tables.describe.cache_clear()


@pytest.fixture
def city(trial_tables: None, db: None) -> None:
    """A database with the trial's tables and the city's regions."""
