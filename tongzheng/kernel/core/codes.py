"""Identifiers of the national standards, and how to tell a good one from a typing slip. Pure functions."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORG_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

Slip = Literal["shape", "date", "check"]


def id_check(first17: str) -> str:
    """Return the check character of a resident ID's first 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    return _ID_CHECKS[sum(w * int(d) for w, d in zip(_ID_WEIGHTS, first17, strict=True)) % 11]


def id_slip(number: str, *, today: date) -> Slip | None:
    """Say what is wrong with a resident ID number, or None if nothing is (GB 11643).

    Args: number, 18 characters, lower-case x allowed; today, births after it are a slip.
    The region is not judged: people keep numbers of regions that no longer exist.
    """
    number = number.strip().upper()
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", number, re.ASCII):
        return "shape"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "date"
    if not date(1880, 1, 1) <= born <= today:
        return "date"
    return None if id_check(number[:17]) == number[17] else "check"


def birth_of(id_number: str) -> date:
    """Return the birth date in a valid resident ID number."""
    return date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))


def sex_of(id_number: str) -> str:
    """Return the GB/T 2261.1 sex code in a valid resident ID number: "1" male, "2" female."""
    return "1" if int(id_number[16]) % 2 else "2"


def organisation_check(first8: str) -> str:
    """Return the check character of an organisation code's first 8 characters (GB 11714)."""
    left = 11 - sum(w * _ORG_ALPHABET.index(c) for w, c in zip(_ORG_WEIGHTS, first8, strict=True)) % 11
    return {10: "X", 11: "0"}.get(left, str(left))


def uscc_check(first17: str) -> str:
    """Return the check character of a unified social credit code's first 17 characters (GB 32100)."""
    total = sum(w * _USCC_ALPHABET.index(c) for w, c in zip(_USCC_WEIGHTS, first17, strict=True))
    return _USCC_ALPHABET[(31 - total % 31) % 31]


def uscc_slip(code: str) -> Slip | None:
    """Say what is wrong with a unified social credit code, or None if nothing is (GB 32100)."""
    code = code.strip().upper()
    if len(code) != 18 or any(c not in _USCC_ALPHABET for c in code) or not code[2:8].isdigit():
        return "shape"
    return None if uscc_check(code[:17]) == code[17] else "check"


def make_uscc(head: str, region: str, serial: str) -> str:
    """Return a valid code from authority and class (2), region (6) and 8 characters, for invented data."""
    first = head + region + serial + organisation_check(serial)
    return first + uscc_check(first)


def phone_slip(number: str) -> Slip | None:
    """Say what is wrong with a mainland phone number (mobile, landline or 400/800), or None."""
    plain = re.sub(r"[\s-]", "", number)
    return None if re.fullmatch(r"(\+?86)?1[3-9]\d{9}|0\d{9,11}|[48]00\d{7}", plain, re.ASCII) else "shape"


def region_prefix(code: str) -> str:
    """Return the prefix shared by everything inside a region code (GB/T 2260; 2, 4, 6, 9 or 12 digits).

    "141100" holds "1411…", "141102" holds "141102…", "140000" holds "14…"; "" holds everything.
    """
    if len(code) == 6:
        return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
    return code


def region_holds(outer: str, inner: str) -> bool:
    """Tell whether region `inner` is `outer` or lies inside it."""
    return inner.startswith(region_prefix(outer))


def masked_name(name: str) -> str:
    """Return a person's name with all but the family name hidden: 张＊＊."""
    return name[:1] + "＊" * min(max(len(name) - 1, 1), 3) if name else ""


def masked_id(number: str) -> str:
    """Return an ID number with only the region's province and the last two characters left."""
    return (
        f"{number[:4]}{'·' * max(len(number) - 6, 0)}{number[-2:]}" if len(number) > 6 else "·" * len(number)
    )


def masked_phone(number: str) -> str:
    """Return a phone number with the middle hidden: 138····2206."""
    return f"{number[:3]}····{number[-4:]}" if len(number) >= 8 else "·" * len(number)
