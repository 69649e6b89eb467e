"""Specimens for the living page of pieces: every piece in each of its states, with the source that makes it.

The words here are examples. The page renders `source` itself, so what is shown is what one gets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from xml.etree import ElementTree

from django.http import HttpRequest
from django.template import engines
from django.utils.safestring import SafeString

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.text import T
from tongzheng.site.templatetags import pieces

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Specimen:
    """One piece: how to call it, what it is for, and examples of its states as template source."""

    name: str
    title: T
    signature: str
    examples: tuple[str, ...]
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock as `{% clock %}` reads it."""

    light: str
    words: T
    used: float | None
    detail: T = field(default=T("", ""))
    due: datetime | None = None
    reason: T = field(default=T("", ""))


def clocks(now: datetime) -> dict[str, Clock]:
    """Return a clock in each light."""
    used = T("承诺 5 个工作日，已用 2 个", "Promised in 5 working days, 2 used")
    why = T(
        "11 月 20 日受理，法定 20 日、承诺 5 个工作日，暂停 0 日（行政许可法第 42 条）。",
        "Accepted on 20 Nov; the law gives 20 days, the promise is 5 working days, paused for 0 (Licensing Act, 42).",
    )
    return {
        "green": Clock("green", T("剩 3 日", "3 days left"), 0.4, used, now + timedelta(days=4), why),
        "yellow": Clock(
            "yellow", T("剩 6 小时", "6 hours left"), 0.85, T("限 24 小时", "Within 24 hours"), now + timedelta(hours=6)
        ),
        "red": Clock("red", T("超 1 日", "1 day late"), 1.2, used, now - timedelta(days=1)),
        "paused": Clock(
            "paused", T("暂停计时", "Clock stopped"), 0.4, T("等待申请人补正", "Waiting for the applicant"), None,
            T("补正期间不计入时限。", "The time of supplementing does not count."),
        ),
        "done": Clock("done", T("已办结", "Closed"), 1.0, T("用时 3 个工作日，提前 2 个", "Took 3 working days, 2 early")),
        "none": Clock("none", T("不限时", "No time limit"), None),
    }  # fmt: skip


def events(now: datetime) -> list[dict[str, object]]:
    """Return a timeline with each kind of event."""
    return [
        {"title": T("审查", "Review"), "who": T("社会事务科", "Social affairs"), "at": now, "tone": "now"},
        {
            "title": T("一次性补正", "Supplement"), "at": now - timedelta(hours=5), "tone": "pause",
            "note": T("平面图未标清洗池，请补一张。", "The floor plan lacks the washing basin; please add one."),
            "basis": T("行政许可法第 32 条", "Licensing Act, article 32"),
        },
        {
            "title": T("受理", "Accepted"), "who": T("窗口 12 号", "Window 12"), "at": now - timedelta(days=3),
            "files": [{"name": T("受理通知书", "Notice of acceptance"), "href": "#timeline"}], "tone": "done",
        },
        {"title": T("申请", "Applied"), "who": T("手机", "By phone"), "at": now - timedelta(days=3, minutes=22)},
    ]  # fmt: skip


SPECIMENS: tuple[Specimen, ...] = (
    Specimen(
        "words", T("两种语言", "Two languages"), '{% t "中文" "English" name=value … [as var] %} · {% t thing %}',
        ('{% t "剩 {n} 日" "{n} days left" n=3 %}',),
    ),
    Specimen(
        "tag", T("标签", "Tag"), "{% tag word tone %}",
        (
            '{% t "审查中" "In review" as w %}{% tag w %}', '{% t "已办结" "Closed" as w %}{% tag w "done" %}',
            '{% t "待补正" "Supplement" as w %}{% tag w "soon" %}', '{% t "超期" "Overdue" as w %}{% tag w "late" %}',
            '{% t "暂停" "Paused" as w %}{% tag w "quiet" %}',
        ),
    ),
    Specimen(
        "clock", T("时限钟", "Clock"), '{% clock view ["small"] %}',
        tuple(f"{{% clock clocks.{light} %}}" for light in ("green", "yellow", "red", "paused", "done", "none"))
        + tuple(f'{{% clock clocks.{light} "small" %}}' for light in ("green", "red")),
    ),
    Specimen(
        "figure", T("带来历的数字", "Figure with a passport"),
        "{% figure value unit when source title=… href=… tone=… word=… values=… %}",
        (
            '{% t "按期办结率" "Closed on time" as title %}{% t "由 18,204 件计算" "from 18,204 cases" as source %}{% t "同比 +1.8" "+1.8 on last year" as word %}{% figure 96.2 "%" now source title=title word=word tone="done" values=line href="#figure" %}',
            '{% t "12345 解决率" "12345 solved" as title %}{% t "回访 1,233 件" "1,233 called back" as source %}{% t "低于线 90" "Below 90" as word %}{% figure 88.4 "%" now source title=title word=word tone="late" values=line %}',
            '{% t "规上工业用电量" "Industrial power" as title %}{% t "应于 21 日更新 · 市能源局" "due on the 21st · energy bureau" as source %}{% t "迟报 2 天" "2 days late" as word %}{% figure None "kWh" "" source title=title word=word tone="soon" %}',
        ),
    ),
    Specimen(
        "timeline", T("经过", "Timeline"), "{% timeline events %}", ("{% timeline events %}",), wide=True
    ),
    Specimen(
        "facts", T("资料", "Facts"), "{% facts pairs %}", ("{% facts pairs %}",), wide=True
    ),
    Specimen(
        "steps", T("步骤", "Steps"), "{% steps items current %}", ("{% steps stages 2 %}",), wide=True
    ),
    Specimen(
        "tabs", T("页签", "Tabs"), "{% tabs items current label %}", ('{% tabs tabs "papers" %}',), wide=True
    ),
    Specimen(
        "seal", T("印", "Seal"), "{% seal word label %}",
        ('{% t "审批" "Approved" as w %}{% t "电子印章" "Electronic seal" as l %}{% seal w l %}',),
    ),
    Specimen(
        "ladder", T("质量阶梯", "Ladder"), "{% ladder level %}",
        (*(f'{{% ladder "{level}" %}}' for level, _ in pieces.LADDER), "{% ladder 0 %}"),
    ),
    Specimen(
        "spark", T("走势线", "Spark line"), "{% spark values label tone %}",
        ('{% t "近 14 日受理量" "Accepted in 14 days" as l %}{% spark line l %}', '{% spark line "" "late" %}'),
    ),
    Specimen(
        "bars", T("条形图", "Bar chart"), "{% bars rows unit label %}",
        ('{% t "各区县受理量" "Accepted by county" as l %}{% t "件" "cases" as u %}{% bars counties u l %}',), wide=True,
    ),
    Specimen(
        "notice", T("提示", "Notice"), "{% notice words tone advice %}",
        (
            '{% t "12 月 1 日起可以跨县办理。" "From 1 December any county will do." as w %}{% notice w %}',
            '{% t "已提交，受理号 2026-1123-0047" "Sent; number 2026-1123-0047" as w %}{% notice w "done" %}',
            '{% t "还有 6 小时到期" "Due in 6 hours" as w %}{% notice w "soon" %}',
            '{% t "没有提交成功" "Not sent" as w %}{% t "网络断了，填写的内容还在。" "The connection broke; all you typed is here." as a %}{% notice w "late" a %}',
        ), wide=True,
    ),
    Specimen(
        "states", T("空、取数、拒绝、出错", "Empty, loading, refused, failed"),
        "{% empty words advice href action icon %} · {% loading words %} · {% refused words advice href action %} · {% failed words advice href action %}",
        (
            '{% t "待办已清空" "Nothing to do" as w %}{% t "新派来的事会出现在这里。" "New work will appear here." as a %}{% empty w a %}',
            "{% loading %}",
            '{% t "您没有“派单”这项权限" "You may not dispatch" as w %}{% t "请向本单位系统管理员申请。" "Ask your administrator." as a %}{% refused w a %}',
            '{% t "地图数据暂时取不到" "The map does not answer" as w %}{% t "列表仍可使用。" "The list still works." as a %}{% t "重试" "Try again" as r %}{% failed w a "#states" r %}',
        ), wide=True,
    ),
    Specimen(
        "field", T("表单项", "Form entry"),
        "{% field name title kind value=… help=… error=… required=… choices=… maxlength=… inputmode=… autocomplete=… placeholder=… url=… shown=… private=… %}",
        (
            '{% t "店名" "Shop name" as l %}{% t "与门头一致" "As on the sign" as h %}{% field "shop" l help=h %}',
            '{% t "身份证号" "ID number" as l %}{% t "第 18 位不对，请核对" "The 18th character is wrong" as e %}{% field "number" l value="11010519491231002X" error=e inputmode="text" private=True %}',
            '{% t "区县" "County" as l %}{% field "county" l "choice" choices=choices value="141182" %}',
            '{% t "领取方式" "Delivery" as l %}{% field "way" l "radio" choices=ways value="post" %}',
            '{% t "情况说明" "What happened" as l %}{% field "story" l "long" required=False %}',
            '{% t "所在村（社区）" "Village" as l %}{% field "village" l "combobox" url="/pieces/options" required=False %}',
            '{% t "我已阅读并承诺属实" "I have read this and promise it is true" as l %}{% field "promise" l "bool" %}',
        ), wide=True,
    ),
    Specimen(
        "errors", T("错误汇总", "Error summary"), "{% errors found labels %}", ("{% errors slips labels %}",), wide=True
    ),
    Specimen(
        "drop", T("上传", "Files"), "{% drop name title accept=… limit=… help=… error=… multiple=… required=… %}",
        (
            '{% t "场所平面图" "Floor plan" as l %}{% t "PDF、JPG、PNG。" "PDF, JPG, PNG." as h %}{% drop "plan" l accept=".pdf,.jpg,.png" help=h multiple=True %}',
            '{% t "营业执照" "Business licence" as l %}{% t "这个文件是程序，不能接收" "This file is a program and is not taken" as e %}{% drop "licence" l error=e required=True %}',
        ), wide=True,
    ),
    Specimen(
        "dialog", T("对话框与按钮", "Dialog and buttons"), '{% dialog "id" title %}…{% enddialog %} · data-dialog="id" · data-key="d"',
        (
            '<p class="moves"><button class="primary" data-dialog="sample">{% t "提交决定" "Decide" %} {% key "D" %}</button><button>{% t "转办" "Transfer" %}</button><button class="danger">{% t "不予许可" "Refuse" %}</button><button disabled>{% t "已提交" "Sent" %}</button></p>{% t "确认决定" "Confirm" as l %}{% dialog "sample" l %}<p>{% t "决定作出后不能撤回。" "A decision cannot be taken back." %}</p><form method="dialog" class="moves"><button class="primary">{% t "确认" "Confirm" %}</button><button>{% t "再想想" "Not yet" %}</button></form>{% enddialog %}',
        ), wide=True,
    ),
    Specimen(
        "register", T("台账表", "Register table"), '<div class="list"><table class="stacked">… {% pager page %}',
        (
            '<div class="list"><table class="stacked"><thead><tr><th scope="col" aria-sort="descending">{% t "事项与来源" "Matter and source" %}</th><th scope="col">{% t "环节" "State" %}</th><th scope="col">{% t "时限" "Time" %}</th></tr></thead><tbody>{% for r in rows %}<tr{% if forloop.first %} aria-selected="true"{% endif %}><td><a href="#register">{{ r.title }}</a><br><small>{{ r.source }}</small></td><td>{{ r.state }}</td><td>{% clock r.clock "small" %}</td></tr>{% endfor %}</tbody></table></div>{% pager page %}',
        ), wide=True,
    ),
    Specimen(
        "sheet", T("办件单", "Case sheet"), '<article class="sheet">: header · clock · facts · timeline · .moves',
        (
            '<article class="sheet"><header><div><small>{% t "许可 · 承诺件 · 2026-1123-0047" "Licence · promised · 2026-1123-0047" %}</small><h2>{% t "食品经营许可（新办）" "Food business licence (new)" %}</h2></div>{% t "审批" "Draft" as w %}{% seal w %}</header>{% clock clocks.green %}{% facts pairs %}{% timeline events %}<div class="moves"><button class="primary">{% t "提交决定" "Decide" %} {% key "D" %}</button><button>{% t "一次性补正" "Supplement" %} {% key "B" %}</button><button class="danger">{% t "不予许可" "Refuse" %}</button></div></article>',
        ), wide=True,
    ),
    Specimen(
        "map", T("地图", "Map"), "{% map points label %}",
        ('{% t "吕梁各县（市、区）" "The counties of Lüliang" as l %}{% map "/pieces/points" l %}',), wide=True,
    ),
    Specimen("icon", T("图标", "Icons"), "{% icon name label %}", ('{% for name in icons %}<span class="specimen">{% icon name %} <code>{{ name }}</code></span>{% endfor %}',), wide=True),
)  # fmt: skip


def specimens(request: HttpRequest) -> dict[str, object]:
    """Return what the living page shows: each piece with its rendered examples."""
    now = clock.now()
    lights = clocks(now)
    facts = {
        "now": now,
        "clocks": lights,
        "events": events(now),
        "line": [31, 28, 34, 39, 36, 22, 19, 33, 41, 44, 40, 47, 29, 45],
        "pairs": [
            (T("申请人", "Applicant"), T("张记面馆", "Zhang's Noodles")),
            (T("经办", "Handled for"), "张＊ 138····2206"),
            (T("地址", "Address"), T("汾阳市西河街道鼓楼南 8 号", "8 Gulou South, Xihe, Fenyang")),
            (T("来源", "Source"), T("一件事：开办餐饮店 3/5", "Life event: opening a restaurant 3/5")),
            (T("备注", "Note"), ""),
        ],
        "stages": [T("填表", "Form"), T("材料", "Papers"), T("核对", "Check"), T("提交", "Send")],
        "tabs": [
            {"id": "papers", "title": T("材料", "Papers"), "href": "#tabs", "count": 4},
            {"id": "story", "title": T("经过", "History"), "href": "#tabs"},
            {"id": "related", "title": T("相关", "Related"), "href": "#tabs", "count": 2},
        ],
        "counties": [
            (T("离石区", "Lishi"), 4210, ""),
            (T("汾阳市", "Fenyang"), 3120, ""),
            (T("临县", "Lin"), 1980, "soon"),
            (T("石楼县", "Shilou"), 640, "late"),
        ],
        "choices": [("141102", T("离石区", "Lishi")), ("141182", T("汾阳市", "Fenyang"))],
        "ways": [("post", T("邮寄到家", "By post")), ("window", T("窗口领取", "At the window"))],
        "slips": {"number": T("第 18 位不对，请核对", "The 18th character is wrong")},
        "labels": {"number": T("身份证号", "ID number")},
        "rows": [
            {"title": title, "source": source, "state": state, "clock": lights[light]}
            for title, source, state, light in (
                (T("食品经营许可（新办）", "Food business licence (new)"), T("汾阳 · 张记面馆", "Fenyang · Zhang's Noodles"), T("审查", "Review"), "green"),
                (T("城镇供暖温度不达标", "Heating too cold"), T("离石 · 滨河街道", "Lishi · Binhe"), T("处置", "Handling"), "yellow"),
                (T("取水许可延续", "Water abstraction, renewal"), T("文水 · 刘胡兰镇", "Wenshui · Liuhulan"), T("受理", "Acceptance"), "red"),
            )
        ],
        "page": {"after": "2026-1120-0031"},
        "icons": icons(),
        "request": request,
    }  # fmt: skip
    engine, number = engines["django"], count(1)
    shown = []
    for piece in SPECIMENS:
        rendered: list[tuple[str, SafeString]] = []
        for source in piece.examples:
            rendered.append((f"{piece.name}-{next(number)}", engine.from_string(source).render(facts)))
        shown.append({"piece": piece, "examples": rendered})
    return {"shown": shown, "tones": _tokens()}


def points() -> dict[str, object]:
    """Return three points as GeoJSON, in each tone."""
    places = (
        (111.142, 37.519, T("离石：供暖投诉", "Lishi: heating complaint"), "late"),
        (111.788, 37.261, T("汾阳：经营许可", "Fenyang: licence"), "done"),
        (110.889, 37.430, T("柳林：道路积水", "Liulin: flooded road"), "soon"),
    )
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {"title": str(words), "href": "/pieces/#map", "tone": tone},
            }
            for lon, lat, words, tone in places
        ],
    }


def icons() -> list[str]:
    """Return the names of the icon set, in order."""
    root = ElementTree.parse(HERE / "static" / "icons.svg").getroot()  # noqa: S314 - our own file
    return [symbol.get("id", "") for symbol in root if symbol.get("id")]


def _tokens() -> list[tuple[str, T]]:
    return [
        ("paper", T("纸", "Paper")), ("ink", T("墨", "Ink")), ("brand", T("青", "Deed")), ("seal", T("朱", "Seal")),
        ("ochre", T("赭", "Soon")), ("jade", T("玉", "Done")),
    ]  # fmt: skip
