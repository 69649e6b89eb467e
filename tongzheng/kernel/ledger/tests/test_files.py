import errno
import hashlib
import io
import os
import struct
import subprocess
import zipfile
import zlib

import openpyxl
import pytest
from django.db import connection
from PIL import Image

from tongzheng.kernel.core.errors import BadFile, Missing, StorageFull, TooLarge
from tongzheng.kernel.ledger import api, files

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def picture(form, size=(8, 6)):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, form)
    return out.getvalue()


def box(*members, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            made.writestr(name, content)
    return out.getvalue()


def docx(*more):
    return box(("[Content_Types].xml", "<Types/>"), ("word/document.xml", "<w/>"), *more)


def xlsx():
    out = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["姓名", 1])
    book.save(out)
    return out.getvalue()


def ole(*streams):
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + b"".join(s.encode("utf-16-le") for s in streams)


def stored(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def rows():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_file")
        return cursor.fetchone()[0]


def test_a_file_is_kept_under_the_hash_of_its_content_and_read_back(store):
    view = api.keep_file(io.BytesIO(PDF), name="申请表.pdf")
    digest = hashlib.sha256(PDF).hexdigest()
    assert view == api.FileView(digest, "申请表.pdf", len(PDF), "application/pdf")
    assert (store / digest[:2] / digest[2:4] / digest).read_bytes() == PDF
    assert stored(store) == [digest]
    with api.open_file(digest) as file:
        assert file.read() == PDF


def test_equal_content_is_kept_once_under_both_names(store):
    one, two = (api.keep_file(PDF, name=n) for n in ("a.pdf", "b.pdf"))
    assert one.digest == two.digest
    assert (one.name, two.name) == ("a.pdf", "b.pdf")
    assert (len(stored(store)), rows()) == (1, 1)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("a.JPG", picture("JPEG"), "image/jpeg"),
        ("a.png", picture("PNG"), "image/png"),
        ("a.webp", picture("WEBP"), "image/webp"),
        ("a.gif", picture("GIF"), "image/gif"),
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(20), "image/heic"),
        ("a.mov", b"\0\0\0\x18ftypqt  " + bytes(20), "video/mp4"),
        ("a.mp3", b"ID3\x04\0\0" + bytes(20), "audio/mpeg"),
        ("a.mp3", b"\xff\xfb\x90\x64" + bytes(20), "audio/mpeg"),
        ("a.wav", b"RIFF\x24\0\0\0WAVEfmt " + bytes(20), "audio/wav"),
        (
            "a.docx",
            docx(("word/embeddings/chart.xlsx", xlsx())),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("a.xlsx", xlsx(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.ofd", box(("OFD.xml", "<ofd/>"), ("Doc_0/Document.xml", "<d/>")), "application/ofd"),
        ("a.doc", ole("Root Entry", "WordDocument"), "application/msword"),
        ("a.xls", ole("Root Entry", "Workbook"), "application/vnd.ms-excel"),
        ("a.txt", "供暖不热".encode("gb18030"), "text/plain"),
        ("a.csv", "\ufeff姓名,金额\n甲,3<5\n".encode(), "text/csv"),
        ("a.txt", "供暖".encode("utf-16"), "text/plain"),
    ],
)
def test_a_kind_is_told_by_its_content(name, content, media_type):
    assert api.keep_file(content, name=name).media_type == media_type


BOMB = box(("[Content_Types].xml", "<Types/>"), ("xl/workbook.xml", "x"), ("xl/a.xml", bytes(30 << 20)))


def huge_png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def encrypted():
    raw = bytearray(docx())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + place] |= 1
    return bytes(raw)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"", "文件是空的"),
        ("a.pdf", b"MZ\x90\0" + bytes(100), "程序"),
        ("a.txt", b"#!/bin/sh\nrm -rf /\n", "程序"),
        ("a.jpg", b"\x7fELF\x02\x01" + bytes(60), "程序"),
        ("a.jpg", b"\xcf\xfa\xed\xfe" + bytes(60), "程序"),
        ("a.jpg", PDF, "不要改扩展名"),
        ("a.pdf.exe", PDF, "不要改扩展名"),
        ("a.bat", b"del /q *.*\r\n", "不要改扩展名"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "网页"),
        ("a.txt", "\ufeff <!DOCTYPE html><p>".encode(), "网页"),
        ("a.txt", b"x" * 300000 + b"<script>alert(1)</script>", "网页"),
        ("a.txt", ("x" * 200000 + "<ScRiPt >").encode("utf-16"), "网页"),
        ("a.txt", b"\x01\x02\x03 nothing known", "认不出"),
        ("a.zip", box(("a.txt", "x")), "压缩包"),
        ("a.rar", b"Rar!\x1a\x07\x01\0" + bytes(60), "压缩包"),
        ("a.docx", b"PK\x03\x04 broken", "损坏"),
        ("a.docx", docx()[:-30], "损坏"),
        ("a.xlsx", BOMB, "大得不正常"),
        ("a.docx", docx(*[(f"word/{n}", "x") for n in range(3001)]), "大得不正常"),
        ("a.docx", docx(("word/media/inner.zip", box(("x", "y")))), "压缩包"),
        ("a.docx", docx(("word/media/image1.png", b"MZ\x90\0")), "程序"),
        ("a.docx", docx(("../../etc/passwd", "x")), "损坏"),
        ("a.docx", docx(("word/vbaProject.bin", "x")), "宏"),
        ("a.doc", ole("WordDocument", "_VBA_PROJECT"), "宏"),
        ("a.docx", encrypted(), "密码"),
        ("a.docx", ole("EncryptedPackage"), "密码"),
        ("a.jpg", picture("JPEG")[:12], "打不开"),
        ("a.jpg", picture("JPEG", (640, 480))[:-40], "打不开"),
        ("a.png", picture("PNG", (640, 480))[:-40], "打不开"),
        ("a.webp", picture("WEBP", (640, 480))[:-40], "打不开"),
        ("a.gif", picture("GIF", (640, 480))[:-40], "打不开"),
        ("a.png", picture("PNG", (6000, 5000))[:-40], "打不开"),
        ("a.png", huge_png(), "图片尺寸过大"),
    ],
)
def test_what_is_not_safe_is_refused_with_words_and_nothing_is_kept(store, name, content, words):
    with pytest.raises(BadFile) as caught:
        api.keep_file(content, name=name)
    assert words in caught.value.words.zh
    assert caught.value.words.en
    assert stored(store) == []
    assert rows() == 0


def test_a_file_over_the_limit_is_refused_before_it_is_read_whole(store, settings):
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size=-1):
            self.taken += size
            return b"x" * size

    settings.UPLOAD_LIMIT = 1 << 20
    endless = Endless()
    with pytest.raises(TooLarge):
        api.keep_file(endless, name="a.txt")
    assert endless.taken <= 2 << 20
    assert stored(store) == []


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        ((), True),
        (("pdf",), True),
        ((".pdf",), True),
        (("document",), True),
        (("application/pdf",), True),
        (("image",), False),
        (("image/*", "xlsx"), False),
    ],
)
def test_only_the_kinds_asked_for_are_taken(accept, taken):
    if taken:
        assert api.keep_file(PDF, name="a.pdf", accept=accept).size == len(PDF)
    else:
        with pytest.raises(BadFile, match="Only these"):
            api.keep_file(PDF, name="a.pdf", accept=accept)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("C:\\temp\\表.pdf", "表.pdf"),
        ("../../etc/x.pdf", "x.pdf"),
        ("a\u202efdp.pdf", "afdp.pdf"),
        ("\n\0.pdf", "pdf.pdf"),
        ("扫描件", "扫描件.pdf"),
        ("长" * 300 + ".pdf", "长" * 146 + ".pdf"),
    ],
)
def test_a_name_is_made_safe(name, kept):
    assert api.keep_file(PDF, name=name).name == kept


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "0" * 64, "A" * 64])
def test_an_unknown_file_is_missing(digest):
    with pytest.raises(Missing):
        api.open_file(digest)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_plainly_and_leaves_nothing(store, monkeypatch, code):
    def full(descriptor):
        raise OSError(code, "no room")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StorageFull):
        api.keep_file(PDF, name="a.pdf")
    assert stored(store) == []
    assert rows() == 0


def test_a_store_that_really_runs_full_keeps_what_it_has_and_takes_more_when_there_is_room(
    settings, tmp_path
):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True
    ).returncode:
        pytest.skip("a small disk can be made by root only")
    try:
        settings.FILES = disk / "files"
        first = api.keep_file(PDF + os.urandom(600_000), name="a.pdf")
        with pytest.raises(StorageFull):
            api.keep_file(PDF + os.urandom(600_000), name="b.pdf")
        assert stored(settings.FILES) == [first.digest]
        assert api.keep_file(PDF + os.urandom(200_000), name="c.pdf").size == len(PDF) + 200_000
        assert rows() == 2
    finally:
        subprocess.run(["umount", disk], check=True)
