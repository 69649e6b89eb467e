"""One case as one file that proves itself: for people, for machines, with attachments and the ledger's proofs."""

from __future__ import annotations

import dataclasses
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import IO, Any

import orjson

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing, Refused, SignInNeeded, TooLarge, Unavailable
from tongzheng.kernel.core.sealing import unseal_json
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger
from tongzheng.kernel.messages import api as messages

from . import acts, people, wording
from .archive_words import FORMAT, README
from .opening import SEALED
from .reading import sheet as sheet_of
from .record import NO_CASE, load
from .views import FileView, Sheet

EXPORTED = T("导出档案", "Archived to a file")
PRINTED = 60_000
"""Characters of the timeline that are printed; all of it is in case.json."""


@dataclasses.dataclass(frozen=True, slots=True)
class ArchiveView:
    """What was put into an archive. `waiting`: entries that no checkpoint covers yet, not in it."""

    name: str
    entries: int
    files: int
    waiting: int


def archive(
    case: int | str, *, actor: identity.Actor, to: IO[bytes], purpose: str, personal: bool = False
) -> ArchiveView:
    """Write one case as a ZIP that can be checked offline: PDF, JSON, attachments, ledger entries with proofs.

    Args: to, a seekable binary file; purpose, 4 to 200 characters; personal, with the personal entries in clear and
    the files that answer them, which only who works on the case may have; otherwise they are masked and left out.
    Who reads the case may; the export is itself on its timeline and on the ledger. Raises SignInNeeded, Refused,
    Invalid, Missing.
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    record = load(case)
    works, reads = acts.works_on(record, actor), acts.reads(record, actor)
    if not works and not reads:
        raise Missing(NO_CASE)
    if personal and not works:
        raise Refused(
            T("只有办理这个办件的人可以导出个人信息", "Only who works on it may export personal data")
        )
    if not 4 <= len(purpose.strip()) <= 200 or "\0" in purpose:
        raise Invalid(fields={"purpose": acts.WORDLESS})
    now = clock.now()
    sheet = sheet_of(record.id, actor=actor)
    hidden = {fact.name for fact in sheet.facts if fact.personal}
    files = [file for file in sheet.files if personal or file.field not in hidden]
    body = _json(sheet, files, now)
    if personal:
        held = {**unseal_json(record.sealed, use=SEALED)} if record.sealed else {}
        applicant = people.unsealed_applicant(record.applicant_sealed) if record.applicant_sealed else {}
        body["personal"] = {"facts": held, "applicant": applicant}
    listed: list[dict[str, Any]] = []
    waiting = entries = 0
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as packed:

        def put(name: str, content: bytes) -> None:
            packed.writestr(name, content)
            listed.append({"path": name, "sha256": sha256(content).hexdigest(), "size": len(content)})

        at = f"{now.astimezone(clock.CHINA):%Y-%m-%d %H:%M:%S%z}"
        put("README.txt", README.format(format=FORMAT, number=record.number, at=at).encode())
        put("case.json", orjson.dumps(body, option=orjson.OPT_INDENT_2))
        put("case.pdf", _printed(sheet, now))
        for file in _once(files):
            listed.append(_attach(packed, file))
        for entry in _entries(record.number):
            try:
                proof = ledger.prove(entry.id)
            except Unavailable:
                waiting += 1
                continue
            entries += 1
            put(
                f"ledger/{entry.id}.json", orjson.dumps(dataclasses.asdict(proof), option=orjson.OPT_INDENT_2)
            )
        put("ledger/key.txt", f"{ledger.public_key()}\n".encode())
        manifest = {"format": FORMAT, "number": record.number, "made": now.isoformat(), "waiting": waiting}
        packed.writestr(
            "manifest.json", orjson.dumps({**manifest, "files": listed}, option=orjson.OPT_INDENT_2)
        )
    post = works.post_id if works else reads.post_id
    told = {"purpose": purpose.strip(), "personal": personal, "entries": entries}
    acts.write(record, actor, post, kind="export", title=EXPORTED, note=purpose.strip(), body=told)
    return ArchiveView(f"{record.number}.zip", entries, len(files), waiting)


def _entries(number: str) -> Iterator[ledger.EntryView]:
    """Yield every entry about a case, oldest last."""
    after: int | None = None
    while page := ledger.entries(subject=f"case:{number}", after=after, limit=500):
        yield from page
        after = page[-1].id


def _once(files: Sequence[FileView]) -> list[FileView]:
    return list({file.digest: file for file in files}.values())


def path_of(digest: str, name: str) -> str:
    """Return where an attachment lies in the archive: no name of a person's making leads out of its folder."""
    safe = "".join(c if c.isalnum() or c in "._- （）()" else "_" for c in name).strip(". ")[-80:]
    return f"files/{digest[:12]}-{safe or 'file'}"


def _attach(packed: zipfile.ZipFile, file: FileView) -> dict[str, Any]:
    name, running = path_of(file.digest, file.name), sha256()
    with ledger.open_file(file.digest) as source:
        while piece := source.read(1 << 20):
            running.update(piece)
        source.seek(0)
        with packed.open(name, "w", force_zip64=True) as target:
            shutil.copyfileobj(source, target, 1 << 20)
    return {"path": name, "sha256": running.hexdigest(), "size": file.size, "digest": file.digest}


def _json(sheet: Sheet, files: Sequence[FileView], now: datetime) -> dict[str, Any]:
    kept = plain(sheet)
    for name in ("moves", "may_note", "may_reveal", "may_review", "may_answer"):
        kept.pop(name, None)
    kept["case"].pop("query_code", None)
    kept["files"] = [plain(file) | {"path": path_of(file.digest, file.name)} for file in files]
    kept["left_out"] = [plain(file) for file in sheet.files if file not in files]
    return {"format": FORMAT, "at": now.isoformat(), **kept}


def plain(value: Any) -> Any:
    """Return a view as JSON can hold it: words in both languages, moments in ISO 8601."""
    if isinstance(value, T):
        return value.to_json()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _printed(sheet: Sheet, now: datetime) -> bytes:
    """Return the case as a PDF; what does not fit on paper is in case.json."""
    case = sheet.case
    steps: list[str | T] = []
    size = 0
    for event in sheet.timeline:
        when = f"{event.at.astimezone(clock.CHINA):%Y-%m-%d %H:%M}"
        line = f"{when} {event.title.zh} · {event.actor_label}" + (f"：{event.note}" if event.note else "")
        size += len(line) + 40
        if size > PRINTED:
            steps.append("……（其余见 case.json）")
            break
        steps.append(line)
    parts: list[str | T] = [
        f"{one.part.organisation_label} {one.title.zh}：{(one.answer_title or one.state_title).zh} {one.part.opinion}"
        for one in sheet.together.parts
    ]
    moment = wording.moment
    facts: dict[str, Any] = {
        "issuer": case.organisation_label or "—",
        "date": now.astimezone(clock.CHINA).date(),
        "to": "",
        "number": case.number,
        "type": case.type_title,
        "title": case.title,
        "state": case.state_title,
        "applicant": case.applicant_label or "—",
        "opened": moment(case.opened_at, hour=True),
        "due": moment(case.due_at, hour=True) if case.due_at else T("不限时", "no time limit"),
        "closed": moment(case.closed_at, hour=True) if case.closed_at else "—",
        "entries": [T(f"{f.title.zh}：{f.shown.zh}", f"{f.title.en}: {f.shown.en}") for f in sheet.facts]
        or "",
        "steps": steps,
        "parts": parts or "",
        "files": [f"{one.name}（{one.digest[:12]}）" for one in sheet.files] or "",
    }
    try:
        return messages.document("cases.record", facts=facts, number=case.number)
    except TooLarge:
        facts |= {"entries": "", "parts": "", "steps": [*steps[:50], "……（其余见 case.json）"]}
        return messages.document("cases.record", facts=facts, number=case.number)
