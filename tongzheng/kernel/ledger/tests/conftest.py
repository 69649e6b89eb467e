import time
from contextlib import contextmanager

import pytest
from django.db import connection

from tongzheng.kernel.ledger import api

TABLES = ("ledger_entry", "ledger_leaf", "ledger_node", "ledger_checkpoint", "ledger_file")


@contextmanager
def unguarded():
    """Give a cursor with the guards switched off, as the owner of the tables could."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def settle():
    """Integrate until the low id has reached the last entry: other databases' transactions may delay it."""
    for _ in range(500):
        api.integrate()
        with connection.cursor() as cursor:
            cursor.execute("SELECT low_id >= (SELECT max(id) FROM ledger_entry) FROM ledger_tree")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("the fence did not move")


def wipe():
    """Empty the ledger."""
    with unguarded() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY")
        cursor.execute(
            "UPDATE ledger_tree SET hash = 'sha256', size = 0, edge = '', low_id = 0, fence_id = 0, fence_xid = '0'"
        )


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    """Every test has its own file store."""
    settings.FILES = tmp_path / "files"
    return settings.FILES


@pytest.fixture
def ledger(transactional_db):
    """An empty ledger on real transactions, emptied again afterwards."""
    wipe()
    yield
    wipe()
