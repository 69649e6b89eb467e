"""Every import contract is shown to bite: a violation is planted in a copy of the house and the check must fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLANTS = {
    "Site and edge stand on systems": ("kernel/core/planted.py", "from tongzheng.site import place\n"),
    "Engines are stacked and acyclic": (
        "kernel/ledger/planted.py",
        "from tongzheng.kernel.identity import kinds\n",
    ),
    "Systems never import each other": (
        "systems/public/planted/one.py",
        "import tongzheng.systems.decision.other.two\n",
    ),
    "An engine is entered only through its api and kinds": (
        "systems/public/planted/services.py",
        "from tongzheng.kernel.identity import models\n",
    ),
    "A manifest is data": ("systems/public/planted/manifest.py", "from tongzheng.kernel.ledger import api\n"),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    copy = tmp_path_factory.mktemp("house")
    skip = shutil.ignore_patterns("__pycache__", "static", "templates", "data", "migrations")
    shutil.copytree(ROOT / "tongzheng", copy / "tongzheng", ignore=skip)
    shutil.copy(ROOT / ".importlinter", copy)
    for folder in ("systems/public/planted", "systems/decision/other"):
        (copy / "tongzheng" / folder).mkdir(parents=True)
        (copy / "tongzheng" / folder / "__init__.py").touch()
    (copy / "tongzheng/systems/decision/other/two.py").touch()
    return copy


def lint(house):
    code = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    environment = {**os.environ, "PYTHONPATH": str(house)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=house, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def test_the_house_as_it_stands_keeps_every_contract(house):
    status, said = lint(house)
    assert status == 0, said
    assert "5 kept, 0 broken" in said


@pytest.mark.parametrize("contract", PLANTS)
def test_a_planted_violation_breaks_its_contract(house, contract):
    place, line = PLANTS[contract]
    planted = house / "tongzheng" / place
    planted.write_text(line)
    try:
        status, said = lint(house)
    finally:
        planted.unlink()
    assert status != 0
    broken = [line for line in said.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), said


def test_there_is_no_list_of_exceptions():
    text = (ROOT / ".importlinter").read_text()
    assert "ignore_imports" not in text
    assert "unmatched_ignore" not in text
