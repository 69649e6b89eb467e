"""Verifying the whole ledger, in bounded memory: every entry, every leaf, every node, every checkpoint.

What each tampering meets: a changed entry no longer has the hash in its leaf; a changed leaf no longer fits the
node over it; changed nodes no longer fit the next signed checkpoint; changed checkpoints lack the signature.
Whoever holds the key and the database can write a history anew: only a checkpoint kept outside tells (`against`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tongzheng.kernel.core.text import T

from . import notes
from .hashing import HASHES, Hash
from .proofs import CheckpointView
from .record import canonical
from .stored import Files, check_files
from .tree import STRIDE, leaf_of
from .walk import WIDTH, Finding, Walk

CHUNK = 256 * WIDTH
MOST = 1000
"""So many faults are named; the rest are counted."""

PAIRS = 200
"""So many altered entries are compared with each other, to find two that changed places."""

Progress = Callable[[int, int], None]

_ROWS = """
SELECT l.seq, l.entry_id, l.hash, e.id, e.at, e.act, e.subject, e.actor, e.label, e.body::text, e.salt, e.digest
FROM ledger_leaf l LEFT JOIN ledger_entry e ON e.id = l.entry_id
WHERE l.seq >= %s AND l.seq < %s ORDER BY l.seq
"""


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """One thing that is not as it was written. `kind`: altered, removed, inserted, reordered, tree, checkpoint,
    rewritten, file. `place` and `last` are the first and last place in the ledger, `entry` an entry's id."""

    kind: str
    words: T
    place: int | None = None
    last: int | None = None
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found: `ok` when nothing is wrong; `more` faults beyond those named; the latest head."""

    ok: bool
    entries: int
    checkpoints: int
    files: int
    faults: tuple[LedgerFault, ...]
    more: int
    head: CheckpointView | None

    def lines(self) -> Iterator[T]:
        """Yield the report as lines of text."""
        yield T("账本条目 {n} 条", "Ledger entries: {n}").fill(n=self.entries)
        yield T("签名检查点 {n} 个", "Signed checkpoints: {n}").fill(n=self.checkpoints)
        yield T("文件 {n} 个", "Files: {n}").fill(n=self.files)
        if self.head:
            yield T(
                "最新检查点：{size} 条，根 {root}", "Latest checkpoint: {size} entries, root {root}"
            ).fill(size=self.head.size, root=self.head.root)
        yield from (fault.words for fault in self.faults)
        if self.more:
            yield T("……另有 {n} 处", "… and {n} more").fill(n=self.more)
        yield (
            T(
                "核验通过：没有篡改、删除、插入或调换",
                "Verified: nothing altered, removed, inserted or reordered",
            )
            if self.ok
            else T("核验未通过：{n} 处问题", "NOT verified: {n} faults").fill(n=len(self.faults) + self.more)
        )


def verify(*, progress: Progress | None = None, against: str = "", files: Files = "size") -> VerifyReport:
    """Check the whole ledger as it stood when this began; writers and the integrator go on meanwhile.

    Args: `progress(done, total)` is called every few thousand entries; `against` the note of a checkpoint that
    was kept outside; `files` whether kept files are there ("size", the default), also still have their content
    ("content"), or not looked at ("no").
    """
    run = _Run(progress or (lambda done, total: None))
    run.entries_and_tree(against)
    run.outsiders()
    count = 0
    if files != "no":
        for place, words in check_files(files):
            count = place
            if words:
                run.fault("file", words)
    faults = sorted(run.faults, key=lambda fault: (fault.place is None, fault.place or 0))
    return VerifyReport(not faults, run.size, run.checkpoints, count, tuple(faults), run.more, run.head)


@dataclass(frozen=True, slots=True)
class _Moved:
    seq: int
    entry_id: int
    leaf: bytes
    content: bytes


class _Run:
    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.faults: list[LedgerFault] = []
        self.more, self.checkpoints = 0, 0
        self.head: CheckpointView | None = None
        self.named: set[int] = set()
        self.moved: list[_Moved] = []
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT hash, origin, size, edge, low_id, (SELECT max(seq) FROM ledger_leaf) FROM ledger_tree"
            )
            name, self.origin, self.size, edge, self.low, top = cursor.fetchone()
        self.name: str = name
        self.hash: Hash = HASHES[name]
        self.edge = bytes(edge)
        self.stated = int(self.size)
        self.top = -1 if top is None else int(top)
        if self.size > self.top + 1:
            self._cut(self.top + 1, self.size - 1)
            self.size = self.top + 1

    def _cut(self, first: int, last: int) -> None:
        words = T("第 {a} 至 {b} 位的账页被删除", "Leaves {a} to {b} were removed").fill(a=first, b=last)
        self.fault("removed", words, place=first, last=last)

    def fault(
        self,
        kind: str,
        words: T,
        *,
        place: int | None = None,
        last: int | None = None,
        entry: int | None = None,
    ) -> None:
        if len(self.faults) < MOST:
            self.faults.append(LedgerFault(kind, words, place, last, entry))
        else:
            self.more += 1
        if place is not None:
            self.named.add(place)

    def entries_and_tree(self, against: str) -> None:
        walk = Walk(self.hash)
        points = self._points(against)
        point = next(points, None)
        higher: dict[tuple[int, int], set[bytes]] = {}
        for start in range(0, self.size, CHUNK):
            nodes = self._nodes(start)
            for place, leaf in self._leaves(start, min(start + CHUNK, self.size)):
                above = walk.take(leaf)
                if walk.size % WIDTH == 0:
                    above = [*above[1:], *walk.close(nodes.get(place // WIDTH))]
                    if place // WIDTH not in nodes:
                        self._node_missing(STRIDE, place // WIDTH)
                    for level, index, value in above:
                        higher.setdefault((level, index), set()).add(value)
                while point and point[0] == walk.size:
                    self._judge(walk, *point)
                    point = next(points, None)
            self._compare(higher)
            self.progress(walk.size, self.size)
        while point:
            if not point[2]:
                words = T("检查点 {size} 超出账本末尾", "Checkpoint {size} is beyond the end of the ledger")
                self.fault("checkpoint", words.fill(size=point[0]))
            point = next(points, None)
        self._swapped_ids()
        for finding in walk.finish():
            self._found(finding)
        if b"".join(walk.rows.nodes) != self.edge and not self.faults:
            self.fault(
                "tree", T("账本状态行与条目不符", "The row of the ledger's state does not fit its entries")
            )

    def _leaves(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield place and leaf hash as the leaf rows say, having compared each with its entry."""
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [start, end])
            expected = start
            for seq, entry_id, leaf, found, *row in cursor.fetchall():
                yield from self._gap(expected, seq)
                expected = seq + 1
                self._entry(seq, entry_id, bytes(leaf), found, row)
                yield seq, bytes(leaf)
            yield from self._gap(expected, end)

    def _gap(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        if start < end:
            self._cut(start, end - 1)
        for place in range(start, end):
            self.named.add(place)
            yield place, bytes(32)

    def _entry(self, seq: int, entry_id: int, leaf: bytes, found: int | None, row: list[Any]) -> None:
        if found is None:
            words = T("第 {place} 位的条目 {id} 被删除", "Entry {id} at place {place} was removed")
            self.fault("removed", words.fill(id=entry_id, place=seq), place=seq, entry=entry_id)
            return
        at, act, subject, actor, label, body, salt, digest = row
        content = self.hash(
            canonical(at=at, act=act, subject=subject, actor=actor, label=label, body=body, salt=bytes(salt))
        )
        computed = leaf_of(entry_id, content, self.hash)
        if computed == leaf and content == bytes(digest):
            return
        if computed != leaf and len(self.moved) < PAIRS:
            self.moved.append(_Moved(seq, entry_id, leaf, content))
            self.named.add(seq)
            return
        self._altered(seq, entry_id)

    def _altered(self, seq: int, entry_id: int | None) -> None:
        words = T("第 {place} 位的条目 {id} 被改动", "Entry {id} at place {place} was altered")
        self.fault("altered", words.fill(id=entry_id or "?", place=seq), place=seq, entry=entry_id)

    def _swapped_ids(self) -> None:
        """Tell entries that stand in each other's place from entries that were altered."""
        left = list(self.moved)
        while left:
            one = left.pop(0)
            two = next((other for other in left if self._fits(one, other) and self._fits(other, one)), None)
            if two:
                left.remove(two)
                self._reordered(one.seq, two.seq)
            else:
                self._altered(one.seq, one.entry_id)

    def _fits(self, one: _Moved, two: _Moved) -> bool:
        """Tell whether one's content belongs in the other's leaf, under its own id or the other's."""
        return two.leaf in (
            leaf_of(one.entry_id, one.content, self.hash),
            leaf_of(two.entry_id, one.content, self.hash),
        )

    def _reordered(self, one: int, two: int) -> None:
        words = T("第 {a} 位与第 {b} 位的条目被调换", "The entries at places {a} and {b} were exchanged")
        self.fault("reordered", words.fill(a=one, b=two), place=one, last=two)

    def _nodes(self, start: int) -> dict[int, bytes]:
        """Return the stored nodes over one chunk's blocks of sixteen."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT index, hash FROM ledger_node WHERE level = %s AND index >= %s AND index < %s",
                [STRIDE, start // WIDTH, (start + CHUNK) // WIDTH],
            )
            return {index: bytes(value) for index, value in cursor.fetchall()}

    def _compare(self, higher: dict[tuple[int, int], set[bytes]]) -> None:
        """Compare the nodes of levels 8, 12, … that this chunk completed with the stored ones."""
        if not higher:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT n.level, n.index, n.hash FROM ledger_node n"
                " JOIN unnest(%s::smallint[], %s::bigint[]) AS w (level, index)"
                " ON n.level = w.level AND n.index = w.index",
                [[level for level, _ in higher], [index for _, index in higher]],
            )
            stored = {(level, index): bytes(value) for level, index, value in cursor.fetchall()}
        for (level, index), values in higher.items():
            if (level, index) not in stored:
                self._node_missing(level, index)
            elif stored[level, index] not in values:
                self._node_altered(level, index)
        higher.clear()

    def _node_missing(self, level: int, index: int) -> None:
        words = T("账本节点 {level}/{index} 缺失", "Node {level}/{index} of the tree is missing")
        self.fault("tree", words.fill(level=level, index=index))

    def _node_altered(self, level: int, index: int) -> None:
        words = T("账本节点 {level}/{index} 被改动", "Node {level}/{index} of the tree was altered")
        self.fault("tree", words.fill(level=level, index=index))

    def _points(self, against: str) -> Iterator[tuple[int, bytes, bool]]:
        """Yield (size, root, kept outside) of every checkpoint with a good signature, by size."""
        outside = self._outside(against) if against else None
        last = -1
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT size, root, at, note FROM ledger_checkpoint"
                    " WHERE size > %s AND size <= %s ORDER BY size LIMIT 2000",
                    [last, self.stated],
                )
                rows = cursor.fetchall()
            for size, root, at, note in rows:
                last = size
                if outside and outside[0] < size:
                    yield outside
                    outside = None
                self.checkpoints += 1
                try:
                    point = notes.read(note, origin=self.origin, key=notes.city_key())
                    if (point.size, point.root, point.hash, point.at) != (size, bytes(root), self.name, at):
                        raise notes.BadNote("the row says something else than its note")
                except notes.BadNote as error:
                    words = T("检查点 {size} 无效：{error}", "Checkpoint {size} is not valid: {error}")
                    self.fault("checkpoint", words.fill(size=size, error=error))
                    continue
                self.head = CheckpointView(size, bytes(root).hex(), at, note)
                yield size, point.root, False
            if not rows:
                break
        if outside:
            yield outside
        if self.size and not self.checkpoints:
            self.fault("checkpoint", T("账本没有任何检查点", "The ledger has no checkpoint at all"))

    def _outside(self, note: str) -> tuple[int, bytes, bool] | None:
        try:
            point = notes.read(note, origin=self.origin, key=notes.city_key())
        except notes.BadNote as error:
            words = T("外存的检查点不可用：{error}", "The checkpoint kept outside cannot be used: {error}")
            self.fault("rewritten", words.fill(error=error))
            return None
        if point.size > self.size:
            words = T(
                "外存的检查点有 {n} 条，账本只剩 {size} 条：末尾被截去",
                "The checkpoint kept outside has {n} entries, the ledger only {size}: its end was cut off",
            )
            self.fault(
                "rewritten", words.fill(n=point.size, size=self.size), place=self.size, last=point.size - 1
            )
            return None
        return point.size, point.root, True

    def _judge(self, walk: Walk, size: int, root: bytes, outside: bool) -> None:
        if not outside:
            for finding in walk.judge(root):
                self._found(finding)
        elif not walk.is_root(root):
            words = T(
                "账本前 {n} 条与外存的检查点不符：历史被改写",
                "The first {n} entries are not those of the checkpoint kept outside: history was rewritten",
            )
            self.fault("rewritten", words.fill(n=size), place=0, last=size - 1)

    def _found(self, finding: Finding) -> None:
        one, two = finding.places
        if finding.what == "node":
            self._node_altered(STRIDE, one // WIDTH)
        elif finding.what == "swapped":
            self._reordered(one, two)
        elif finding.what == "stray":
            words = T(
                "检查点 {a} 至 {b} 不属于这棵树", "The checkpoints from {a} to {b} are not of this tree"
            )
            self.fault("checkpoint", words.fill(a=one, b=two))
        elif not any(one <= place <= two for place in self.named):
            words = T(
                "第 {a} 至 {b} 位之间的账页被改动、插入或删除",
                "Between places {a} and {b} rows were altered, inserted or removed",
            )
            self.fault("altered", words.fill(a=one, b=two), place=one, last=two)

    def outsiders(self) -> None:
        """Name entries that stand in the database but never went through the integrator, and leaves too many."""
        if self.top >= self.size:
            words = T("第 {a} 至 {b} 位的账页是插入的", "Leaves {a} to {b} were inserted")
            self.fault("inserted", words.fill(a=self.size, b=self.top), place=self.size, last=self.top)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT e.id FROM ledger_entry e LEFT JOIN ledger_leaf l ON l.entry_id = e.id"
                " WHERE e.id <= %s AND l.seq IS NULL ORDER BY e.id LIMIT %s",
                [self.low, MOST],
            )
            for (id,) in cursor.fetchall():
                words = T(
                    "条目 {id} 不在账本树中：是插入的，或其账页被删除",
                    "Entry {id} is not in the tree: it was inserted, or its leaf removed",
                )
                self.fault("inserted", words.fill(id=id), entry=id)
