"""Makes the folder of a new system: it runs, passes every check, and is gone when its folder is deleted."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from .discovery import PACKAGE
from .ladder import blank
from .registry import CHAPTERS

BLANK = Path(__file__).parent / "blank"


class CannotMake(ValueError):
    """The name cannot be used; the message says why."""


def make(path: str, *, root: Path = PACKAGE) -> Path:
    """Make the folder of the system "chapter/slug" and return it.

    Raises CannotMake for an unknown chapter, a slug that is no lower-case identifier, or one that is taken.
    """
    chapter, _, slug = path.partition("/")
    if chapter not in CHAPTERS:
        raise CannotMake(f"{chapter!r} is not a chapter; choose one of {', '.join(CHAPTERS)}")
    if not re.fullmatch(r"[a-z][a-z0-9]{1,29}", slug):
        raise CannotMake(
            f"{slug!r} cannot be a system's name: 2 to 30 lower-case letters and digits, a letter first"
        )
    taken = [found.parent for found in (root / "systems").glob(f"*/{slug}/manifest.py")]
    if taken or (root / "kernel" / slug).exists():
        raise CannotMake(f"there is already something called {slug}: {taken[0] if taken else 'an engine'}")
    folder = root / "systems" / chapter / slug
    words = {"slug": slug, "chapter": chapter, "title": slug.capitalize(), "prefix": slug[:2].upper()}
    for source in sorted(BLANK.rglob("*.txt")):
        inside = source.relative_to(BLANK).with_suffix("")
        target = folder / Path(*(part.replace("slug", slug) for part in inside.parts))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
    (folder / "quality.toml").write_text(blank(), encoding="utf-8")
    return folder
