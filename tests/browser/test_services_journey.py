"""An online approval as people meet it: from the citizen's phone to the decision, the document and the review."""

import io
import re

import pytest
from PIL import Image

from tests.world import id_number

from .acts import move
from .conftest import DESK, PHONE

pytestmark = pytest.mark.browser


def photo(colour):
    """Return a small real picture as a phone would send it."""
    file = io.BytesIO()
    Image.new("RGB", (300, 400), colour).save(file, "PNG")
    return {"name": "照片.png", "mimeType": "image/png", "buffer": file.getvalue()}


def apply(citizen):
    """Find the item by an everyday word, read the guide, fill the form; the first try has a slip and loses nothing."""
    page = citizen.open("/services/?q=出国")
    citizen.picture("1-found")
    page.click("a[href$='/items/passport/']")
    page.wait_for_url("**/items/passport/")
    citizen.picture("2-guide")
    page.locator("a[href*='/passport/apply/']").first.click()
    page.wait_for_load_state("networkidle")
    if page.locator("[name=change_reason]").count() == 0:
        page.select_option("select[name=region]", "141100")
        page.click("main form button.primary")
    page.fill("[name=applicant_name]", "周小兰")
    page.fill("[name=applicant_id]", id_number(77)[:-1] + "A")
    page.fill("[name=phone]", "13800000001")
    page.locator("[name=change_reason][value=expired]").check()
    page.set_input_files("[name=material_photo]", photo("white"))
    citizen.picture("3-filled")
    page.click("main form button.primary")
    page.wait_for_selector(".errors")
    assert page.input_value("[name=applicant_name]") == "周小兰"
    citizen.picture("4-corrected")
    page.fill("[name=applicant_id]", id_number(77))
    page.click("main form button.primary")
    page.wait_for_url("**/services/mine/**")
    citizen.picture("5-handed-in")
    return re.search(r"SP\d{15}", page.url)[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_application_goes_from_a_phone_to_the_decision_and_the_review(visitor, password, language):
    citizen = visitor("services-citizen", language, PHONE)
    citizen.sign_in("gongmin.zhou", password)
    number = apply(citizen)

    clerk = visitor("services-clerk", language, DESK)
    clerk.sign_in("spj.wang", password)
    clerk.open(f"/work/cases/{number}/")
    clerk.picture("6-sheet")
    move(clerk, "b", note="照片不符合要求，请重新上传")

    page = citizen.open(f"/services/mine/{number}/")
    citizen.picture("7-supplement")
    page.set_input_files("[name=supplements]", photo("grey"))
    page.locator("form[action*='resubmit'] button.primary").click()
    page.locator("form[action*='resubmit']").wait_for(state="detached")

    clerk.open(f"/work/cases/{number}/")
    move(clerk, "a", note="材料齐全")

    reviewer = visitor("services-reviewer", language, DESK)
    reviewer.sign_in("spj.li", password)
    reviewer.open(f"/work/cases/{number}/")
    move(reviewer, "r")
    move(reviewer, "p", note="需要核查", ground="inspection", announced="5")
    reviewer.picture("8-paused")
    move(reviewer, "p", note="核查合格")
    move(reviewer, "d", note="符合条件", opinion="grant")

    decider = visitor("services-decider", language, DESK)
    decider.sign_in("spj.zhang", password)
    decider.open(f"/work/cases/{number}/")
    move(decider, "g", note="准予")
    move(decider, "e", way="electronic")
    decider.picture("9-closed")

    page = citizen.open(f"/services/mine/{number}/")
    citizen.picture("10-closed")
    with page.expect_event("response", lambda r: "/documents/" in r.url) as answer:
        page.evaluate("fetch(document.querySelector('a[href*=\"/documents/\"]').href)")
    assert answer.value.status == 200
    assert answer.value.headers["content-type"].startswith("application/pdf")
    page.locator("[name=level][value='1']").check()
    page.locator("form[action*='review'] button.primary").click()
    page.locator("form[action*='review']").wait_for(state="detached")
    citizen.picture("11-reviewed")
    assert page.locator("form[action*='review']").count() == 0
