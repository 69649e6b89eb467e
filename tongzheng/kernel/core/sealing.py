"""Secrecy of personal fields: authenticated encryption and blind indexes behind four functions.

The keys live in the data folder (`settings.SEAL_KEYS`, newest first), never in the database. A certified
device can replace this module without a caller noticing.
"""

from __future__ import annotations

import hmac
import json
import os
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class SealBroken(Exception):
    """A sealed value was altered, or sealed with a key that is no longer here."""


@lru_cache(maxsize=8)
def _cipher(key: bytes, use: bytes) -> AESGCM:
    return AESGCM(hmac.new(key, b"seal:" + use, sha256).digest())


def seal(text: str, *, use: str) -> bytes:
    """Return `text` encrypted for one `use` (such as "person.id_number"); b"" for an empty text.

    Layout: 1 byte key number from the oldest, 12 bytes nonce, AES-256-GCM ciphertext bound to `use`.
    """
    if not text:
        return b""
    keys: list[bytes] = settings.SEAL_KEYS
    nonce = os.urandom(12)
    body = _cipher(keys[0], use.encode()).encrypt(nonce, text.encode(), use.encode())
    return bytes([len(keys) - 1]) + nonce + body


def unseal(sealed: bytes | memoryview | None, *, use: str) -> str:
    """Return the text that `seal` hid. Raises SealBroken when altered, misused or without its key."""
    raw = bytes(sealed or b"")
    if not raw:
        return ""
    keys: list[bytes] = settings.SEAL_KEYS
    place = len(keys) - 1 - raw[0]
    if not 0 <= place < len(keys):
        raise SealBroken(f"key {raw[0]} is not in the data folder")
    try:
        return _cipher(keys[place], use.encode()).decrypt(raw[1:13], raw[13:], use.encode()).decode()
    except InvalidTag:
        raise SealBroken(f"a sealed {use} was altered") from None


def seal_json(value: Any, *, use: str) -> bytes:
    """Return any JSON value encrypted for one use; b"" for an empty one."""
    return seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")), use=use) if value else b""


def unseal_json(sealed: bytes | memoryview | None, *, use: str) -> Any:
    """Return the JSON value that `seal_json` hid, {} for nothing. Raises SealBroken."""
    text = unseal(sealed, use=use)
    return json.loads(text) if text else {}


def blind(text: str, *, use: str) -> bytes:
    """Return a 16-byte blind index: equal texts of one use give equal values, and nothing can be read back."""
    key: bytes = settings.BLIND_KEY
    return hmac.new(key, f"{use}:{text.strip().upper()}".encode(), sha256).digest()[:16]
