"""An installed copy is a whole one: what the program reads beside its modules goes into the wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_file_beside_the_modules_is_declared_as_package_data():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    packages = [path.parent for path in (ROOT / "tongzheng").rglob("__init__.py")]
    packed = {file for package in packages for pattern in patterns for file in package.glob(pattern)}
    left = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tongzheng").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and path not in packed
    ]
    assert left == []


def test_every_module_lies_in_a_package_that_is_found():
    folders = {path.parent for path in (ROOT / "tongzheng").rglob("*.py")}
    assert sorted(str(folder) for folder in folders if not (folder / "__init__.py").exists()) == []
