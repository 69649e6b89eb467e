"""Small drawings made on the server as SVG, with attributes only: no script, no style. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT, EDGE = 120, 28, 3


def spark(values: Sequence[float], label: str = "", tone: str = "") -> SafeString:
    """Return a line through the values, oldest first, with a point at the last; nothing for fewer than two."""
    if len(values) < 2:
        return mark_safe("")
    low, high = min(values), max(values)
    span = high - low
    step = (WIDTH - 2 * EDGE) / (len(values) - 1)
    points = [
        (
            round(EDGE + i * step, 1),
            round(HEIGHT - EDGE - ((v - low) / span if span else 0.5) * (HEIGHT - 2 * EDGE), 1),
        )
        for i, v in enumerate(values)
    ]
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" {}><polyline points="{}"/>'
        '<path d="M{} {}h0"/></svg>',
        f"spark {tone}".strip(),
        WIDTH,
        HEIGHT,
        format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"'),
        " ".join(f"{x},{y}" for x, y in points),
        *points[-1],
    )


def bars(rows: Sequence[Any], unit: str = "", label: str = "") -> SafeString:
    """Return a table whose last cell is a bar: read by eyes and by screen readers alike."""
    high = max((float(row[1]) for row in rows), default=0) or 1
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td><data>{}</data></td><td aria-hidden="true">'
        '<svg viewBox="0 0 100 8" preserveAspectRatio="none" class="{}"><rect width="{}" height="8"/></svg>'
        "</td></tr>",
        (
            (
                str(row[0]),
                f"{row[1]:,}{' ' + unit if unit else ''}",
                row[2] if len(row) > 2 else "",
                round(max(0.0, float(row[1])) / high * 100, 1),
            )
            for row in rows
        ),
    )
    return format_html(
        '<table class="bars">{}<tbody>{}</tbody></table>',
        format_html("<caption>{}</caption>", label) if label else "",
        body,
    )


def ladder(step: int, steps: int, word: str) -> SafeString:
    """Return the steps of a ladder as short bars, the climbed ones filled, with the step's word."""
    pips = format_html_join(
        "",
        '<rect x="{}" width="14" height="5" rx="2" class="{}"/>',
        ((i * 17, "on" if i < step else "off") for i in range(steps)),
    )
    return format_html(
        '<span class="ladder">{} <svg width="{}" height="5" aria-hidden="true">{}</svg></span>',
        word,
        steps * 17 - 3,
        pips,
    )
