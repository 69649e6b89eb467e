"""What happens when several do it at once, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from tongzheng.kernel.core.errors import Conflict, Fault, Refused, Throttled
from tongzheng.kernel.identity import api, signin
from tongzheng.kernel.identity.models import Account, Person, PostHolding
from tongzheng.kernel.ledger.api import entries

from .world import PASSWORD, account, body, id_number

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_city(transactional_db: None) -> Iterator[None]:
    """Regions and an empty ledger: Django's flush takes the first away and cannot empty the second."""
    prepare()
    yield
    prepare()


def prepare() -> None:
    api.load_regions()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        cursor.execute("TRUNCATE ledger_entry")
        cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER USER")


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Return what each call returned, or the fault it met, all started together."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            gate.wait(10)
            return call()
        except Fault as fault:
            return fault
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_administrators_given_at_once_do_not_meet_in_one_account():
    id, office = account("admin"), body("市局")
    posts = [
        api.define_post(
            actor=api.SYSTEM,
            organisation=office,
            title=f"岗位{role}",
            roles=[f"identity.{role}_administrator"],
        )
        for role in ("system", "security", "audit")
    ]
    results = at_once(*(lambda p=p: api.give_post(actor=api.SYSTEM, account_id=id, post_id=p) for p in posts))
    assert sum(isinstance(r, Refused) for r in results) == 2
    assert PostHolding.objects.count() == 1
    assert len(entries(act="identity.give_post")) == 1


def test_a_person_registered_at_once_is_one_person():
    call = lambda: api.register_person(actor=api.SYSTEM, name="王小明", id_number=id_number()).id  # noqa: E731
    assert len(set(at_once(call, call, call))) == 1
    assert Person.objects.count() == 1


def test_a_citizen_who_clicks_twice_has_one_account():
    def call(username: str) -> Callable[[], object]:
        return lambda: api.register_citizen(
            username=username, password=PASSWORD, name="王小明", id_number=id_number(), phone="13803582206"
        )

    results = at_once(call("wangxm"), call("wangxm2"), call("wangxm"))
    assert sum(isinstance(r, Fault) for r in results) == 2
    assert Account.objects.count() == 1


def test_a_user_name_taken_at_once_is_one_persons():
    def call(label: str) -> Callable[[], object]:
        return lambda: api.create_account(actor=api.SYSTEM, username="limin", password=PASSWORD, label=label)

    results = at_once(*map(call, ("李敏", "李明", "黎敏")))
    assert sum(isinstance(r, Conflict) for r in results) == 2
    assert Account.objects.count() == 1


def test_guessing_at_once_gains_no_tries():
    key = b"k" * 16

    def call() -> object:
        return signin._count(key, limit=5, minutes=15)

    results = at_once(*[call] * 9)
    assert sum(isinstance(r, Throttled) for r in results) == 4


def test_tries_at_once_are_counted_together():
    results = at_once(*[lambda: api.pace("test", "k", limit=5, seconds=600)] * 9)
    assert sum(isinstance(r, Throttled) for r in results) == 4
