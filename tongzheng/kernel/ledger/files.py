"""Files as evidence: kept under the hash of their content, safely on disk before the transaction commits."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import secrets
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection, transaction
from PIL import Image

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import BadFile, Missing, StorageFull, TooLarge
from tongzheng.kernel.core.text import T

from .file_kinds import EMPTY, Kind
from .sniffing import check_accepted, check_name, sniff

PIXELS, DECODED = 120_000_000, 25_000_000
_PIECE = 1 << 18
_PILLOW = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}


@dataclass(frozen=True, slots=True)
class FileView:
    """A kept file: the SHA-256 of its content in hex, its name for people, its size in bytes and its type."""

    digest: str
    name: str
    size: int
    media_type: str


def keep_file(stream: BinaryIO | bytes, *, name: str, accept: tuple[str, ...] = ()) -> FileView:
    """Keep a file for good, in the caller's transaction; equal content is kept once.

    Args: `stream` read from where it stands; `name` as the sender called it; `accept` the kinds ("pdf"),
    extensions, groups ("image", "document", "table", "audio", "video") or media types taken here, all if empty.
    The content is on disk, synced, when this returns; if the transaction rolls back, a duty removes it later.
    Raises BadFile (not what it claims, a program, a bomb, locked, empty), TooLarge, StorageFull.
    """
    name = clean_name(name)
    source = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    with _draft() as (draft, file):
        digest, size = _copy(source, file)
        kind = sniff(draft, name=name)
        check_name(kind, name)
        check_accepted(kind, accept)
        _check_picture(draft, kind)
        os.fsync(file.fileno())
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            # The lock keeps the sweep away from this content until the row is committed.
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [lock_number(digest)])
            _move(draft, path_of(digest.hex()))
            cursor.execute(
                "INSERT INTO ledger_file (digest, size, media_type, kept_at) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (digest) DO NOTHING",
                [digest, size, kind.media_type, clock.now()],
            )
    if not Path(name).suffix:
        name = f"{name}.{kind.extensions[0]}"
    return FileView(digest.hex(), name, size, kind.media_type)


def open_file(digest: str) -> BinaryIO:
    """Return a kept file, open for reading; the caller asks for permission. Raises Missing."""
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise Missing
    try:
        return path_of(digest).open("rb")
    except FileNotFoundError:
        raise Missing(
            T("文件不在存储中，请联系管理员", "The file is not in the store; please tell the administrator")
        ) from None


def path_of(digest: str) -> Path:
    """Return where the content with this hex digest lies: FILES/ab/cd/abcd…."""
    return Path(settings.FILES) / digest[:2] / digest[2:4] / digest


def lock_number(digest: bytes) -> int:
    """Return the advisory lock of one content."""
    return int.from_bytes(digest[:8], "big", signed=True)


def clean_name(name: str) -> str:
    """Return a name without folders, control and direction-changing characters, at most 150 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    kept = kept.strip(" .") or "file"
    suffix = Path(kept).suffix[:12]
    return kept if len(kept) <= 150 else kept[: 150 - len(suffix)] + suffix


@contextmanager
def _draft() -> Iterator[tuple[Path, io.FileIO]]:
    """Give a new file beside the store that is gone afterwards, unless it was moved; a full disk is told plainly."""
    folder = Path(settings.FILES) / ".incoming"
    path = folder / secrets.token_hex(16)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with io.FileIO(descriptor, "r+") as file:
            yield path, file
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull from error
        raise
    finally:
        path.unlink(missing_ok=True)


def _copy(source: BinaryIO, file: io.FileIO) -> tuple[bytes, int]:
    running, size = hashlib.sha256(), 0
    while piece := source.read(_PIECE):
        size += len(piece)
        if size > settings.UPLOAD_LIMIT:
            raise TooLarge(
                T(
                    "文件超过 {limit} MB，请压缩后再上传",
                    "The file is over {limit} MB; please make it smaller",
                ).fill(limit=settings.UPLOAD_LIMIT >> 20)
            )
        running.update(piece)
        left = memoryview(piece)
        while left:
            left = left[file.write(left) :]
    if size == 0:
        raise BadFile(EMPTY)
    return running.digest(), size


def _check_picture(path: Path, kind: Kind) -> None:
    """Refuse a picture that claims a size that would exhaust whoever shows it, or that breaks off."""
    if kind.name not in _PILLOW:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=[_PILLOW[kind.name]]) as picture:
                width, height = picture.size
                if width * height <= PIXELS:
                    _read_through(picture)
    except Image.DecompressionBombError:
        width = height = PIXELS
    except Exception:
        raise BadFile(T("图片已损坏，打不开", "The picture is broken and cannot be opened")) from None
    if width * height > PIXELS:
        raise BadFile(
            T("图片尺寸过大，请缩小后再上传", "The picture has too many pixels; please make it smaller")
        )


def _read_through(picture: Image.Image) -> None:
    """Read a picture to its end in bounded memory. Raises whatever Pillow does for one that is broken.

    An ordinary JPEG is decoded at an eighth of its size, others whole up to DECODED pixels (100 MB). A larger PNG is
    checked by its sums; what is larger still and neither is taken by its header.
    """
    width, height = picture.size
    ordinary = picture.format == "JPEG" and not picture.info.get("progressive")
    if ordinary:
        picture.draft("L", (1, 1))
    if ordinary or width * height <= DECODED:
        picture.load()
    elif picture.format == "PNG":
        picture.verify()


def _move(draft: Path, target: Path) -> None:
    """Put the synced draft in its place and sync every folder that has a new name in it."""
    folder = target.parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft.rename(target)
    for each in (folder, folder.parent, folder.parent.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
