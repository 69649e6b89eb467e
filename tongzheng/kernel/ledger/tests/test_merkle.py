"""The reference leaves and roots are those of the Certificate Transparency code (merkle_tree_test.cc)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.ledger.hashing import HASHES, sha256
from tongzheng.kernel.ledger.merkle import (
    Edge,
    consistency_ranges,
    consistent,
    cover,
    fold,
    included,
    inclusion_ranges,
    join,
    leaf_hash,
    root,
)

INPUTS = [
    bytes.fromhex(text)
    for text in [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
STEPS = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LEAVES = [leaf_hash(data, sha256) for data in INPUTS]


def node(leaves, level, index, hash=sha256):
    return root(leaves[index << level : (index + 1) << level], hash)


def path(leaves, ranges, hash=sha256):
    return [fold([node(leaves, *n, hash) for n in cover(*each)], hash) for each in ranges]


def test_the_empty_tree_has_the_hash_of_nothing():
    assert root([], sha256).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_agree_with_certificate_transparency(size):
    assert root(LEAVES[:size], sha256).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_inclusion_paths_agree_with_certificate_transparency(index, size):
    found = path(LEAVES, inclusion_ranges(index, size))
    assert [n.hex() for n in found] == PATHS[index, size]
    good = {"leaf": LEAVES[index], "index": index, "size": size, "path": found, "hash": sha256}
    assert included(**good, root=bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("first", "second"), STEPS)
def test_consistency_paths_agree_with_certificate_transparency(first, second):
    found = path(LEAVES, consistency_ranges(first, second))
    assert [n.hex() for n in found] == STEPS[first, second]


def leaves_of(size, hash):
    return [leaf_hash(b"%d" % n, hash) for n in range(size)]


@given(st.integers(1, 130), st.data(), st.sampled_from(sorted(HASHES)))
def test_every_leaf_of_every_tree_is_proven_and_no_other(size, data, name):
    hash = HASHES[name]
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size, hash)
    good = {
        "leaf": leaves[index],
        "index": index,
        "size": size,
        "path": path(leaves, inclusion_ranges(index, size), hash),
        "root": root(leaves, hash),
        "hash": hash,
    }
    assert included(**good)
    other = data.draw(st.integers(0, size + 1).filter(lambda n: n != index))
    assert not included(**{**good, "index": other})
    assert not included(**{**good, "leaf": hash(b"other")})
    assert not included(**{**good, "path": [*good["path"], hash(b"more")]})
    if good["path"]:
        assert not included(**{**good, "path": good["path"][:-1]})
        place = data.draw(st.integers(0, len(good["path"]) - 1))
        wrong = [hash(b"wrong") if n == place else each for n, each in enumerate(good["path"])]
        assert not included(**{**good, "path": wrong})


@given(st.integers(1, 130), st.data())
def test_every_earlier_tree_is_proven_to_be_the_start_and_no_other(second, data):
    first = data.draw(st.integers(1, second))
    leaves = leaves_of(second, sha256)
    good = {
        "first": first,
        "second": second,
        "first_root": root(leaves[:first], sha256),
        "second_root": root(leaves, sha256),
        "path": path(leaves, consistency_ranges(first, second)),
        "hash": sha256,
    }
    assert consistent(**good)
    assert not consistent(**{**good, "first_root": sha256(b"other")})
    assert not consistent(**{**good, "second_root": sha256(b"other")})
    assert not consistent(**{**good, "path": [*good["path"], sha256(b"more")]})
    if good["path"]:
        assert not consistent(**{**good, "path": good["path"][:-1]})
        assert not consistent(**{**good, "path": []})


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_an_edge_tells_each_full_node_once_and_can_be_taken_up_again(datas):
    leaves = [leaf_hash(data, sha256) for data in datas]
    edge, full = Edge(sha256), {}
    for leaf in leaves:
        for level, index, value in edge.append(leaf):
            assert (level, index) not in full
            full[level, index] = value
        edge = Edge(sha256, edge.size, edge.nodes)
    assert all(value == node(leaves, *name) for name, value in full.items())
    assert len(full) == sum(len(leaves) >> level for level in range(1, 8))
    assert edge.root() == root(leaves, sha256)


@given(st.integers(0, 5), st.integers(1, 300))
def test_a_cover_has_no_gap_and_no_overlap(shift, size):
    start = shift << 9
    covered = [
        n for level, index in cover(start, start + size) for n in range(index << level, (index + 1) << level)
    ]
    assert covered == list(range(start, start + size))


def test_proofs_that_cannot_be_are_refused():
    for index, size in [(0, 0), (1, 1), (-1, 3)]:
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion_ranges(index, size)
    for first, second in [(0, 3), (4, 3)]:
        with pytest.raises(ValueError, match="smaller tree"):
            consistency_ranges(first, second)
    with pytest.raises(ValueError, match="edge"):
        Edge(sha256, 3, [b""])
    assert consistent(first=0, second=5, first_root=sha256(b""), second_root=b"", path=[], hash=sha256)
    assert not consistent(first=5, second=4, first_root=b"", second_root=b"", path=[], hash=sha256)


def test_leaves_and_nodes_cannot_be_taken_for_each_other():
    a, b = LEAVES[:2]
    assert leaf_hash(a + b, sha256) != join(a, b, sha256)
