"""The verb `cases bpmn check`: what is in a drawing, whether it is kept without loss, and what is wrong with it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tongzheng.site.command_city import start_django
from tongzheng.site.words import complain, say

MOST = 64 * 1024 * 1024


def run(chosen: argparse.Namespace) -> int:
    """Print the report on each file; return 1 if one cannot be read or does not come out as it went in."""
    start_django()
    from tongzheng.kernel.cases import api
    from tongzheng.kernel.core.errors import Fault

    failed = False
    reports: list[dict[str, Any]] = []
    for path in chosen.files:
        try:
            report = api.check_drawing(_content(path), name=path.name)
        except (Fault, OSError) as error:
            words = error.words if isinstance(error, Fault) else None
            zh, en = (words.zh, words.en) if words else (str(error), str(error))
            reports.append({"file": path.name, "readable": False, "words": {"zh": zh, "en": en}})
            complain(f"{path}：{zh}", f"{path}: {en}")
            failed = True
            continue
        failed |= not report.whole
        reports.append({"readable": True, **report.to_json()})
        if not chosen.json:
            for line in report.lines():
                say(line.zh, line.en)
    if chosen.json:
        print(json.dumps(reports if len(reports) != 1 else reports[0], ensure_ascii=False, indent=2))
    return 1 if failed else 0


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST)
