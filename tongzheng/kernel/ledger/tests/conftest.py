import pytest
from django.db import connection

TABLES = "ledger_entry, ledger_leaf, ledger_node, ledger_checkpoint, ledger_file"


def wipe():
    """Empty the ledger as only a superuser can: with the guards switched off."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {TABLES} RESTART IDENTITY")
        cursor.execute("SET session_replication_role = origin")
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
