"""Signed checkpoints: the note format of C2SP (signed-note, tlog-checkpoint), and the key that signs them.

The text is the origin, the size, the root in base64 and our two extension lines, `hash …` and `time …`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings


class BadNote(Exception):
    """A note that is not one of this ledger's checkpoints, or whose signature is wrong; the text says which."""


class Key(Protocol):
    """What signs: Ed25519 now; SM2 in a certified device is another class with these three."""

    @property
    def public(self) -> bytes:
        """One byte for the algorithm (1 is Ed25519), then the public key."""
        ...

    def sign(self, text: bytes) -> bytes: ...

    def verify(self, text: bytes, signature: bytes) -> bool: ...


class Ed25519:
    """A signing key made from a 32-byte secret, or the public half of one."""

    def __init__(self, secret: bytes | None = None, *, public: bytes = b"") -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(secret) if secret else None
        self._public = (
            self._private.public_key() if self._private else Ed25519PublicKey.from_public_bytes(public)
        )

    @property
    def public(self) -> bytes:
        return b"\1" + self._public.public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, text: bytes) -> bytes:
        if self._private is None:
            raise ValueError("this is only the public half of a key")
        return self._private.sign(text)

    def verify(self, text: bytes, signature: bytes) -> bool:
        try:
            self._public.verify(signature, text)
        except InvalidSignature:
            return False
        return True


@lru_cache(maxsize=4)
def _from_secret(secret: bytes) -> Key:
    return Ed25519(hmac.new(secret, b"ledger.checkpoint.ed25519", hashlib.sha256).digest())


def city_key() -> Key:
    """Return the key of this city's checkpoints, derived from `settings.LEDGER_KEY` in the data folder."""
    return _from_secret(settings.LEDGER_KEY)


def key_line(origin: str, key: Key) -> str:
    """Return what a verifier outside needs, in the usual form: name+hash+base64 key."""
    return f"{origin}+{_fingerprint(origin, key).hex()}+{base64.b64encode(key.public).decode()}"


def _fingerprint(origin: str, key: Key) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n" + key.public).digest()[:4]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a note says: the ledger, how many entries, the root over them, the hash and when."""

    origin: str
    size: int
    root: bytes
    hash: str
    at: datetime

    def text(self) -> str:
        """Return the text that is signed."""
        root = base64.b64encode(self.root).decode()
        when = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return f"{self.origin}\n{self.size}\n{root}\nhash {self.hash}\ntime {when}\n"


def sign_text(text: str, *, name: str, key: Key) -> str:
    """Return a signed note: the text, an empty line and one signature line."""
    signature = base64.b64encode(_fingerprint(name, key) + key.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n"


def sign(point: Checkpoint, key: Key) -> str:
    """Return the signed note of a checkpoint."""
    return sign_text(point.text(), name=point.origin, key=key)


def open_note(note: str, *, name: str, key: Key) -> str:
    """Return the text of a note, if `key` signed it under `name`; other signatures beside it are ignored.

    Raises BadNote.
    """
    text, gap, signatures = note.partition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise BadNote("this is not a signed note")
    text += "\n"
    for line in signatures[:-1].split("\n"):
        found = re.fullmatch(r"— (\S+) (\S+)", line)
        if not found:
            raise BadNote("a signature line is not well formed")
        try:
            raw = base64.b64decode(found[2], validate=True)
        except binascii.Error:
            raise BadNote("a signature line is not well formed") from None
        if found[1] == name and raw[:4] == _fingerprint(name, key) and key.verify(text.encode(), raw[4:]):
            return text
    raise BadNote("the signature is not that of this ledger's key")


def read(note: str, *, origin: str, key: Key) -> Checkpoint:
    """Return the checkpoint of a signed note. Raises BadNote when it is another ledger's, altered or unsigned."""
    return parse(open_note(note, name=origin, key=key), origin=origin)


def parse(text: str, *, origin: str) -> Checkpoint:
    """Return the checkpoint that a text states, signed or not. Raises BadNote unless it is exactly one of ours."""
    try:
        named, size, root, *more = text.split("\n")[:-1]
        extra = dict(line.split(" ", 1) for line in more)
        point = Checkpoint(
            named,
            int(size),
            base64.b64decode(root, validate=True),
            extra["hash"],
            datetime.fromisoformat(extra["time"]),
        )
        exact = point.text() == text
    except (ValueError, KeyError):
        raise BadNote("the text is not that of a checkpoint") from None
    if point.origin != origin or not exact:
        raise BadNote("the checkpoint is not one of this ledger")
    return point
