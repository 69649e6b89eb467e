from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tongzheng.site import command, command_build, command_city


def test_help_names_every_verb_and_loads_neither_django_nor_a_database():
    code = (
        "import sys\n"
        "from tongzheng.site.command import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "print('django' in sys.modules or 'psycopg' in sys.modules)"
    )
    began = time.monotonic()
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert time.monotonic() - began < 3
    for verb in (
        "up",
        "demo",
        "inspect",
        "new",
        "bench",
        "backup",
        "restore",
        "ledger",
        "users",
        "check",
        "migrate",
    ):
        assert f"\n    {verb} " in said
    assert said.endswith("False\n")


@pytest.mark.parametrize(
    ("locale", "words"), [("zh_CN.UTF-8", "备份整座城市"), ("en_GB.UTF-8", "whole city")]
)
def test_it_speaks_the_language_of_the_terminal(monkeypatch, capsys, locale, words):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)
    with pytest.raises(SystemExit):
        command.main(["--help"])
    assert words in capsys.readouterr().out


def test_without_a_verb_it_shows_the_help_and_fails(capsys):
    assert command.main([]) == 2
    assert "backup" in capsys.readouterr().out


def test_the_demo_password_is_made_once_and_kept_closed(tmp_path):
    data = tmp_path / "var"
    password = command_city.demo_password(data)
    assert command_city.demo_password(data) == password
    assert (data / "demo-accounts.txt").stat().st_mode & 0o777 == 0o600
    assert len(password) >= 12
    assert command_city.demo_password(tmp_path / "other") != password


def test_the_demo_accounts_are_written_down_with_their_password_for_the_owner_only(tmp_path):
    command_city.note_demo_accounts(tmp_path)
    path = tmp_path / "demo-accounts.txt"
    first, *accounts = path.read_text().splitlines()
    assert first == f"password: {command_city.demo_password(tmp_path)}"
    assert any(
        line.startswith("spj.wang ") and line.endswith("Approval hall, window clerk") for line in accounts
    )
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_the_demo_password_meets_the_password_rule(tmp_path):
    from tongzheng.kernel.identity import api

    password = command_city.demo_password(tmp_path)
    made = api.create_account(actor=api.SYSTEM, username="demo", label="演示", password=password)
    assert made.username == "demo"


def test_no_migration_is_missing():
    assert command_build._models_without_migration() == []
