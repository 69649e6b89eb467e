"""Bad input, as people and programs really send it: each has its designed answer, and nothing is lost or half done.

This page is the index; every line is a real request. Finer cases stand beside the code: files in ledger/tests,
spreadsheets in registers/tests, forms in cases/tests. The database gone for a minute is in tests/live/test_outage.py,
killed under load in tests/live/test_crash.py.
"""

from __future__ import annotations

import errno
import io
import os
import re
import zipfile
import zlib

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.scene import APPLICATION, Scene, png, upload
from tests.world import PASSWORD
from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.models import Account
from tongzheng.kernel.ledger import api as ledger
from tongzheng.systems.decision.services.models import Item

APPLY = "/services/items/food-business/apply/"
ITEMS = "/registers/services.items/"
HEADER = [
    "标识",
    "事项名称",
    "英文名称",
    "部门",
    "基本编码",
    "事项类型",
    "办件类型",
    "法定时限",
    "承诺时限（工作日）",
    "状态",
    "生效日期",
]
ROW = [
    "new-item",
    "新事项",
    "New item",
    "market",
    "000131001000",
    "行政许可",
    "承诺件",
    "20",
    "10",
    "在用",
    "2026-01-01",
]


@pytest.fixture
def scene(world):
    return Scene.built(world)


@pytest.fixture
def citizen(scene):
    return scene.browser("citizen")


@pytest.fixture
def clerk(scene):
    return scene.browser("everything")


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def apply(browser, *, file=None, once="bad-input", **changes):
    file = upload() if file is None else file
    return browser.post(APPLY, {**APPLICATION, "once": once, "material_premises_plan": file, **changes})


def applications(scene) -> int:
    return len(cases.my_cases(actor=scene.actors["citizen"]).rows)


def refused(scene, answer, *told, status=422):
    """The form comes back with its words and with what was typed, and no case was opened."""
    assert answer.status_code == status
    for one in told:
        assert one in words(answer), words(answer)[:3000]
    assert 'value="老李面馆"' in answer.content.decode()
    assert applications(scene) == 2


# --- entries of a form ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "typed", "told"),
    [
        ("applicant_id", "110105194912310021", "校验"),
        ("applicant_id", "11010519490231002X", "日期"),
        ("applicant_id", "12345", "18"),
        ("phone", "1380000", "手机"),
        ("uscc", "11100000000013338A", "校验"),
        ("premises_area", "六十", "数"),
        ("food_business", "rockets", "选"),
        ("applicant_name", "", "填"),
    ],
)
def test_wrong_digits_codes_and_choices_are_told_at_their_entry(scene, citizen, entry, typed, told):
    answer = apply(citizen, **{entry: typed})
    refused(scene, answer)
    assert told in words(answer), words(answer)[:1500]


@pytest.mark.parametrize("date", ["2026-02-30", "2026年13月1日", "昨天", "0000-00-00", "99999-01-01"])
def test_a_date_that_is_none_is_told_and_the_row_not_entered(clerk, date):
    before = Item.objects.count()
    entries = {
        "key": "x",
        "name": "我填的名称",
        "name_en": "X",
        "valid_from": date,
        "type": "01",
        "kind": "2",
        "state": "1",
    }
    answer = clerk.post(f"{ITEMS}new/", entries)
    assert answer.status_code == 422
    assert "日期" in words(answer)
    assert 'value="我填的名称"' in answer.content.decode()
    assert Item.objects.count() == before


def test_a_missing_material_is_asked_for_by_name(scene, citizen):
    answer = citizen.post(APPLY, {**APPLICATION, "once": "m"})
    refused(scene, answer, "平面图")


# --- files ---------------------------------------------------------------------------------------------


def test_a_photo_of_40_mb_is_told_its_limit_and_the_form_is_kept(scene, citizen):
    photo = upload("现场.png", png() + bytes(40 * 1024 * 1024))
    refused(scene, apply(citizen, file=photo), "现场.png", "20 MB")


def test_more_than_the_server_reads_is_refused_before_it_is_read(citizen):
    answer = citizen.post(
        APPLY, b"x", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(100 * 2**20)
    )
    assert answer.status_code == 413
    assert "64 MB" in words(answer)


def bomb() -> bytes:
    """A spreadsheet of a few kilobytes that unpacks to 2 GB."""
    book = io.BytesIO()
    openpyxl.Workbook().save(book)
    out = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            if entry != "xl/worksheets/sheet1.xml":
                new.writestr(entry, old.read(entry))
        with new.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(256):
                part.write(b" " * 2**20)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.png", b"MZ\x90\x00" + bytes(2000)),
        ("plan.pdf", b"\x7fELF" + bytes(2000)),
        ("plan.png", b"<html><script>alert(1)</script></html>"),
        ("plan.png", b""),
        ("plan.png", png()[:20]),
        ("plan.png", b"%PDF-1.7 not really"),
        ("plan.docx", b"PK\x03\x04" + zlib.compress(bytes(9999))),
    ],
    ids=["exe as png", "elf as pdf", "html as png", "empty", "cut picture", "pdf as png", "broken zip"],
)
def test_a_file_that_is_not_what_it_claims_is_refused_at_its_place(scene, citizen, name, content):
    refused(scene, apply(citizen, file=upload(name, content)), name if content else "平面图")


def test_a_zip_bomb_is_refused_wherever_a_file_is_taken(scene, citizen, clerk):
    refused(scene, apply(citizen, file=upload("plan.xlsx", bomb())), "plan.xlsx")
    answer = clerk.post(f"{ITEMS}import/", {"file": upload("items.xlsx", bomb())})
    assert answer.status_code in (413, 415, 422)
    assert "<h1>导入" in answer.content.decode()


# --- spreadsheets --------------------------------------------------------------------------------------


def sheet(*rows, merge="") -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def imported(clerk, name, content):
    """Upload a file, look at the preview, say go, and return the page of the result."""
    answer = clerk.post(f"{ITEMS}import/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, words(answer)
    assert clerk.get(answer["Location"]).status_code == 200
    assert not Item.objects.filter(key="new-item").exists()
    clerk.post(answer["Location"])
    return answer["Location"], clerk.get(answer["Location"])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("items.xlsx", b"PK\x03\x04broken", "打不开|损坏|不是|无法"),
        ("items.xlsx", sheet(HEADER, ROW)[:1500], "打不开|损坏|不是|无法"),
        ("items.xlsx", sheet(HEADER, ROW, ROW, merge="B2:B3"), "合并"),
        ("items.csv", b"", "空|没有"),
        ("items.csv", bytes(range(256)), "."),
    ],
    ids=["broken", "cut", "merged cells", "empty", "binary"],
)
def test_a_spreadsheet_that_cannot_be_read_comes_back_with_the_reason(clerk, name, content, told):
    before = Item.objects.count()
    answer = clerk.post(f"{ITEMS}import/", {"file": SimpleUploadedFile(name, content)}, follow=True)
    assert answer.status_code in (200, 413, 415, 422)
    assert re.search(told, words(answer)), words(answer)
    assert Item.objects.count() == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_csv_in_the_encodings_of_offices_is_read(clerk, encoding):
    content = "\r\n".join(",".join(row) for row in (HEADER, ROW)).encode(encoding)
    _, page = imported(clerk, "items.csv", content)
    assert page.status_code == 200
    assert Item.objects.get(key="new-item").name == "新事项"


def test_good_rows_enter_and_bad_rows_come_back_with_their_reason(clerk):
    bad = [
        "bad-item",
        "坏事项",
        "Bad",
        "market",
        "000131001001",
        "行政许可",
        "承诺件",
        "多少天",
        "10",
        "在用",
        "2026-02-30",
    ]
    place, _ = imported(clerk, "items.xlsx", sheet(HEADER, ROW, bad))
    assert Item.objects.filter(key="new-item").exists()
    assert not Item.objects.filter(key="bad-item").exists()
    back = b"".join(clerk.get(f"{place}bad.csv").streaming_content).decode("utf-8-sig")
    assert "bad-item" in back
    assert "日期" in back
    assert clerk.get(f"{place}bad.exe").status_code in (404, 422)


def test_a_formula_in_a_cell_is_never_run_and_never_handed_on(clerk):
    for serial, name in enumerate(('=HYPERLINK("http://evil","x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1")):
        Item.objects.filter(pk=Item.objects.order_by("id")[serial].pk).update(name=name)
    answer = clerk.post(f"{ITEMS}export/", {"form": "csv", "purpose": "核对事项清单"})
    assert answer.status_code == 200, words(answer)
    lines = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "HYPERLINK" in lines
    assert not re.search(r'(^|,)"?[\t\r ]*[=+@-][^,\d]', lines, re.MULTILINE), lines[:600]
    book = b"".join(
        clerk.post(f"{ITEMS}export/", {"form": "xlsx", "purpose": "核对事项清单"}).streaming_content
    )
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(book)).active.iter_rows() for cell in row]
    assert any("HYPERLINK" in str(cell.value) for cell in cells)
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    told = clerk.post(
        f"{ITEMS}import/",
        {"file": upload("f.xlsx", sheet(HEADER, [*ROW[:7], "=1+1", *ROW[8:]]))},
        follow=True,
    )
    assert "公式" in words(told)


# --- several at once -----------------------------------------------------------------------------------


def test_two_clerks_decide_at_once_and_the_second_sees_what_the_first_did(scene, clerk):
    number = scene.real[""]["number"]
    rival = scene.world.staff(scene.bureau, "services.window", name="周先手", region="141100")
    page = clerk.get(f"/work/cases/{number}/moves/accept/").content.decode()
    version, seen = (re.search(rf'name="{name}" value="(\d+)"', page)[1] for name in ("version", "seen"))
    cases.move_case(number, "refuse", actor=rival, note="不属于本机关职权")
    late = clerk.post(
        f"/work/cases/{number}/moves/accept/", {"version": version, "seen": seen, "move_note": "我写的意见"}
    )
    assert late.status_code == 409
    assert "周先手" in words(late)
    assert "不予受理" in words(late)
    after = cases.sheet(number, actor=scene.actors["everything"])
    assert [event.move for event in after.timeline if event.kind == "move"] == ["refuse"]


def test_a_double_clicked_submit_is_one_application(scene, citizen):
    first, second = apply(citizen, once="double"), apply(citizen, once="double")
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert applications(scene) == 3


def test_a_double_clicked_attachment_is_one_file_and_one_line(scene, clerk):
    number = scene.real[""]["number"]
    before = len(cases.sheet(number, actor=scene.actors["everything"]).timeline)
    for _ in range(2):
        answer = clerk.post(f"/work/cases/{number}/files/", {"file": upload("现场.txt", "现场记录".encode())})
        assert answer.status_code == 303
    after = cases.sheet(number, actor=scene.actors["everything"])
    assert sum(1 for file in after.files if file.name == "现场.txt") == 1
    assert len(after.timeline) == before + 1


def test_a_double_clicked_report_to_the_hotline_is_one_ticket(scene):
    anyone = scene.browser()
    entries = {
        "kind": "help",
        "text": "路灯不亮",
        "region": "141102",
        "class_other": "010301",
        "once": "twice",
    }
    places = [anyone.post("/hotline/", entries)["Location"] for _ in range(2)]
    assert places == ["/hotline/done/"] * 2
    rows = cases.find_cases(actor=identity.SYSTEM, type_id="hotline.ticket").rows
    assert len(rows) == 2  # the scene's own, and this one


# --- a session that ends -------------------------------------------------------------------------------


def signed_in_again(scene, browser, who, to):
    username = Account.objects.get(pk=scene.actors[who].id).username
    Account.objects.filter(username=username).update(totp_since=None)
    answer = browser.post("/account/sign-in/", {"username": username, "password": PASSWORD, "next": to})
    assert answer["Location"] == to
    return browser.get(to)


def test_a_citizen_whose_session_ends_in_a_form_finds_it_filled_in_after_signing_in(scene, citizen):
    del citizen.cookies["sessionid"]
    lost = citizen.post(APPLY, {**APPLICATION, "once": "s"}, headers={"referer": f"http://testserver{APPLY}"})
    assert lost.status_code == 401
    assert "/account/sign-in/" in lost.content.decode()
    assert applications(scene) == 2
    form = signed_in_again(scene, citizen, "citizen", APPLY)
    assert 'value="老李面馆"' in form.content.decode()


def test_a_clerk_whose_session_ends_while_writing_comes_back_to_the_case(scene, clerk):
    number = scene.real[""]["number"]
    place = f"/work/cases/{number}/moves/refuse/"
    assert clerk.get(place).status_code == 200
    del clerk.cookies["sessionid"]
    lost = clerk.post(
        place,
        {"version": "1", "seen": "1", "move_note": "写了很久的理由"},
        headers={"referer": f"http://testserver{place}"},
    )
    assert lost.status_code == 401
    form = signed_in_again(scene, clerk, "everything", place)
    assert form.status_code == 200
    assert "写了很久的理由" in form.content.decode()


def test_a_seat_whose_session_ends_during_a_call_finds_the_callers_words_again(scene, clerk):
    del clerk.cookies["sessionid"]
    entries = {
        "text": "暖气不热，只有十四度",
        "caller_phone": "13800000001",
        "region": "141102",
        "class": "010101",
    }
    assert clerk.post("/hotline/seat/", {**entries, "once": "call-1"}).status_code == 401
    page = signed_in_again(scene, clerk, "everything", "/hotline/seat/").content.decode()
    assert "暖气不热，只有十四度" in page
    assert 'name="once" value="call-1"' in page
    assert 'value="141102" selected' in page


# --- the machine ---------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_nothing_is_recorded(scene, citizen, settings, monkeypatch):
    really = os.open

    def full(path, flags, mode=0o777, **more):
        """Every new file of the store lies on the device that is always full: the kernel itself says ENOSPC."""
        return (
            really("/dev/full", os.O_RDWR) if ".incoming" in str(path) else really(path, flags, mode, **more)
        )

    with open("/dev/full", "wb", buffering=0) as device, pytest.raises(OSError) as told:  # noqa: PT011
        device.write(b"x")
    assert told.value.errno == errno.ENOSPC
    entries = ledger.entries(limit=1)
    monkeypatch.setattr(os, "open", full)
    answer = apply(citizen, once="full")
    monkeypatch.undo()
    assert answer.status_code == 507
    assert "没有保存" in words(answer)
    assert applications(scene) == 2
    assert ledger.entries(limit=1) == entries
    assert not list((settings.FILES / ".incoming").glob("*"))
    assert apply(citizen, once="full").status_code == 302
