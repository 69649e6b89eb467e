"""A process goes live without code: its form and its drawing made in the browser, approved by a second person, applied
for on a phone, worked on by four people, changed, and rolled back."""

import json
import re

import pytest

from .conftest import DESK, PHONE

pytestmark = pytest.mark.browser

KEY, PREFIX = "occupation", "LZD"

SCHEMA = {
    "type": "default",
    "schemaVersion": 18,
    "components": [
        {"type": "text", "id": "told", "text": "占道面积以平方米计"},
        {
            "type": "number", "id": "area", "key": "area", "label": "面积", "decimalDigits": 0,
            "properties": {"en": "Area"}, "description": "平方米", "validate": {"required": True, "min": 1, "max": 500},
        },
        {
            "type": "radio", "id": "night", "key": "night", "label": "夜间施工", "properties": {"en": "At night"},
            "values": [{"label": "是", "value": "yes"}, {"label": "否", "value": "no"}], "validate": {"required": True},
        },
        {
            "type": "textarea", "id": "why", "key": "why", "label": "夜间理由", "properties": {"en": "Why at night"},
            "conditional": {"hide": '=night != "yes"'}, "validate": {"required": True},
        },
    ],
}  # fmt: skip
STEPS = (("handle", "窗口核对"), ("second", "审查"), ("third", "复核"), ("fourth", "决定"))


def begin(official, kind, title, english, key):
    """Begin a definition, and wait until its designer stands."""
    page = official.open(f"/definitions/new/?kind={kind}")
    page.fill("[name=title_zh]", title)
    page.fill("[name=title_en]", english)
    page.fill("[name=key]", key)
    page.select_option("[name=organisation]", index=1)
    page.click("main form button.primary")
    page.wait_for_selector("form[data-ready]")
    return page


def proposed(official, page, picture):
    """Save and propose what is drawn."""
    page.click("button[name=propose]")
    page.wait_for_url("**?done=saved")
    assert page.locator("main h1 + .tag").inner_text() in ("待审定", "Awaiting a decision")
    official.picture(picture)
    return re.search(r"versions/(\d+)/", page.url)[1]


def approve(official, version, picture):
    """Approve a version as the second person."""
    page = official.open(f"/definitions/versions/{version}/")
    official.picture(picture)
    page.click("#decide button[value=approve]")
    page.wait_for_url("**?done=decide")


def typed(page, change):
    """Change the text behind the designer, as somebody who knows it may."""
    page.click("details.source > summary")
    text = page.locator("textarea[name=content]")
    text.fill(change(text.input_value()))
    page.wait_for_timeout(900)


def append(page, name):
    """Draw one more step after the one that is selected, as a task that people do, and name it."""
    page.wait_for_timeout(400)
    before = page.locator(".djs-shape").count()
    page.click(".djs-context-pad.open [data-action='append.append-task']")
    page.locator(".djs-shape").nth(before).wait_for(state="attached")
    # A new step asks for its name at once, where it stands.
    page.locator(".djs-direct-editing-content").wait_for()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_timeout(700)
    page.click(".djs-context-pad.open [data-action='replace']")
    page.locator(".djs-popup [data-id='replace-with-user-task'][aria-selected='true']").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_timeout(400)


def drawn(official):
    """Draw a process of four people: three steps are drawn with the mouse after the one that is there."""
    page = begin(official, "cases.process", "临时占道审批", "Road occupation", KEY)
    official.picture("3-blank")
    sheet = page.locator(".properties")
    for name, value in (
        ("prefix", PREFIX),
        ("basis", "《城市道路管理条例》第三十一条"),
        ("basisEn", "Urban Road Rules, article 31"),
    ):
        entry = sheet.locator(f"[data-property={name}]")
        entry.fill(value)
        entry.press("Enter")
    page.click("[data-element-id=start] .djs-hit")
    sheet.locator("[data-property=form]").fill(KEY)
    sheet.locator("[data-property=form]").press("Enter")
    page.click("[data-element-id=handle] .djs-hit", position={"x": 50, "y": 40})
    sheet.locator("input").first.fill(STEPS[0][1])
    sheet.locator("input").first.press("Enter")
    page.evaluate("document.querySelector('.board').scrollIntoView()")
    for _, name in STEPS[1:]:
        append(page, name)
    page.wait_for_timeout(400)
    page.click(".djs-context-pad.open [data-action='append.end-event']")
    page.wait_for_timeout(500)
    page.keyboard.press("Escape")
    # The way that the blank drawing had to its end is taken away.
    page.evaluate(
        "document.querySelector('[data-element-id=handle_end] .djs-hit').dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    page.wait_for_timeout(200)
    page.click(".djs-context-pad.open [data-action='delete']")
    page.click("[data-element-id=end] .djs-hit")
    page.click(".djs-context-pad.open [data-action='delete']")
    page.wait_for_timeout(900)
    official.picture("4-drawn")
    return page


def step(staff, number, picture=None):
    """Do the one step that is open on a case."""
    page = staff.open(f"/work/cases/{number}/")
    before = page.locator("ol.timeline > li").count()
    page.locator(".moves a[role=button]").first.click()
    page.locator("form.moveform button.primary").click()
    page.locator("ol.timeline > li").nth(before).wait_for(state="attached")
    if picture:
        staff.picture(picture)


def test_a_process_goes_live_without_code_and_is_rolled_back(visitor, password):
    drawer = visitor("designer-drawer", "zh", DESK)
    drawer.sign_in("sjj.bai", password)
    publisher = visitor("designer-publisher", "zh", DESK)
    publisher.sign_in("sjj.duan", password)

    page = begin(drawer, "cases.form", "占道申请表", "Application for road occupation", KEY)
    drawer.picture("1-form")
    typed(page, lambda _: json.dumps(SCHEMA, ensure_ascii=False))
    page.locator(".fjs-container").get_by_text("面积").first.wait_for()
    approve(publisher, proposed(drawer, page, "2-form-proposed"), "1-form-to-decide")

    page = drawn(drawer)
    first = proposed(drawer, page, "5-proposed")
    approve(publisher, first, "2-process-to-decide")

    citizen = visitor("designer-citizen", "zh", PHONE)
    citizen.sign_in("gongmin.zhou", password)
    page = citizen.open(f"/work/processes/{KEY}/apply/")
    citizen.picture("1-form")
    page.fill("[name=matter_title]", "凤山路燃气抢修占道")
    page.locator("select[name=matter_region]").first.select_option("141102")
    page.locator("[name=matter_organisation_words]").press_sequentially("市行政审批服务管理局", delay=10)
    page.locator("[role=option]").first.click()
    page.fill("[name=area]", "900")
    page.locator("[name=night][value=yes]").check()
    page.click("main form button.primary")
    page.wait_for_selector(".errors")
    said = page.locator(".errors").inner_text()
    assert "面积" in said
    assert "夜间理由" in said
    citizen.picture("2-corrected")
    page.fill("[name=area]", "60")
    page.locator("[name=night][value=no]").check()
    page.click("main form button.primary")
    page.wait_for_url("**/work/cases/**")
    number = re.search(rf"{PREFIX}\d+", page.content())[0]
    citizen.picture("3-handed-in")

    for login in ("spj.wang", "spj.li", "spj.zhang", "spj.deng"):
        staff = visitor(f"designer-{login}", "zh", DESK)
        staff.sign_in(login, password)
        step(staff, number, "step")
    page = citizen.open(f"/work/cases/{number}/")
    assert "办结" in page.locator("main").inner_text()
    citizen.picture("4-closed")

    drawer.open(f"/definitions/cases.process/{KEY}/")
    drawer.page.click("main header form button")
    drawer.page.wait_for_selector("form[data-ready]")
    typed(drawer.page, lambda text: text.replace('name="窗口核对"', 'name="窗口收件"'))
    second = proposed(drawer, drawer.page, "6-second")
    approve(publisher, second, "3-second-to-decide")
    page = publisher.open(f"/definitions/compare/?first={first}&second={second}")
    page.wait_for_selector("[data-viewer][data-ready]")
    assert "窗口收件" in page.locator("ins").inner_text()
    publisher.picture("4-compared")
    page = publisher.open(f"/definitions/versions/{first}/")
    page.fill("#roll-back [name=reason]", "名称与窗口公示不一致")
    page.click("#roll-back button.danger")
    page.wait_for_url("**?done=roll-back")
    page = publisher.open(f"/definitions/cases.process/{KEY}/")
    assert "第 3 版 · 现行" in page.locator(".timeline").inner_text()
    publisher.picture("5-history")
    phone = visitor("designer-phone", "en", PHONE)
    phone.sign_in("sjj.duan", password)
    phone.open(f"/definitions/versions/{second}/")
    phone.picture("1-version")
    phone.open("/definitions/")
    phone.picture("2-list")
