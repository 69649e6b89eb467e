from dataclasses import dataclass, replace

import grimp
import pytest

from tongzheng.kernel.core import inspection, ladder
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T


@dataclass(frozen=True)
class Lamp:
    name: str
    title: T


SYSTEM = System("lamps", "governance", "G6", T("路灯", "Lamps"), T("管灯", "Keeps lamps"), needs=("cases",))
HOME = "tongzheng.systems.governance.lamps"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "governance" / "lamps"
    (folder / "tests").mkdir(parents=True)
    (folder / "README.md").write_text("Lamps")
    (folder / "quality.toml").write_text(ladder.blank())
    return folder


@pytest.fixture
def drawn():
    graph = grimp.ImportGraph()
    for module in (
        "tongzheng.kernel.cases.api",
        "tongzheng.kernel.cases.models",
        "tongzheng.kernel.core.text",
    ):
        graph.add_module(module)
    graph.add_module(HOME)
    graph.add_import(importer=f"{HOME}.services", imported="tongzheng.kernel.cases.api")
    graph.add_import(importer=f"{HOME}.services", imported="tongzheng.kernel.core.text")
    return graph


def faults(system, folder, drawn):
    return list(inspection.system_faults(system, folder, drawn))


def test_a_well_kept_system_has_no_faults(folder, drawn):
    assert faults(SYSTEM, folder, drawn) == []


def test_needs_must_equal_what_the_code_imports(folder, drawn):
    assert faults(replace(SYSTEM, needs=("cases", "maps")), folder, drawn) == [
        "needs says ['cases', 'maps'], the code imports ['cases']"
    ]


def test_a_side_entrance_into_an_engine_is_named(folder, drawn):
    drawn.add_import(importer=f"{HOME}.services", imported="tongzheng.kernel.cases.models")
    assert faults(SYSTEM, folder, drawn) == ["cases.models is not a door; use cases.api or cases.kinds"]


def test_a_missing_file_and_a_wrong_slug_are_named(folder, drawn):
    (folder / "README.md").unlink()
    assert faults(replace(SYSTEM, slug="lamp"), folder, drawn) == [
        "slug 'lamp' is not the folder's name 'lamps'",
        "README.md is missing",
    ]


def test_a_declaration_in_one_language_is_found_where_it_stands(folder, drawn):
    system = replace(SYSTEM, declares=(Lamp("one", T("灯", " ")), Lamp("two", T("灯", "灯"))))
    assert faults(system, folder, drawn) == [
        "lamps.declares.one.title is named in one language only",
        "lamps.declares.two.title has Chinese where the English should be: '灯'",
    ]


def test_a_system_climbs_only_with_every_rule_of_a_rung_answered(tmp_path):
    path = tmp_path / "quality.toml"
    path.write_text(ladder.blank())
    assert ladder.standing(ladder.read(path)).reached == 0
    declared = ladder.blank().replace('"todo"', '"done"', 3)
    path.write_text(declared)
    standing = ladder.standing(ladder.read(path))
    assert (standing.reached, standing.rung.en) == (1, "Declared")
    assert len(standing.todo) == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('manifest = "todo"', 'manifest = "maybe"', "maybe"),
        ('readme = "todo"', "", "must answer exactly"),
        ("[exemplary]", "[perfect]", "exemplary"),
        ("[declared]", "[declared", "quality.toml"),
    ],
)
def test_a_ladder_that_cannot_be_read_says_why(tmp_path, old, new, said):
    path = tmp_path / "quality.toml"
    path.write_text(ladder.blank().replace(old, new))
    with pytest.raises(ladder.LadderError, match=said):
        ladder.read(path)
