"""What staff do on an open case sheet, by keyboard."""

from __future__ import annotations

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
                form.locator(f'[name="{name}"][value="{value}"]').check()
        staff.picture(f"move-{key}")
        form.locator("button.primary").click()
    page.locator("ol.timeline > li").nth(before).wait_for(state="attached")
