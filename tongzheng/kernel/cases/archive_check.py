"""Checking the archive of a case: from the file and a public key alone, with no database and no network."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from tongzheng.kernel.core.text import T
from tongzheng.kernel.ledger import api as ledger

from .archive_words import FORMAT

MOST_FILES = 20_000
MOST_BYTES = 8 << 30
MOST_JSON = 64 << 20
"""An archive is read by anyone who is handed one: nothing in it is unpacked to disk, and its size is bounded."""


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """What a check found. `key`: the ledger's public key that the proofs hold under; compare it with the city's own."""

    ok: bool
    number: str
    entries: int
    files: int
    faults: tuple[T, ...]
    key: str = ""
    waiting: int = 0


class _Bad(Exception):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = T(zh, en)


def check_archive(path: Path, *, key: str = "") -> ArchiveReport:
    """Check the archive of a case offline; never raises for a bad file, the report says what is wrong.

    Args: key, the city's public key if it is known from elsewhere (otherwise the one inside is used and reported).
    """
    try:
        with zipfile.ZipFile(path) as packed:
            return _checked(packed, key.strip())
    except _Bad as bad:
        return ArchiveReport(False, "", 0, 0, (bad.words,))
    except (
        OSError,
        zipfile.BadZipFile,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        KeyError,
    ) as error:
        words = T(f"不是完好的办件档案：{error}", f"This is no sound archive of a case: {error}")
        return ArchiveReport(False, "", 0, 0, (words,))


def _checked(packed: zipfile.ZipFile, key: str) -> ArchiveReport:
    infos = packed.infolist()
    names = [one.filename for one in infos]
    if len(infos) > MOST_FILES or sum(one.file_size for one in infos) > MOST_BYTES:
        raise _Bad("档案过大，拒绝核验", "The archive is too large to be checked")
    if len(set(names)) != len(names):
        raise _Bad("档案里有重名文件", "Two files in it have one name")
    manifest = _read_json(packed, "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _Bad("不是这种格式的办件档案", "This is no archive of this format")
    faults: list[T] = []
    listed = {str(one["path"]): one for one in manifest["files"]}
    for name in sorted(set(names) - set(listed) - {"manifest.json"}):
        faults.append(T(f"多出文件 {name}", f"{name} was added"))
    digests: dict[str, str] = {}
    for name, one in listed.items():
        if name not in names:
            faults.append(T(f"缺少文件 {name}", f"{name} is missing"))
            continue
        found, size = _digest(packed, name)
        if found != one["sha256"] or size != one["size"]:
            faults.append(T(f"文件 {name} 已被改动", f"{name} was altered"))
        if name.startswith("files/"):
            digests[name] = str(one.get("digest", found))
    inside = _text(packed, "ledger/key.txt").strip()
    if key and key != inside:
        faults.append(T("档案里的公钥不是您给的公钥", "The key inside is not the one you gave"))
    number = str(manifest["number"])
    bodies = _proven(packed, [name for name in listed if name in names], number, key or inside, faults)
    _compare(packed, bodies, digests, number, faults)
    waiting = int(manifest.get("waiting", 0))
    return ArchiveReport(not faults, number, len(bodies), len(digests), tuple(faults), key or inside, waiting)


def _proven(
    packed: zipfile.ZipFile, names: list[str], number: str, key: str, faults: list[T]
) -> list[dict[str, Any]]:
    """Return the contents of the entries whose proofs hold; name the others."""
    found: list[dict[str, Any]] = []
    for name in names:
        if not (name.startswith("ledger/") and name.endswith(".json")):
            continue
        try:
            raw = _read_json(packed, name)
            proof = ledger.Proof(**{**raw, "path": tuple(raw["path"])})
            sound = ledger.holds(proof, key)
            content = orjson.loads(proof.content)
        except (TypeError, KeyError, ValueError):
            sound, content = False, {}
        if not sound:
            faults.append(T(f"账本证明不成立：{name}", f"The ledger's proof does not hold: {name}"))
        elif content.get("subject") != f"case:{number}":
            faults.append(T(f"不是本件的记录：{name}", f"This entry is not about the case: {name}"))
        else:
            found.append(content)
    return found


_RECORDED = {"open": "cases.open", "move": "cases.move", "note": "cases.note"}


def _compare(
    packed: zipfile.ZipFile,
    contents: list[dict[str, Any]],
    digests: dict[str, str],
    number: str,
    faults: list[T],
) -> None:
    """Name where case.json and the files say what no proven entry says."""
    case = _read_json(packed, "case.json")
    if case["case"]["number"] != number:
        faults.append(T("case.json 是另一个办件的", "case.json is about another case"))
    notes = {(entry["act"], str(entry["body"].get("note", ""))) for entry in contents}
    moves = [
        (
            entry["act"],
            entry["body"].get("move", ""),
            entry["body"].get("from", ""),
            entry["body"].get("to", ""),
        )
        for entry in contents
    ]
    for event in case["timeline"]:
        act = _RECORDED.get(event["kind"])
        if act is None:
            continue
        where = f"{event['n']} {event['title']['zh']}"
        if event["kind"] == "move":
            step = (act, event["move"], event["from_state"], event["to_state"])
            if step not in moves:
                faults.append(T(f"第 {where} 步没有账本记录", f"Step {where} has no ledger entry"))
                continue
            moves.remove(step)
        if event["kind"] != "open" and event["note"]:
            digest = sha256(event["note"].strip().encode()).hexdigest()
            if (act, digest) not in notes:
                faults.append(
                    T(f"第 {where} 步的意见与账本不符", f"The note of step {where} is not that of the ledger")
                )
    proven = {
        digest for entry in contents for digest in entry["body"].get("files", ()) if isinstance(digest, str)
    }
    for name, digest in digests.items():
        if digest not in proven:
            faults.append(T(f"附件 {name} 没有账本记录", f"{name} has no ledger entry"))


def _digest(packed: zipfile.ZipFile, name: str) -> tuple[str, int]:
    running, size = sha256(), 0
    with packed.open(name) as source:
        while piece := source.read(1 << 20):
            running.update(piece)
            size += len(piece)
    return running.hexdigest(), size


def _read_json(packed: zipfile.ZipFile, name: str) -> Any:
    return orjson.loads(_text(packed, name))


def _text(packed: zipfile.ZipFile, name: str) -> str:
    if name not in packed.NameToInfo:
        raise _Bad(f"缺少 {name}", f"{name} is missing")
    if packed.getinfo(name).file_size > MOST_JSON:
        raise _Bad(f"{name} 过大", f"{name} is too large")
    return packed.read(name).decode()
