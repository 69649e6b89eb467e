"""The docs are proven: what they name exists, what they promise comes out, and what is generated is up to date."""

from __future__ import annotations

import ast
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import combinations
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

from tongzheng.kernel.core import errors
from tongzheng.kernel.core.duties import all_duties
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.site import handbook
from tongzheng.site.command import _parser, main
from tongzheng.site.urls import api

ROOT = Path(__file__).parents[1]
WRITTEN = [
    *sorted(ROOT.glob("*.md")),
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent != handbook.FOLDER),
    *sorted((ROOT / "tongzheng").glob("kernel/*/README.md")),
    *sorted((ROOT / "tongzheng").glob("systems/*/*/README.md")),
]
ALL = [*WRITTEN, *sorted(handbook.FOLDER.glob("*.md"))]
VARIABLE = re.compile(r"\b(TONGZHENG_[A-Z_]+|DATABASE_URL)\b")
FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.M | re.S)
ENGINES = sorted(path.parent for path in (ROOT / "tongzheng" / "kernel").glob("*/README.md"))
EXAMPLES = ("lamps", "water.")
"""Systems that only the docs know."""
OPERATOR = ROOT / "docs" / "guide" / "operator.md"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def commands(text: str) -> list[str]:
    """Return every `make …` and `tongzheng …` in code spans, indented blocks and sh blocks, without comments."""
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", FENCE.sub("", text))
    lines = [
        line for kind, _, body in FENCE.findall(text) if kind in ("sh", "") for line in body.splitlines()
    ]
    lines += [line for line in text.splitlines() if line.startswith("    ")]
    found = []
    for line in [*spans, *lines]:
        line = re.sub(r"\s+#.*", "", line).strip()
        line = re.sub(r"^(?:sudo |env )?(?:[A-Z_]+=\S+ )*", "", line)
        line = line.split("|")[-1].strip() if "tongzheng" in line.split("|")[-1] else line
        if re.match(r"(?:\.venv/bin/)?tongzheng [a-z-]|make [a-z]", line):
            found.append(line)
    return found


def understood(words: list[str]) -> bool:
    try:
        _parser().parse_args(words)
    except SystemExit as end:
        return end.code == 0
    return True


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_every_command_that_is_named_exists(path):
    targets = set(re.findall(r"^([a-z][\w-]*(?: [a-z][\w-]*)*):(?!=)", (ROOT / "Makefile").read_text(), re.M))
    targets = {one for group in targets for one in group.split()}
    for line in commands(path.read_text(encoding="utf-8")):
        words = shlex.split(re.sub(r"[<>…]", "x", line))
        if words[0] == "make":
            goals = [word for word in words[1:] if "=" not in word]
            assert set(goals) <= targets, f"{line}: the Makefile has no such target"
            continue
        if words[1] in ("--help", "x"):
            continue
        # A verb by itself only names the verb: what else it needs stands elsewhere.
        assert understood(words[1:]) or understood([*words[1:], "--help"]), f"{line}: not understood"


@pytest.mark.parametrize("path", ALL, ids=name)
def test_every_link_leads_to_a_file_that_exists(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    links = re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", text) + re.findall(r"<img[^>]+src=\"([^\"]+)\"", text)
    for link in links:
        if re.match(r"[a-z]+:", link) or link.startswith("#"):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve()
        assert target.exists(), f"{link} leads nowhere"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{link}: no such heading"


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_every_file_of_the_code_that_is_named_exists(path):
    """`kernel/cases/flow.py`, `tests/test_docs.py`, also with the package left out; a bare name is in the engine's own."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for found in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|toml|html|js|typ|css))`", text):
        if found.startswith("var/") or any(one in found for one in EXAMPLES):
            continue
        places = [ROOT, ROOT / "tongzheng", ROOT / "tongzheng" / "kernel", path.parent, *ENGINES]
        assert any((place / found).exists() for place in places), f"{found} does not exist"


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_every_page_that_is_named_is_answered(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for found in re.findall(r"`(/[a-z][\w./-]*/)(?:\?[^`]*)?`", text):
        if any(one in found for one in EXAMPLES):
            continue
        assert answered(found), f"{found} is no page"


def answered(address: str) -> bool:
    """Tell whether some page is there; a JSON prefix counts when addresses begin with it."""
    try:
        resolve(address)
    except Resolver404:
        return any(known.startswith(address) for known in api.get_openapi_schema()["paths"])
    return True


def variables_read() -> set[str]:
    """Return every variable of the environment that the program reads; not those of tests and drills."""
    found = set()
    for path in [*(ROOT / "tongzheng").rglob("*.py"), *(ROOT / "tools").glob("*.py"), ROOT / "conftest.py"]:
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and VARIABLE.fullmatch(node.value)
            ):
                found.add(node.value)
    return found - {"TONGZHENG_TEST_ROOM"}


def test_the_environment_is_documented_exactly_as_the_code_reads_it():
    table = set(re.findall(r"^\| `(\w+)`", OPERATOR.read_text(encoding="utf-8"), re.M))
    known = {found for found in table if VARIABLE.fullmatch(found)}
    inner = {"TONGZHENG_SUPERVISED"}  # said by the supervisor to its own children, and to nobody else
    assert known == variables_read() - inner
    for path in WRITTEN:
        named = set(VARIABLE.findall(path.read_text(encoding="utf-8")))
        assert named <= known, f"{name(path)} names {named - known}, which nothing reads"


def test_both_readmes_name_the_same_commands_and_pages():
    english, chinese = ((ROOT / file).read_text(encoding="utf-8") for file in ("README.md", "README.zh.md"))
    assert sorted(set(commands(english))) == sorted(set(commands(chinese)))
    pages = re.compile(r"`(/[a-z]*/?)`")
    assert set(pages.findall(english)) == set(pages.findall(chinese))


def test_the_drawing_and_the_text_stack_the_engines_as_the_contract_does():
    contract = re.search(
        r"containers = tongzheng\.kernel\nlayers =\n((?:    .+\n)+)", (ROOT / ".importlinter").read_text()
    )
    layers = [re.split(r"\s*\|\s*", line.strip()) for line in contract[1].splitlines()]
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    said = re.search(r"^\*\*Built\*\*: (.+)$", text, re.M)[1]
    assert [re.findall(r"`(\w+)`", part) for part in said.split("→")] == layers
    drawing = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    heights = {}
    for found in re.finditer(r'<rect ([^>]*)data-engine="(\w+)"', drawing):
        heights[found[2]] = int(re.search(r'\by="(\d+)"', found[1])[1])
    assert set(heights) == {engine for layer in layers for engine in layer}
    drawn: dict[int, set[str]] = {}
    for engine, height in heights.items():
        drawn.setdefault(height, set()).add(engine)
    assert [drawn[height] for height in sorted(drawn)] == [set(layer) for layer in layers]


def test_the_handbook_is_what_the_registry_gives():
    assert handbook.outdated() == [], "docs/systems is not what the systems declare: run make docs"


def test_the_architecture_names_every_duty_of_the_worker():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    told = {
        found[0]: float(found[1]) for found in re.findall(r"^\| `(\w+\.\w+)` \| ([\d.]+) s \|", text, re.M)
    }
    assert told == {duty.name: duty.every_seconds for duty in all_duties()}


def test_the_integrators_guide_names_every_refusal():
    text = (ROOT / "docs" / "guide" / "integrator.md").read_text(encoding="utf-8")
    told = {(int(status), code) for status, code in re.findall(r"^\| (\d{3}) \| `([\w-]+)` \|", text, re.M)}
    faults = [errors.Fault, *errors.Fault.__subclasses__()]
    assert told == {(one.status, one.code) for one in faults} | {(403, "csrf")}


def test_the_command_itself_tells_where_a_city_lives():
    told = _parser().format_help()
    assert all(variable in told for variable in ("TONGZHENG_DATA", "TONGZHENG_PORT", "DATABASE_URL"))


def test_a_new_city_gets_its_first_administrators_as_the_operators_guide_says(db, monkeypatch, capsys):
    text = OPERATOR.read_text(encoding="utf-8").partition("## The environment")[0]
    lines = [line for line in commands(text) if "users create" in line]
    assert len(lines) == 3
    for line in lines:
        monkeypatch.setattr("sys.stdin", io.StringIO("Yellow-River-2026\n"))
        assert main(shlex.split(line)[1:]) == 0, capsys.readouterr().err
        assert main(["users", "list", "--words", shlex.split(line)[3]]) == 0
        assert shlex.split(line)[5] in capsys.readouterr().out


def terms() -> list[tuple[str, list[str]]]:
    """Return each Chinese term of the table with the English that may stand for it."""
    found: list[tuple[str, list[str]]] = []
    for line in (ROOT / "docs" / "terms.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        if len(cells) != 3 or not re.search(r"[\u4e00-\u9fff]", cells[0]):
            continue
        chinese = re.split(r"[ /]+", cells[0])
        english = [word.strip() for word in re.split(r",|/|·|;", cells[1])]
        if cells[0] == "中文":
            continue
        paired = len(chinese) == len(english) > 1
        found += [(term, [english[n]] if paired else english) for n, term in enumerate(chinese)]
    return found


def means(word: str, said: str) -> bool:
    """Tell whether a declaration's English uses a term's, in whatever form: "refused acceptance" is "refuse acceptance"."""
    return all(part[:5].lower() in said.lower() for part in re.split(r"[ -]", word) if len(part) > 2)


def texts(thing: object, where: str) -> Iterator[tuple[str, T]]:
    if isinstance(thing, T):
        yield where, thing
    elif is_dataclass(thing) and not isinstance(thing, type):
        for part in fields(thing):
            yield from texts(getattr(thing, part.name), f"{where}.{part.name}")
    elif isinstance(thing, (tuple, list)):
        for number, item in enumerate(thing):
            yield from texts(item, f"{where}.{getattr(item, 'name', number)}")


def test_no_term_stands_twice():
    names = [term for term, _ in terms()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_declarations_call_a_term_by_its_word_and_no_other():
    table = dict(terms())
    strays = [
        f"{where}: {text.zh} is {' or '.join(table[text.zh])}, not {text.en}"
        for system in registry.systems.values()
        for where, text in texts(system.declares, system.slug)
        if text.zh in table and not any(means(word, text.en) for word in table[text.zh])
    ]
    assert strays == []


def test_pages_call_a_term_by_its_word_and_no_other():
    table = dict(terms())
    strays = [
        f"{page.relative_to(ROOT)}: {zh} is {' or '.join(table[zh])}, not {en}"
        for page in sorted((ROOT / "tongzheng").rglob("templates/**/*.html"))
        for zh, en in re.findall(r'{% t "([^"]+)" "([^"]+)"', page.read_text(encoding="utf-8"))
        if zh in table and not any(means(word, en) for word in table[zh])
    ]
    assert strays == []


def kin(first: str, other: str) -> bool:
    """Tell whether one name is another form of the other: "Deny" and "Denied"."""
    return all(part[:3].lower() in other.lower() for part in re.split(r"[ -]", first) if len(part) > 2)


def test_one_chinese_name_among_declarations_has_one_english_name():
    said: dict[str, dict[str, str]] = {}
    for system in registry.systems.values():
        for where, text in texts(system.declares, system.slug):
            said.setdefault(text.zh, {}).setdefault(text.en, where)
    strays = [
        f"{zh}: {first} ({names[first]}), {other} ({names[other]})"
        for zh, names in said.items()
        for first, other in combinations(names, 2)
        if not (kin(first, other) or kin(other, first))
    ]
    assert strays == []


def test_a_handbook_page_tells_the_table_of_moves():
    page = (handbook.FOLDER / "hotline.md").read_text(encoding="utf-8")
    ticket = next(d for d in registry.systems["hotline"].declares if d.name == "ticket")
    for move in ticket.moves:
        assert f"`{move.name}`" in page
        assert f"{move.basis.zh} · {move.basis.en}" in page
