"""The verb that runs the public compatibility kit of DMN."""

from __future__ import annotations

import argparse
from collections import Counter

from tongzheng.site.words import complain, say


def tck(chosen: argparse.Namespace) -> int:
    """Print how many cases of each level pass, and every case that does not, with why; return 1 if one fails."""
    if not chosen.path.is_dir():
        complain(f"没有文件夹 {chosen.path}", f"there is no folder {chosen.path}")
        return 2
    from tongzheng.site.command_city import start_django

    start_django()
    from tongzheng.kernel.rules.api import run_kit

    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for outcome in run_kit(chosen.path):
        total[outcome.level] += 1
        passed[outcome.level] += outcome.passed
        if not outcome.passed:
            print(f"✗ {outcome.folder} {outcome.case}: {outcome.why}")
    for level in sorted(total):
        say(
            f"第 {level} 级：passed {passed[level]} of {total[level]}",
            f"level {level}: passed {passed[level]} of {total[level]}",
        )
    if not total:
        complain("没有找到测试", "no tests were found")
    return 0 if total and passed == total else 1
