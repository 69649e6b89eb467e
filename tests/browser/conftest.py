"""A real demo city in a real browser. Screenshots are kept in tests/artefacts, to be looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.live.city import City

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE, DESK = {"width": 360, "height": 780}, {"width": 1440, "height": 900}


@dataclass
class Visitor:
    """Somebody before a screen: one browser of their own, one language, one name for their pictures."""

    page: Page
    address: str
    name: str
    complaints: list[str]

    def open(self, path: str) -> Page:
        """Go to a page of the city."""
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def sign_in(self, login: str, password: str) -> None:
        """Sign in by the page that everyone uses."""
        self.open("/account/sign-in/")
        self.page.fill("input[name=username]", login)
        self.page.fill("input[name=password]", password)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url(re.compile(r"^(?!.*sign-in).*$"))

    def picture(self, what: str) -> None:
        """Keep a picture of the whole page, and see that nothing is wider than the screen."""
        self.page.wait_for_timeout(150)
        self.page.screenshot(path=ARTEFACTS / f"{self.name}-{what}.png", full_page=True, caret="initial")
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{self.name}-{what}: {wide} pixels too wide"


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    """A demo city of a few dozen cases, loaded by its own loader."""
    with City(verb="demo", TONGZHENG_DEMO_SIZE="0.004", TONGZHENG_WORKERS="1") as city:
        city.wait_for(lambda: _loaded(city.folder / "demo.json"), patience=240)
        yield city


def _loaded(note: Path) -> bool:
    return note.exists() and bool(json.loads(note.read_text())["finished"])


@pytest.fixture(scope="session")
def password(city: City) -> str:
    """The password of all demo accounts."""
    notes = (city.folder / "demo-accounts.txt").read_text()
    return re.search(r"^password: (\S+)$", notes, re.MULTILINE)[1]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def visitor(city: City, browser: Browser):
    """Make visitors: `visitor("citizen", "en", PHONE)`."""
    ARTEFACTS.mkdir(exist_ok=True)
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # The browser notes a form that came back with its slips; that is what it should do.
        if message.type == "error" and "status of 422" not in message.text:
            complaints.append(message.text)

    def make(name: str, language: str, size: dict[str, int]) -> Visitor:
        context = browser.new_context(viewport=size, locale="en-US" if language == "en" else "zh-CN")
        cookie = {"name": "language", "value": "en" if language == "en" else "zh-hans", "url": city.address}
        context.add_cookies([cookie])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Visitor(page, city.address, f"{name}-{language}", complaints)

    yield make
    for context in contexts:
        context.close()
    assert complaints == []
