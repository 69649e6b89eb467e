"""What a file really is, told from its content: a small table, because only a few kinds are taken at all."""

from __future__ import annotations

import codecs
import mmap
import re
from pathlib import Path

from tongzheng.kernel.core.errors import BadFile
from tongzheng.kernel.core.text import T, same

from .containers import inspect_zip
from .file_kinds import (
    ARCHIVE,
    EMPTY,
    KINDS,
    LOCKED,
    MACROS,
    PAGE,
    PROGRAM,
    UNKNOWN,
    Kind,
    is_program,
)

_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PLAIN = (
    (b"%PDF-", "pdf"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"ID3", "mp3"),
)
_HEIC = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
_MP4 = frozenset(
    brand.encode()
    for brand in [
        "isom",
        "iso2",
        "iso4",
        "iso5",
        "iso6",
        "mp41",
        "mp42",
        "avc1",
        "MSNV",
        "3gp4",
        "3gp5",
        "3gp6",
        "3g2a",
        "dash",
    ]
) | {b"M4V ", b"qt  "}
_MARKUP = re.compile(
    rb"<\s*(?:!doctype|\?xml|html|head|body|svg|script|iframe|object|embed|meta|img|link|style)\b|^\s*<\?|javascript:",
    re.IGNORECASE,
)


def extension(name: str) -> str:
    """Return the extension of a name, lower case, without its dot; "" when there is none."""
    return Path(name).suffix.lower().lstrip(".")


def sniff(path: Path, *, name: str) -> Kind:
    """Return the kind of the file at `path` by its content; only csv or txt is chosen by the name.

    Raises BadFile with words for whoever sent it: empty, a program, a page, an archive, locked, unknown.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise BadFile(EMPTY)
    if is_program(head):
        raise BadFile(PROGRAM)
    if head.startswith(_ARCHIVES):
        raise BadFile(ARCHIVE)
    for magic, kind in _PLAIN:
        if head.startswith(magic):
            return KINDS[kind]
    if head.startswith(b"RIFF"):
        if head[8:12] in (b"WEBP", b"WAVE"):
            return KINDS["webp" if head[8:12] == b"WEBP" else "wav"]
        raise BadFile(UNKNOWN)
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _HEIC or brand in _MP4:
            return KINDS["heic" if brand in _HEIC else "mp4"]
        raise BadFile(UNKNOWN)
    if head.startswith(b"PK"):
        return KINDS[inspect_zip(path)]
    if head.startswith(_OLE):
        return KINDS[_ole(path)]
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return KINDS["mp3"]
    _text(path, head)
    return KINDS["csv" if extension(name) == "csv" else "txt"]


def _ole(path: Path) -> str:
    """Look for the stream names of the old Office container (UTF-16), anywhere in the file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:

        def holds(word: str) -> bool:
            return content.find(word.encode("utf-16-le")) >= 0

        if holds("EncryptedPackage"):
            raise BadFile(LOCKED)
        if holds("_VBA_PROJECT"):
            raise BadFile(MACROS)
        if holds("WordDocument"):
            return "doc"
        if holds("Workbook") or holds("Book"):
            return "xls"
    raise BadFile(UNKNOWN)


def _text(path: Path, head: bytes) -> None:
    """Make sure that the whole file is text in UTF-8, GB 18030 or (with a mark) UTF-16, and no markup."""
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    codings = ("utf-16",) if marked else ("utf-8-sig", "gb18030")
    for coding in codings:
        decoder = codecs.getincrementaldecoder(coding)()
        tail = ""
        try:
            with path.open("rb") as file:
                while piece := file.read(1 << 18):
                    text = decoder.decode(piece)
                    _plain(tail + text)
                    tail = text[-32:]
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return
    raise BadFile(UNKNOWN)


def _plain(text: str) -> None:
    if re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text):
        raise BadFile(UNKNOWN)
    if _MARKUP.search(text.encode()):
        raise BadFile(PAGE)


def check_name(kind: Kind, name: str) -> None:
    """Raise BadFile when the name claims to be another kind than the content is."""
    claimed = extension(name)
    if claimed and claimed not in kind.extensions:
        raise BadFile(
            T(
                "文件名以“.{claimed}”结尾，内容却是 {kind}；请上传原始文件，不要改扩展名",
                "The name ends in “.{claimed}” but the content is {kind}; please send the original, not renamed",
            ).fill(claimed=claimed, kind=same(kind.name.upper()))
        )


def check_accepted(kind: Kind, accept: tuple[str, ...]) -> None:
    """Raise BadFile unless `accept` (kinds, extensions, groups, media types; empty for all) allows the kind."""
    if not accept:
        return
    names = {kind.name, kind.group, kind.media_type, f"{kind.media_type.split('/')[0]}/*", *kind.extensions}
    wanted = [word.lower().lstrip(".") for word in accept]
    if not names.intersection(wanted):
        raise BadFile(
            T("这里只接收：{wanted}", "Only these are accepted here: {wanted}").fill(
                wanted=T("、".join(wanted), ", ".join(wanted))
            )
        )
