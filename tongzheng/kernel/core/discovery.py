"""Finds engines and systems on disk: a system is a folder with a manifest, an engine a folder with an apps.py."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from .registry import Registry, System

PACKAGE = Path(__file__).parents[2]


def system_packages(root: Path = PACKAGE) -> list[str]:
    """Return the dotted name of every system package, in order: systems/<chapter>/<slug>/manifest.py."""
    found = sorted((root / "systems").glob("*/*/manifest.py"))
    return [
        ".".join(("tongzheng.systems", *path.parent.relative_to(root / "systems").parts)) for path in found
    ]


def engine_packages(root: Path = PACKAGE) -> list[str]:
    """Return the dotted name of every engine package that is a Django application."""
    return [f"tongzheng.kernel.{path.parent.name}" for path in sorted((root / "kernel").glob("*/apps.py"))]


def packages_with(module: str) -> list[str]:
    """Return every engine and system package that has a module of that name, such as `pages`.

    The core is not among them: it says what such a module is, in modules of the same names.
    """
    packages = [p for p in engine_packages() if p != "tongzheng.kernel.core"]
    return [p for p in (*packages, *system_packages()) if find_spec(f"{p}.{module}")]


def load(registry: Registry) -> None:
    """Fill the registry from engines' own declarations (`declared.py`) and every system's manifest."""
    for package in engine_packages():
        if find_spec(f"{package}.declared"):
            registry.add(_system(f"{package}.declared"))
    for package in system_packages():
        registry.add(_system(f"{package}.manifest"))


def _system(module: str) -> System:
    system = import_module(module).system
    if not isinstance(system, System):
        raise TypeError(f"{module}.system is not a System")
    return system
