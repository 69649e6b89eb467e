"""A plain browser for drills: cookies, forms with their CSRF token, uploads. An answer that never came is status 0."""

from __future__ import annotations

import html
import http.client
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

Files = Mapping[str, tuple[str, bytes]]


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 when the connection was refused, cut or timed out before the end of the answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    def hidden(self, name: str) -> str:
        """Return the value of a hidden entry of the page's form."""
        found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', self.text)
        assert found, f"no entry {name} in the page"
        return html.unescape(found[1])


class Visitor:
    """One browser of one person; `home` is their network address, as a proxy in front of the city tells it."""

    def __init__(self, address: str, *, patience: float = 30, home: str = "") -> None:
        parts = urlsplit(address)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.patience = patience
        self.home = home
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, entries: Mapping[str, str], files: Files | None = None) -> Answer:
        """Send a form with the token of the page that was last seen."""
        entries = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **entries}
        if files is None:
            return self._ask("POST", path, urlencode(entries).encode(), "application/x-www-form-urlencoded")
        boundary = secrets.token_hex(16)
        body = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in entries.items()
        )
        for name, (filename, content) in files.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
            body += head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        return self._ask("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Answer:
        headers = {"Accept": "text/html"}
        if kind:
            headers["Content-Type"] = kind
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.home:
            headers["X-Forwarded-For"] = self.home
        line = http.client.HTTPConnection(self.host, self.port, timeout=self.patience)
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return Answer(0)
        finally:
            line.close()
        for one in answer.headers.get_all("Set-Cookie") or ():
            for name, crumb in SimpleCookie(one).items():
                self.cookies[name] = crumb.value
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, text)
