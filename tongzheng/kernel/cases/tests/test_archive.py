"""A case as one file: whole, readable, provable offline; whatever is altered in it is found."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection

from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.tests.test_life import FACTS, counted
from tongzheng.kernel.core.errors import Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.identity.api import NOBODY
from tongzheng.kernel.ledger import api as ledger


@pytest.fixture
def packed(city: Any, morning: datetime, tmp_path: Path) -> Any:
    """A case with a note, a file and an answer, archived."""
    case = api.open_case(
        "casetest.repair",
        actor=city.agent,
        title="滨河小区暖气不热",
        facts=FACTS,
        region="141102001",
        organisation=city.company,
        applicant=api.Applicant(name="马小云", phone="13812345678"),
    )
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company, note="请尽快")
    api.move_case(case.id, "sign", actor=city.clerk)
    kept = ledger.keep_file("现场照片说明".encode(), name="../../现场.txt")
    api.attach_file(case.id, actor=city.clerk, file=kept)
    api.add_note(case.id, actor=city.clerk, note="已约明早上门")
    api.move_case(case.id, "answer", actor=city.clerk, note="已修复")
    while ledger.integrate():
        pass
    path = tmp_path / "case.zip"
    with path.open("w+b") as to:
        view = api.archive(case.number, actor=city.clerk, to=to, purpose="归档移交")
    return case, path, view


def test_an_archive_is_whole_and_holds_without_the_database(packed: Any, city: Any) -> None:
    case, path, view = packed
    assert (view.name, view.entries, view.files, view.waiting) == (f"{case.number}.zip", 6, 1, 0)
    with connection.execute_wrapper(lambda *_: pytest.fail("asked the database")):
        report = api.check_archive(path)
    assert report.faults == ()
    assert (report.ok, report.number, report.entries, report.files) == (True, case.number, 6, 1)
    assert report.key == ledger.public_key()
    with zipfile.ZipFile(path) as zipped:
        names = zipped.namelist()
        assert {"README.txt", "case.json", "case.pdf", "manifest.json", "ledger/key.txt"} <= set(names)
        assert all(not name.startswith(("/", "..")) and ".." not in name.split("/") for name in names)
        assert zipped.read("case.pdf").startswith(b"%PDF")
        content = zipped.read("case.json").decode()
    assert "马小云" not in content
    assert "已约明早上门" in content
    kinds = [event.kind for event in api.sheet(case.id, actor=city.clerk).timeline]
    assert kinds[-1] == "export"


def altered(path: Path, change: Any) -> Path:
    """Return a copy in which `change` (by name, content) has altered files, with the manifest made to fit."""
    with zipfile.ZipFile(path) as source:
        files = {name: source.read(name) for name in source.namelist()}
    files = change(dict(files))
    if "manifest.json" in files:
        manifest = orjson.loads(files["manifest.json"])
        for one in manifest["files"]:
            if one["path"] in files and files.get("fit", b"1") == b"1":
                one["sha256"] = sha256(files[one["path"]]).hexdigest()
                one["size"] = len(files[one["path"]])
        files["manifest.json"] = orjson.dumps(manifest)
    files.pop("fit", None)
    other = path.with_name("altered.zip")
    with zipfile.ZipFile(other, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return other


def replaced(name: str, old: str, new: str) -> Any:
    """Return a change of words in one file."""
    return lambda files: {**files, name: files[name].decode().replace(old, new).encode()}


def test_whatever_is_altered_is_found(packed: Any) -> None:
    _, path, _ = packed
    with zipfile.ZipFile(path) as zipped:
        entry = next(
            name for name in zipped.namelist() if name.startswith("ledger/") and name.endswith(".json")
        )
        paper = next(name for name in zipped.namelist() if name.startswith("files/"))
    changes = (
        replaced("case.json", "已修复", "未修复"),
        replaced("case.json", "已约明早上门", "已约后天上门"),
        replaced("case.json", '"move": "sign"', '"move": "inspect"'),
        replaced(entry, "cases.", "case."),
        lambda files: {**files, entry: files[entry].replace(b'"place": ', b'"place": 1')},
        lambda files: {**files, "extra.txt": b"x"},
        lambda files: {name: content for name, content in files.items() if name != entry},
        lambda files: {**files, paper: b"other", "fit": b"0"},
        lambda files: {**files, "ledger/key.txt": b"other+00000000+AAAA\n"},
        lambda files: {name: content for name, content in files.items() if name != "manifest.json"},
        lambda files: {**files, "case.json": b"{}"},
    )
    for number, change in enumerate(changes):
        report = api.check_archive(altered(path, change))
        assert not report.ok, number
        assert report.faults, number


def test_another_key_and_what_is_no_archive_are_refused(packed: Any, tmp_path: Path) -> None:
    _, path, _ = packed
    assert not api.check_archive(path, key="吕梁+00000000+AAAA").ok
    assert api.check_archive(path, key=ledger.public_key()).ok
    other = tmp_path / "x.zip"
    for content in (b"", b"PK", b"x" * 5000, path.read_bytes()[:3000]):
        other.write_bytes(content)
        assert not api.check_archive(other).ok
    assert not api.check_archive(tmp_path / "none.zip").ok


def test_who_may_not_export_gets_nothing_and_personal_data_needs_who_works_on_it(
    packed: Any, city: Any
) -> None:
    case, _, _ = packed
    before = counted("cases_event", "ledger_entry")
    for actor, more, fault in (
        (NOBODY, {}, SignInNeeded),
        (city.stranger, {}, Missing),
        (city.citizen, {}, Missing),
        (city.leader, {"personal": True}, Refused),
        (city.clerk, {"purpose": "看"}, Invalid),
    ):
        to = io.BytesIO()
        with pytest.raises(fault):
            api.archive(case.number, actor=actor, to=to, **{"purpose": "归档移交", **more})
        assert to.getvalue() == b""
    assert counted("cases_event", "ledger_entry") == before
    to = io.BytesIO()
    api.archive(case.number, actor=city.clerk, to=to, purpose="归档移交", personal=True)
    with zipfile.ZipFile(to) as zipped:
        held = orjson.loads(zipped.read("case.json"))["personal"]
    assert held["applicant"]["name"] == "马小云"
    assert held["facts"]["id_number"] == FACTS["id_number"]
