"""Forms drawn in the browser (form-js JSON) → the entries that the server validates by. Pure.

One schema serves both: the browser renders it, and what it compiles to here is what `forms.validate` judges, so a value
that the page would not take is not taken by any other way either. What cannot be honoured is an error at its component,
never dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import orjson

from tongzheng.kernel.core.text import T, from_json
from tongzheng.kernel.definitions.kinds import Finding
from tongzheng.kernel.rules import api as rules

from . import forms
from .kinds import Field

MOST_COMPONENTS = 200
DEEPEST = 10
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PREFILLS = (
    *("person.name", "person.id_number", "person.phone", "person.address"),
    *("enterprise.name", "enterprise.uscc"),
)
KINDS = {
    "textfield": "text",
    "textarea": "long",
    "number": "decimal",
    "checkbox": "bool",
    "radio": "choice",
    "select": "choice",
    "checklist": "choices",
    "taglist": "choices",
    "datetime": "date",
    "filepicker": "files",
}
NARROWER = {"text": ("id_number", "uscc", "phone", "email", "place"), "decimal": ("money", "integer")}
"""Our own kinds that a component's property `kind` may ask for instead."""
QUIET = ("spacer", "separator", "button")
WORDS = ("text", "html")


@dataclass(slots=True)
class Compiled:
    """What a form comes to: its entries, plain words between them, and what is wrong, by component."""

    fields: list[Field] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    at: dict[str, str] = field(default_factory=dict)
    seen: int = 0

    def wrong(self, place: str, words: T, level: str = "error") -> None:
        """Note a finding."""
        self.findings.append(Finding(level, place, words))


def compiled(content: str) -> Compiled:
    """Return what a form comes to; never raises for a content."""
    made = Compiled()
    try:
        schema = orjson.loads(content)
    except (orjson.JSONDecodeError, RecursionError) as error:
        made.wrong("", T(f"不是完好的 JSON：{error}", f"not well-formed JSON: {error}"))
        return made
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        made.wrong("", T("不是表单：缺少 components", "not a form: it has no components"))
        return made
    _read(made, schema["components"], hide="", depth=0)
    if made.seen > MOST_COMPONENTS:
        made.wrong("", T("最多 {n} 个组件", "At most {n} components").fill(n=MOST_COMPONENTS))
    if not made.fields:
        made.wrong("", T("表单没有一项要填", "The form asks for nothing"))
    _conditions(made)
    if not any(one.level == "error" for one in made.findings):
        for fault in forms.faults(made.fields):
            made.wrong("", T(fault, fault))
    return made


def _read(made: Compiled, components: list[Any], *, hide: str, depth: int) -> None:
    for one in components:
        made.seen += 1
        if made.seen > MOST_COMPONENTS or depth > DEEPEST:
            return
        if not isinstance(one, dict):
            made.wrong("", T("组件不是对象", "A component is no object"))
            continue
        kind, place = str(one.get("type", "")), str(one.get("id") or one.get("key") or "")[:80]
        asked = one.get("conditional")
        own = str(asked.get("hide", "")) if isinstance(asked, dict) else ""
        said = [text for text in (hide, own.removeprefix("=").strip()) if text]
        both = " or ".join(f"({text})" for text in said) if len(said) > 1 else "".join(said)
        if kind == "group":
            if one.get("path"):
                made.wrong(place, T("分组不能有路径", "A group cannot have a path"))
            inner = one.get("components")
            _read(made, inner if isinstance(inner, list) else [], hide=both, depth=depth + 1)
        elif kind in WORDS:
            text = re.sub(r"<[^>]*>|[*_#`]+", " ", str(one.get("text") or one.get("content") or ""))
            made.notes.append(" ".join(text.split())[:2000])
            if kind == "html":
                made.wrong(place, T("只显示其中的文字", "Only its words are shown"), "warning")
        elif kind in KINDS:
            _field(made, one, kind, place, both)
        elif kind not in QUIET:
            made.wrong(
                place, T("不支持“{kind}”组件", "“{kind}” components are not supported").fill(kind=kind[:40])
            )


def _field(made: Compiled, one: Mapping[str, Any], kind: str, place: str, hide: str) -> None:
    name = str(one.get("key", ""))
    if not NAME.fullmatch(name):
        made.wrong(
            place,
            T("键“{key}”只能含字母、数字、下划线", "The key “{key}” is letters, digits, underscores").fill(
                key=name[:60]
            ),
        )
        return
    if name in made.at:
        made.wrong(place, T("键“{key}”用了两次", "The key “{key}” stands twice").fill(key=name))
        return
    made.at[name] = place
    properties = one.get("properties") if isinstance(one.get("properties"), dict) else {}
    more: dict[str, str] = {str(k): str(v) for k, v in (properties or {}).items()}
    ruled = one.get("validate")
    limits: Mapping[str, Any] = ruled if isinstance(ruled, dict) else {}
    zh = str(one.get("label") or one.get("dateLabel") or name)[:200]
    wanted = KINDS[kind]
    if own := more.get("kind"):
        if own in NARROWER.get(wanted, ()) or own == wanted:
            wanted = own
        else:
            made.wrong(
                place,
                T("这种组件不能作“{kind}”", "This component cannot be of kind “{kind}”").fill(kind=own[:40]),
            )
    elif kind == "number" and one.get("decimalDigits") in (0, "0"):
        wanted = "integer"
    elif kind == "textfield" and limits.get("validationType") in ("email", "phone"):
        wanted = str(limits["validationType"])
    elif kind == "filepicker" and not one.get("multiple"):
        wanted = "file"
    if kind == "datetime" and one.get("subtype", "date") != "date":
        made.wrong(place, T("只支持日期，不支持时间", "Only dates are supported, no times"))
    help_zh = str(one.get("description") or "")[:500]
    prefill = more.get("prefill", "")
    if prefill and prefill not in PREFILLS:
        made.wrong(
            place,
            T("没有预填来源“{name}”", "There is no source “{name}” to prefill from").fill(name=prefill[:60]),
        )
    pattern = str(limits.get("pattern") or "")
    if pattern and not _sound(pattern):
        made.wrong(place, T("格式表达式写错了", "The pattern is not a regular expression"))
        pattern = ""
    made.fields.append(
        Field(
            name=name,
            title=T(zh, more.get("en") or zh),
            kind=wanted,
            required=limits.get("required") is True,
            help=T(help_zh, more.get("help_en") or help_zh) if help_zh else None,
            choices=_choices(made, one, place, more) if wanted in ("choice", "choices") else (),
            max_length=_whole(made, limits.get("maxLength"), place) or (2000 if wanted == "long" else 200),
            minimum=_number(made, limits.get("min"), place),
            maximum=_number(made, limits.get("max"), place),
            pattern=pattern,
            personal=more.get("personal") == "true",
            prefill=prefill if prefill in PREFILLS else "",
            basis=more.get("basis", "")[:200],
            accept=tuple(part.strip() for part in str(one.get("accept") or "").split(",") if part.strip()),
            hide=hide,
        )
    )


def _choices(
    made: Compiled, one: Mapping[str, Any], place: str, more: Mapping[str, str]
) -> tuple[tuple[str, T], ...]:
    listed = one.get("values")
    if not isinstance(listed, list) or not listed:
        made.wrong(place, T("请直接列出选项", "List the choices themselves"))
        return ()
    found: dict[str, T] = {}
    for choice in listed[:500]:
        value = str(choice.get("value", "")) if isinstance(choice, dict) else ""
        zh = str(choice.get("label") or value)[:200] if isinstance(choice, dict) else ""
        if not value or value in found:
            made.wrong(
                place,
                T("选项的值为空或重复：{v}", "A choice is empty or stands twice: {v}").fill(v=value[:60]),
            )
            continue
        found[value] = T(zh, more.get(f"en.{value}") or zh)
    return tuple(found.items())


def _number(made: Compiled, raw: Any, place: str) -> float | None:
    if raw in (None, ""):
        return None
    try:
        return float(raw)
    except (TypeError, ValueError):
        made.wrong(place, T("上下限须是数字", "A limit has to be a number"))
        return None


def _whole(made: Compiled, raw: Any, place: str) -> int:
    found = _number(made, raw, place)
    return min(max(int(found), 1), 10_000) if found is not None and abs(found) < 1e9 else 0


def _sound(pattern: str) -> bool:
    """Tell whether a pattern is one, and no trap: no repetition of a repetition."""
    if len(pattern) > 200 or re.search(r"[+*}]\s*\)\s*[+*{]", pattern):
        return False
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def names_in(text: str, names: Iterator[str] | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Return which of these names an expression speaks of."""
    spoken = set(WORD.findall(re.sub(r'"(?:[^"\\]|\\.)*"', "", text)))
    return tuple(name for name in names if name in spoken)


def _conditions(made: Compiled) -> None:
    """Check every condition: an expression, of entries that are there, and none that leads back to itself."""
    names = [one.name for one in made.fields]
    needs: dict[str, tuple[str, ...]] = {}
    for one in made.fields:
        if not one.hide:
            continue
        place = made.at[one.name]
        try:
            rules.evaluate(one.hide, dict.fromkeys(names))
        except rules.RulesError as error:
            note = error.note
            made.wrong(place, T(f"条件写错了：{note.zh}", f"The condition is wrong: {note.en}"))
            continue
        needs[one.name] = names_in(one.hide, names)
        if not needs[one.name]:
            made.wrong(
                place, T("条件没有提到表单里的任何一项", "The condition speaks of no entry of the form")
            )
    for name in needs:
        if _leads_to(name, name, needs):
            made.wrong(made.at[name], T("条件绕回了自己", "The condition leads back to itself"))
    made.fields = [_simple(one, names) for one in made.fields]


def _leads_to(name: str, wanted: str, needs: Mapping[str, tuple[str, ...]]) -> bool:
    seen: set[str] = set()
    todo = list(needs.get(name, ()))
    while todo:
        one = todo.pop()
        if one == wanted:
            return True
        if one not in seen:
            seen.add(one)
            todo += needs.get(one, ())
    return False


_UNLESS = re.compile(
    r'\(?\s*(?:(\w+)\s*!=\s*("([^"\\]*)"|true|false)|not\s*\(\s*(\w+)\s*=\s*("([^"\\]*)"|true|false)\s*\))\s*\)?'
)


def _simple(one: Field, names: list[str]) -> Field:
    """Write "hidden unless another has this value" as `when`, which pages follow without being sent."""
    found = _UNLESS.fullmatch(one.hide)
    if found is None:
        return one
    other, raw = found[1] or found[4], found[2] or found[5]
    if other not in names:
        return one
    return replace(one, when=(other, raw.strip('"')), hide="")


def check(content: str) -> tuple[Finding, ...]:
    """Return what is wrong with a form."""
    return tuple(compiled(content).findings)


def parts(content: str) -> Mapping[str, str]:
    """Return each entry on one line, and the words between them."""
    made = compiled(content)
    found = {one.name: _line(one) for one in made.fields}
    return {**found, **{f"text {number}": note for number, note in enumerate(made.notes, start=1)}}


def _line(one: Field) -> str:
    said = {
        "kind": one.kind,
        "required": "✓" if one.required else "",
        "min": one.minimum,
        "max": one.maximum,
        "length": one.max_length if one.max_length != 200 else "",
        "pattern": one.pattern,
        "choices": "|".join(f"{value}={title.zh}" for value, title in one.choices),
        "when": "=".join(one.when or ()),
        "hide": one.hide,
        "prefill": one.prefill,
        "personal": "✓" if one.personal else "",
        "help": one.help.zh if one.help else "",
    }
    more = ", ".join(f"{name}={value}" for name, value in said.items() if value not in ("", None))
    return f"{one.title.zh} / {one.title.en} · {more}"


def blank(title: T) -> str:
    """Return a form with one entry."""
    schema = {
        "type": "default",
        "id": "form",
        "schemaVersion": 18,
        "components": [
            {
                "type": "textfield",
                "id": "name",
                "key": "name",
                "label": "名称",
                "properties": {"en": "Name"},
                "validate": {"required": True},
            }
        ],
    }
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode() + "\n"


def kept(one: Field) -> dict[str, Any]:
    """Return an entry as JSON keeps it, whole."""
    return {
        name: value
        for name, value in asdict(one).items()
        if value not in (None, "", (), False) or name == "required"
    }


def restored(body: Mapping[str, Any]) -> Field:
    """Return the entry that `kept` kept."""
    more = dict(body)
    for name in ("title", "help", "pattern_words"):
        if name in more:
            more[name] = from_json(more[name])
    more["choices"] = tuple((value, from_json(title)) for value, title in more.get("choices", ()))
    more["accept"] = tuple(more.get("accept", ()))
    if more.get("when"):
        more["when"] = tuple(more["when"])
    return Field(**more)
