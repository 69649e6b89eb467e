import base64
from datetime import UTC, datetime

import pytest

from tongzheng.kernel.ledger import notes
from tongzheng.kernel.ledger.notes import BadNote, Checkpoint, Ed25519

KEY = Ed25519(bytes(range(32)))
POINT = Checkpoint("city/1", 3, bytes(32), "sha256", datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC))


def test_a_note_signed_by_another_program_is_understood():
    """The example of golang.org/x/mod/sumdb/note."""
    verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    name, _, raw = verifier.split("+", 2)
    key = Ed25519(public=base64.b64decode(raw)[1:])
    assert notes.key_line(name, key) == verifier
    assert notes.open_note(note, name=name, key=key).endswith("what your problem is.\n")


def test_a_checkpoint_is_written_line_by_line_and_read_back():
    note = notes.sign(POINT, KEY)
    lines = note.split("\n")
    assert lines[:7] == [
        "city/1",
        "3",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "hash sha256",
        "time 2026-11-23T01:02:03.000000+00:00",
        "",
        lines[6],
    ]
    assert lines[6].startswith("— city/1 ")
    assert notes.read(note, origin="city/1", key=KEY) == POINT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n3\n", "\n4\n"),
        ("AAAA=", "AAAB="),
        ("sha256", "sm3"),
        ("city/1", "city/2"),
        ("— city/1", "- city/1"),
        ("\n\n", "\n"),
        ("01:02:03", "01:02:04"),
    ],
)
def test_an_altered_checkpoint_is_refused(old, new):
    note = notes.sign(POINT, KEY)
    assert old in note
    with pytest.raises(BadNote):
        notes.read(note.replace(old, new, 1), origin="city/1", key=KEY)


def test_a_checkpoint_of_another_key_or_ledger_or_of_none_is_refused():
    with pytest.raises(BadNote):
        notes.read(notes.sign(POINT, Ed25519(bytes(31) + b"x")), origin="city/1", key=KEY)
    with pytest.raises(BadNote):
        notes.read(notes.sign(POINT, KEY), origin="city/2", key=KEY)
    with pytest.raises(BadNote):
        notes.read("", origin="city/1", key=KEY)
    with pytest.raises(BadNote):
        notes.read(notes.sign_text("hello\n", name="city/1", key=KEY), origin="city/1", key=KEY)


def test_witnesses_may_sign_beside_the_city():
    note = notes.sign(POINT, KEY)
    witness = notes.sign_text(POINT.text(), name="witness", key=Ed25519(b"w" * 32)).split("\n")[-2]
    assert notes.read(note + witness + "\n", origin="city/1", key=KEY) == POINT
