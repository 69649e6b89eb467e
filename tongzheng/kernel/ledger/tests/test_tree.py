import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing, Unavailable
from tongzheng.kernel.ledger import api, merkle, notes, proofs, record, tree
from tongzheng.kernel.ledger.hashing import sha256, sm3
from tongzheng.kernel.ledger.tests.conftest import settle


def put(subject="case:1"):
    return api.append(act="a.b", subject=subject, actor=None, label="系统", body={})


def column(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [row[0] for row in cursor.fetchall()]


def origin():
    return column("SELECT origin FROM ledger_tree")[0]


def places():
    return column("SELECT entry_id FROM ledger_leaf ORDER BY seq")


def in_thread(work):
    """Run `work` on a connection of its own and close it."""

    def run():
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(10)


def test_committed_entries_enter_the_tree_in_order_and_are_signed(ledger):
    ids = [put() for _ in range(3)]
    assert api.integrate() == 3
    assert places() == ids
    point = api.checkpoint()
    leaves = [bytes(leaf) for leaf in column("SELECT hash FROM ledger_leaf ORDER BY seq")]
    assert (point.size, point.root) == (3, merkle.root(leaves, sha256).hex())
    read = notes.read(point.note, origin=origin(), key=notes.city_key())
    assert (read.size, read.root.hex(), read.hash) == (3, point.root, "sha256")
    assert [e.place for e in api.entries()] == [2, 1, 0]


def test_nothing_new_writes_nothing(ledger):
    put()
    settle()
    before = column("SELECT xmin FROM ledger_tree")
    assert api.integrate() == 0
    assert column("SELECT xmin FROM ledger_tree") == before
    assert column("SELECT count(*) FROM ledger_checkpoint") == [1]


def test_an_entry_that_is_not_committed_is_not_taken(ledger):
    with transaction.atomic():
        put()
        assert in_thread(api.integrate) == 0
    assert api.integrate() == 1


def test_an_entry_that_commits_late_is_taken_though_younger_ones_went_before(ledger):
    first, go, done = threading.Event(), threading.Event(), []

    def slow():
        try:
            with transaction.atomic():
                done.append(put("case:slow"))
                first.set()
                go.wait(10)
        finally:
            connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    first.wait(10)
    quick = [put() for _ in range(3)]
    for _ in range(3):
        api.integrate()
        quick.append(put())
    api.integrate()
    assert places() == quick
    assert column("SELECT low_id FROM ledger_tree")[0] < done[0]
    go.set()
    writer.join(10)
    assert api.integrate() == 1
    assert places() == [*quick, done[0]]
    assert done[0] < quick[0]
    last = put()
    settle()
    assert column("SELECT low_id FROM ledger_tree") == [last]


def test_an_older_transaction_that_overtakes_a_younger_one_with_a_smaller_id_hides_nothing(ledger):
    """The younger one is still writing although the snapshot's xmax is not above it."""
    begun, drawn, go = threading.Event(), threading.Event(), threading.Event()

    def younger():
        try:
            begun.wait(10)
            with transaction.atomic():
                put("case:younger")
                drawn.set()
                go.wait(10)
        finally:
            connection.close()

    writer = threading.Thread(target=younger)
    writer.start()
    with transaction.atomic():
        column("SELECT pg_current_xact_id()::text")
        begun.set()
        drawn.wait(10)
        older = put("case:older")
    for _ in range(4):
        api.integrate()
    assert places() == [older]
    assert column("SELECT low_id FROM ledger_tree") == [0]
    go.set()
    writer.join(10)
    api.integrate()
    assert places() == [older, older - 1]


def test_an_act_that_rolls_back_leaves_no_hole(ledger):
    one = put()
    with transaction.atomic():
        put()
        transaction.set_rollback(True)
    two = put()
    api.integrate()
    assert places() == [one, two]
    assert column("SELECT seq FROM ledger_leaf ORDER BY seq") == [0, 1]


def test_only_one_integrates_at_a_time(ledger):
    put()
    with transaction.atomic():
        assert api.integrate() == 1
        assert in_thread(api.integrate) == 0
    assert places() == [1]


def test_many_writers_and_integrators_at_once_lose_and_double_nothing(ledger):
    stop = threading.Event()

    def write(number):
        try:
            for n in range(40):
                with transaction.atomic():
                    put(f"case:{number}")
                    if n % 3 == 0:
                        put(f"case:{number}")
                    transaction.set_rollback(n % 7 == 0)
        finally:
            connection.close()

    def take():
        try:
            while not stop.is_set():
                api.integrate(limit=17)
        finally:
            connection.close()

    takers = [threading.Thread(target=take) for _ in range(2)]
    for thread in takers:
        thread.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    stop.set()
    for thread in takers:
        thread.join(10)
    while api.integrate():
        pass
    assert sorted(places()) == column("SELECT id FROM ledger_entry ORDER BY id")
    assert len(places()) == 4 * sum(2 if n % 3 == 0 else 1 for n in range(40) if n % 7)
    assert column("SELECT seq FROM ledger_leaf ORDER BY seq") == list(range(len(places())))
    assert api.verify().ok


def test_a_city_restored_into_a_younger_cluster_goes_on(ledger):
    put()
    api.integrate()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_tree SET fence_xid = '9000000000000000000'")
    ids = [put() for _ in range(2)]
    assert api.integrate() == 2
    ids.append(put())
    assert api.integrate() == 1
    settle()
    assert column("SELECT low_id FROM ledger_tree") == [ids[-1]]


def test_while_much_is_left_a_checkpoint_is_signed_at_most_once_a_second(ledger):
    for _ in range(10):
        put()
    moment = clock.now()
    for passed in range(5):
        with clock.at(moment + passed * tree.PAUSE / 4):
            api.integrate(limit=2)
    assert column("SELECT size FROM ledger_checkpoint ORDER BY size") == [2, 10]
    assert api.integrate(limit=2) == 0


def test_the_last_entries_get_their_checkpoint_even_when_they_filled_a_batch(ledger):
    for _ in range(4):
        put()
    with clock.at(clock.now()):
        assert [api.integrate(limit=2) for _ in range(3)] == [2, 2, 0]
    assert api.checkpoint().size == 4


def test_only_every_fourth_level_is_stored(ledger):
    for _ in range(40):
        put()
    api.integrate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT level, index FROM ledger_node ORDER BY 1, 2")
        assert cursor.fetchall() == [(4, 0), (4, 1)]


def test_every_entry_is_proven_in_two_statements(ledger, django_assert_num_queries):
    ids = [put() for _ in range(37)]
    api.integrate()
    for id in ids:
        with django_assert_num_queries(2):
            proof = api.prove(id)
        assert proofs.check_proof(proof, origin=origin(), key=notes.city_key())
    assert '"subject":"case:1"' in proof.content


def test_a_proof_fails_for_other_content_another_place_or_another_key(ledger):
    ids = [put() for _ in range(5)]
    api.integrate()
    proof = api.prove(ids[2])
    good = {field: getattr(proof, field) for field in proof.__slots__}
    key = notes.city_key()
    for change in (
        {"content": proof.content.replace("case:1", "case:2")},
        {"entry_id": proof.entry_id + 1},
        {"entry_id": -1},
        {"place": 3},
        {"size": 4},
        {"path": proof.path[1:]},
        {"path": ("zz", *proof.path[1:])},
        {"note": proof.note.replace("\n5\n", "\n6\n")},
    ):
        assert not proofs.check_proof(api.Proof(**{**good, **change}), origin=origin(), key=key)
    assert not proofs.check_proof(proof, origin=origin(), key=notes.Ed25519(bytes(31) + b"1"))


def test_an_entry_too_young_or_not_there_cannot_be_proven(ledger):
    id = put()
    with pytest.raises(Unavailable):
        api.prove(id)
    with pytest.raises(Missing):
        api.prove(id + 1)
    with pytest.raises(Missing):
        api.checkpoint()


def test_every_checkpoint_is_proven_to_begin_every_later_one(ledger, django_assert_num_queries):
    sizes = (1, 2, 3, 16, 17, 33, 40)
    for n in range(40):
        put()
        if n + 1 in sizes:
            api.integrate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, root FROM ledger_checkpoint")
        roots = {size: bytes(root).hex() for size, root in cursor.fetchall()}
    assert tuple(sorted(roots)) == sizes
    for first in sizes:
        for second in sizes:
            if first <= second:
                with django_assert_num_queries(2):
                    proof = api.consistency(first, second)
                assert (proof.first_root, proof.second_root) == (roots[first], roots[second])
                assert proofs.check_consistency(proof, hash=sha256)
    with pytest.raises(Invalid):
        api.consistency(3, 41)
    with pytest.raises(Invalid):
        api.consistency(0, 3)


@pytest.fixture
def sm3_city(ledger):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_tree SET hash = 'sm3'")
    record.forget_hash()
    yield
    record.forget_hash()


def test_a_city_may_be_born_with_sm3(sm3_city):
    ids = [put() for _ in range(20)]
    api.integrate()
    leaves = [bytes(leaf) for leaf in column("SELECT hash FROM ledger_leaf ORDER BY seq")]
    assert api.checkpoint().root == merkle.root(leaves, sm3).hex()
    assert proofs.check_proof(api.prove(ids[7]), origin=origin(), key=notes.city_key())
    assert api.verify().ok


@given(
    xmin=st.integers(1, 50),
    more=st.integers(0, 9),
    upto=st.integers(0, 99),
    low=st.integers(0, 99),
    fence_id=st.integers(0, 99),
    fence_xid=st.integers(0, 70),
)
def test_the_low_id_only_rises_and_never_past_a_fence_that_may_still_be_crossed(
    xmin, more, upto, low, fence_id, fence_xid
):
    new, renew = tree.fence(
        xmin=xmin, xmax=xmin + more, upto=upto, low=low, fence_id=fence_id, fence_xid=fence_xid
    )
    assert new >= low
    if new > low:
        assert fence_xid <= xmin
        assert new <= min(upto, fence_id)
    assert not (fence_xid > xmin and fence_xid < xmin + more and renew)
