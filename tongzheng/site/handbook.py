"""The handbook of systems, `docs/systems/`: what the registry knows, as pages that an official can read and sign.

Nothing in it is written by hand, so it says what the program does. `make docs` writes it; a test compares.
Covered are the engines that declare something and every system with a key of the plan; a system without one is
still somebody's attempt.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tongzheng.kernel.cases.kinds import CaseType
from tongzheng.kernel.core.discovery import PACKAGE
from tongzheng.kernel.core.faces import MatterPage, PortalEntry, WorkEntry
from tongzheng.kernel.core.registry import CHAPTERS, Registry, System, registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action, Role
from tongzheng.kernel.messages.kinds import CHANNELS, LAYOUTS, Document, Template
from tongzheng.kernel.registers.kinds import Register

from .handbook_cases import cases
from .handbook_words import both, code, table, who

FOLDER = PACKAGE.parent / "docs" / "systems"
MADE = "<!-- Made by `make docs` from the declarations; change those. -->"
REACHES = {"own": "本单位 own body", "below": "本单位及下级 own and below", "region": "本区划 region"}
KNOWN = (Action, Role, CaseType, Register, Template, Document, PortalEntry, WorkEntry, MatterPage)


def pages(known: Registry = registry) -> dict[str, str]:
    """Return every page of the handbook by its file name."""
    found = {f"{s.slug}.md": _page(s, known) for s in known.systems.values() if _covered(s)}
    return {"README.md": _index(known), **found}


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the handbook, remove pages of what is gone, and return what changed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted, changed = pages(), []
    for path in sorted(folder.glob("*.md")):
        if path.name not in wanted:
            path.unlink()
            changed.append(path)
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def outdated(folder: Path = FOLDER) -> list[str]:
    """Return the names of pages that are missing, left over, or not what the registry gives."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    wanted = pages()
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))


def _covered(system: System) -> bool:
    return bool(system.plan) if system.chapter in CHAPTERS else bool(system.declares)


def _index(known: Registry) -> str:
    lines = [
        "# 系统手册 · Handbook of systems",
        "",
        MADE,
        "",
        "What each system does, by whom, on which legal basis, in which time. 每个系统做什么、谁来做、依据何法、多长时间。",
        "",
    ]
    chapters = {**CHAPTERS, "kernel": T("引擎", "Engines")}
    for chapter, title in chapters.items():
        systems = [s for s in known.systems.values() if s.chapter == chapter and _covered(s)]
        if not systems:
            continue
        lines += [f"## {both(title)}", ""]
        heads = ("", "系统 System", "做什么 What it does", "办件 Case types", "台账 Registers", "角色 Roles")
        rows = (
            (
                s.plan,
                f"[{both(s.title)}]({s.slug}.md)",
                both(s.summary),
                *(sum(isinstance(d, kind) for d in s.declares) for kind in (CaseType, Register, Role)),
            )
            for s in systems
        )
        lines += table(heads, rows)
    return "\n".join(lines).rstrip() + "\n"


def _page(system: System, known: Registry) -> str:
    where = CHAPTERS.get(system.chapter, T("引擎", "Engine"))
    kind = "systems" if system.chapter in CHAPTERS else "kernel"
    path = f"tongzheng/{kind}/{system.chapter + '/' if system.chapter in CHAPTERS else ''}{system.slug}"
    lines = [f"# {both(system.title)}", "", MADE, "", f"{system.summary.zh}  ", f"{system.summary.en}", ""]
    facts = [f"{both(where)} {system.plan}".strip(), f"code [`{path}`](../../{path})"]
    if system.needs:
        facts.append(f"engines {code(*sorted(system.needs))}")
    lines += [" · ".join(facts), ""]
    for part in (cases, _registers, _power, _messages, _documents, _faces, _others):
        lines += part(system, known)
    return "\n".join(lines).rstrip() + "\n"


def _of(system: System, kind: type) -> list[Any]:
    return [thing for thing in system.declares if type(thing) is kind]


def _registers(system: System, known: Registry) -> Iterator[str]:
    for register in _of(system, Register):
        id = f"{system.slug}.{register.name}"
        yield f"## {both(register.title)} `{id}`"
        yield ""
        yield f"- 查看 Read by {who(register.reads, known)}"
        yield f"- 维护 Written by {who(register.writes, known) if register.writes else '无人，只读 nobody: read only'}"
        if register.exports:
            yield f"- 导出 Exported by {who(register.exports, known)}"
        for bulk in register.bulk:
            yield f"- 批量 In bulk: {both(bulk.title)}, by {who(bulk.by, known)}"
        yield f"- 页面 Page `/registers/{id}/`, 接口 API `/api/registers/{id}/`"
        yield ""
        yield from table(
            ("", "列 Column", "类型 Kind", "规则 Rules"),
            ((f"`{c.name}`", both(c.title), c.kind, _column(c)) for c in register.columns),
        )


def _column(column: Any) -> str:
    marks = {
        "required": "必填 required",
        "key": "导入时的键 key on import",
        "search": "可查 searched",
        "filter": "可筛 filtered",
        "sort": "可排 sorted",
        "sealed": "加密、脱敏 sealed and masked",
    }
    found = [words for name, words in marks.items() if getattr(column, name)]
    found += [", ".join(both(title) for _, title in column.choices)] if column.choices else []
    return "; ".join(found)


def _power(system: System, known: Registry) -> Iterator[str]:
    roles, actions = _of(system, Role), _of(system, Action)
    if roles:
        yield "## 角色 Roles"
        yield ""
        yield from table(
            ("", "角色 Role", "范围 Reach", "可以 May"),
            (
                (
                    f"`{system.slug}.{r.name}`",
                    both(r.title) + ("（分离的管理员 separated administrator）" if r.apart else ""),
                    REACHES[r.reach],
                    code(*r.actions),
                )
                for r in roles
            ),
        )
    if actions:
        holders: dict[str, list[str]] = {}
        for id, role in known.of(Role).items():
            for action in role.actions:
                holders.setdefault(action, []).append(id)
        yield "## 权限 Actions"
        yield ""
        yield from table(
            ("", "权限 Action", "无需岗位 No post needed", "由角色 In roles"),
            (
                (
                    f"`{system.slug}.{a.name}`",
                    both(a.title),
                    ", ".join(a.open_to),
                    code(*holders.get(f"{system.slug}.{a.name}", [])),
                )
                for a in actions
            ),
        )


def _messages(system: System, known: Registry) -> Iterator[str]:
    if templates := _of(system, Template):
        yield "## 消息 Messages"
        yield ""
        yield from table(
            ("", "消息 Message", "方式 Ways", "正文 Words"),
            (
                (
                    f"`{system.slug}.{m.name}`",
                    both(m.title),
                    ", ".join(both(CHANNELS[c]) for c in m.channels),
                    f"{m.body.zh}<br>{m.body.en}",
                )
                for m in templates
            ),
        )


def _documents(system: System, known: Registry) -> Iterator[str]:
    if documents := _of(system, Document):
        yield "## 文书 Documents"
        yield ""
        yield from table(
            ("", "文书 Document", "版式 Layout", "依据 Basis", "救济 Remedy"),
            (
                (
                    f"`{system.slug}.{d.name}`",
                    both(d.title),
                    both(LAYOUTS[d.template]),
                    both(d.basis),
                    "有 yes" if d.remedy else "",
                )
                for d in documents
            ),
        )


def _faces(system: System, known: Registry) -> Iterator[str]:
    portal = [("门户 portal", both(e.title), f"`{e.url}`", "") for e in _of(system, PortalEntry)]
    work = [("工作台 workbench", both(e.title), f"`{e.url}`", code(e.action)) for e in _of(system, WorkEntry)]
    if portal or work:
        yield "## 入口 Ways in"
        yield ""
        yield from table(("", "入口 Entry", "地址 Address", "需要 Needs"), [*portal, *work])


def _others(system: System, known: Registry) -> Iterator[str]:
    """List what newer engines' kinds declare, until a section is written for them."""
    others = [thing for thing in system.declares if type(thing) not in KNOWN]
    if others:
        yield "## 其他 Others"
        yield ""
        yield from table(
            ("类别 Kind", "", "名称 Title"),
            ((type(t).__name__, f"`{system.slug}.{t.name}`", _title(t)) for t in others),
        )


def _title(thing: Any) -> str:
    found = getattr(thing, "title", None)
    return both(found) if isinstance(found, T) else ""
