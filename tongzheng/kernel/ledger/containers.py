"""Looking into zip containers (docx, xlsx, ofd) without being blown up by them."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath

from django.conf import settings

from tongzheng.kernel.core.errors import BadFile
from tongzheng.kernel.core.text import T

from .file_kinds import ARCHIVE, LOCKED, MACROS, PROGRAM, is_program

MEMBERS = 3000
GROWTH = 10
"""The whole content may be this many times the upload limit."""
RATIO = 200
"""A member over 1 MB may have shrunk this much; sheets of real offices stay under 60."""
NESTED = 20

BOMB = T("文件解开后大得不正常，不能接收", "This file unpacks to an abnormal size; it cannot be accepted")
BROKEN = T("文件已损坏，打不开", "The file is broken and cannot be opened")
NESTING = T("文件里又套着压缩包，不能接收", "There are archives inside this file; it cannot be accepted")

_MARKS = (("word/document.xml", "docx"), ("xl/workbook.xml", "xlsx"), ("OFD.xml", "ofd"))
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")


def inspect_zip(path: Path) -> str:
    """Return "docx", "xlsx" or "ofd". Sizes are judged from the index before anything is unpacked.

    Raises BadFile: broken, locked, too many members, too large when unpacked, overlapping or escaping
    members, archives or programs or macros inside, or a plain archive.
    """
    try:
        with zipfile.ZipFile(path) as box:
            members = box.infolist()
            _index(members, path.stat().st_size)
            _heads(box, members)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
    ):
        raise BadFile(BROKEN) from None
    names = {member.filename for member in members}
    for mark, kind in _MARKS:
        if mark in names:
            return kind
    raise BadFile(ARCHIVE)


def _index(members: list[zipfile.ZipInfo], size: int) -> None:
    if len(members) > MEMBERS:
        raise BadFile(BOMB)
    if any(member.flag_bits & 1 for member in members):
        raise BadFile(LOCKED)
    if sum(member.file_size for member in members) > GROWTH * settings.UPLOAD_LIMIT:
        raise BadFile(BOMB)
    if any(m.file_size > 1 << 20 and m.file_size > RATIO * max(m.compress_size, 1) for m in members):
        raise BadFile(BOMB)
    # Members that share their bytes make a small file unpack without end.
    if sum(member.compress_size for member in members) > size:
        raise BadFile(BOMB)
    if len({member.filename for member in members}) != len(members):
        raise BadFile(BROKEN)
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in member.filename:
            raise BadFile(BROKEN)
        if parts.name.lower() == "vbaproject.bin":
            raise BadFile(MACROS)


def _heads(box: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    nested = 0
    for member in members:
        if member.is_dir() or member.file_size == 0:
            continue
        with box.open(member) as file:
            head = file.read(8)
        if is_program(head):
            raise BadFile(PROGRAM)
        if head.startswith(_PACKED):
            # A chart's own workbook in a Word file is usual; anything else packed is not.
            nested += 1
            if "/embeddings/" not in member.filename or nested > NESTED:
                raise BadFile(NESTING)
