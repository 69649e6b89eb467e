"""Forms: from what was typed to what is kept. Pure functions; `shown.py` goes the other way.

`validate` judges a whole form; `split` parts open facts from personal ones, and `masks` says what may be shown
of the latter without a purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from tongzheng.kernel.core.codes import masked_id, masked_name, masked_phone
from tongzheng.kernel.core.text import T
from tongzheng.kernel.rules import api as rules

from .entries import CHOOSE, KINDS, REQUIRED, Lookup, Slip, parser
from .kinds import Field

FIELD_LIMIT = 200
FILES_LIMIT = 20
UPLOAD_LIMIT = 20 * 1024 * 1024

MEDIA: dict[str, tuple[str, ...]] = {
    "image": (".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic"),
    "jpeg": (".jpg", ".jpeg"),
    "document": (".pdf", ".ofd", ".doc", ".docx", ".wps", ".txt"),
    "table": (".xlsx", ".xls", ".et", ".csv"),
    "audio": (".mp3", ".wav"),
    "video": (".mp4", ".m4v", ".mov", ".3gp"),
}
"""Groups that `Field.accept` may name besides kinds ("pdf"), endings (".pdf") and media types ("image/png");
they are the ledger's, which looks at the content and has the last word."""


class Upload(Protocol):
    """A file as it arrived or is kept: Django's uploaded file and the ledger's FileView both fit."""

    @property
    def name(self) -> str | None: ...

    @property
    def size(self) -> int | None: ...


Files = Mapping[str, Sequence[Any]]


def validate(
    fields: Sequence[Field],
    data: Mapping[str, Any],
    files: Files | None = None,
    *,
    today: date,
    lookup: Lookup | None = None,
    upload_limit: int = UPLOAD_LIMIT,
) -> tuple[dict[str, Any], dict[str, T]]:
    """Judge a form and return what to keep and, by field, what is wrong; never raises for bad input.

    Args: data, typed or JSON values by field name; files, uploads by field name; today, for birth and other
    dates; lookup, asked whether regions and organisations exist (None: not asked); upload_limit, bytes a file.
    Returns (clean, errors). Fields that `when` leaves unasked are neither kept nor required; keys that the
    form does not have are errors under their own name.
    """
    reading = _Reading(tuple(fields), data, files or {}, today, lookup, upload_limit)
    for field in reading.fields:
        reading.read(field)
    clean = {field.name: reading.clean[field.name] for field in fields if field.name in reading.clean}
    return clean, reading.errors


class _Reading:
    """One judgement of one form: fields are read at need, because `when` may name a later one."""

    def __init__(
        self,
        fields: tuple[Field, ...],
        data: Mapping[str, Any],
        files: Files,
        today: date,
        lookup: Lookup | None,
        upload_limit: int,
    ) -> None:
        self.fields, self.files = fields, files
        self.today, self.lookup, self.upload_limit = today, lookup, upload_limit
        self.named = {field.name: field for field in fields}
        self.clean: dict[str, Any] = {}
        self.errors: dict[str, T] = {}
        self.asked: dict[str, bool] = {}
        self.data = self._known(data)

    def _known(self, data: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        points: list[tuple[str, str, Any]] = []
        for key in [*data, *self.files]:
            name = str(key)
            head, _, tail = name.rpartition(".")
            if name in self.named:
                if key in data:
                    found[name] = data[key]
            elif tail in ("lon", "lat") and head in self.named and self.named[head].kind == "place":
                points.append((head, tail, data.get(key)))
            elif len(self.errors) < FIELD_LIMIT:
                shown = name.encode("utf-8", "replace").decode()[:60]
                self.errors[shown] = T("表单里没有“{name}”这一项", "The form has no entry “{name}”").fill(
                    name=shown
                )
        for head, tail, value in points:
            place = found.get(head)
            found[head] = {**(place if isinstance(place, Mapping) else {"address": place}), tail: value}
        return found

    def read(self, field: Field) -> None:
        """Read one field, and the one that its `when` names before it."""
        if field.name in self.asked:
            return
        self.asked[field.name] = False  # a ring of conditions asks nothing
        if not self._wanted(field):
            return
        self.asked[field.name] = True
        try:
            if field.kind in ("file", "files"):
                self._read_files(field)
            else:
                self._read_value(field)
        except Slip as slip:
            self.errors[field.name] = slip.words

    def _wanted(self, field: Field) -> bool:
        if field.hide and self._hidden(field):
            return False
        if field.when is None:
            return True
        other = self.named.get(field.when[0])
        if other is None:
            return False
        self.read(other)
        return other.name in self.clean and answers(self.clean[other.name], field.when[1])

    def _hidden(self, field: Field) -> bool:
        """Tell whether a field's own condition leaves it out; a condition that gives nothing clear asks it."""
        for word in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", field.hide)):
            if word in self.named and word != field.name:
                self.read(self.named[word])
        seen = {name: _plain(self.named[name], self.clean.get(name)) for name in self.named}
        try:
            return rules.evaluate(field.hide, seen).value is True
        except rules.RulesError:
            return False

    def _read_value(self, field: Field) -> None:
        raw = self.data.get(field.name)
        if _blank(raw):
            if field.kind == "bool" and not field.required:
                self.clean[field.name] = False  # an empty tick box sends nothing, and means no
            elif field.required:
                raise Slip(
                    CHOOSE if field.kind in ("choice", "choices", "region", "organisation") else REQUIRED
                )
            return
        self.clean[field.name] = parser(field, today=self.today, lookup=self.lookup)(raw)

    def _read_files(self, field: Field) -> None:
        if not _blank(self.data.get(field.name)):
            raise Slip(T("这一项请上传文件", "Please upload a file here"))
        given = [file for file in self.files.get(field.name, ()) if file is not None]
        if not given:
            if field.required:
                raise Slip(T("请上传文件", "Please upload a file"))
            return
        most = 1 if field.kind == "file" else min(int(field.maximum or FILES_LIMIT), FILES_LIMIT)
        if len(given) > most:
            raise Slip(T("最多 {n} 个文件", "At most {n} files").fill(n=most))
        for file in given:
            _judge_file(field, file, self.upload_limit)
        kept = [_kept(file) for file in given]
        self.clean[field.name] = kept[0] if field.kind == "file" else kept


def _plain(field: Field, value: Any) -> Any:
    """Return a kept value as an expression sees it: numbers as numbers, money in yuan."""
    if value is None or field.kind not in ("decimal", "money"):
        return value
    return Decimal(value) / 100 if field.kind == "money" else Decimal(value)


def _blank(raw: Any) -> bool:
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return True
    if isinstance(raw, Mapping):
        return all(_blank(value) for value in raw.values())
    return isinstance(raw, list | tuple) and all(_blank(value) for value in raw)


def _judge_file(field: Field, file: Any, limit: int) -> None:
    name, size = str(getattr(file, "name", "") or ""), int(getattr(file, "size", 0) or 0)
    named = {"name": name[:80]}
    if size <= 0:
        raise Slip(T("“{name}”是空文件", "“{name}” is empty").fill(**named))
    if size > limit:
        words = T("“{name}”有 {size}，超过 {most}", "“{name}” has {size}, more than {most}")
        raise Slip(words.fill(**named, size=bytes_words(size), most=bytes_words(limit)))
    endings = accepted(field)
    if endings and not name.lower().endswith(endings):
        words = T("“{name}”不是要求的格式（{forms}）", "“{name}” is not of a wanted form ({forms})")
        raise Slip(words.fill(**named, forms=" ".join(endings)))


def _kept(file: Any) -> dict[str, Any]:
    return {
        "digest": str(getattr(file, "digest", "")),
        "name": str(file.name)[:200],
        "size": int(file.size),
        "media_type": str(getattr(file, "media_type", "") or getattr(file, "content_type", "") or ""),
    }


def accepted(field: Field) -> tuple[str, ...]:
    """Return the file endings that a field takes; empty for any."""
    endings: list[str] = []
    for word in field.accept:
        kind = word.removesuffix("/*")
        endings += MEDIA.get(
            kind, (word.lower() if word.startswith(".") else f".{word.rpartition('/')[2].lower()}",)
        )
    return tuple(dict.fromkeys(endings))


def bytes_words(size: int) -> str:
    """Return a file size as people read it: 512 KB, 3.4 MB."""
    return f"{max(size / 1024, 0.1):.0f} KB" if size < 1024 * 1024 else f"{size / 1048576:.1f} MB"


def answers(value: Any, wanted: str) -> bool:
    """Tell whether a kept value is the one that a `when` waits for; of several chosen, one is enough."""
    if isinstance(value, bool):
        return ("true" if value else "false") == wanted.lower()
    if isinstance(value, list):
        return wanted in value
    return str(value) == wanted


def faults(fields: Iterable[Field]) -> tuple[str, ...]:
    """Return what is wrong with a declared form itself, in words for its author; empty when sound."""
    found: list[str] = []
    fields = tuple(fields)
    names = [field.name for field in fields]
    if len(fields) > FIELD_LIMIT:
        found.append(f"{len(fields)} fields; at most {FIELD_LIMIT}")
    for field in fields:
        if names.count(field.name) > 1:
            found.append(f"{field.name} stands twice")
        if "." in field.name or not field.name.isidentifier():
            found.append(f"{field.name!r} is no identifier")
        if field.kind not in KINDS:
            found.append(f"{field.name}: there is no kind {field.kind!r}")
        if field.kind in ("choice", "choices") and not field.choices:
            found.append(f"{field.name}: a choice without choices")
        if field.when and (field.when[0] not in names or field.when[0] == field.name):
            found.append(f"{field.name}: asked by {field.when[0]!r}, which the form has not")
    return tuple(dict.fromkeys(found))


def split(fields: Sequence[Field], clean: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part a clean form into open facts and personal ones; the latter are to be sealed."""
    hidden = {field.name for field in fields if field.personal}
    return (
        {name: value for name, value in clean.items() if name not in hidden},
        {name: value for name, value in clean.items() if name in hidden},
    )


def masks(fields: Sequence[Field], personal: Mapping[str, Any]) -> dict[str, str]:
    """Return what may be shown of personal values without a purpose; fit to be stored in the open."""
    return {field.name: masked(field, personal[field.name]) for field in fields if field.name in personal}


def masked(field: Field, value: Any) -> str:
    """Return one value with all but a recognisable edge hidden."""
    if field.kind in ("id_number", "uscc"):
        return masked_id(str(value))
    if field.kind == "phone":
        return masked_phone(str(value))
    if field.kind == "email":
        return f"{str(value)[:1]}···@{str(value).rpartition('@')[2]}"
    if field.kind == "date":
        return f"{str(value)[:4]}-··-··"
    if field.kind == "place":
        return _edge(str(value["address"]), 6)
    if field.kind == "text":
        long = len(str(value)) > 4
        return _edge(str(value), 3) if long else masked_name(str(value))
    return "＊＊＊"


def _edge(text: str, most: int) -> str:
    return text[: min(most, len(text) // 2)] + "＊＊＊"
