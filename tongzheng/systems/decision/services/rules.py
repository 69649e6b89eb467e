"""The rules of items: how the city's data become forms, and what makes an item's declaration sound. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongzheng.kernel.cases.kinds import Field
from tongzheng.kernel.core.text import T

DEPARTMENTS: dict[str, T] = {
    "market": T("市场监督管理", "Market regulation"),
    "labour": T("人力资源和社会保障", "Labour and social security"),
    "police": T("公安", "Public security"),
    "civil": T("民政", "Civil affairs"),
    "housing": T("住房和城乡建设", "Housing and construction"),
    "health": T("卫生健康", "Health"),
    "water": T("水利", "Water"),
    "transport": T("交通运输", "Transport"),
    "education": T("教育", "Education"),
    "urban": T("城市管理", "City management"),
    "environment": T("生态环境", "Environment"),
    "insurance": T("医疗保障", "Medical insurance"),
    "land": T("自然资源", "Natural resources"),
    "fund": T("住房公积金", "Housing fund"),
}
TRUST: dict[str, T] = {
    "A": T("数据核验，免提交", "Checked against data; nothing to hand in"),
    "B": T("窗口核验原件", "Original verified at the window"),
    "C": T("申请人上传", "Uploaded by the applicant"),
    "D": T("申请人承诺", "Stated by the applicant"),
}
RESULTS: dict[str, T] = {
    "licence": T("证照", "Licence"),
    "document": T("文书", "Document"),
    "reply": T("批复（通知）", "Reply"),
}
OBJECTS: dict[str, T] = {
    "1": T("自然人", "Persons"),
    "2": T("企业法人", "Enterprises"),
    "3": T("事业法人", "Institutions"),
    "4": T("社会组织法人", "Social organisations"),
    "5": T("行政机关", "Government bodies"),
    "6": T("其他组织", "Other organisations"),
}
DAYS_IN_WORKING_DAY = 1.4
"""A working day is about 7/5 of a calendar day; used only to compare limits given in different units."""


@dataclass(frozen=True, slots=True)
class Material:
    """One thing to hand in, or that data replace. `trust` is a key of TRUST."""

    name: str
    title: T
    required: bool
    source: str
    trust: str
    kind: str
    standard: T
    accept: tuple[str, ...]
    from_form: bool

    @property
    def uploaded(self) -> bool:
        """Whether the applicant has a file to hand in."""
        return self.trust in ("B", "C") and not self.from_form


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of an item beside its register columns, as GB/T 39046-2020 groups them."""

    objects: tuple[str, ...]
    statutory: tuple[int, str]
    bases: tuple[T, ...]
    conditions: tuple[T, ...]
    materials: tuple[Material, ...]
    fields: tuple[Field, ...]
    result: T
    result_kind: str
    validity_months: int
    special: tuple[tuple[str, T, int], ...]
    fee: T | None
    fee_basis: str
    visits: int
    visit_reason: T | None
    words: tuple[str, ...]

    @property
    def form(self) -> tuple[Field, ...]:
        """The application form: the entries, and a file for each material that is handed in."""
        files = tuple(
            Field(
                f"material_{m.name}",
                m.title,
                kind="file",
                required=m.required,
                help=m.standard,
                accept=m.accept,
            )
            for m in self.materials
            if m.uploaded
        )
        return self.fields + files


def text(pair: Any) -> T:
    """Return the text of a ["中文", "English"] pair."""
    return T(str(pair[0]), str(pair[1]))


def field_of(name: str, raw: Mapping[str, Any]) -> Field:
    """Return the form entry that a table of fields.toml describes."""
    plain = {
        k: raw[k]
        for k in ("kind", "required", "max_length", "minimum", "maximum", "pattern", "personal", "prefill")
        if k in raw
    }
    return Field(
        name,
        text(raw["title"]),
        help=text(raw["help"]) if "help" in raw else None,
        pattern_words=text(raw["pattern_words"]) if "pattern_words" in raw else None,
        choices=tuple((code, T(zh, en)) for code, zh, en in raw.get("choices", ())),
        **plain,
    )


def material_of(name: str, raw: Mapping[str, Any]) -> Material:
    """Return the material that a table of materials.toml describes."""
    return Material(
        name=name,
        title=text(raw["name"]),
        required=raw.get("required", True),
        source=raw["source"],
        trust=raw["trust"],
        kind=raw["kind"],
        standard=text(raw["standard"]),
        accept=tuple(
            f".{ending}" for ending in raw.get("accept", ("pdf", "jpg", "jpeg", "png", "doc", "docx", "ofd"))
        ),
        from_form=raw.get("from_form", False),
    )


def in_order(tables: Mapping[str, Any] | Sequence[Sequence[Any]]) -> Iterable[tuple[str, Any]]:
    """Return named tables in their order; kept as pairs, because PostgreSQL forgets the order of an object's keys."""
    pairs = tables.items() if isinstance(tables, Mapping) else tables
    return ((str(name), table) for name, table in pairs)


def elements_of(raw: Mapping[str, Any]) -> Elements:
    """Return the elements of an item as kept: its own table with the fields and materials it names put in."""
    return Elements(
        objects=tuple(raw["objects"]),
        statutory=(raw["statutory"][0], raw["statutory"][1]),
        bases=tuple(text(pair) for pair in raw["basis"]),
        conditions=tuple(text(pair) for pair in raw["conditions"]),
        materials=tuple(material_of(name, m) for name, m in in_order(raw["materials"])),
        fields=tuple(field_of(name, f) for name, f in in_order(raw["fields"])),
        result=text(raw["result"][:2]),
        result_kind=raw["result"][2],
        validity_months=raw["result"][3],
        special=tuple((code, T(zh, en), days) for code, zh, en, days in raw.get("special", ())),
        fee=text(raw["fee"]) if "fee" in raw else None,
        fee_basis=raw["fee"][2] if "fee" in raw else "",
        visits=raw.get("visits", 0),
        visit_reason=text(raw["visit_reason"]) if "visit_reason" in raw else None,
        words=tuple(raw.get("words", ())),
    )


def applicant_fault(objects: Sequence[str], *, for_body: bool) -> T | None:
    """Say why a person (or a body, `for_body`) cannot apply for an item with these objects (服务对象), or None."""
    if for_body and not set(objects) - {"1"}:
        return T("这个事项只由个人申请", "Only persons apply for this item")
    if not for_body and "1" not in objects:
        return T("这个事项只由单位申请", "Only organisations apply for this item")
    return None


def prefilled(fields: Iterable[Field], known: Mapping[str, str]) -> dict[str, str]:
    """Return the entries of a form that the platform knows already, by the entries' `prefill`."""
    return {field.name: known[field.prefill] for field in fields if known.get(field.prefill)}


def in_force(valid_from: date, valid_to: date | None, day: date) -> bool:
    """Tell whether a version with these dates applies on `day`; `valid_to` is the first day it no longer does."""
    return valid_from <= day and (valid_to is None or day < valid_to)


def statutory(limit: tuple[int, str]) -> tuple[int, str]:
    """Return an item's statutory limit in the words of clocks: "wd" and "cd" become units."""
    amount, unit = limit
    return amount, "working_day" if unit == "wd" else "calendar_day"


def item_faults(kind: str, promised: int, elements: Elements) -> Iterator[T]:
    """Yield what is unsound in an item (quality rules in use for GB/T 39046 implementation lists).

    Args: kind, "1" instant or "2" promised; promised, working days.
    """
    amount, unit = elements.statutory
    limit = amount if unit == "wd" else amount / DAYS_IN_WORKING_DAY
    if promised > limit:
        yield T("承诺时限长于法定时限", "The promised limit is longer than the statutory one")
    if kind == "1" and promised > 1:
        yield T("即办件的承诺时限不得超过 1 个工作日", "An instant case is promised within one working day")
    if elements.visits and elements.visit_reason is None:
        yield T("需要到场却没有写明原因", "Visits are required without a reason")
    if elements.fee is not None and not elements.fee_basis:
        yield T("收费没有依据", "A fee without a basis")
    if not elements.bases:
        yield T("没有法律依据", "No legal basis")
    if elements.result_kind not in RESULTS:
        yield T("结果类型不在代码表内", "The kind of result is not in the code table")
    for material in elements.materials:
        if material.trust not in TRUST or material.source not in ("1", "2", "9"):
            yield T("材料“{name}”缺少来源", "Material “{name}” lacks its source").fill(name=material.title)
    names = [field.name for field in elements.fields]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield T(f"表单重复：{name}", f"Twice in the form: {name}")


def found_by(words: str, name: str, name_en: str, elements: Elements) -> bool:
    """Tell whether a citizen's words mean this item: by its names, or the everyday words kept with it."""
    wanted = words.strip().lower()
    if not wanted:
        return True
    if wanted in name.lower() or wanted in name_en.lower():
        return True
    return any(word.lower() in wanted or wanted in word.lower() for word in elements.words)
