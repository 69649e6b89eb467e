from contextlib import contextmanager

import pytest
from django.db import connection

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
