"""Checking a proof where there is no ledger: only the proof itself and the city's public key are needed."""

from __future__ import annotations

import base64
import binascii

from django.db import connection

from . import notes
from .proofs import Proof, check_proof


def public_key() -> str:
    """Return what a verifier outside needs: the ledger's name and its public key, `name+hash+base64`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT origin FROM ledger_tree")
        (origin,) = cursor.fetchone()
    return notes.key_line(str(origin), notes.city_key())


def holds(proof: Proof, key: str) -> bool:
    """Tell whether a proof holds under a public key as `public_key` gave it; asks no database, never raises."""
    origin, _, rest = key.strip().partition("+")
    _, _, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
        if not origin or raw[:1] != b"\1":
            return False
        public = notes.Ed25519(public=raw[1:])
    except (binascii.Error, ValueError):
        return False
    if notes.key_line(origin, public) != key.strip():
        return False
    return check_proof(proof, origin=origin, key=public)
