"""`tongzheng cases verify`: check the archive of a case from the file alone, with no database and no network."""

from __future__ import annotations

import argparse

from .command_city import start_django
from .words import complain, say


def verify(chosen: argparse.Namespace) -> int:
    """Print what the archive holds and name everything that is not as it was written; 1 if anything is not."""
    start_django()
    from tongzheng.kernel.cases import api

    report = api.check_archive(chosen.file, key=chosen.key)
    for fault in report.faults:
        complain(fault.zh, fault.en)
    if not report.ok:
        return 1
    say(
        f"办件 {report.number}：{report.entries} 条账本记录、{report.files} 个附件，全部相符。",
        f"Case {report.number}: {report.entries} ledger entries and {report.files} attachments, all as written.",
    )
    if report.waiting:
        say(
            f"另有 {report.waiting} 条记录导出时还没有检查点。",
            f"{report.waiting} entries had no checkpoint yet when it was made.",
        )
    if not chosen.key:
        say("请核对公钥是否为该市公布的：", "Compare the public key with the one the city publishes:")
    print(report.key)
    return 0
