"""The integrator: it takes committed entries into the tree in batches, one process at a time, without a hole.

Writers only take an id from a sequence, so ids can become visible out of order. The integrator therefore takes
every visible entry that has no leaf, and forgets about the ids below a fence once every transaction that could
still bring one of them is over: an id is only drawn by a transaction that already has its number (see the
table's default), so all ids up to the largest one seen belong to transactions older than the one that then
sets the fence; when the xmin of a later snapshot has reached that one, none of them is left. (The xmax of the
snapshot would not do: it is one past the last transaction that has ended, and older ones may still be writing.)
A long transaction delays nobody's entries but its own. After a restore into another cluster, whose transaction
numbers may be lower, the fence is simply set anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from tongzheng.kernel.core import clock

from . import merkle, notes
from .hashing import HASHES

STRIDE = 4
"""Nodes are stored at every fourth level only: a proof reads 16 rows in place of 4, the tree takes a ninth."""

BATCH = 5000
LOCK = int.from_bytes(b"tz.ledgr", "big", signed=True)
PAUSE = timedelta(seconds=1)

_LOOK = """
WITH now AS MATERIALIZED (SELECT pg_current_snapshot() AS it),
tree AS MATERIALIZED (SELECT * FROM ledger_tree),
waiting AS (
    SELECT e.id, e.digest FROM ledger_entry e
    WHERE e.id > %s AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.entry_id = e.id AND l.entry_id > %s)
    ORDER BY e.id LIMIT %s
)
SELECT pg_snapshot_xmin(it)::text::bigint, pg_snapshot_xmax(it)::text::bigint,
    tree.hash, tree.origin, tree.size, tree.edge, tree.low_id, tree.fence_id, tree.fence_xid::text::bigint,
    (SELECT max(id) FROM ledger_entry), last.size, last.at,
    (SELECT array_agg(id ORDER BY id) FROM waiting), (SELECT array_agg(digest ORDER BY id) FROM waiting)
FROM now, tree LEFT JOIN LATERAL (SELECT size, at FROM ledger_checkpoint ORDER BY size DESC LIMIT 1) last ON true
"""

_WRITE = """
WITH leaf AS (
    INSERT INTO ledger_leaf (seq, entry_id, hash)
    SELECT %(first)s + n - 1, id, substring(%(leaves)s FROM (32 * (n - 1) + 1)::int FOR 32)
    FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS taken (id, n)
), node AS (
    INSERT INTO ledger_node (level, index, hash)
    SELECT level, index, substring(%(hashes)s FROM (32 * (n - 1) + 1)::int FOR 32)
    FROM unnest(%(levels)s::smallint[], %(indexes)s::bigint[]) WITH ORDINALITY AS full_node (level, index, n)
), point AS (
    INSERT INTO ledger_checkpoint (size, at, root, note)
    SELECT %(size)s, %(at)s, %(root)s, %(note)s WHERE %(note)s <> ''
)
UPDATE ledger_tree SET size = %(size)s, edge = %(edge)s,
    low_id = %(low)s,
    fence_id = CASE WHEN %(renew)s THEN %(top)s ELSE fence_id END,
    fence_xid = CASE WHEN %(renew)s THEN pg_current_xact_id() ELSE fence_xid END
"""


def integrate(*, limit: int = BATCH) -> int:
    """Take up to `limit` committed entries into the tree and sign a checkpoint; return how many were taken.

    One process does this at a time; any other returns 0 at once. A checkpoint is signed when nothing is left
    to take, otherwise at most once a second. Two statements in one transaction.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # The lock has a statement of its own: the next one's snapshot must be younger than the lock.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s), low_id FROM ledger_tree", [LOCK])
        free, low = cursor.fetchone()
        if not free:
            return 0
        cursor.execute(_LOOK, [low, low, limit])
        xmin, xmax, hash, origin, size, edge, low, fence_id, fence_xid, top, *rest = cursor.fetchone()
        last_size, last_at, ids, digests = rest
        ids, digests = ids or [], digests or []
        tree = merkle.Edge(HASHES[hash], size, _cut(bytes(edge)))
        leaves = [leaf_of(id, bytes(digest), tree.hash) for id, digest in zip(ids, digests, strict=True)]
        full = [node for leaf in leaves for node in tree.append(leaf) if node[0] % STRIDE == 0]
        done = len(ids) < limit
        top = top or 0
        new_low, renew = fence(
            xmin=xmin,
            xmax=xmax,
            upto=top if done else ids[-1],
            low=low,
            fence_id=fence_id,
            fence_xid=fence_xid,
        )
        note, now = "", clock.now()
        root = tree.root()
        if tree.size > (last_size or 0) and (done or _rested(last_at, now)):
            note = notes.sign(notes.Checkpoint(origin, tree.size, root, hash, now), notes.city_key())
        if not ids and not note and new_low == low:
            return 0
        cursor.execute(
            _WRITE,
            {
                "first": size,
                "ids": ids,
                "leaves": b"".join(leaves),
                "levels": [node[0] for node in full],
                "indexes": [node[1] for node in full],
                "hashes": b"".join(node[2] for node in full),
                "size": tree.size,
                "edge": b"".join(tree.nodes),
                "at": now,
                "root": root,
                "note": note,
                "low": new_low,
                "top": top,
                "renew": renew,
            },
        )
    return len(ids)


def leaf_of(entry_id: int, digest: bytes, hash: merkle.Hash) -> bytes:
    """Return the leaf hash of an entry: over its id, 8 bytes big-endian, and the digest of its content."""
    return merkle.leaf_hash(entry_id.to_bytes(8, "big") + digest, hash)


def _cut(joined: bytes) -> list[bytes]:
    return [joined[at : at + 32] for at in range(0, len(joined), 32)]


def _rested(last: datetime | None, now: datetime) -> bool:
    return last is None or abs(now - last) >= PAUSE


def fence(*, xmin: int, xmax: int, upto: int, low: int, fence_id: int, fence_xid: int) -> tuple[int, bool]:
    """Return the new low id, and whether a new fence is to be set at the largest id seen.

    Args: the snapshot's `xmin` and `xmax`; `upto`: every entry up to this id that the snapshot sees is in the
    tree after this batch; the `low` id and the fence as they are stored.
    """
    if fence_xid >= xmax:
        # The transaction that set the fence is not known here: this is another cluster, after a restore.
        return low, True
    if fence_xid > xmin:
        return low, False
    low = max(low, min(fence_id, upto))
    return low, low >= fence_id
