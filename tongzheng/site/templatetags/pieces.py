"""The pieces of which every page is made. Built in: no `{% load %}` needed. Shown living on /pieces/.

Words may be `T` or plain strings everywhere; objects are read by attribute or key. No piece needs JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from string import Formatter
from typing import Any

from django import template
from django.template.base import FilterExpression, Node, Parser, Token
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from tongzheng.kernel.core import clock as time
from tongzheng.kernel.core.text import T, english
from tongzheng.site import drawings

register = template.Library()

TONES = {"": "", "plain": "", "done": "done", "soon": "soon", "late": "late", "quiet": "quiet"}
LIGHTS = {
    "green": "done",
    "yellow": "soon",
    "red": "late",
    "paused": "quiet",
    "done": "done",
    "late": "late",
    "none": "quiet",
}
UNITS = {
    "working_day": T("个工作日", "working days"),
    "calendar_day": T("个自然日", "days"),
    "hour": T("小时", "hours"),
    "working_hour": T("个工作小时", "working hours"),
}


# ── two languages ────────────────────────────────────────────────────────────────────────────────────────
class Words(Node):
    """`{% t "中" "En" name=value %}`: the literals are the template's own, the values are escaped."""

    def __init__(
        self,
        zh: FilterExpression,
        en: FilterExpression | None,
        values: dict[str, FilterExpression],
        name: str,
    ) -> None:
        self.zh, self.en, self.values, self.name = zh, en, values, name

    def render(self, context: template.Context) -> str:
        chosen = self.zh if self.en is None or not english() else self.en
        text = conditional_escape(chosen.resolve(context))
        if self.values:
            text = mark_safe(  # noqa: S308 - the literal is the template's, every value is escaped
                text.format(**{k: conditional_escape(v.resolve(context)) for k, v in self.values.items()})
            )
        if self.name:
            context[self.name] = text
            return ""
        return text


@register.tag("t")
def t(parser: Parser, token: Token) -> Words:
    """`{% t "中" "En" name=value … [as var] %}`, or `{% t thing %}` for a `T`. Both languages, or it won't compile."""
    bits = token.split_contents()[1:]
    name = ""
    if len(bits) > 2 and bits[-2] == "as":
        name, bits = bits[-1], bits[:-2]
    literals = [b for b in bits if b[:1] in "\"'"]
    rest = bits[len(literals) :]
    if not literals and len(bits) == 1:
        return Words(parser.compile_filter(bits[0]), None, {}, name)
    if len(literals) != 2 or bits[:2] != literals or not all("=" in b for b in rest):
        raise template.TemplateSyntaxError(
            f'{{% t %}} takes "中文" "English" name=value …, not: {token.contents}'
        )
    values = dict(b.split("=", 1) for b in rest)
    for literal in literals:
        places = {n for _, n, _, _ in Formatter().parse(literal[1:-1]) if n is not None}
        if places != set(values):
            raise template.TemplateSyntaxError(
                f"{literal} has the places {sorted(places)}, given are {sorted(values)}"
            )
    zh, en = (parser.compile_filter(b) for b in literals)
    return Words(zh, en, {k: parser.compile_filter(v) for k, v in values.items()}, name)


# ── small marks ──────────────────────────────────────────────────────────────────────────────────────────
@register.simple_tag
def icon(name: str, label: Any = "") -> SafeString:
    """`{% icon "search" %}`: an icon of the set; with `label` it speaks, without it is ornament."""
    href = f"{static('icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', str(label), href
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', href)


@register.simple_tag
def asset(name: str) -> str:
    """`{% asset "look.css" %}`: the address of a static file, with its version so that it can be kept forever."""
    return static(name)


@register.simple_tag
def tag(word: Any, tone: str = "") -> SafeString:
    """`{% tag word tone %}`: a word with a tone: "", "done", "soon", "late" or "quiet"."""
    return _tag(str(word), TONES.get(tone, ""))


@lru_cache(maxsize=2048)
def _tag(word: str, tone: str) -> SafeString:
    return format_html('<span class="{}">{}</span>', f"tag {tone}".strip(), word)


@register.simple_tag
def seal(word: Any, label: Any = "") -> SafeString:
    """`{% seal word %}`: the red seal (two to four characters); `label` says what it stands for."""
    return format_html(
        '<span class="seal" role="img" aria-label="{}">{}</span>', str(label or word), str(word)
    )


@register.simple_tag
def key(name: str) -> SafeString:
    """`{% key "D" %}`: the key that does it, shown where there is a keyboard."""
    return format_html('<kbd aria-hidden="true">{}</kbd>', name) if name else mark_safe("")


@register.simple_tag
def when(moment: datetime | date | None, form: str = "") -> SafeString:
    """`{% when moment %}`: a moment in words, in China's time. `form`: "", "date", "full" (with the year)."""
    return mark_safe("") if moment is None else _when(moment, form, english(), time.today().year)


@lru_cache(maxsize=4096)
def _when(moment: datetime | date, form: str, _english: bool, _year: int) -> SafeString:
    """A list has the same few days again and again; language and year are what else the words hang on."""
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), moment_words(moment, form))


def moment_words(moment: datetime | date, form: str = "") -> str:
    """Return a moment as people write it; the year only when it is not this one."""
    timed = isinstance(moment, datetime)
    local = moment.astimezone(time.CHINA) if isinstance(moment, datetime) and moment.tzinfo else moment
    year = form == "full" or local.year != time.today().year
    if english():
        words = f"{local.day} {local:%b}" + (f" {local.year}" if year else "")
        return f"{words}, {local:%H:%M}" if timed and form != "date" else words
    words = (f"{local.year} 年 " if year else "") + f"{local.month} 月 {local.day} 日"
    return f"{words} {local:%H:%M}" if timed and form != "date" else words


@register.simple_tag
def number(value: Any, unit: Any = "") -> SafeString:
    """`{% number 12345 "件" %}`: grouped digits and a unit."""
    shown = f"{value:,}" if isinstance(value, int | float) else str(value)
    return format_html("<data>{}{}</data>", shown, f" {unit}" if unit else "")


# ── clock, figure, drawings ──────────────────────────────────────────────────────────────────────────────
@register.simple_tag
def clock(view: Any, size: str = "") -> SafeString:
    """`{% clock view %}`: how much of the lawful time is used, in words, with its reason.

    `view` is a `ClockView` of cases, or anything with `light` ("green", "yellow", "red", "paused", "done",
    "late", "none") and `words` or `left` ("剩 3 日"), and perhaps `used` (0 to 1 and more), `detail` ("已用 2 个
    工作日，共 5 个"), `due` or `due_at`, `reason` or `explain`. `size` "small" is for lists: the word and the bar
    only, the reason as its description. None shows nothing.
    """
    if view is None:
        return mark_safe("")
    light = _of(view, "light") or "none"
    tone, used = LIGHTS.get(light, "quiet"), _of(view, "used")
    words = _text(_of(view, "words") or _of(view, "left"))
    bar: SafeString | str = ""
    if used is not None:
        percent = max(0, min(100, round(float(used) * 100)))
        bar = format_html(
            '<progress class="{}" max="100" value="{}" aria-label="{}">{}%</progress>',
            tone,
            percent,
            str(T("已用的时限", "Time used")),
            percent,
        )
    detail = _text(_of(view, "detail")) or _limit(view)
    reason = _text(_of(view, "reason") or _of(view, "explain"))
    due = _of(view, "due") or _of(view, "due_at")
    if size == "small":
        return format_html(
            '<div class="clock small"{}>{}{}</div>',
            format_html(' title="{}"', reason) if reason else "",
            tag(words, tone),
            bar,
        )
    return format_html(
        '<div class="clock"><p>{} <span>{}</span>{}</p>{}{}</div>',
        tag(words, tone),
        detail,
        format_html(" <b>{}</b>", when(due, "")) if due else "",
        bar,
        format_html("<small>{}</small>", reason) if reason else "",
    )


def _limit(view: Any) -> str:
    """Return the limit of a cases' ClockView in words: what it is and how much of it there is."""
    amount, unit = _of(view, "amount"), UNITS.get(_of(view, "unit") or "")
    return f"{_text(_of(view, 'title'))} {amount} {unit}".strip() if amount and unit else ""


@register.inclusion_tag("pieces/figure.html")
def figure(
    value: Any,
    unit: Any = "",
    when: Any = "",
    source: Any = "",
    *,
    title: Any = "",
    href: str = "",
    tone: str = "",
    word: Any = "",
    values: Sequence[float] | None = None,
) -> dict[str, Any]:
    """`{% figure value unit when source title=… href=… tone=… word=… values=… %}`: a number with its passport.

    `when` (moment or words) and `source` say as of when and from what; `word` in `tone` judges it; `values`
    draws a line of its past; `value` None shows that there is no figure yet.
    """
    shown = f"{value:,}" if isinstance(value, int | float) else value
    moment = when if isinstance(when, datetime | date) else None
    return {
        "value": shown, "unit": unit, "moment": moment, "when": "" if moment else when, "source": source,
        "title": title, "href": href, "tone": tone, "word": word, "values": values,
    }  # fmt: skip


@register.simple_tag
def spark(values: Sequence[float], label: Any = "", tone: str = "") -> SafeString:
    """`{% spark values label %}`: a small line of how it went; `label` says it in words."""
    return drawings.spark(values, str(label), TONES.get(tone, ""))


@register.simple_tag
def bars(rows: Sequence[Any], unit: Any = "", label: Any = "") -> SafeString:
    """`{% bars rows unit label %}`: a bar chart that is also a table. Rows: (words, value[, tone])."""
    return drawings.bars(rows, str(unit), str(label))


LADDER = (
    ("declared", T("已声明", "Declared")),
    ("working", T("能用", "Working")),
    ("trusted", T("信得过", "Trusted")),
    ("exemplary", T("示范", "Exemplary")),
)


@register.simple_tag
def ladder(level: str | int) -> SafeString:
    """`{% ladder level %}`: the quality ladder: "declared", "working", "trusted", "exemplary", or 0–4."""
    names = [n for n, _ in LADDER]
    step = level if isinstance(level, int) else names.index(level) + 1 if level in names else 0
    word = str(LADDER[step - 1][1]) if step else str(T("未声明", "Not declared"))
    return drawings.ladder(step, len(LADDER), word)


# ── lists and sheets ─────────────────────────────────────────────────────────────────────────────────────
@register.inclusion_tag("pieces/timeline.html")
def timeline(events: Sequence[Any]) -> dict[str, Any]:
    """`{% timeline events %}`: newest first. Each is an `EventView` of cases, or has `title`, `at` and perhaps
    `who`, `note`, `basis`, `href`, `tone` ("now", "pause", "late", "done"), `files` (each `name`, `href`)."""
    return {
        "events": [
            {
                "title": _text(_of(e, "title")),
                "at": _of(e, "at"),
                "who": _text(_of(e, "who"))
                or " · ".join(filter(None, (_of(e, "organisation_label"), _of(e, "actor_label")))),
                "note": _text(_of(e, "note")),
                "basis": _text(_of(e, "basis")),
                "document": _of(e, "document"),
                "document_title": _text(_of(e, "document_title")),
                "href": _of(e, "href"),
                "tone": _of(e, "tone"),
                "files": _of(e, "files") or (),
            }
            for e in events
        ]
    }


@register.inclusion_tag("pieces/facts.html")
def facts(pairs: Any) -> dict[str, Any]:
    """`{% facts pairs %}`: a list of term and value (a mapping or pairs); an empty value shows a dash."""
    return {"pairs": list(pairs.items()) if isinstance(pairs, Mapping) else pairs}


@register.inclusion_tag("pieces/steps.html")
def steps(items: Sequence[Any], current: int = 1) -> dict[str, Any]:
    """`{% steps items current %}`: where one is in something with several steps; `current` counts from 1."""
    return {"items": items, "current": current}


@register.inclusion_tag("pieces/tabs.html")
def tabs(items: Sequence[Any], current: str = "", label: Any = "") -> dict[str, Any]:
    """`{% tabs items current label %}`: links as tabs. Each: `id`, `title`, `href`, and perhaps `count`."""
    return {"items": items, "current": current, "label": label}


@register.inclusion_tag("pieces/pager.html", takes_context=True)
def pager(context: template.Context, page: Any, target: str = "") -> dict[str, Any]:
    """`{% pager page %}`: keyset paging. `page.after` (or `page.next`) is the key after the last row, empty at the end.

    Links keep the query and set `after`; `target` (a CSS selector) lets htmx swap only that part.
    """
    query = context["request"].GET.copy() if "request" in context else None
    after = query.pop("after", None) if query is not None else None
    first = query.urlencode() if query is not None else ""
    key = _of(page, "after") or _of(page, "next")
    if query is not None and key:
        query["after"] = str(key)
    return {
        "first": f"?{first}" if after else "",
        "next": f"?{query.urlencode()}" if key and query is not None else "",
        "target": target,
    }


# ── states ───────────────────────────────────────────────────────────────────────────────────────────────
def _state(kind: str, icon: str, words: Any, advice: Any, href: str, action: Any) -> dict[str, Any]:
    return {"kind": kind, "icon": icon, "words": words, "advice": advice, "href": href, "action": action}


@register.inclusion_tag("pieces/state.html")
def empty(
    words: Any, advice: Any = "", href: str = "", action: Any = "", icon: str = "inbox"
) -> dict[str, Any]:
    """`{% empty words advice href action %}`: nothing here, why that is so, and what one can do."""
    return _state("empty", icon, words, advice, href, action)


@register.inclusion_tag("pieces/state.html")
def loading(words: Any = "") -> dict[str, Any]:
    """`{% loading words %}`: it is coming."""
    return _state("loading", "refresh", words or T("正在取数……", "Loading…"), "", "", "")


@register.inclusion_tag("pieces/state.html")
def refused(words: Any, advice: Any = "", href: str = "", action: Any = "") -> dict[str, Any]:
    """`{% refused words advice %}`: not permitted, and how to become so (`verdict.why` fits as `words`)."""
    return _state("refused", "lock", words, advice, href, action)


@register.inclusion_tag("pieces/state.html")
def failed(words: Any, advice: Any = "", href: str = "", action: Any = "") -> dict[str, Any]:
    """`{% failed words advice href action %}`: it broke; what is known, and trying again."""
    return _state("failed", "alert", words, advice, href, action)


@register.inclusion_tag("pieces/notice.html")
def notice(words: Any, tone: str = "", advice: Any = "") -> dict[str, Any]:
    """`{% notice words tone advice %}`: something to know: "" for news, "done", "soon" or "late"."""
    icons = {"done": "check", "soon": "clock", "late": "alert"}
    return {"words": words, "tone": TONES.get(tone, ""), "advice": advice, "icon": icons.get(tone, "info")}


@register.inclusion_tag("pieces/map.html", name="map")
def map_of(points: str = "", label: Any = "") -> dict[str, Any]:
    """`{% map points label %}`: the city's map. `points` is an address of GeoJSON points with `title`, `href`,
    `note`, `tone`; give the same things as a list beside it, for those who see no map."""
    return {"points": points, "label": label}


def _of(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _text(words: Any) -> str:
    """Return words in the reader's language; a `T` is always true, its text may be empty."""
    return "" if words is None else str(words)
