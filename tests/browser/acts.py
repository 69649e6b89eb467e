"""What staff do on an open case sheet, by keyboard."""

from __future__ import annotations

from playwright.sync_api import Locator

from .conftest import Visitor


def move(staff: Visitor, key: str, **entries: str) -> None:
    """Make the move of a key on the open sheet, filling what its form asks; by keyboard as at work."""
    page = staff.page
    before = page.locator("ol.timeline > li").count()
    page.keyboard.press(key)
    if entries:
        form = page.locator("form.moveform")
        form.wait_for()
        for name, value in entries.items():
            if name == "organisation":
                form.locator("[name=move_organisation_words]").press_sequentially(value, delay=20)
                form.locator("[role=option]").first.click()
            elif name in ("note", "days"):
                form.locator(f"[name=move_{name}]").fill(value)
            else:
                enter(form, name, value)
        staff.picture(f"move-{key}")
        form.locator("button.primary").click()
    page.locator("ol.timeline > li").nth(before).wait_for(state="attached")


def enter(form: Locator, name: str, value: str) -> None:
    """Answer one entry of a form, however it is asked: a list, a choice of few, or in words."""
    asked = form.locator(f'[name="{name}"]')
    if asked.first.evaluate("e => e.tagName") == "SELECT":
        asked.select_option(value)
    elif asked.first.get_attribute("type") in ("radio", "checkbox"):
        form.locator(f'[name="{name}"][value="{value}"]').check()
    else:
        asked.fill(value)
