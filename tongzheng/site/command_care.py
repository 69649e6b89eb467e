"""Verbs that care for a running city: check, backup, restore, ledger."""

from __future__ import annotations

import argparse
import os
from contextlib import nullcontext
from pathlib import Path

from tongzheng.site import backup as archives
from tongzheng.site import place, postgres, restoring
from tongzheng.site.command_city import start_django
from tongzheng.site.supervisor import alone
from tongzheng.site.words import chinese, complain, say

MARKS = {"ok": "✓", "warning": "!", "failed": "✗"}


def check(chosen: argparse.Namespace) -> int:
    """Print every look at the configuration and the outside; return 1 if one failed."""
    data = place.data_folder()
    with postgres.city(data):
        start_django()
        from tongzheng.kernel.core.health import all_checks
        from tongzheng.site.checks import checks

        found = [*checks(), *all_checks()]
        for one in found:
            print(f"{MARKS[one.level]} {one.title}: {one.detail}")
    failed = [one for one in found if one.level == "failed"]
    warned = [one for one in found if one.level == "warning"]
    say(
        f"共 {len(found)} 项，{len(failed)} 项失败，{len(warned)} 项需留意。",
        f"{len(found)} looks: {len(failed)} failed, {len(warned)} to see to.",
    )
    return 1 if failed else 0


def _passphrase(path: Path | None) -> str:
    return path.read_text(encoding="utf-8").rstrip("\r\n") if path else ""


def _tell(step: str) -> None:
    words = {"files": "文件", "reading it back": "回读核对", "reading and comparing": "读取并核对"}
    words["files and keys"] = "文件与密钥"
    print(f"· {words.get(step, step.replace('database', '数据库')) if chinese() else step} …", flush=True)


def backup(chosen: argparse.Namespace) -> int:
    """Write the whole city into one file; it may be running meanwhile."""
    data = place.data_folder()
    if not (data / "secrets.json").exists():
        complain(f"{data} 里没有城市", f"there is no city in {data}")
        return 1
    with postgres.city(data):
        report = archives.write(
            chosen.file,
            data=data,
            url=os.environ["DATABASE_URL"],
            passphrase=_passphrase(chosen.passphrase_file),
            say=_tell,
        )
    rows = sum(report.rows.values())
    say(
        f"已备份并核对：{chosen.file}，{rows} 行，{report.files} 个文件。",
        f"Saved and compared: {chosen.file}, {rows} rows, {report.files} files.",
    )
    if not report.sealed:
        complain(
            "注意：密钥未加密地存在备份里，拿到它的人能读出全部内容。请妥善保管，或使用 --passphrase-file。",
            "Note: the keys lie open in this backup; whoever has it can read everything. Keep it closed, or use "
            "--passphrase-file.",
        )
    return 0


def restore(chosen: argparse.Namespace) -> int:
    """Bring a city back from its backup; the city must not be running."""
    data = place.data_folder()
    own = not os.environ.get("DATABASE_URL")
    with alone(data), postgres.city(data, share=False) if own else nullcontext():
        report = restoring.restore(
            chosen.file,
            data=data,
            url=os.environ["DATABASE_URL"],
            passphrase=_passphrase(chosen.passphrase_file),
            overwrite=chosen.overwrite,
            say=_tell,
        )
    say(
        f"已恢复 {report.made} 的城市：{sum(report.rows.values())} 行，{report.files} 个文件。tongzheng up 启动它。",
        f"The city of {report.made} is back: {sum(report.rows.values())} rows, {report.files} files. Start it with "
        "tongzheng up.",
    )
    return 0


def ledger(chosen: argparse.Namespace) -> int:
    """Recompute the whole ledger and name every row that was altered, removed or reordered; or print its head."""
    with postgres.city(place.data_folder()):
        start_django()
        from tongzheng.kernel.ledger import api

        if chosen.what == "checkpoint":
            print(api.checkpoint().note, end="")
            return 0
        kept = chosen.against.read_text(encoding="utf-8") if chosen.against else ""
        report = api.verify(against=kept, files="content" if chosen.contents else "size")
        for line in report.lines():
            print(line)
    if not report.ok:
        complain("账本与记录不符。", "The ledger does not hold.")
        return 1
    say("账本完好。", "The ledger holds.")
    return 0
