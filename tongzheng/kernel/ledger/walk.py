"""Going over the leaves from the first to the last, and finding out which rows differ from what was signed.

Three things say what the tree is: the leaf rows, the stored nodes over every sixteen of them, and the roots of
the signed checkpoints. Only the last cannot be made without the key. Where rows and nodes disagree, the walk
carries both until a checkpoint tells which was altered, and goes on from there, so that one fault does not hide
the next. Pure: it knows no database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

from .merkle import Edge, Hash, root
from .tree import STRIDE

WIDTH = 1 << STRIDE
FEW = 48
"""So many leaves since the last good checkpoint are kept, to find two that changed places."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """Sixteen leaves whose hash is not the stored node over them."""

    start: int
    leaves: tuple[bytes, ...]
    node: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """What a checkpoint settled. `what`: "node" the stored node at `places` was altered, "rows" the leaf rows
    from one place to the other were, "swapped" the two places were, "stray" the checkpoints of these sizes are
    not of this tree."""

    what: str
    places: tuple[int, int]


class Walk:
    """Takes every leaf hash in order, the stored node after each sixteenth, and the checkpoints' roots."""

    def __init__(self, hash: Hash) -> None:
        self.hash = hash
        self.rows = Edge(hash)
        self._good = Edge(hash)
        self._since: list[bytes] | None = []
        self._start = Edge(hash)
        self._block: list[bytes] = []
        self._nodes: Edge | None = None
        self._suspects: list[Suspect] = []
        self._altered: list[Suspect] = []
        self._missed: list[int] = []

    @property
    def size(self) -> int:
        return self.rows.size

    def take(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Take one leaf and return the stored levels' nodes that it completes, as the rows give them."""
        self._block.append(leaf)
        if self._since is not None:
            self._since.append(leaf)
            if len(self._since) > FEW:
                self._since = None
        return [node for node in self.rows.append(leaf) if node[0] % STRIDE == 0]

    def close(self, stored: bytes | None) -> list[tuple[int, int, bytes]]:
        """End a block of sixteen with the node stored over it, None if it is missing.

        Returns the higher nodes as the stored ones give them, when those differ from the rows.
        """
        computed = root(self._block, self.hash)
        if stored is not None and stored != computed:
            self._suspects.append(Suspect(self._start.size, tuple(self._block), stored))
            self._nodes = self._nodes or self._start
        higher = self._nodes.append(stored or computed, STRIDE) if self._nodes else []
        self._start, self._block = self.rows.copy(), []
        return [node for node in higher if node[0] % STRIDE == 0]

    def is_root(self, root: bytes) -> bool:
        """Tell whether the tree so far has this root, by its rows or by its stored nodes."""
        return root == self.rows.root() or bool(self._nodes and root == self._by_nodes().root())

    def judge(self, root: bytes) -> Iterator[Finding]:
        """Compare with the root of a checkpoint of the present size, and yield what it settles."""
        if root == self.rows.root():
            yield from (Finding("node", (s.start, s.start + WIDTH - 1)) for s in self._suspects)
            if self._missed:
                yield Finding("stray", (self._missed[0], self._missed[-1]))
            self._settle(self.rows)
            return
        if self._nodes and root == self._by_nodes().root():
            self._altered += self._suspects
            self._settle(self._by_nodes())
            return
        swap = self._swap(root)
        if swap:
            yield Finding("swapped", swap)
            return
        self._missed.append(self.size)

    def finish(self) -> Iterator[Finding]:
        """Yield what is known only at the end: rows that changed places far apart, and what stayed open."""
        yield from _explain(self._altered, self.hash)
        if self._missed:
            yield Finding("rows", (self._good.size, self._missed[0] - 1))
        else:
            yield from (Finding("node", (s.start, s.start + WIDTH - 1)) for s in self._suspects)

    def _by_nodes(self) -> Edge:
        edge = (self._nodes or self._start).copy()
        for leaf in self._block:
            edge.append(leaf)
        return edge

    def _settle(self, edge: Edge) -> None:
        full = edge.size - edge.size % WIDTH
        self._start = Edge(self.hash, full, edge.nodes[: full.bit_count()])
        self.rows, self._good = edge.copy(), edge.copy()
        self._since, self._nodes = [], None
        self._suspects, self._missed = [], []

    def _swap(self, target: bytes) -> tuple[int, int] | None:
        """Look for two leaves since the last good checkpoint whose exchange gives the signed root."""
        if not self._since:
            return None
        for one, two in combinations(range(len(self._since)), 2):
            leaves = list(self._since)
            leaves[one], leaves[two] = leaves[two], leaves[one]
            edge = self._good.copy()
            for leaf in leaves:
                edge.append(leaf)
            if edge.root() == target:
                places = self._good.size + one, self._good.size + two
                kept = min(len(self._block), len(leaves))
                if kept:
                    self._block[-kept:] = leaves[-kept:]
                self._settle(edge)
                return places
        return None


def _explain(blocks: list[Suspect], hash: Hash) -> Iterator[Finding]:
    """Say of altered blocks which two rows changed places, else join neighbours into one finding."""
    left = list(blocks)
    for one in range(len(blocks)) if len(blocks) <= 12 else ():
        for two in range(one, len(blocks)):
            first, second = blocks[one], blocks[two]
            if first in left and second in left:
                swap = _exchange(first, second, hash)
                if swap:
                    yield Finding("swapped", swap)
                    left = [block for block in left if block not in (first, second)]
    while left:
        run = [left.pop(0)]
        while left and left[0].start == run[-1].start + WIDTH:
            run.append(left.pop(0))
        yield Finding("rows", (run[0].start, run[-1].start + WIDTH - 1))


def _exchange(first: Suspect, second: Suspect, hash: Hash) -> tuple[int, int] | None:
    if first is second:
        for one, two in combinations(range(WIDTH), 2):
            leaves = list(first.leaves)
            leaves[one], leaves[two] = leaves[two], leaves[one]
            if root(leaves, hash) == first.node:
                return first.start + one, first.start + two
        return None
    for one, two in product(range(WIDTH), repeat=2):
        ours, theirs = list(first.leaves), list(second.leaves)
        ours[one], theirs[two] = theirs[two], ours[one]
        if root(ours, hash) == first.node and root(theirs, hash) == second.node:
            return first.start + one, second.start + two
    return None
