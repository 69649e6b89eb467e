from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Refused, TooLarge
from tongzheng.kernel.ledger.api import entries
from tongzheng.kernel.registers import api, exports

from .trial import Dam, clerk

pytestmark = pytest.mark.usefixtures("city")
ID = "11010519491231002X"
NOW = datetime(2026, 11, 23, 9, 5, tzinfo=clock.CHINA)


def out(register: str = "trial.dams", **asked: Any) -> bytes:
    with clock.at(NOW):
        return b"".join(api.export(register, **{"actor": clerk(), **asked}))


@pytest.fixture
def dams(city: None) -> None:
    row = {
        "name": '=HYPERLINK("http://x")',
        "code": "A",
        "region": "141102",
        "owner": ID,
        "height": "3.5",
        "built": "2020-01-02",
        "cost": "-5",
        "active": "是",
        "note": "一\n二",
    }
    api.create("trial.dams", actor=clerk(), values=row)
    api.create("trial.dams", actor=clerk(), values={"name": "乙", "code": "B", "region": "141181"})


COLUMNS = ("name", "code", "owner", "region", "height", "built", "cost", "active", "kind")


@pytest.mark.usefixtures("dams")
def test_a_csv_carries_the_rows_and_who_took_them_out() -> None:
    body = out(form="csv", columns=COLUMNS, purpose="年度核查", sort="code")
    assert body.startswith(b"\xef\xbb\xbf")
    assert body.decode("utf-8-sig").splitlines() == [
        "名称,编号,责任人身份证号,区划,坝高,建成日期,造价,在用,类型",
        '"\'=HYPERLINK(""http://x"")",A,1101············2X,141102 离石区,3.5,2020-01-02,-5.00,是,淤地坝',
        "乙,B,,141181 孝义市,,,,是,淤地坝",
        "#导出 Exported: 李（水利局） 2026-11-23 09:05 年度核查",
    ]


@pytest.mark.usefixtures("dams")
def test_an_xlsx_holds_typed_cells_and_no_formula() -> None:
    body = out(columns=COLUMNS, purpose="年度核查", sort="code")
    book = openpyxl.load_workbook(io.BytesIO(body))
    sheet = book.worksheets[0]
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].value == '\'=HYPERLINK("http://x")'
    assert (sheet["E2"].value, sheet["G2"].value) == (3.5, -5)
    assert sheet["F2"].value.date() == date(2020, 1, 2)
    about = {row[0]: row[1] for row in book.worksheets[1].iter_rows(values_only=True)}
    assert (about["导出人"], about["用途"], about["加密列"]) == ("李（水利局）", "年度核查", "已脱敏")
    assert book.properties.creator == "李（水利局）"
    assert book.properties.description == "年度核查"


@pytest.mark.usefixtures("dams")
def test_the_ledger_knows_an_export_by_rows_columns_and_digest() -> None:
    from hashlib import sha256

    body = out(form="csv", columns=("name", "region"), words="乙", purpose="核查")
    entry = entries(act="registers.export")[0]
    assert entry.subject == "trial.dams"
    assert entry.body == {
        "form": "csv",
        "rows": 1,
        "columns": ["name", "region"],
        "revealed": [],
        "filters": [],
        "purpose": "核查",
        "digest": sha256(body).hexdigest(),
    }


@pytest.mark.usefixtures("dams")
def test_an_export_stays_within_reach_and_permission() -> None:
    assert b"141102" not in out(form="csv", actor=clerk(region="141181"))
    with pytest.raises(Refused):
        out(actor=clerk("trial.read"))
    with pytest.raises(Refused):
        out("trial.looks")
    with pytest.raises(Invalid):
        out(form="pdf")
    with pytest.raises(Invalid):
        out(columns=("nothing",))
    assert len(entries(act="registers.export")) == 1


@pytest.mark.usefixtures("dams")
def test_sealed_columns_leave_in_clear_only_with_permission_and_purpose() -> None:
    keeper = clerk("trial.read", "trial.export", "registers.reveal")
    with pytest.raises(Refused):
        out(reveal=True, purpose="核查")
    with pytest.raises(Invalid):
        out(reveal=True, actor=keeper)
    assert not entries(act="registers.export")
    assert ID.encode() in out(form="csv", reveal=True, actor=keeper, purpose="核查")
    assert entries(act="registers.export")[0].body["revealed"] == ["owner"]


@pytest.mark.usefixtures("dams")
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_comes_back_unchanged(form: str) -> None:
    body = out(
        form=form, columns=("name", "code", "region", "height", "built", "cost", "active", "note", "kind")
    )
    view = api.import_rows("trial.dams", actor=clerk(), file=body, name="x")
    assert (view.total, view.unchanged, view.bad) == (2, 2, 0)


@pytest.mark.usefixtures("dams")
def test_too_many_rows_are_refused_and_leave_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "EXPORT_LIMIT", 1)
    with pytest.raises(TooLarge):
        out()
    assert not entries(act="registers.export")


def test_the_template_is_an_import_without_rows_and_explains_itself() -> None:
    body = api.template("trial.dams", actor=clerk())
    book = openpyxl.load_workbook(io.BytesIO(body))
    assert [c.value for c in book.worksheets[0][1]][:3] == ["名称*", "编号*", "类型"]
    choices = book.worksheets[0].data_validations.dataValidation
    assert any(v.formula1 == '"淤地坝,土坝"' for v in choices)
    assert book.worksheets[1]["B3"].value == "识别列，必填：文字，最多 20 个"
    view = api.import_rows("trial.dams", actor=clerk(), file=body, name="x")
    assert view.state == "failed"
    assert len(view.columns) == 15
    assert view.ignored == ()


def test_odd_texts_survive_an_xlsx() -> None:
    Dam.objects.create(
        name="<&>\"'\x0b😀", code="A", region="141102", cost=Decimal("1"), built=date(1850, 1, 1)
    )
    sheet = openpyxl.load_workbook(io.BytesIO(out(columns=("name", "built", "active")))).worksheets[0]
    assert [c.value for c in sheet[2]] == ["<&>\"'😀", "1850-01-01", "是"]
