"""The hotline as people meet it: a citizen's phone, the dispatcher, the body that handles it, the call back."""

import re

import pytest

from .acts import move
from .conftest import DESK, PHONE

pytestmark = pytest.mark.browser


def report(citizen):
    """Report on the phone; the first try has a wrong number and loses nothing."""
    page = citizen.open("/hotline/")
    page.check("input[name=kind][value=help]")
    page.fill("textarea[name=text]", "家里暖气不热，室内温度只有十四度")
    page.fill("input[name=caller_phone]", "12")
    page.select_option("select[name=region]", "141102")
    citizen.picture("1-report")
    page.click("main form button.primary")
    page.wait_for_selector(".errors")
    assert page.input_value("textarea[name=text]") == "家里暖气不热，室内温度只有十四度"
    citizen.picture("2-corrected")
    page.fill("input[name=caller_phone]", "13800000001")
    page.click("main form button.primary")
    page.wait_for_url("**/hotline/done/")
    citizen.picture("3-registered")
    number, code = page.locator("dl.facts dd b").all_inner_texts()
    assert re.fullmatch(r"RX\d{15}", number)
    return number, code


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_matter_goes_from_a_phone_to_the_call_back(visitor, password, language):
    citizen = visitor("hotline-citizen", language, PHONE)
    number, code = report(citizen)

    dispatcher = visitor("hotline-dispatcher", language, DESK)
    dispatcher.sign_in("rx.liu", password)
    dispatcher.open(f"/work/cases/{number}/")
    dispatcher.picture("4-sheet")
    move(dispatcher, "d", organisation="供热公司", note="请上门测温")

    handler = visitor("hotline-handler", language, DESK)
    handler.sign_in("gr.guo", password)
    page = handler.open("/work/")
    page.locator(f".list a[href*='{number}']").click()
    page.wait_for_selector("#sheet h1, #sheet h2")
    handler.picture("5-inbox")
    handler.open(f"/work/cases/{number}/")
    move(handler, "s")
    move(handler, "r", note="已调节平衡阀，室温 20 度")
    handler.picture("6-replied")

    dispatcher.open(f"/work/cases/{number}/")
    move(dispatcher, "c", reached="yes", solved="yes", satisfaction="1")
    dispatcher.picture("7-closed")

    page = citizen.open("/work/progress/")
    page.fill("input[name=number]", number)
    page.fill("input[name=code]", code)
    page.click("main form button.primary")
    page.wait_for_selector("ol.timeline")
    citizen.picture("8-progress")
    shown = page.inner_text("main")
    assert {"zh": "已办结", "en": "Closed"}[language] in shown
    assert "13800000001" not in shown
    assert "暖气不热" not in shown


def test_a_seat_takes_a_call_by_keyboard_in_under_a_minute(visitor, password):
    seat = visitor("hotline-seat", "zh", DESK)
    seat.sign_in("rx.chen", password)
    page = seat.open("/hotline/seat/")
    began = page.evaluate("performance.now()")
    page.locator("#id_caller_phone").fill("13800000002")
    page.keyboard.press("Tab")
    page.keyboard.type("王建国")
    page.locator("textarea[name=text]").fill("小区门口路面坑洼，下雨积水")
    page.select_option("select[name=region]", "141102")
    page.wait_for_selector("#seat-help input[name=office]")
    seat.picture("1-typed")
    page.click("button[value=dispatch]")
    page.wait_for_selector(".notice.done")
    assert page.evaluate("performance.now()") - began < 60_000
    seat.picture("2-dispatched")
