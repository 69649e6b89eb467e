"""The kinds of files that are taken, what counts as a program, and the words that refuse the others."""

from __future__ import annotations

from dataclasses import dataclass

from tongzheng.kernel.core.text import T


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that is taken. `group` is what `accept` may name instead of single kinds."""

    name: str
    media_type: str
    extensions: tuple[str, ...]
    group: str


_OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("pdf", "application/pdf", ("pdf",), "document"),
        Kind("ofd", "application/ofd", ("ofd",), "document"),
        Kind("docx", _OFFICE + "wordprocessingml.document", ("docx",), "document"),
        Kind("doc", "application/msword", ("doc", "wps"), "document"),
        Kind("txt", "text/plain", ("txt",), "document"),
        Kind("csv", "text/csv", ("csv",), "table"),
        Kind("xlsx", _OFFICE + "spreadsheetml.sheet", ("xlsx",), "table"),
        Kind("xls", "application/vnd.ms-excel", ("xls", "et"), "table"),
        Kind("jpeg", "image/jpeg", ("jpg", "jpeg", "jfif"), "image"),
        Kind("png", "image/png", ("png",), "image"),
        Kind("webp", "image/webp", ("webp",), "image"),
        Kind("heic", "image/heic", ("heic", "heif"), "image"),
        Kind("gif", "image/gif", ("gif",), "image"),
        Kind("mp4", "video/mp4", ("mp4", "m4v", "mov", "3gp"), "video"),
        Kind("mp3", "audio/mpeg", ("mp3",), "audio"),
        Kind("wav", "audio/wav", ("wav",), "audio"),
    )
}
GROUPS = frozenset(kind.group for kind in KINDS.values())

PROGRAM = T("这是一个程序文件，不能接收", "This is a program; it cannot be accepted")
PAGE = T(
    "网页和 SVG 文件可能带有程序，不能接收",
    "Web pages and SVG can carry programs; they cannot be accepted",
)
ARCHIVE = T(
    "压缩包不能接收，请逐个上传其中的文件", "Archives cannot be accepted; please send the files one by one"
)
UNKNOWN = T(
    "认不出这个文件的类型，请使用 PDF、OFD、图片、Word、Excel 或文本",
    "The type of this file is not known; please use PDF, OFD, a picture, Word, Excel or text",
)
LOCKED = T("文件设有密码，请去除密码后再上传", "This file is locked; please remove its password first")
MACROS = T(
    "文件带有宏程序，请另存为不带宏的格式", "This file carries macros; please save it in a form without them"
)
EMPTY = T("文件是空的", "The file is empty")

_PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\0asm",
    b"dex\n",
    b"L\0\0\0\x01\x14\x02\0",
)


def is_program(head: bytes) -> bool:
    """Tell whether these first bytes are those of something that a machine would run."""
    return head.startswith(_PROGRAMS)
