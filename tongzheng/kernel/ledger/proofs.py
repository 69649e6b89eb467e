"""Checkpoints and proofs, read from the stored nodes in two statements, and checked without any database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from tongzheng.kernel.core.errors import Invalid, Missing, Unavailable
from tongzheng.kernel.core.text import T

from . import merkle, notes
from .hashing import HASHES
from .record import canonical
from .tree import STRIDE, leaf_of


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """The signed head of the ledger: `note` is the whole of it, for keeping outside; `root` is hex."""

    size: int
    root: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry stands in the ledger: all that is needed to check it elsewhere, with the city's public key.

    `content` are the canonical bytes of the entry as text; `path` hashes in hex, bottom first; `note` the
    signed checkpoint over `size` entries.
    """

    entry_id: int
    content: str
    place: int
    size: int
    path: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the ledger of `first` entries is the start of the ledger of `second`; roots and path in hex."""

    first: int
    second: int
    first_root: str
    second_root: str
    path: tuple[str, ...]


def checkpoint() -> CheckpointView:
    """Return the latest signed checkpoint. Raises Missing while the ledger is empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, root, at, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1")
        row = cursor.fetchone()
    if row is None:
        raise Missing(T("账本还没有检查点", "The ledger has no checkpoint yet"))
    return CheckpointView(row[0], bytes(row[1]).hex(), row[2], row[3])


def prove(entry_id: int) -> Proof:
    """Return the proof that an entry is in the latest checkpoint; two statements, whatever the size.

    Raises Missing for no such entry, Unavailable in the second before a checkpoint covers it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.at, e.act, e.subject, e.actor, e.label, e.body::text, e.salt, l.seq, c.size, c.note, t.hash"
            " FROM ledger_tree t, ledger_entry e LEFT JOIN ledger_leaf l ON l.entry_id = e.id"
            " LEFT JOIN LATERAL (SELECT size, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1) c ON true"
            " WHERE e.id = %s",
            [entry_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise Missing
    at, act, subject, actor, label, body, salt, place, size, note, name = row
    if place is None or size is None or place >= size:
        raise Unavailable(
            T("这条记录还没有进入检查点，请稍后再试", "No checkpoint covers this entry yet; please try again")
        )
    content = canonical(
        at=at, act=act, subject=subject, actor=actor, label=label, body=body, salt=bytes(salt)
    )
    path = _hashes(merkle.inclusion_ranges(place, size), HASHES[name])
    return Proof(entry_id, content.decode(), place, size, tuple(n.hex() for n in path), note)


def consistency(first: int, second: int) -> ConsistencyProof:
    """Return the proof that the ledger of `second` entries begins with that of `first`; two statements.

    Raises Invalid unless 0 < first ≤ second ≤ the size now.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, hash FROM ledger_tree")
        size, name = cursor.fetchone()
    if not 0 < first <= second <= size:
        raise Invalid(
            T(
                "两个大小须满足 0 < 前者 ≤ 后者 ≤ {size}", "The sizes must be 0 < first ≤ second ≤ {size}"
            ).fill(size=size)
        )
    ranges = merkle.consistency_ranges(first, second)
    old, new, *path = _hashes([(0, first), (0, second), *ranges], HASHES[name])
    return ConsistencyProof(first, second, old.hex(), new.hex(), tuple(n.hex() for n in path))


def _hashes(ranges: list[tuple[int, int]], hash: merkle.Hash) -> list[bytes]:
    """Return the hash over each range of leaves, from as few stored rows as there are, in one statement."""
    wanted = {node for each in ranges for node in merkle.cover(*each)}
    below = {node: _stored_below(node) for node in wanted}
    rows = sorted({node for nodes in below.values() for node in nodes})
    found: dict[merkle.Node, bytes] = {}
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 0, seq, hash FROM ledger_leaf WHERE seq = ANY(%s)"
                " UNION ALL SELECT n.level, n.index, n.hash FROM ledger_node n"
                " JOIN unnest(%s::smallint[], %s::bigint[]) AS w (level, index)"
                " ON n.level = w.level AND n.index = w.index",
                [
                    [index for level, index in rows if level == 0],
                    [level for level, index in rows if level],
                    [index for level, index in rows if level],
                ],
            )
            found = {(level, index): bytes(value) for level, index, value in cursor.fetchall()}
    if len(found) != len(rows):
        raise Unavailable(
            T(
                "账本缺少节点，无法证明；请运行账本核验",
                "Nodes of the ledger are missing; please run its verification",
            )
        )
    hashes = {node: merkle.root((found[n] for n in nodes), hash) for node, nodes in below.items()}
    return [merkle.fold([hashes[node] for node in merkle.cover(*each)], hash) for each in ranges]


def _stored_below(node: merkle.Node) -> list[merkle.Node]:
    """Return the stored nodes that stand side by side beneath a node, itself if it is stored."""
    level, index = node
    stored = level - level % STRIDE
    width = 1 << (level - stored)
    return [(stored, index * width + n) for n in range(width)]


def check_proof(proof: Proof, *, origin: str, key: notes.Key) -> bool:
    """Tell whether a proof holds, from nothing but itself, the ledger's name and its public key."""
    try:
        point = notes.read(proof.note, origin=origin, key=key)
        path = [bytes.fromhex(node) for node in proof.path]
        hash = HASHES[point.hash]
        leaf = leaf_of(proof.entry_id, hash(proof.content.encode()), hash)
    except (notes.BadNote, ValueError, KeyError, OverflowError):
        return False
    return point.size == proof.size and merkle.included(
        leaf=leaf, index=proof.place, size=proof.size, path=path, root=point.root, hash=hash
    )


def check_consistency(proof: ConsistencyProof, *, hash: merkle.Hash) -> bool:
    """Tell whether a proof of consistency holds; compare its roots with those of checkpoints that you trust."""
    return merkle.consistent(
        first=proof.first,
        second=proof.second,
        first_root=bytes.fromhex(proof.first_root),
        second_root=bytes.fromhex(proof.second_root),
        path=_bytes(proof.path),
        hash=hash,
    )


def _bytes(path: Iterable[str]) -> list[bytes]:
    return [bytes.fromhex(node) for node in path]
