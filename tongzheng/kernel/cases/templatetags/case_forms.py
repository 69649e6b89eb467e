"""`{% case_form fields values errors %}`: any declared form as accessible HTML that works without JavaScript.

Ids follow the site's pieces: `id_<name>`, `help_<name>`, `error_<name>`; `{% errors %}` links to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.safestring import SafeString

from tongzheng.kernel.cases.forms import accepted, bytes_words
from tongzheng.kernel.cases.kinds import Field
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.identity import api as identity

register = template.Library()

CITY = "141100"
FEW = 6
"""Up to so many choices are all shown; more go into a select."""

AUTOCOMPLETE = {
    "person.name": "name",
    "person.phone": "tel",
    "person.address": "street-address",
    "enterprise.name": "organization",
}
TYPES = {"phone": "tel", "email": "email", "date": "date"}
INPUT_MODES = {
    "integer": "numeric",
    "decimal": "decimal",
    "money": "decimal",
    "phone": "tel",
    "email": "email",
}
LENGTHS = {"id_number": 24, "uscc": 24, "phone": 24, "email": 254, "integer": 24, "decimal": 24, "money": 24}
UNITS = {"money": T("元", "yuan")}
YES_NO = (("true", T("是", "Yes")), ("false", T("否", "No")))


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: its value, its words and whether it is chosen."""

    value: str
    title: T
    on: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a form, ready to be drawn. `shape` names its template in cases/form/."""

    field: Field
    shape: str
    id: str
    name: str
    value: Any
    error: T | None
    described: str
    required: bool
    type: str = "text"
    inputmode: str = ""
    autocomplete: str = ""
    maxlength: int = 0
    unit: T | None = None
    choices: tuple[Choice, ...] = ()
    levels: tuple[tuple[str, T, tuple[Choice, ...]], ...] = ()
    words: str = ""
    url: str = ""
    lon: str = ""
    lat: str = ""
    kept: tuple[Any, ...] = ()
    accept: str = ""
    accept_words: str = ""
    limit: int = 0
    limit_words: str = ""
    least: str = ""
    most: str = ""
    when_field: str = ""
    when_value: str = ""
    when_words: T | None = None

    @property
    def attributes(self) -> SafeString:
        """What the entry's input says of itself besides name and value."""
        given: dict[str, Any] = {
            "required": self.required,
            "maxlength": self.maxlength or None,
            "inputmode": self.inputmode or None,
            "autocomplete": self.autocomplete or None,
            "min": self.least or None,
            "max": self.most or None,
            "aria-describedby": self.described or None,
            "aria-invalid": "true" if self.error else None,
            "data-private": self.field.personal,
        }
        return flatatt({name: value for name, value in given.items() if value is not None})

    @property
    def when(self) -> SafeString:
        """What conditions.js needs to know of when the entry is asked."""
        if not self.when_field:
            return flatatt({})
        return flatatt({"data-when": self.when_field, "data-when-value": self.when_value})


@register.inclusion_tag("cases/form/form.html")
def case_form(
    fields: Sequence[Field],
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, T] | None = None,
    *,
    summary: bool = True,
    urls: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """`{% case_form fields values errors %}` inside the page's own `<form method="post" enctype=…>`.

    `fields`: any tuple of `Field`. `values`: what was typed (`Incoming.values`) or `shown.typed(…)` of kept ones.
    `errors`: words by field name; those of no field (unknown entries) stand in the summary. `summary=False` if
    the page shows `{% errors %}` itself. `urls`: addresses of entries that are to be comboboxes of the page's own;
    `<name>_words` is then what was typed and `<name>` what was chosen.
    """
    values, errors = values or {}, errors or {}
    named = {field.name: field for field in fields}
    urls = urls or {}
    entries = tuple(
        entry_of(field, values, errors.get(field.name), named, url=urls.get(field.name, ""))
        for field in fields
    )
    slips = [
        (f"id_{name}" if name in named else "", named[name].title if name in named else None, words)
        for name, words in errors.items()
    ]
    return {"entries": entries, "slips": slips if summary else ()}


def entry_of(
    field: Field,
    values: Mapping[str, Any],
    error: T | None,
    named: Mapping[str, Field],
    *,
    today: date | None = None,
    url: str = "",
) -> Entry:
    """Return how one field is drawn with the value and the error that it has."""
    name, value = field.name, values.get(field.name)
    described = " ".join(
        f"{part}_{name}"
        for part, on in (("help", _has_help(field)), ("error", error), ("when", field.when))
        if on
    )
    basis: dict[str, Any] = {
        "field": field,
        "id": f"id_{name}",
        "name": name,
        "error": error,
        "described": described,
        # Without JavaScript an unasked field is on the page too, so the browser must not insist on it.
        "required": field.required and field.when is None,
    }
    if field.when:
        other = named.get(field.when[0])
        basis["when_field"], basis["when_value"] = field.when
        basis["when_words"] = _condition(other, field.when[1])
    if url:
        words = _plain(values.get(f"{name}_words"))
        return Entry(**basis, shape="combobox", value=_plain(value), words=words, url=url)
    return Entry(**basis, **_shape(field, value, values, today or clock.today()))


def _has_help(field: Field) -> bool:
    return field.help is not None or bool(field.basis) or field.kind in ("file", "files")


def _condition(other: Field | None, wanted: str) -> T | None:
    if other is None:
        return None
    titles = dict(YES_NO) if other.kind == "bool" else dict(other.choices)
    return T("“{title}”选“{value}”时填写", "Only if “{title}” is “{value}”").fill(
        title=other.title, value=titles.get(wanted, same(wanted))
    )


def _shape(field: Field, value: Any, values: Mapping[str, Any], today: date) -> dict[str, Any]:
    kind = field.kind
    if kind in ("choice", "choices"):
        chosen = {str(v) for v in value} if isinstance(value, list | tuple) else {str(value)}
        choices = tuple(Choice(code, title, code in chosen) for code, title in field.choices)
        shape = "checks" if kind == "choices" else "radios" if len(choices) <= FEW else "select"
        return {"shape": shape, "value": value, "choices": choices}
    if kind == "bool":
        word = str(value).lower() if value is not None else ""
        if not field.required:
            return {"shape": "tick", "value": word in ("true", "1", "on", "yes")}
        on = {"true": "true", "1": "true", "on": "true", "false": "false", "0": "false"}.get(word)
        return {
            "shape": "radios",
            "value": on,
            "choices": tuple(Choice(code, title, code == on) for code, title in YES_NO),
        }
    if kind == "region":
        return {"shape": "region", "value": _plain(value), "levels": levels(_plain(value))}
    if kind == "organisation":
        return _body(field, value, values)
    if kind == "place":
        place = value if isinstance(value, Mapping) else {"address": value}
        lon, lat = (_plain(place.get(part) or values.get(f"{field.name}.{part}")) for part in ("lon", "lat"))
        address = _plain(place.get("address"))
        autocomplete = AUTOCOMPLETE.get(field.prefill, "off")
        return {
            **{"shape": "place", "value": address, "lon": lon, "lat": lat, "maxlength": field.max_length},
            "autocomplete": autocomplete,
        }
    if kind in ("file", "files"):
        kept = tuple(value) if isinstance(value, list | tuple) else ()
        return {
            "shape": "files",
            "value": "",
            "kept": tuple(one for one in kept if hasattr(one, "token")),
            "accept": ",".join(accepted(field)),
            "accept_words": " ".join(ending[1:].upper() for ending in accepted(field)),
            "limit": settings.UPLOAD_LIMIT,
            "limit_words": bytes_words(settings.UPLOAD_LIMIT),
        }
    if kind == "long":
        return {"shape": "long", "value": _plain(value), "maxlength": field.max_length}
    return _line(field, _plain(value), today)


def _line(field: Field, value: str, today: date) -> dict[str, Any]:
    made: dict[str, Any] = {
        "shape": "line",
        "value": value,
        "type": TYPES.get(field.kind, "text"),
        "inputmode": INPUT_MODES.get(field.kind, ""),
        "autocomplete": "email" if field.kind == "email" else AUTOCOMPLETE.get(field.prefill, "off"),
        "maxlength": LENGTHS.get(field.kind, field.max_length),
        "unit": UNITS.get(field.kind),
    }
    if field.kind == "date":
        try:
            date.fromisoformat(value or "2000-01-01")
        except ValueError:
            made["type"] = "text"  # a date input would hide what was typed
        made["maxlength"] = 0
        if field.minimum is not None:
            made["least"] = (today + timedelta(days=int(field.minimum))).isoformat()
        if field.maximum is not None:
            made["most"] = (today + timedelta(days=int(field.maximum))).isoformat()
    return made


def _body(field: Field, value: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    listed = values.get(f"{field.name}_listed") or ()
    if listed:
        choices = tuple(Choice(str(id), title, False) for id, title in listed)
        return {"shape": "select", "value": "", "choices": choices}
    words = _plain(values.get(f"{field.name}_words"))
    id = _plain(value)
    if id.isdecimal() and len(id) < 19 and not words:
        found = identity.organisation(int(id))
        words = str(found.title) if found else ""
    return {"shape": "combobox", "value": id, "words": words, "url": reverse("cases:organisations")}


def levels(code: str) -> tuple[tuple[str, T, tuple[Choice, ...]], ...]:
    """Return the selects of a chosen region: county, township and village, as far as they can be chosen."""
    found: list[tuple[str, T, tuple[Choice, ...]]] = []
    code = code if code.isdecimal() and len(code) in (6, 9, 12) else ""
    for parent, width, title in (
        (CITY, 6, T("县（市、区）", "County")),
        (code[:6], 9, T("乡镇（街道）", "Township")),
        (code[:9], 12, T("村（社区）", "Village")),
    ):
        if len(parent) != (6 if width < 12 else 9) or (width > 6 and parent == CITY):
            break
        inside = identity.regions(parent=parent, limit=500)
        choices = tuple(Choice(one.code, one.title, one.code == code[:width]) for one in inside)
        if choices:
            found.append((str(width), title, choices))
    return tuple(found)


def _plain(value: Any) -> str:
    return "" if value is None or isinstance(value, Mapping | list | tuple) else str(value)
