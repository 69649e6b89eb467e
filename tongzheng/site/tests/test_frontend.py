import json
import re
from pathlib import Path

import tongzheng

FRONTEND = Path(tongzheng.__file__).parents[1] / "frontend"


def test_the_lock_file_names_no_registry_and_every_hash():
    text = (FRONTEND / "package-lock.json").read_text()
    lock = json.loads(text)
    assert not re.search(r"https?:|[a-z]+\.(org|com|io|dev|cn)/", text)
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)


def test_the_source_says_everything_in_both_languages():
    for path in sorted((FRONTEND / "src").glob("*.js")):
        code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text())
        spoken = re.sub(r"\bt\(\s*(\"[^\"]*\"|'[^']*'),\s*(\"[^\"]*\"|'[^']*')", "", code)
        assert not re.search(r"[\u3400-\u9fff]", spoken), path.name


def test_nothing_is_asked_of_another_host():
    for path in sorted((FRONTEND / "src").glob("*.js")):
        assert not re.search(r"https?://", path.read_text()), path.name
