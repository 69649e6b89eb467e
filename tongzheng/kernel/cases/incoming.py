"""A form as it arrives from a browser: what was typed, the files (kept at once), and what to show again.

A file input cannot be filled again after a slip, so files are kept on arrival and come back as signed tokens:
whoever holds a token has uploaded that file, and nobody else can name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, QueryDict

from tongzheng.kernel.core.codes import region_holds
from tongzheng.kernel.core.errors import BadFile, TooLarge
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from .forms import FILES_LIMIT, bytes_words
from .kinds import Field

TOKEN_LIFE = 24 * 3600
LISTED = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that has been kept; `token` brings it back with the form."""

    digest: str
    name: str
    size: int
    media_type: str
    token: str

    @property
    def size_words(self) -> str:
        """The size as people read it."""
        return bytes_words(self.size)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a browser sent. `data` and `files` are for judging, `values` for showing the form again.

    `errors`: slips found on the way in, such as a renamed program. `expanding`: the person pressed a button
    that only asks for more choices (no JavaScript), so nothing is to be done yet.
    """

    data: dict[str, Any]
    files: dict[str, tuple[Kept, ...]]
    values: dict[str, Any]
    errors: dict[str, T] = field(default_factory=dict)
    expanding: bool = False

    @property
    def pairs(self) -> tuple[tuple[str, ledger.FileView], ...]:
        """The files as `open_case` and `move_case` take them: pairs of the form's entry and the kept file."""
        return tuple(
            (name, ledger.FileView(kept.digest, kept.name, kept.size, kept.media_type))
            for name, many in self.files.items()
            for kept in many
        )


def received(request: HttpRequest, fields: Sequence[Field], *, own: Iterable[str] = ()) -> Incoming:
    """Read a posted form of declared fields, keeping its files.

    Args: own, names of entries that belong to the page and not to the form (its note, its version).
    Entries that neither has stay in `data`, where judging refuses them by name. Raises StorageFull.
    """
    post, known = request.POST, {one.name: one for one in fields}
    page = {"csrfmiddlewaretoken", *own}
    data: dict[str, Any] = {}
    values: dict[str, Any] = {}
    errors: dict[str, T] = {}
    for key in post:
        name, _, part = key.partition(".")
        filed = name in known and known[name].kind in ("file", "files") and part == "kept"
        if key in page or key.startswith("_") or filed:
            continue
        data[key] = _entry(known.get(key), post, key)
        values[key] = data[key]
    for one in fields:
        if one.kind == "organisation":
            _resolve(one, post, data, values, errors)
    files = {
        one.name: found
        for one in fields
        if one.kind in ("file", "files")
        if (found := _files(request, one, errors))
    }
    return Incoming(data, files, {**values, **files}, errors, "_expand" in post)


def restored(request: HttpRequest, fields: Sequence[Field], *, own: Iterable[str] = ()) -> QueryDict | None:
    """Return what was typed into this page's form before its sender's session ended, once; None if nothing was.

    For the page that shows the form again: entries of `fields` and `own`, without files.
    """
    kept = identity.kept_values(request) if request.method in ("GET", "HEAD") else None
    if kept is None:
        return None
    names = {one.name for one in fields} | set(own)
    found = kept.copy()
    for name in kept:
        if name.removesuffix("_words") not in names:
            del found[name]
    return found


def _entry(field: Field | None, post: QueryDict, key: str) -> Any:
    if field is not None and field.kind == "choices":
        return post.getlist(key)[:500]
    if field is not None and field.kind == "region":
        return _deepest(post.getlist(key))
    return post.get(key)


def _deepest(codes: Sequence[str]) -> str:
    """Return the last code of a county–township–village chain that still lies inside the one before it."""
    chosen = ""
    for code in codes[:5]:
        if code and (not chosen or region_holds(chosen, code)):
            chosen = code
    return chosen


def _resolve(
    one: Field, post: QueryDict, data: dict[str, Any], values: dict[str, Any], errors: dict[str, T]
) -> None:
    """Without JavaScript the body's name is typed: take the one that fits, or list those that may be meant."""
    words = post.get(f"{one.name}_words", "")
    data.pop(f"{one.name}_words", None)
    values[f"{one.name}_words"] = words
    if data.get(one.name) or not words.strip():
        return
    found = identity.organisations(words=words.strip()[:60], limit=LISTED)
    exact = [body for body in found if words.strip() in (body.name, body.short)] or list(found)
    if len(exact) == 1:
        data[one.name] = values[one.name] = str(exact[0].id)
    elif found:
        values[f"{one.name}_listed"] = tuple((str(body.id), body.title) for body in found)
        errors[one.name] = T("有几个单位相近，请选一个", "Several organisations fit; please choose one")
    else:
        errors[one.name] = T("没有找到这个单位", "No such organisation was found")


def _files(request: HttpRequest, one: Field, errors: dict[str, T]) -> tuple[Kept, ...]:
    salt = _salt(request)
    kept: list[Kept] = []
    for token in request.POST.getlist(f"{one.name}.kept")[:FILES_LIMIT]:
        try:
            digest, name, size, media_type = signing.loads(token, salt=salt, max_age=TOKEN_LIFE)
        except (signing.BadSignature, ValueError, TypeError):
            continue  # an old or foreign token brings nothing back; a required file is then asked for again
        kept.append(Kept(digest, name, size, media_type, token))
    for upload in request.FILES.getlist(one.name)[:FILES_LIMIT]:
        name = upload.name or "file"
        if upload.size is not None and upload.size > settings.UPLOAD_LIMIT:
            limit = settings.UPLOAD_LIMIT // 1048576
            errors[one.name] = T("“{name}”超过 {n} MB", "“{name}” is larger than {n} MB").fill(
                name=name, n=limit
            )
            continue
        try:
            view = ledger.keep_file(cast(BinaryIO, upload.file), name=name, accept=one.accept)
        except (BadFile, TooLarge) as fault:
            errors[one.name] = T("“{name}”：{why}", "“{name}”: {why}").fill(name=name, why=fault.words)
            continue
        token = signing.dumps([view.digest, view.name, view.size, view.media_type], salt=salt)
        kept.append(Kept(view.digest, view.name, view.size, view.media_type, token))
    once = {one_kept.digest: one_kept for one_kept in kept}
    return tuple(once.values())[-1:] if one.kind == "file" else tuple(once.values())


def _salt(request: HttpRequest) -> str:
    actor = getattr(request, "actor", None)
    return f"cases.kept:{getattr(actor, 'id', None) or 0}"
