"""What the shell around every page needs to know: face, navigation, who is signed in, language, appearance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from tongzheng.kernel.core.faces import SECTIONS, PortalEntry, WorkEntry
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T, english
from tongzheng.kernel.messages.api import unread_count

THEMES = ("auto", "dark", "light")
SIZES = ("normal", "large")
THEME_WORDS: dict[str, tuple[str, T]] = {
    "auto": ("contrast", T("深浅随设备", "Light or dark as the device")),
    "dark": ("moon", T("深色", "Dark")),
    "light": ("sun", T("浅色", "Light")),
}


@dataclass(frozen=True, slots=True)
class NavItem:
    """One line of navigation."""

    title: T
    url: str
    icon: str
    current: bool


@dataclass(frozen=True, slots=True)
class NavSection:
    """A heading of the workbench's navigation and what stands under it."""

    title: T
    items: tuple[NavItem, ...]


TABS: tuple[tuple[T, str, str], ...] = (
    (T("首页", "Home"), "/", "home"),
    (T("服务", "Services"), "/services/", "grid"),
    (T("消息", "Messages"), "/messages/", "bell"),
    (T("我的", "Mine"), "/mine/", "person"),
)


class Shell:
    """The shell's facts of one request; each is found only when a template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def actor(self) -> Any:
        """The actor of the request."""
        return self._request.actor  # type: ignore[attr-defined]

    @property
    def signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return self.actor.kind != "nobody"

    @property
    def staff(self) -> bool:
        """Whether the signed-in person works here."""
        return self.actor.kind in ("staff", "system")

    @cached_property
    def unread(self) -> int:
        """How many messages the person has not read (one statement, only if shown)."""
        return unread_count(self.actor) if self.signed_in else 0

    @cached_property
    def nav(self) -> tuple[NavSection, ...]:
        """The workbench's navigation: what this person's posts allow, without a statement."""
        held = {action for post in self.actor.posts for action in post.actions}
        seen = sorted(
            (e for e in registry.of(WorkEntry).values() if not e.action or e.action in held),
            key=lambda e: (e.order, e.title.en),
        )
        here = _current(self._request.path, [e.url for e in seen])
        return tuple(
            NavSection(
                title,
                tuple(NavItem(e.title, e.url, e.icon, e.url == here) for e in seen if e.section == section),
            )
            for section, title in SECTIONS.items()
            if any(e.section == section for e in seen)
        )

    @cached_property
    def tabs(self) -> tuple[NavItem, ...]:
        """The portal's four tabs, at the thumb on a phone and in the header elsewhere."""
        here = _current(self._request.path, [url for _, url, _ in TABS])
        return tuple(NavItem(title, url, icon, url == here) for title, url, icon in TABS)

    @property
    def sign_in(self) -> str:
        """Where one signs in."""
        return sign_in_url()

    @property
    def sign_out(self) -> str:
        """Where one signs out (POST)."""
        return _url("identity:sign_out", "/account/sign-out/")

    @property
    def account(self) -> str:
        """The page of one's own account."""
        return _url("identity:account", "/account/")


def context(request: HttpRequest) -> dict[str, object]:
    """Give every template `shell` and what the `<html>` element says."""
    return {"shell": Shell(request), **bare(request)}


def bare(request: HttpRequest) -> dict[str, object]:
    """Return what every page needs and no database knows: language, appearance, the way back."""
    theme, size = request.COOKIES.get("theme", ""), request.COOKIES.get("size", "")
    theme = theme if theme in THEMES else "auto"
    following = THEMES[(THEMES.index(theme) + 1) % len(THEMES)]
    return {
        "lang": "en" if english() else "zh-Hans",
        "english": english(),
        "theme": theme,
        "theme_icon": THEME_WORDS[theme][0],
        "next_theme": following,
        "next_theme_words": THEME_WORDS[following][1],
        "size": size if size in SIZES else "normal",
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else "/",
        "portal": T(*settings.PORTAL.split("|", 1)),
    }


def portal_entries(lane: str) -> tuple[PortalEntry, ...]:
    """Return the declared ways into the portal of one lane, in order."""
    found = (e for e in registry.of(PortalEntry).values() if e.lane == lane)
    return tuple(sorted(found, key=lambda e: (e.order, e.title.en)))


def sign_in_url() -> str:
    """Return the address of the sign-in page."""
    return _url("identity:sign_in", "/account/sign-in/")


def _url(name: str, otherwise: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return otherwise


def _current(path: str, urls: list[str]) -> str:
    """Return the url that the path is under: the longest, so that /work/cases/ does not light /work/ too."""
    fitting = [u for u in urls if path == u or (u != "/" and path.startswith(u))]
    return max(fitting, key=len, default="")
