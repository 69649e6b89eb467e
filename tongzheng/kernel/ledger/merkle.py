"""The Merkle tree of RFC 6962 as pure functions over any hash: no database, no clock.

A node is named (level, index): level 0 are the leaves, node (k, i) stands over the leaves from i·2^k up to
(i+1)·2^k. Only full nodes are ever named; they never change once the tree has reached them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

Hash = Callable[[bytes], bytes]
Node = tuple[int, int]


def leaf_hash(data: bytes, hash: Hash) -> bytes:
    """Return the hash of a leaf holding `data`: HASH(0x00 ‖ data), RFC 6962 §2.1."""
    return hash(b"\0" + data)


def join(left: bytes, right: bytes, hash: Hash) -> bytes:
    """Return the hash of the node over two nodes: HASH(0x01 ‖ left ‖ right)."""
    return hash(b"\1" + left + right)


class Edge:
    """The right edge of a growing tree: the full nodes that no full node covers yet, largest first.

    It is all that is needed to append leaves and to know the root; it holds at most 64 hashes.
    """

    def __init__(self, hash: Hash, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.hash = hash
        self.size = size
        self.nodes = list(nodes)
        if len(self.nodes) != size.bit_count():
            raise ValueError("the edge does not fit the size")

    def append(self, node: bytes, level: int = 0) -> list[tuple[int, int, bytes]]:
        """Take one leaf hash, or a full node of a level, and return the nodes above it that became full.

        Each is (level, index, hash). Raises ValueError when a node of that level does not begin here.
        """
        if self.size & ((1 << level) - 1):
            raise ValueError("a full node of this level does not begin here")
        index, full = self.size >> level, []
        self.size += 1 << level
        while index & 1:
            node = join(self.nodes.pop(), node, self.hash)
            level, index = level + 1, index >> 1
            full.append((level, index, node))
        self.nodes.append(node)
        return full

    def root(self) -> bytes:
        """Return the root hash of the tree so far; of the empty tree it is HASH("")."""
        if not self.nodes:
            return self.hash(b"")
        return fold(self.nodes, self.hash)

    def copy(self) -> Edge:
        """Return an edge that can grow on its own."""
        return Edge(self.hash, self.size, self.nodes)


def fold(nodes: Sequence[bytes], hash: Hash) -> bytes:
    """Return the hash over adjoining full nodes, largest first, as RFC 6962 splits them."""
    *rest, found = nodes
    for node in reversed(rest):
        found = join(node, found, hash)
    return found


def root(leaves: Iterable[bytes], hash: Hash) -> bytes:
    """Return the root over leaf hashes."""
    edge = Edge(hash)
    for leaf in leaves:
        edge.append(leaf)
    return edge.root()


def cover(start: int, end: int) -> list[Node]:
    """Return the full nodes that together stand over the leaves from `start` up to `end`, left to right.

    `start` must be the first leaf of a subtree at least as large, as every range of a proof is.
    """
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves whose hashes prove that leaf `index` is in a tree of `size`, bottom first.

    Raises ValueError unless 0 ≤ index < size. RFC 6962 §2.1.1, PATH.
    """
    if not 0 <= index < size:
        raise ValueError("there is no such leaf in a tree of this size")
    ranges, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """Return the ranges whose hashes prove that the tree of `first` leaves is the start of that of `second`.

    Raises ValueError unless 0 < first ≤ second. RFC 6962 §2.1.2, PROOF.
    """
    if not 0 < first <= second:
        raise ValueError("a proof of consistency goes from a smaller tree, not empty, to a larger one")
    ranges, start, end, whole = [], 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


def included(*, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes, hash: Hash) -> bool:
    """Tell whether `path` proves that the leaf hash stands at `index` in the tree of that size and root.

    RFC 9162 §2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for node in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = join(node, found, hash)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = join(found, node, hash)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistent(
    *, first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes], hash: Hash
) -> bool:
    """Tell whether `path` proves that the tree of `first` leaves and its root is the start of the other.

    RFC 9162 §2.1.4.2. Every tree begins with the empty one, whose proof is empty.
    """
    if not 0 <= first <= second:
        return False
    if first == 0:
        return not path and first_root == hash(b"")
    if first == second:
        return not path and first_root == second_root
    nodes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not nodes:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = join(node, old, hash), join(node, new, hash)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = join(new, node, hash)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
