"""Which encoding a text file has: what Excel, WPS and other offices' systems write in China."""

from __future__ import annotations

import codecs
import re

from tongzheng.kernel.core.errors import BadFile
from tongzheng.kernel.core.text import T


def encoding_of(body: bytes) -> str:
    """Return the encoding of a text file: UTF-8 (with or without mark), UTF-16 with mark, or GB 18030.

    Raises BadFile when it is no text at all.
    """
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", body[:65536]):
        raise BadFile(
            T(
                "这不是表格文件；可以上传 XLSX 或 CSV",
                "This is no spreadsheet; XLSX and CSV files are accepted",
            )
        )
    for name in ("utf-8", "gb18030"):
        try:
            decoder = codecs.getincrementaldecoder(name)()
            for start in range(0, len(body), 2**20):
                decoder.decode(body[start : start + 2**20])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    raise BadFile(T("无法识别文件的编码，请存为 UTF-8", "The file's encoding is unknown; save it as UTF-8"))
