"""The stylesheet keeps its own promises: contrast, one dark, no outside address."""

import re
from pathlib import Path

import pytest

import tongzheng.site

CSS = (Path(tongzheng.site.__file__).parent / "static" / "look.css").read_text()


def tokens(selector):
    block = re.search(re.escape(selector) + r"\s*\{(.*?)\}", CSS, re.DOTALL).group(1)
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", block))


LIGHT, DARK = tokens(":root"), {**tokens(":root"), **tokens(':root[data-theme="dark"]')}


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("paper", "surface", "sunken")
TEXT = [
    (ink, ground) for ink in ("ink", "ink-2", "ink-3", "brand", "seal", "ochre", "jade") for ground in GROUNDS
]
TEXT += [(tone, f"{tone}-soft") for tone in ("brand", "seal", "ochre", "jade")]
TEXT += [("ink", f"{tone}-soft") for tone in ("brand", "seal", "ochre", "jade")]
TEXT += [("on-brand", "brand"), ("on-brand", "brand-2"), ("paper", "seal"), ("ink-3", "brand-soft")]
EDGES = [("line-strong", ground) for ground in ("paper", "surface")] + [("brand-2", g) for g in GROUNDS]


@pytest.mark.parametrize(("ink", "ground"), TEXT)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out_by_at_least_four_and_a_half(theme, ink, ground):
    assert contrast(theme[ink], theme[ground]) >= 4.5


@pytest.mark.parametrize(("edge", "ground"), EDGES)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_of_controls_and_the_focus_stand_out_by_at_least_three(theme, edge, ground):
    assert contrast(theme[edge], theme[ground]) >= 3


def test_dark_by_choice_and_dark_by_device_are_the_same():
    assert tokens(':root[data-theme="dark"]') == tokens(':root[data-theme="auto"]')


def test_every_token_that_is_used_exists_and_none_is_idle():
    used, given = set(re.findall(r"var\(--([\w-]+)", CSS)), set(re.findall(r"--([\w-]+):", CSS))
    assert used <= given
    assert given - used <= {"s7"} | used


def test_the_stylesheet_asks_nobody_else():
    assert not re.search(r"url\(|@import|https?:", CSS)


def test_targets_are_at_least_44_pixels_and_motion_can_be_refused():
    assert "--target: 44px" in CSS
    assert "prefers-reduced-motion: reduce" in CSS
    assert ":focus-visible" in CSS
    assert "@media print" in CSS
