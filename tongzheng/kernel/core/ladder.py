"""The ladder of quality: four rungs, each a few rules that a system's `quality.toml` answers with done or why not."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from .text import T

RUNGS: dict[str, tuple[T, dict[str, T]]] = {
    "declared": (
        T("已声明", "Declared"),
        {
            "manifest": T("声明与实际引用一致", "The manifest equals the real imports"),
            "readme": T(
                "写明为谁、依据何法、哪些是模拟", "States for whom, by which law, and what is simulated"
            ),
            "bases": T("每个动作有法律依据", "Every move names its legal basis"),
        },
    ),
    "working": (
        T("能用", "Working"),
        {
            "main-job": T("主要工作从头到尾走通", "The main job runs from end to end"),
            "demo": T(
                "演示数据经由服务装入，两次一致",
                "Demo data goes through services and loads twice identically",
            ),
            "refusals": T("拒绝时什么都没有发生，有测试", "Refusals leave nothing behind, and tests say so"),
            "bad-input": T("坏输入有清楚答复", "Bad input gets a clear answer"),
        },
    ),
    "trusted": (
        T("信得过", "Trusted"),
        {
            "journey": T("真实浏览器走完主要旅程", "The main journeys run in a real browser"),
            "phone": T("360 像素宽可用", "Works at 360 pixels"),
            "queries": T("查询次数固定", "Query counts are pinned"),
            "health": T("外部依赖可检查", "Everything outside is checked"),
        },
    ),
    "exemplary": (
        T("示范", "Exemplary"),
        {
            "bench": T("速度有对照测量", "Speed is measured against its floor"),
            "others": T("他人的测试套件或客户端通过", "Other people's suites or clients pass"),
            "guide": T("按岗位写的使用指南", "A guide for each role"),
        },
    ),
}
ANSWERS = ("todo", "done", "not-applicable")


class LadderError(ValueError):
    """A quality.toml cannot be read or answers a rule that does not exist."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a system has climbed: rungs reached (0 to 4), and what is still to do on the next one."""

    reached: int
    rung: T
    todo: tuple[T, ...]


def read(path: Path) -> dict[str, dict[str, str]]:
    """Return the answers in a quality.toml by rung and rule.

    Raises LadderError naming an unknown rung, rule or answer, or a rule left out.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LadderError(f"{path.name}: {error}") from error
    for rung, (_, rules) in RUNGS.items():
        answers = found.get(rung)
        if not isinstance(answers, dict) or set(answers) != set(rules):
            raise LadderError(f"[{rung}] must answer exactly {', '.join(rules)}")
        for rule, answer in answers.items():
            if answer not in ANSWERS:
                raise LadderError(f"[{rung}] {rule}: {answer!r} is not one of {', '.join(ANSWERS)}")
    if extra := set(found) - set(RUNGS):
        raise LadderError(f"unknown rungs: {', '.join(sorted(extra))}")
    return found


def standing(answers: dict[str, dict[str, str]]) -> Standing:
    """Return how far these answers reach: a rung counts when it and all below it have nothing to do."""
    reached, word = 0, T("未声明", "Not declared")
    for name, (title, rules) in RUNGS.items():
        todo = tuple(words for rule, words in rules.items() if answers[name][rule] == "todo")
        if todo:
            return Standing(reached, word, todo)
        reached, word = reached + 1, title
    return Standing(reached, word, ())


def blank() -> str:
    """Return the text of a quality.toml with every rule still to do."""
    parts = []
    for rung, (title, rules) in RUNGS.items():
        lines = [f"# {title.zh} {title.en}", f"[{rung}]"]
        lines += [f'{rule} = "todo"  # {words.zh} · {words.en}' for rule, words in rules.items()]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
