"""Finds words in templates that stand outside `{% t %}`, where one of the two languages would be missing.

A text that is the same for everyone says so in HTML: `translate="no"`, or its own `lang`, or `<code>` and `<kbd>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from django.template import TemplateSyntaxError, engines
from django.template.base import DebugLexer, TokenType
from django.utils.text import smart_split

PACKAGE = Path(__file__).parents[1]
# A word in capitals only (CSV, PDF) is a code and the same in every language.
WORDS = re.compile(r"[\u3400-\u9fff]|\b(?=[A-Za-z]*[a-z])[A-Za-z]{2,}")
# What a partial for the inside of a tag looks like when its template tags are blanked.
ATTRIBUTES = re.compile(r"\s*(?:[a-z][\w:-]*(?:=\"[^\"<>]*\")?\s*)+")
CHINESE = re.compile(r"[\u3400-\u9fff]")
SPOKEN = ("title", "placeholder", "aria-label", "alt", "label", "aria-description")
SILENT = ("script", "style", "code", "kbd", "pre", "svg", "path")
VOID = [
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
    "use",
    "path",
    "rect",
    "circle",
    "polyline",
]


def faults(root: Path = PACKAGE) -> list[str]:
    """Return every fault in every template below `root` as "path:line: what"; none is the wanted answer."""
    found: list[str] = []
    for path in sorted(root.glob("**/templates/**/*.html")):
        name = path.relative_to(root.parent)
        found += [f"{name}:{line}: {what}" for line, what in faults_in(path.read_text(encoding="utf-8"))]
    return found


def faults_in(source: str) -> list[tuple[int, str]]:
    """Return the faults of one template's source as (line, what)."""
    found: list[tuple[int, str]] = []
    try:
        engines["django"].from_string(source)
    except TemplateSyntaxError as error:
        found.append((1, str(error)))
    text, literals = _parts(source)
    found += literals
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return sorted(found + reader.found)


def _parts(source: str) -> tuple[str, list[tuple[int, str]]]:
    """Return the source with template tags blanked (lines kept), and words found inside tags other than `t`."""
    text: list[str] = []
    literals: list[tuple[int, str]] = []
    comment = face = False
    for token in DebugLexer(source).tokenize():
        start, end = token.position or (0, 0)
        raw = source[start:end]
        command = token.contents.split()[:1] if token.token_type is TokenType.BLOCK else []
        if command in (["comment"], ["endcomment"]):
            comment = command == ["comment"]
        if command == ["block"]:
            face = token.contents.split()[1:2] == ["face"]  # a value for CSS, not for people
        elif command == ["endblock"]:
            face = False
        if token.token_type is TokenType.TEXT and not comment and not face:
            text.append(raw)
            continue
        text.append("\n" * raw.count("\n"))
        if token.token_type is TokenType.VAR and CHINESE.search(token.contents):
            literals.append((token.lineno or 1, f"{token.contents} has one language"))
        if token.token_type is TokenType.BLOCK and command not in (
            ["t"],
            ["comment"],
            ["include"],
            ["extends"],
        ):
            for bit in smart_split(token.contents):
                literal = bit.rpartition("=")[2]
                if literal[:1] in "\"'" and (
                    CHINESE.search(literal) or re.search(r"[A-Za-z]{2,} [A-Za-z]", literal)
                ):
                    literals.append(
                        (token.lineno or 1, f"{literal} in {{% {command[0]} %}} has one language")
                    )
    return "".join(text), literals


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self.open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        quiet = tag in SILENT or named.get("translate") == "no" or ("lang" in named and tag != "html")
        for name in SPOKEN:
            if not quiet and not self.quiet and WORDS.search(named.get(name) or ""):
                self.note(f"{name}={named[name]!r}")
        if tag not in VOID:
            self.open.append((tag, quiet))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place][0] == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        if '="' in data and ATTRIBUTES.fullmatch(data):
            return
        if not self.quiet and (word := WORDS.search(data)):
            self.note(repr(data.strip()[:60]), data[: word.start()].count("\n"))

    @property
    def quiet(self) -> bool:
        return any(quiet for _, quiet in self.open)

    def note(self, what: str, below: int = 0) -> None:
        self.found.append((self.getpos()[0] + below, f"{what} stands outside {{% t %}}"))


def inline_faults(root: Path = PACKAGE) -> Iterator[str]:
    """Yield every inline script, style or handler in a template: the content security policy would block it."""
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+=|javascript:|hx-on", re.IGNORECASE
    )
    for path in sorted(root.glob("**/templates/**/*.html")):
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if found := inline.search(text):
                yield f"{path.relative_to(root.parent)}:{line}: {found.group().strip()} would be blocked"
