"""What the reader of the tutorial does in the browser, as two people; prints the pages that were seen as JSON.

Run as a program, so that it sees the code that the tutorial has just written. With addresses as arguments it only
looks at those, as the keeper.
"""

from __future__ import annotations

import json
import os
import re
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "tongzheng.site.settings"

import django

django.setup()

from django.test import Client  # noqa: E402

FIRST, LATER = "Yellow-River-2026", "Fen-River-2027"
seen: dict[str, tuple[int, str]] = {}


def look(client: Client, address: str, name: str = "") -> str:
    parts = {"HX-Request": "true"} if "/related/" in address else {}  # the pole's sheet asks for it so
    answer = client.get(address, headers=parts)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    seen[name or address] = (answer.status_code, body.decode())
    return body.decode()


def send(client: Client, address: str, **values: str) -> str:
    """Post a form with everything hidden that its page holds, and return where it leads."""
    page = client.get(address).content.decode().partition("<main")[2]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    hidden.pop("csrfmiddlewaretoken", None)
    answer = client.post(address, {**hidden, **values})
    if answer.status_code not in (200, 302, 303):
        said = re.findall(r'(?s)class="(?:error|notice late)"[^>]*>(.*?)</', answer.content.decode())
        raise SystemExit(f"{address}: {answer.status_code} {said}")
    return answer.headers.get("Location", "")


def sign_in(username: str, password: str) -> Client:
    client = Client()
    send(client, "/account/sign-in/", username=username, password=password)
    return client


def main(demo_password: str, *addresses: str) -> None:
    if addresses:
        keeper = sign_in("deng.gong", LATER)
        for address in ("/work/", *addresses):
            look(keeper, address)
        return
    keeper = sign_in("deng.gong", FIRST)
    send(keeper, "/account/password/", old=FIRST, new=LATER, again=LATER)
    keeper = sign_in("deng.gong", LATER)  # a wrong password is a 422, so this proves the change
    pole = send(
        keeper, "/registers/lamps.poles/new/", code="LS-0001", road="永宁中路", region="141102", watts="60"
    )
    citizen = sign_in("gongmin.zhou", demo_password)
    look(citizen, "/lamps/")
    done = send(citizen, "/lamps/", region="141102", wrong="dark", lamp="LS-0001", text="一到晚上就不亮")
    number = done.rstrip("/").rpartition("/")[2]
    assert number in look(keeper, "/work/")
    sheet = f"/work/cases/{number}/"
    look(keeper, sheet, "sheet")
    for move, note in (("take", ""), ("close", "已换灯头")):
        version = re.search(r'name="version" value="(\d+)"', look(keeper, f"{sheet}moves/{move}/", move))[1]
        send(keeper, f"{sheet}moves/{move}/", version=version, move_note=note)
    look(citizen, "/messages/")
    look(keeper, pole, "pole")
    for address in (
        "/work/related/?subject=lamps.poles:1",
        "/api/registers/lamps.poles/",
        "/account/who-may/?action=lamps.handle",
        "/hub/lamps/",
    ):
        look(keeper, address)


main(*sys.argv[1:])
print(json.dumps(seen, ensure_ascii=False))
