from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection

from tongzheng.kernel.core.errors import BadFile, Conflict, Invalid, Missing, Refused, TooLarge
from tongzheng.kernel.identity.api import SYSTEM
from tongzheng.kernel.ledger.api import entries
from tongzheng.kernel.registers import api, import_work, imports

from . import sheets
from .trial import Dam, Remark, clerk

pytestmark = pytest.mark.usefixtures("city")
ROWS = [("甲坝", "A", "141102", 3.5, date(2020, 1, 2)), ("乙坝", "B", "141181 汾阳市", None, "2021/3/4")]


def take(body: bytes, register: str = "trial.dams", name: str = "坝.xlsx", **more: Any) -> api.ImportView:
    return api.import_rows(register, actor=clerk(), file=body, name=name, **more)


def counts(view: api.ImportView) -> tuple[str, int, int, int, int, int]:
    return view.state, view.total, view.creates, view.updates, view.unchanged, view.bad


def staged() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registers_importrow WHERE NOT bad")
        return int(cursor.fetchone()[0])


def test_a_preview_judges_every_row_and_enters_nothing() -> None:
    view = take(sheets.xlsx(*ROWS, ("", "C", "999999", "高", "昨天")))
    assert counts(view) == ("ready", 3, 2, 0, 0, 1)
    (bad,) = view.sample
    assert bad.number == 4
    assert set(bad.errors) == {"name", "region", "height", "built"}
    assert bad.cells["built"] == "昨天"
    assert Dam.objects.count() == 0
    assert not entries()


def test_good_rows_enter_and_bad_rows_come_back_with_reasons() -> None:
    view = take(sheets.xlsx(*ROWS, ("丙坝", "C", "999999", "=1+1", None)))
    done = api.import_go(view.id, actor=clerk())
    assert counts(done) == ("done", 3, 2, 0, 0, 1)
    assert list(
        Dam.objects.order_by("code").values_list("name", "region", "height", "built", "kind", "version")
    ) == [
        ("甲坝", "141102", Decimal("3.5"), date(2020, 1, 2), "check", 1),
        ("乙坝", "141181", None, date(2021, 3, 4), "check", 1),
    ]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(api.bad_file(view.id, actor=clerk()))))
    header, row = list(book.active.iter_rows(values_only=True))
    assert header == ("名称", "编号", "区划", "坝高", "建成日期", "原行号", "问题")
    assert row[:3] == ("丙坝", "C", "999999")
    assert row[5] == 4
    assert row[6] == "区划: 没有这个区划; 坝高: 单元格 D4 是公式，请改成值"
    assert staged() == 0


def test_a_bad_file_can_be_corrected_and_sent_again() -> None:
    view = api.import_go(take(sheets.xlsx(*ROWS, ("丙坝", "C", "999999", None, None))).id, actor=clerk())
    body = b"".join(api.bad_file(view.id, actor=clerk()))
    book = openpyxl.load_workbook(io.BytesIO(body))
    book.active["C2"] = "141102"
    out = io.BytesIO()
    book.save(out)
    again = take(out.getvalue())
    assert again.ignored == ("原行号", "问题")
    assert counts(api.import_go(again.id, actor=clerk())) == ("done", 1, 1, 0, 0, 0)
    csv = b"".join(api.bad_file(view.id, actor=clerk(), form="csv")).decode("utf-8-sig")
    assert csv.splitlines()[1] == "丙坝,C,999999,,,4,区划: 没有这个区划"


def test_every_entered_row_has_history_and_the_batch_an_entry() -> None:
    view = api.import_go(take(sheets.xlsx(*ROWS)).id, actor=clerk())
    (line,) = api.row("trial.dams", Dam.objects.get(code="A").pk, actor=clerk()).history
    assert (line.act, line.import_id) == ("create", view.id)
    assert line.after["height"] == "3.5"
    batch, go = entries()
    assert (go.act, go.body["rows"]) == ("registers.import", 2)
    assert batch.act == "registers.import_rows"
    assert batch.body["creates"] == 2
    assert "甲坝" not in str(batch.body)


def test_the_same_file_twice_changes_nothing() -> None:
    body = sheets.xlsx(*ROWS)
    api.import_go(take(body).id, actor=clerk())
    before = list(Dam.objects.values())
    again = take(body)
    assert counts(again) == ("ready", 2, 0, 0, 2, 0)
    assert counts(api.import_go(again.id, actor=clerk())) == ("done", 2, 0, 0, 2, 0)
    assert list(Dam.objects.values()) == before
    assert len(api.row("trial.dams", before[0]["id"], actor=clerk()).history) == 1


def test_the_same_file_into_a_register_without_keys_is_refused() -> None:
    body = sheets.xlsx(("好",), header=("内容",))
    first = take(body, "trial.remarks")
    assert api.import_go(first.id, actor=clerk()).creates == 1
    with pytest.raises(Conflict) as fault:
        take(body, "trial.remarks")
    assert str(first.id) in fault.value.words.en
    assert Remark.objects.count() == 1


def test_a_known_key_updates_and_an_empty_cell_leaves_the_value() -> None:
    Dam.objects.create(name="甲坝", code="A", region="141102", height=Decimal("9.9"))
    view = take(sheets.xlsx(("甲大坝", "A", None, None, None)))
    assert counts(view) == ("ready", 1, 0, 1, 0, 0)
    api.import_go(view.id, actor=clerk())
    dam = Dam.objects.get()
    assert (dam.name, dam.height, dam.version) == ("甲大坝", Decimal("9.9"), 2)
    assert dict(api.row("trial.dams", dam.pk, actor=clerk()).history[0].before) == {"name": "甲坝"}


def test_a_new_row_needs_what_an_update_may_leave_out() -> None:
    Dam.objects.create(name="甲坝", code="A", region="141102")
    view = take(sheets.xlsx(("A", 5), ("B", 6), header=("编号", "坝高")))
    assert counts(view) == ("ready", 2, 0, 1, 0, 1)
    assert set(view.sample[0].errors) == {"name", "region"}


def test_a_key_twice_in_a_file_keeps_the_first() -> None:
    view = take(sheets.xlsx(*ROWS, ("丙", "A", "141102", None, None)))
    assert counts(view) == ("ready", 3, 2, 0, 0, 1)
    assert view.sample[0].errors["code"].en == "Repeats row 2"


def test_rows_beyond_reach_come_back() -> None:
    Dam.objects.create(name="乙坝", code="B", region="141102")
    view = api.import_rows("trial.dams", actor=clerk(region="141181"), file=sheets.xlsx(*ROWS), name="x")
    assert counts(view) == ("ready", 2, 0, 0, 0, 2)
    with pytest.raises(Invalid):
        api.import_go(view.id, actor=clerk(region="141181"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_csv_is_read_in_the_encodings_people_have(encoding: str) -> None:
    view = take(
        sheets.csv(("甲坝", "Ａ１", "141102", "3.5", "２０２０－０１－０２"), encoding=encoding),
        name="坝.csv",
    )
    assert counts(view) == ("ready", 1, 1, 0, 0, 0)
    api.import_go(view.id, actor=clerk())
    assert Dam.objects.values_list("code", "built").get() == ("A1", date(2020, 1, 2))


def test_english_headings_and_semicolons_are_understood() -> None:
    body = "name;Code (key);REGION;extra\n甲;A;141102;1\n".encode()
    view = take(body)
    assert view.columns == ("name", "code", "region")
    assert view.ignored == ("extra",)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "no spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "password"),
        (b"PK\x03\x04rubbish", "damaged"),
        (sheets.xlsx(*ROWS)[:-300], "damaged"),
        (sheets.xlsx(*ROWS, merge="A2:A3"), "A2:A3"),
        (sheets.xlsx(("x", "y"), header=("甲", "乙")), "No header"),
        (sheets.xlsx(("x", "141102"), header=("名称", "区划")), "identify a row"),
        (sheets.xlsx(("x", "A", "B"), header=("名称", "编号", "code")), "occurs twice"),
        (
            sheets.rezipped(sheets.xlsx(*ROWS), xl__vbaProject_bin=b"x").replace(
                b"vbaProject_bin", b"vbaProject.bin"
            ),
            "macros",
        ),
        ('名称,编号,区划\n"甲'.encode() + b"x" * 200_000, "Line"),
        ("无关\n1\n".encode(), "No header"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(body: bytes, words: str) -> None:
    with pytest.raises(BadFile) as fault:
        take(body)
    assert words in fault.value.words.en
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registers_import")
        assert cursor.fetchone()[0] == 0


def test_other_archives_are_not_taken_for_spreadsheets() -> None:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(BadFile) as fault:
        take(out.getvalue())
    assert "no XLSX" in fault.value.words.en


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    bomb = sheets.rezipped(sheets.xlsx(*ROWS), xl__worksheets__sheet9_xml=b"0" * (300 * 2**20))
    bomb = bomb.replace(b"sheet9_xml", b"sheet9.xml")
    assert len(bomb) < 2**20
    with pytest.raises(TooLarge) as fault:
        take(bomb)
    assert fault.value.code == "zip-bomb"


def test_a_giant_row_is_refused_before_it_is_built() -> None:
    import os

    good = sheets.xlsx(*ROWS)
    sheet = sheets.part(good, "xl/worksheets/sheet1.xml")
    fat = b'<c t="inlineStr"><is><t>' + os.urandom(5 * 2**20).hex().encode() + b"</t></is></c>"
    body = sheets.rezipped(
        good, **{"xl__worksheets__sheet1.xml": sheet.replace(b"</row>", fat + b"</row>", 1)}
    )
    with pytest.raises(TooLarge) as fault:
        take(body)
    assert fault.value.code == "zip-bomb"


def test_entities_are_never_expanded() -> None:
    good = sheets.xlsx(*ROWS)
    sheet = sheets.part(good, "xl/worksheets/sheet1.xml")
    evil = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + sheet.split(b"?>", 1)[-1]
    with pytest.raises(BadFile):
        take(sheets.rezipped(good, **{"xl__worksheets__sheet1.xml": evil}))


def test_more_bytes_than_the_limit_are_refused(settings: Any) -> None:
    settings.UPLOAD_LIMIT = 1000
    with pytest.raises(TooLarge):
        take(sheets.xlsx(*ROWS))


def test_the_sheet_with_the_header_is_found_and_a_title_line_is_skipped() -> None:
    book = openpyxl.Workbook()
    book.active.append(["封面"])
    sheet = book.create_sheet("数据")
    sheet.append(["吕梁市淤地坝一览"])
    sheet.append(list(sheets.HEADER))
    sheet.append(list(ROWS[0]))
    out = io.BytesIO()
    book.save(out)
    view = take(out.getvalue())
    assert counts(view) == ("ready", 1, 1, 0, 0, 0)
    assert view.good[0]["#"] == "3"


def test_rows_beyond_the_size_that_a_file_claims_are_read() -> None:
    good = sheets.xlsx(*ROWS)
    sheet = sheets.part(good, "xl/worksheets/sheet1.xml")
    assert b'<dimension ref="A1:E3"' in sheet
    lying = sheet.replace(b'<dimension ref="A1:E3"', b'<dimension ref="A1:B2"')
    view = take(sheets.rezipped(good, **{"xl__worksheets__sheet1.xml": lying}))
    assert counts(view) == ("ready", 2, 2, 0, 0, 0)
    assert view.columns == ("name", "code", "region", "height", "built")


def test_errors_in_cells_and_lost_digits_are_named() -> None:
    view = take(
        sheets.xlsx(
            ("甲", "A", "141102", "#REF!", 110105194912310020.0, datetime(2026, 1, 2, 8, 30)),
            header=(*sheets.HEADER[:4], "责任人身份证号", "检查时间"),
        )
    )
    errors = view.sample[0].errors
    assert errors["height"].en == "Cell D2 holds the error #REF!"
    assert "lost its last digits" in errors["owner"].en


def test_a_value_that_only_the_database_refuses_comes_back_alone() -> None:
    rows = [(f"第{n}", n if n != 3 else 100) for n in range(6)]
    view = take(sheets.xlsx(*rows, header=("内容", "序号")), "trial.remarks")
    assert counts(view) == ("ready", 6, 6, 0, 0, 0)
    done = api.import_go(view.id, actor=clerk())
    assert counts(done) == ("done", 6, 5, 0, 0, 1)
    assert "rule of this register" in next(iter(done.sample[0].errors.values())).en
    assert Remark.objects.count() == 5


def test_a_killed_import_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_work, "BATCH", 2)
    monkeypatch.setattr(imports, "SMALL", 1)
    view = take(sheets.xlsx(*((f"坝{n}", f"C{n}", "141102", None, None) for n in range(7))))
    api.import_go(view.id, actor=clerk())
    monkeypatch.setattr(import_work, "_actor", lambda account: clerk())
    assert import_work.enter_batch(view.id) == 2

    entered = import_work._enter

    def dies(*args: Any) -> None:
        entered(*args)
        raise RuntimeError("killed")

    monkeypatch.setattr(import_work, "_enter", dies)
    with pytest.raises(RuntimeError):
        import_work.enter_batch(view.id)
    assert Dam.objects.count() == 2
    assert api.import_of(view.id, actor=clerk()).done == 2
    monkeypatch.setattr(import_work, "_enter", entered)
    assert import_work.advance() == 5
    assert counts(api.import_of(view.id, actor=clerk())) == ("done", 7, 7, 0, 0, 0)
    assert Dam.objects.count() == 7
    assert import_work.advance() == 0


def test_a_large_file_waits_sealed_for_the_worker_and_is_forgotten_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(imports, "SMALL_BYTES", 10)
    monkeypatch.setattr(import_work, "_actor", lambda account: clerk())
    view = take(sheets.csv(*((*r[:3], r[3] or "", "") for r in ROWS)))
    assert view.state == "checking"
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM registers_importpart")
        assert "甲坝".encode() not in bytes(cursor.fetchone()[0])
    assert import_work.advance() == 2
    assert counts(api.import_of(view.id, actor=clerk())) == ("ready", 2, 2, 0, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registers_importpart")
        assert cursor.fetchone()[0] == 0


def test_staged_rows_hold_no_readable_personal_data() -> None:
    take(
        sheets.xlsx(
            ("甲", "A", "141102", "11010519491231002X"), header=(*sheets.HEADER[:3], "责任人身份证号")
        )
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT cells, errors FROM registers_importrow")
        assert b"1101051949" not in bytes(cursor.fetchone()[0])


def test_a_permission_lost_meanwhile_stops_the_import_with_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "SMALL", 0)
    view = take(sheets.xlsx(*ROWS))
    api.import_go(view.id, actor=clerk())
    monkeypatch.setattr(import_work, "_actor", lambda account: clerk("trial.read"))
    assert import_work.advance() == 0
    failed = api.import_of(view.id, actor=clerk())
    assert failed.state == "failed"
    assert failed.words is not None
    assert Dam.objects.count() == 0


def test_an_import_belongs_to_who_began_it() -> None:
    view = take(sheets.xlsx(*ROWS))
    for act in (api.import_of, api.import_go, api.import_cancel):
        with pytest.raises(Missing):
            act(view.id, actor=clerk(id=8))
    assert [v.id for v in api.imports("trial.dams", actor=clerk())] == [view.id]
    assert api.imports("trial.dams", actor=clerk(id=8)) == ()


def test_a_cancelled_import_forgets_its_rows_and_cannot_go() -> None:
    view = take(sheets.xlsx(*ROWS))
    assert api.import_cancel(view.id, actor=clerk()).state == "cancelled"
    assert staged() == 0
    with pytest.raises(Conflict):
        api.import_go(view.id, actor=clerk())
    with pytest.raises(Conflict):
        api.import_cancel(view.id, actor=clerk())


def test_going_twice_enters_once() -> None:
    view = take(sheets.xlsx(*ROWS))
    api.import_go(view.id, actor=clerk())
    assert api.import_go(view.id, actor=clerk()).state == "done"
    assert Dam.objects.count() == 2


def test_an_import_needs_the_write_action() -> None:
    with pytest.raises(Refused):
        api.import_rows("trial.dams", actor=clerk("trial.read"), file=sheets.xlsx(*ROWS), name="x")
    with pytest.raises(Refused):
        api.import_rows("trial.looks", actor=clerk(), file=sheets.xlsx(*ROWS), name="x")


def test_a_file_with_only_a_header_fails_with_words() -> None:
    view = take(sheets.xlsx())
    assert view.state == "failed"
    assert view.words is not None
    assert "no rows" in view.words.en


def test_old_staged_rows_are_swept() -> None:
    view = take(sheets.xlsx(*ROWS))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registers_import SET created_at = now() - interval '2 days'")
    assert import_work.sweep() == 2
    assert api.import_of(view.id, actor=clerk()).state == "cancelled"


def test_the_platform_itself_can_import_and_wait() -> None:
    view = api.import_rows("trial.dams", actor=SYSTEM, file=sheets.xlsx(*ROWS), name="x", wait=True)
    assert api.import_go(view.id, actor=SYSTEM, wait=True).state == "done"
    assert Dam.objects.count() == 2
