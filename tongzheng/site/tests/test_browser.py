"""The pieces in a real browser: what JavaScript adds, that nothing is blocked, and that nothing spills over."""

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from .breaking import POSTS

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
]
pytestmark = [pytest.mark.browser, pytest.mark.urls("tongzheng.site.tests.breaking")]


@pytest.fixture(scope="module")
def chromium():
    path = os.environ.get("TONGZHENG_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        pytest.skip("no Chromium on this machine")
    # Playwright's loop runs in this thread; Django would take it for an asynchronous server.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(chromium, live_server):
    """Open an address as a reader with tastes; fails the test if the page said anything wrong to the console."""
    POSTS.clear()
    contexts, said = [], []

    def open_page(
        address, *, width=1200, language="zh-hans", size="normal", theme="light", context=None, script=True
    ):
        if context is None:
            context = chromium.new_context(
                viewport={"width": width, "height": 800}, java_script_enabled=script
            )
            tastes = {"language": language, "size": size, "theme": theme}
            context.add_cookies([{"name": k, "value": v, "url": live_server.url} for k, v in tastes.items()])
            contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda m: (
                said.append(m.text) if m.type == "error" and "the server responded" not in m.text else None
            ),
        )
        page.on("pageerror", lambda e: said.append(str(e)))
        page.goto(live_server.url + address)
        # The small modules come after the page; a person is slower than they are, a test is not.
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


@pytest.mark.parametrize("size", ["normal", "large"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("address", ["/", "/pieces/", "/broken/409/", "/form/"])
def test_nothing_spills_over_at_360_pixels(visit, address, language, size):
    page = visit(address, width=360, language=language, size=size)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("address", ["/", "/form/"])
def test_every_target_of_the_portal_can_be_hit(visit, address):
    small = visit(address, width=360).evaluate(
        """[...document.querySelectorAll('a, button, input:not([type=hidden]), select')]
        .filter(e => e.checkVisibility() && !e.closest('p, small, .skip, .foot, .band > header') && e.type != 'file')
        .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height]).filter(([, h]) => h < 43.5)"""
    )
    assert small == []


def test_the_living_page_runs_under_its_policy_and_draws_the_map(visit):
    page = visit("/pieces/")
    page.locator("[data-map]").scroll_into_view_if_needed()
    expect(page.locator("[data-map][data-ready]")).to_have_count(1, timeout=20_000)
    expect(page.locator(".map .name")).to_have_count(13)


def test_the_size_changes_without_losing_what_is_typed(visit):
    page = visit("/form/")
    page.fill("#id_name", "张")
    page.click("button[name=size]")
    page.click("button[name=theme]")
    assert page.input_value("#id_name") == "张"
    now = page.evaluate("({...document.documentElement.dataset})")
    page.reload()
    assert (now["size"], now["theme"]) == ("large", "auto")
    assert (
        page.evaluate("({...document.documentElement.dataset})").items()
        >= {"size": "large", "theme": "auto"}.items()
    )


def test_what_was_typed_survives_a_fault_and_leaves_when_it_arrived(visit):
    page = visit("/form/")
    page.fill("#id_name", "down")
    page.fill("#id_story", "漏水三天")
    page.fill("#id_secret", "s")
    page.fill("#id_word", "w")
    page.click("main button.primary")
    expect(page.locator("h1")).to_contain_text("系统暂时繁忙")
    again = visit("/form/", context=page.context)
    assert again.input_value("#id_story") == "漏水三天"
    assert again.input_value("#id_secret") == again.input_value("#id_word") == ""
    expect(again.locator("main .notice")).to_contain_text("已恢复")
    again.fill("#id_name", "张")
    again.click("main button.primary")
    expect(again.locator("h1")).to_have_text("done")
    again.wait_for_load_state("networkidle")
    assert visit("/form/", context=page.context).input_value("#id_story") == ""


def test_a_corrected_form_keeps_its_entries_and_puts_the_reader_at_the_slips(visit):
    page = visit("/form/", language="en")
    page.fill("#id_name", "bad")
    page.fill("#id_story", "three days")
    page.click("main button.primary")
    expect(page.locator(".errors")).to_be_focused()
    assert page.input_value("#id_story") == "three days"


def test_a_double_click_sends_once(visit):
    page = visit("/form/")
    page.fill("#id_name", "张")
    page.evaluate("for (let i = 0; i < 3; i++) document.querySelector('main button.primary').click()")
    expect(page.locator("h1")).to_have_text("done")
    assert len(POSTS) == 1


def test_a_file_that_is_too_large_is_not_sent(visit, tmp_path):
    large, small = tmp_path / "large.png", tmp_path / "small.png"
    large.write_bytes(b"x" * (1024 * 1024 + 1))
    small.write_bytes(b"x" * 1000)
    page = visit("/form/")
    page.fill("#id_name", "张")
    page.set_input_files("#id_plan", large)
    expect(page.locator(".files .error")).to_contain_text("太大")
    page.click("main button.primary")
    page.wait_for_timeout(300)
    assert POSTS == []
    page.set_input_files("#id_plan", small)
    page.evaluate("for (let i = 0; i < 2; i++) document.querySelector('main button.primary').click()")
    expect(page.locator("h1")).to_have_text("done")
    assert [post["files"] for post in POSTS] == ["1"]


def test_a_slip_found_after_an_upload_is_shown_on_the_page(visit, tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    page = visit("/form/")
    page.fill("#id_name", "bad")
    page.set_input_files("#id_plan", tmp_path / "a.png")
    page.click("main button.primary")
    expect(page.locator(".errors")).to_be_visible()
    assert page.input_value("#id_name") == "bad"


def test_the_combobox_works_by_keyboard_and_says_what_it_does(visit):
    page = visit("/form/")
    page.fill("#id_name", "张")
    box = page.get_by_role("combobox", name="village")
    box.press_sequentially("bus")
    expect(page.get_by_role("option")).to_have_count(1)
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == page.get_by_role("option").get_attribute("id")
    box.press("Enter")
    assert box.input_value() == "bus"
    page.click("main button.primary")
    expect(page.locator("h1")).to_have_text("done")
    assert POSTS[0]["village"] == "bus"


def test_a_single_key_acts_unless_one_is_typing(visit):
    page = visit("/pieces/")
    page.fill("#id_shop", "")
    page.press("#id_shop", "n")
    assert page.url.endswith("/pieces/")
    page.press("#id_shop", "Escape")
    page.keyboard.press("n")
    page.wait_for_url("**/pieces/?after=*")


def test_everything_is_reached_without_javascript(visit):
    page = visit("/form/", script=False)
    page.fill("#id_name", "张")
    page.click("button[name=size]")
    assert page.get_attribute("html", "data-size") == "large"
    page.fill("#id_name", "张")
    page.click("main button.primary")
    expect(page.locator("h1")).to_have_text("done")
