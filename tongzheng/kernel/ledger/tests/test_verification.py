from datetime import timedelta

import pytest
from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.ledger import api
from tongzheng.kernel.ledger.files import path_of
from tongzheng.kernel.ledger.hashing import sha256
from tongzheng.kernel.ledger.merkle import root
from tongzheng.kernel.ledger.record import canonical
from tongzheng.kernel.ledger.tests.conftest import settle, unguarded, wipe
from tongzheng.kernel.ledger.tree import leaf_of

PDF = b"%PDF-1.7\n%%EOF\n"


def put(n, subject="case:1"):
    return api.append(act="a.b", subject=subject, actor=n, label="系统", body={"n": n, "m": [1]})


@pytest.fixture
def city(ledger):
    """Sixty entries with checkpoints over 5, 23, 40 and 60 of them; entry ids are places + 1."""
    for n in range(60):
        put(n)
        if n + 1 in (5, 23, 40):
            api.integrate()
    settle()


def found(**options):
    report = api.verify(**options)
    assert report.ok == (not report.faults)
    assert all(fault.words.zh and fault.words.en for fault in report.faults)
    return [(f.kind, f.place, f.last, f.entry) for f in report.faults]


def tamper(sql, *params):
    with unguarded() as cursor:
        cursor.execute(sql, params)


def rewrite(place, *, leaf=False, node=False):
    """Change an entry and bring into line as much above it as a careful forger would."""
    with unguarded() as cursor:
        cursor.execute("UPDATE ledger_entry SET label = '别人' WHERE id = %s", [place + 1])
        cursor.execute(
            "SELECT at, act, subject, actor, label, body::text, salt FROM ledger_entry WHERE id = %s",
            [place + 1],
        )
        names = ("at", "act", "subject", "actor", "label", "body", "salt")
        digest = sha256(canonical(**dict(zip(names, cursor.fetchone(), strict=True))))
        cursor.execute("UPDATE ledger_entry SET digest = %s WHERE id = %s", [digest, place + 1])
        if leaf:
            new = leaf_of(place + 1, digest, sha256)
            cursor.execute("UPDATE ledger_leaf SET hash = %s WHERE seq = %s", [new, place])
        if node:
            block = place // 16
            cursor.execute(
                "SELECT hash FROM ledger_leaf WHERE seq >= %s AND seq < %s ORDER BY seq",
                [block * 16, block * 16 + 16],
            )
            value = root([bytes(row[0]) for row in cursor.fetchall()], sha256)
            cursor.execute("UPDATE ledger_node SET hash = %s WHERE level = 4 AND index = %s", [value, block])


def test_an_honest_ledger_is_verified(city):
    seen = []
    report = api.verify(progress=lambda done, total: seen.append((done, total)))
    assert (report.ok, report.entries, report.checkpoints, report.faults, report.more) == (True, 60, 4, (), 0)
    assert report.head == api.checkpoint()
    assert seen == [(60, 60)]
    assert [line.en for line in report.lines()][
        -1
    ] == "Verified: nothing altered, removed, inserted or reordered"


def test_an_empty_ledger_is_verified(ledger):
    report = api.verify()
    assert (report.ok, report.entries, report.head) == (True, 0, None)


def test_entries_not_yet_in_the_tree_are_no_fault(city):
    put(60)
    assert found() == []


@pytest.mark.parametrize(
    "change",
    [
        "label = '别人'",
        "act = 'a.c'",
        "subject = 'case:2'",
        "actor = 99",
        "actor = NULL",
        "at = at + interval '1 microsecond'",
        'body = \'{"n":1,"m":[1]}\'',
        'body = \'{"m":[1], "n":7}\'',
        "salt = sha256(salt)",
        "digest = sha256(digest)",
    ],
)
def test_an_altered_entry_is_named(city, change):
    tamper(f"UPDATE ledger_entry SET {change} WHERE id = 8")
    assert found() == [("altered", 7, None, 8)]


def test_every_altered_entry_is_named(city):
    tamper("UPDATE ledger_entry SET label = 'x' WHERE id IN (1, 30, 60)")
    assert found() == [("altered", 0, None, 1), ("altered", 29, None, 30), ("altered", 59, None, 60)]


@pytest.mark.parametrize(
    ("place", "depth", "faults"),
    [
        (7, {}, [("altered", 7, None, 8)]),
        (7, {"leaf": True}, [("altered", 0, 15, None)]),
        (50, {"leaf": True}, [("altered", 40, 59, None)]),
        (7, {"leaf": True, "node": True}, [("altered", 5, 22, None)]),
        (3, {"leaf": True, "node": True}, [("altered", 0, 4, None)]),
    ],
)
def test_an_altered_entry_with_all_above_it_brought_into_line_is_found(city, place, depth, faults):
    rewrite(place, **depth)
    assert found() == faults


def test_one_hidden_change_does_not_hide_the_next(city):
    rewrite(7, leaf=True)
    rewrite(33, leaf=True)
    tamper("UPDATE ledger_entry SET label = 'x' WHERE id = 50")
    assert sorted(found()) == [
        ("altered", 0, 15, None),
        ("altered", 32, 47, None),
        ("altered", 49, None, 50),
    ]


def test_a_removed_entry_is_named(city):
    tamper("DELETE FROM ledger_entry WHERE id = 8")
    assert found() == [("removed", 7, None, 8)]


def test_a_removed_leaf_is_named_with_the_entry_it_leaves_behind(city):
    tamper("DELETE FROM ledger_leaf WHERE seq = 7")
    assert found() == [("removed", 7, 7, None), ("inserted", None, None, 8)]


def test_an_entry_removed_with_its_leaf_is_named(city):
    tamper("DELETE FROM ledger_entry WHERE id IN (8, 9)")
    tamper("DELETE FROM ledger_leaf WHERE entry_id IN (8, 9)")
    assert found() == [("removed", 7, 8, None)]


def test_an_end_that_was_cut_off_is_named(city):
    tamper("DELETE FROM ledger_entry WHERE id > 55")
    tamper("DELETE FROM ledger_leaf WHERE seq >= 55")
    assert found()[0] == ("removed", 55, 59, None)
    tamper("DELETE FROM ledger_checkpoint WHERE size > 55")
    tamper("UPDATE ledger_tree SET size = 55")
    assert found() == [("tree", None, None, None)]


def test_an_inserted_entry_is_named(ledger):
    put(0)
    with transaction.atomic():
        put(1)
        transaction.set_rollback(True)
    put(2)
    settle()
    tamper(
        "INSERT INTO ledger_entry SELECT 2, at, actor, act, subject, label, body, salt, digest"
        " FROM ledger_entry WHERE id = 1"
    )
    assert found() == [("inserted", None, None, 2)]


def test_an_inserted_leaf_is_named(city):
    tamper("INSERT INTO ledger_leaf VALUES (60, 61, sha256('x')), (61, 62, sha256('y'))")
    assert found() == [("inserted", 60, 61, None)]


def test_an_entry_pushed_in_between_is_found_where_it_was_pushed_in(city):
    tamper("UPDATE ledger_leaf SET seq = -seq - 2 + 1000000 WHERE seq >= 30")
    tamper("UPDATE ledger_leaf SET seq = 1000000 - 2 - seq + 1 WHERE seq > 1000")
    tamper("INSERT INTO ledger_leaf VALUES (30, 900, sha256('x'))")
    kinds = {fault[:3] for fault in found()}
    assert ("removed", 30, None) in kinds
    assert ("inserted", 60, 60) in kinds


def exchange(one, two):
    tamper("UPDATE ledger_leaf SET seq = 1000000 WHERE seq = %s", one)
    tamper("UPDATE ledger_leaf SET seq = %s WHERE seq = %s", one, two)
    tamper("UPDATE ledger_leaf SET seq = %s WHERE seq = 1000000", two)


@pytest.mark.parametrize(("one", "two"), [(3, 4), (2, 14), (17, 30), (5, 45), (52, 58), (35, 50)])
def test_rows_that_changed_places_are_named(city, one, two):
    exchange(one, two)
    assert found() == [("reordered", one, two, None)]


def test_rows_that_changed_places_far_apart_at_the_unfinished_end_are_found_each(city):
    exchange(0, 59)
    assert found() == [("altered", 0, 15, None), ("altered", 40, 59, None)]


@pytest.mark.parametrize("table", ["ledger_entry SET id", "ledger_leaf SET entry_id"])
def test_entries_that_exchanged_their_ids_are_named(city, table):
    column = table.rsplit(" ", 1)[1]
    for old, new in ((8, 900), (20, 8), (900, 20)):
        tamper(f"UPDATE {table} = %s WHERE {column} = %s", new, old)
    assert found() == [("reordered", 7, 19, None)]


def test_an_altered_or_missing_node_is_named_as_such(city):
    tamper("UPDATE ledger_node SET hash = sha256('x') WHERE level = 4 AND index = 1")
    report = api.verify()
    assert [f.words.en for f in report.faults] == ["Node 4/1 of the tree was altered"]
    tamper("DELETE FROM ledger_node WHERE index = 1")
    report = api.verify()
    assert [f.words.en for f in report.faults] == ["Node 4/1 of the tree is missing"]


def test_the_higher_nodes_are_verified_too(ledger):
    with transaction.atomic():
        for n in range(260):
            put(n)
    api.integrate()
    assert found() == []
    tamper("UPDATE ledger_node SET hash = sha256('x') WHERE level = 8")
    assert [f.words.en for f in api.verify().faults] == ["Node 8/0 of the tree was altered"]


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 second'",
        "root = sha256(root)",
        "note = replace(note, 'hash sha256', 'hash sm3')",
        "note = ''",
        "size = 24",
    ],
)
def test_an_altered_checkpoint_is_named(city, change):
    tamper(f"UPDATE ledger_checkpoint SET {change} WHERE size = 23")
    assert found() == [("checkpoint", None, None, None)]


def test_checkpoints_signed_by_another_key_are_refused(city, settings):
    settings.LEDGER_KEY = b"another"
    assert found() == [("checkpoint", None, None, None)] * 4


def test_a_ledger_robbed_of_its_checkpoints_says_so(city):
    tamper("DELETE FROM ledger_checkpoint")
    assert found() == [("checkpoint", None, None, None)]


def test_an_altered_state_row_is_found(city):
    tamper("UPDATE ledger_tree SET edge = sha256('x') || substring(edge FROM 33)")
    assert found() == [("tree", None, None, None)]


def test_a_checkpoint_kept_outside_agrees_with_an_honest_ledger(city):
    note = api.checkpoint().note
    for n in range(20):
        put(n)
    api.integrate()
    assert found(against=note) == []


def test_a_history_cut_off_by_somebody_with_the_key_is_found_by_a_checkpoint_kept_outside(city):
    note = api.checkpoint().note
    wipe()
    for n in range(10):
        put(n)
    api.integrate()
    assert found() == []
    assert found(against=note) == [("rewritten", 10, 59, None)]


def test_a_history_written_anew_by_somebody_with_the_key_is_found_by_a_checkpoint_kept_outside(city):
    note = api.checkpoint().note
    wipe()
    for n in range(70):
        put(n, subject="case:2")
    api.integrate()
    assert found() == []
    assert found(against=note) == [("rewritten", 0, 59, None)]


@pytest.mark.parametrize("spoil", [lambda note: "", lambda note: note.replace("\n60\n", "\n59\n")])
def test_a_checkpoint_kept_outside_that_is_not_ours_is_refused(city, spoil):
    note = spoil(api.checkpoint().note) or "nothing"
    assert found(against=note) == [("rewritten", None, None, None)]


def test_a_missing_or_altered_file_is_named(ledger):
    one, two = (api.keep_file(PDF + bytes([65 + n]), name="a.pdf") for n in range(2))
    report = api.verify(files="content")
    assert (report.ok, report.files) == (True, 2)
    path_of(one.digest).unlink()
    path = path_of(two.digest)
    path.write_bytes(path.read_bytes().replace(b"EOF", b"FOE"))
    assert {f.words.en for f in api.verify().faults} == {f"File {one.digest} is missing from the store"}
    assert {f.words.en for f in api.verify(files="content").faults} == {
        f"File {one.digest} is missing from the store",
        f"The content of file {two.digest} was altered",
    }
    assert api.verify(files="no").ok


def test_more_faults_than_can_be_named_are_counted(city, monkeypatch):
    monkeypatch.setattr("tongzheng.kernel.ledger.verification.MOST", 3)
    tamper("UPDATE ledger_entry SET digest = sha256(digest)")
    report = api.verify()
    assert (len(report.faults), report.more) == (3, 57)
    assert [line.en for line in report.lines()][-2:] == ["… and 57 more", "NOT verified: 60 faults"]


def test_verification_reads_chunk_by_chunk(ledger, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr("tongzheng.kernel.ledger.verification.CHUNK", 32)
    with clock.at(clock.now() - timedelta(days=1)), transaction.atomic():
        for n in range(100):
            put(n)
    api.integrate()
    seen = []
    with django_assert_max_num_queries(16):
        assert api.verify(progress=lambda done, total: seen.append(done)).ok
    assert seen == [32, 64, 96, 100]
