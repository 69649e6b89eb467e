"""The two hash functions a city may be born with: SHA-256, and SM3 (GB/T 32905) where the rules ask for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes

Hash = Callable[[bytes], bytes]


def sha256(data: bytes) -> bytes:
    """Return the SHA-256 of `data`, 32 bytes."""
    return hashlib.sha256(data).digest()


def _sm3_of_openssl(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


def _sm3_of_cryptography(data: bytes) -> bytes:
    running = hashes.Hash(hashes.SM3())
    running.update(data)
    return running.finalize()


# Some distributions build Python's OpenSSL without SM3; `cryptography` brings its own.
sm3: Hash = _sm3_of_openssl if "sm3" in hashlib.algorithms_available else _sm3_of_cryptography

HASHES: dict[str, Hash] = {"sha256": sha256, "sm3": sm3}
