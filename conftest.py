"""Every test session has a data folder and, unless DATABASE_URL names one, a PostgreSQL of its own.

The settings read the environment when they are loaded, so all this happens on import, before Django starts;
that is also why DJANGO_SETTINGS_MODULE is set here and not in pyproject.toml, which pytest-django reads earlier.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.utils import translation

if TYPE_CHECKING:
    from tests.world import World

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
STACK = ExitStack()
NUMBERS = itertools.count(1)

if not WORKER:
    atexit.register(STACK.close)
    room = Path(tempfile.mkdtemp(prefix="tz-test-"))
    STACK.callback(shutil.rmtree, room, ignore_errors=True)
    os.environ["TONGZHENG_TEST_ROOM"] = str(room)
    if not os.environ.get("DATABASE_URL"):
        from tongzheng.site import postgres

        os.environ["DATABASE_URL"] = STACK.enter_context(postgres.throwaway()).url

# The processes of one session share nothing but the server: pytest-django gives each its own database.
os.environ["TONGZHENG_DATA"] = str(Path(os.environ["TONGZHENG_TEST_ROOM"]) / (WORKER or "main"))
os.environ["DJANGO_SETTINGS_MODULE"] = "tongzheng.site.settings"


# At once, and not in `pytest_configure`: the conftest.py of a folder named on the command line is read before that,
# and imports models.
django.setup()

from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: E402

# The real hash, made cheap: a password costs 0.1 s of both cores on purpose, and tests make hundreds.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64
Argon2PasswordHasher.parallelism = 1


@pytest.fixture(autouse=True)
def language_of_this_test() -> Iterator[None]:
    """A page in English leaves its language to the thread; the next test's reader has chosen none."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def files_of_this_test(settings: Any) -> None:
    """Every test has a file store of its own, made when something is first kept."""
    settings.FILES = settings.DATA / "tests" / f"{next(NUMBERS)}"


@pytest.fixture
def world(db: None) -> World:
    """A small world of offices, staff and citizens."""
    from tests.world import World

    return World()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Bring the regions back into a database that is used again: a test on real transactions empties it."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM identity_region)")
        if not cursor.fetchone()[0]:
            from tongzheng.kernel.identity.api import load_regions

            load_regions()
