"""Looks over every engine and system the way a reviewer would; run by `make check` and by the test suite.

It reads the same import graph as the import contracts, so what it says of `needs` and doors is what the
code really does. There is no list of exceptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import grimp

from .discovery import PACKAGE, packages_with, system_packages
from .ladder import LadderError, read
from .registry import CHAPTERS, Registry, System, registry
from .text import T

DOORS = ("api", "kinds")
EXPECTED = ("README.md", "quality.toml", "tests")
DRAWERS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
LINES = 400


def graph() -> grimp.ImportGraph:
    """Return the import graph of the whole program, the one that the import contracts use."""
    return grimp.build_graph("tongzheng", include_external_packages=False, cache_dir=None)


def run(registry: Registry = registry) -> list[str]:
    """Return every fault found in engines and systems, one line each; an empty list is a clean house."""
    drawn = graph()
    faults = [f"{path}: {fault}" for path, fault in _sizes_and_names()]
    for package in system_packages():
        folder = PACKAGE.joinpath(*package.split(".")[1:])
        system: System = import_module(f"{package}.manifest").system
        faults += [f"{package}: {fault}" for fault in system_faults(system, folder, drawn)]
    for package in packages_with("checks"):
        found: list[str] = import_module(f"{package}.checks").faults(registry)
        faults += [f"{package}: {fault}" for fault in found]
    return faults


def doors_used(drawn: grimp.ImportGraph, package: str) -> set[tuple[str, str]]:
    """Return every (engine, module) that a system's own code imports, tests and the core aside."""
    used = set()
    for module in {package} | drawn.find_descendants(package):
        if ".tests" in module:
            continue
        for target in drawn.find_modules_directly_imported_by(module):
            parts = target.split(".")
            if parts[:2] == ["tongzheng", "kernel"] and len(parts) > 2 and parts[2] != "core":
                used.add((parts[2], parts[3] if len(parts) > 3 else "__init__"))
    return used


def system_faults(system: System, folder: Path, drawn: grimp.ImportGraph) -> Iterator[str]:
    """Yield what is wrong with one system: its names, its needs against its imports, its files, its languages."""
    package = f"tongzheng.systems.{folder.parent.name}.{folder.name}"
    used = doors_used(drawn, package)
    engines = {engine for engine, _ in used}
    if system.slug != folder.name:
        yield f"slug {system.slug!r} is not the folder's name {folder.name!r}"
    if system.chapter != folder.parent.name or system.chapter not in CHAPTERS:
        yield f"chapter {system.chapter!r} is not the folder's chapter {folder.parent.name!r}"
    if engines != set(system.needs):
        yield f"needs says {sorted(system.needs)}, the code imports {sorted(engines)}"
    for engine, door in sorted(used):
        if door not in DOORS:
            yield f"{engine}.{door} is not a door; use {engine}.api or {engine}.kinds"
    for name in EXPECTED:
        if not (folder / name).exists():
            yield f"{name} is missing"
    if (folder / "quality.toml").exists():
        try:
            read(folder / "quality.toml")
        except LadderError as error:
            yield f"quality.toml: {error}"
    yield from one_language(system, system.slug)


def one_language(thing: Any, where: str) -> Iterator[str]:
    """Yield every place inside a declaration that is named in one language only."""
    if isinstance(thing, T):
        if not (thing.zh.strip() and thing.en.strip()):
            yield f"{where} is named in one language only"
        elif any("\u4e00" <= c <= "\u9fff" for c in thing.en) and not any(
            c.isascii() and c.isalpha() for c in thing.en
        ):
            yield f"{where} has Chinese where the English should be: {thing.en!r}"
    elif is_dataclass(thing) and not isinstance(thing, type):
        for f in fields(thing):
            yield from one_language(getattr(thing, f.name), f"{where}.{f.name}")
    elif isinstance(thing, (tuple, list)):
        for item in thing:
            label = getattr(item, "name", None)
            yield from one_language(item, f"{where}.{label}" if label else where)


def _sizes_and_names() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if DRAWERS & set(parts):
            yield str(path.relative_to(PACKAGE)), "a drawer, not a room: name the noun that it holds"
        if "tests" not in parts and "migrations" not in parts:
            with path.open("rb") as file:
                lines = sum(1 for _ in file)
            if lines > LINES:
                yield (
                    str(path.relative_to(PACKAGE)),
                    f"{lines} lines; the budget is {LINES}: is there a second room inside?",
                )
