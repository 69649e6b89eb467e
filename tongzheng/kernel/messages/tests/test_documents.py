import hashlib
import io
import re
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tongzheng.kernel.core.errors import Invalid, TooLarge
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.messages.api import document
from tongzheng.kernel.messages.documents import _compiler, sheet, written_date
from tongzheng.kernel.messages.fonts import MISSING, covered, folders, printable, settled
from tongzheng.kernel.messages.kinds import Document
from tongzheng.kernel.messages.official import DOCUMENTS
from tongzheng.kernel.messages.render import places

BUREAU = T("示例市行政审批服务管理局", "Example City Approval Bureau")
FACTS = {
    "to": "示例餐饮有限公司",
    "issuer": BUREAU,
    "date": date(2026, 11, 23),
    "applied": date(2026, 11, 20),
    "item": T("食品经营许可", "food business licence"),
    "case": "SP-17",
    "materials": ["营业执照", "平面图"],
    "until": date(2026, 12, 7),
    "note": "",
    "days": "8",
    "due": date(2026, 12, 3),
    "reason": "不属于本机关职权范围。",
    "content": "热食类食品制售",
    "valid": "五年",
    "applicant": "张三",
    "documents": "决定书",
    "receiver": "张三",
    "place": "",
    "way": "直接送达",
    "received": "",
    "signed": "",
    "proxy": "",
    "server": "",
    "holder": "示例餐饮有限公司",
    "code": "",
    "address": "示例路 1 号",
    "verify": "https://city.example/v/1",
}


def text_of(pdf: bytes) -> str:
    return re.sub(
        r"[\s\u200b]+", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", [d.name for d in DOCUMENTS])
def test_every_standard_document_prints_in_both_languages(name, lang):
    pdf = document(f"messages.{name}", facts=FACTS, lang=lang, number="示审〔2026〕15号", seal=BUREAU.zh)
    declared = registry.get(Document, f"messages.{name}")
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) == 1
    assert reader.metadata.title == (declared.title.zh if lang == "zh" else declared.title.en)
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    text = text_of(pdf)
    assert "示审〔2026〕15号" in text
    assert written_date(date(2026, 11, 23), lang).replace(" ", "") in text


def test_the_words_of_a_notice_are_exactly_these():
    pdf = document("messages.supplement", facts=FACTS, number="示审〔2026〕15号")
    assert text_of(pdf) == (
        "示例市行政审批服务管理局行政许可申请材料补正告知书示审〔2026〕15号示例餐饮有限公司："
        "你（单位）于2026年11月20日提出的“食品经营许可”申请（办件编号：SP-17）收悉。经审查，申请材料不齐全或者不符合法定形式。"
        "现将需要补正的全部内容一次性告知如下：1.营业执照2.平面图"
        "请于2026年12月7日前补正。逾期不补正又无正当理由的，视为放弃申请。"
        "依据：《中华人民共和国行政许可法》第三十二条第一款第四项。"
        "扫码核验https://city.example/v/1示例市行政审批服务管理局2026年11月23日"
        "本文书一式两份，申请人和本机关各执一份。第1页共1页·示审〔2026〕15号"
    )


def test_every_face_is_embedded():
    fonts = set()
    for page in PdfReader(io.BytesIO(document("messages.acceptance", facts=FACTS, seal="局"))).pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert "/FontFile3" in inner or "/FontFile2" in inner
            fonts.add(inner["/FontName"].split("+")[1])
    assert fonts == {"NotoSerifSC-Regular", "NotoSansSC-Regular"}


def test_the_same_input_gives_the_same_bytes_in_another_process_and_thread():
    here = document("messages.grant", facts=FACTS, number="1", seal="局")
    seen = []
    thread = threading.Thread(
        target=lambda: seen.append(document("messages.grant", facts=FACTS, number="1", seal="局"))
    )
    thread.start()
    thread.join()
    program = (
        "import django; django.setup()\n"
        "import hashlib, sys\n"
        "from datetime import date\n"
        "from tongzheng.kernel.core.text import T\n"
        "from tongzheng.kernel.messages.api import document\n"
        f"facts = {FACTS!r}\n".replace("datetime.date", "date")
        + "print(hashlib.sha256(document('messages.grant', facts=facts, number='1', seal='局')).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert seen == [here]
    assert there.stdout.strip() == hashlib.sha256(here).hexdigest()


HOSTILE = [
    '#eval("1+1") #read("/etc/passwd") #import "x.typ"',
    "*粗* _斜_ $x^2$ <标签> @ref `raw` \\u{41} // 注 /* 注 */ [方] = 题 - 列 + 号 ~ \\",
    "#{panic()}",
    '"; #pagebreak()',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_person_wrote_stays_text(text):
    facts = {**FACTS, "to": text, "item": text, "materials": [text, text], "note": text}
    found = text_of(document("messages.supplement", facts=facts, number=text[:80], seal=text[:60]))
    assert found.count(re.sub(r"\s+", "", text)) >= 5
    assert (
        text_of(document("messages.service", facts={**FACTS, "place": text})).count(re.sub(r"\s+", "", text))
        == 1
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80), st.lists(st.text(max_size=40), max_size=3))
def test_any_text_prints(text, items):
    facts = {**FACTS, "to": text, "item": text, "materials": items, "note": text}
    assert document("messages.supplement", facts=facts, number=text[:20], seal=text[:20]).startswith(b"%PDF")


def test_a_character_without_a_face_is_seen_to_be_missing():
    assert settled("张\U0001f600三\ufe0f") == f"张{MISSING}三"
    assert MISSING in text_of(document("messages.denial", facts={**FACTS, "reason": "标志 \U0001f600 不清"}))


def test_a_long_word_breaks_instead_of_running_off_the_page():
    word = "https://example.org/" + "x" * 400
    assert word in text_of(document("messages.denial", facts={**FACTS, "reason": word}))
    page = PdfReader(io.BytesIO(document("messages.denial", facts={**FACTS, "reason": "x" * 4000}))).pages
    assert len(page) >= 3


def test_a_tower_of_marks_is_cut():
    assert settled("a" + "\u0301" * 50_000) == "a" + "\u0301" * 4
    assert document("messages.denial", facts={**FACTS, "reason": "e" + "\u0301" * 50_000}).startswith(b"%PDF")


def test_the_faces_hold_every_character_that_names_use():
    assert {ord(c) for c in "龘㛃𠙶𬭎〔〕〓①℃"} <= printable() | {ord("𠙶")}
    assert sum(0x4E00 <= c <= 0x9FFF for c in printable()) >= 20_902
    with pytest.raises(ValueError, match="cmap"):
        covered(b"OTTO\x00\x00" + bytes(20))
    assert folders()[-1].name == "pylopdf_fonts_zh_cn"


def test_a_paragraph_without_its_facts_is_left_out_and_a_forgotten_fact_is_named():
    full = text_of(document("messages.grant", facts=FACTS))
    without = text_of(document("messages.grant", facts={**FACTS, "valid": ""}))
    assert full.replace("有效期：五年", "") == without
    with pytest.raises(Invalid) as said:
        document("messages.denial", facts={k: v for k, v in FACTS.items() if k not in ("reason", "to")})
    assert set(said.value.fields) == {"reason", "to"}
    with pytest.raises(Invalid) as said:
        document("messages.denial", facts={**FACTS, "date": "2026-11-23"})
    assert set(said.value.fields) == {"date"}
    with pytest.raises(KeyError):
        document("messages.poem", facts=FACTS)
    with pytest.raises(Invalid):
        document("messages.denial", facts=FACTS, lang="fr")


def test_a_hundred_pages_print_within_bounds():
    facts = {
        **FACTS,
        "reason": "\n".join(
            f"第{n}项，" + f"经查，申请事项涉及的场所与登记 {n} 不一致。" * 6 for n in range(540)
        ),
    }
    began = time.perf_counter()
    pdf = document("messages.denial", facts=facts)
    assert time.perf_counter() - began < 20
    reader = PdfReader(io.BytesIO(pdf))
    assert 100 <= len(reader.pages) <= 200
    assert f"共{len(reader.pages)}页" in re.sub(r"\s+", "", reader.pages[0].extract_text())
    assert len(pdf) < 5_000_000


def test_more_than_fits_is_refused():
    with pytest.raises(TooLarge):
        document("messages.denial", facts={**FACTS, "reason": "长" * 100_001})
    with pytest.raises(TooLarge):
        document("messages.denial", facts=FACTS, seal="局" * 61)
    with pytest.raises(Invalid):
        document("messages.denial", facts={**FACTS, "verify": "x" * 5000})


def test_a_demonstration_says_so(settings):
    settings.DEMO = False
    assert "演示" not in text_of(document("messages.grant", facts=FACTS, seal="局"))
    settings.DEMO = True
    text = text_of(document("messages.grant", facts=FACTS, seal="局"))
    assert "演示文书" in text
    assert "演示专用" in text


def test_the_seal_is_drawn_in_red():
    declared = registry.get(Document, "messages.grant")
    from io import BytesIO
    from json import dumps

    from PIL import Image

    from tongzheng.kernel.messages.documents import SOURCE

    def red(seal: str) -> int:
        data = sheet(declared, facts=FACTS, lang="zh", number="", seal=seal, demo=False)
        png = _compiler().compile(input=SOURCE, format="png", ppi=72, sys_inputs={"data": dumps(data)})
        image = Image.open(BytesIO(png)).convert("RGB")
        return sum(1 for r, g, b in image.get_flattened_data() if r > 180 and g < 80 and b < 80)

    assert red("") == 0
    assert red(BUREAU.zh) > 1000


def test_the_handbook_names_every_standard_document_and_what_it_needs():
    handbook = (Path(__file__).parents[4] / "docs/engines/messages.md").read_text()
    told = {
        name: {one.split(" (")[0] for one in needs.split(", ")}
        for name, needs in re.findall(
            r"^\| `messages\.(\w+)` [^|]*\| ([^|]*?) \|$", re.sub(r" \([^)]*\)", "", handbook), re.M
        )
    }
    needed = {
        d.name: {place for place, _ in d.rows} | {p for text in d.paragraphs for p in places(text.zh)}
        for d in DOCUMENTS
    }
    assert told == needed
