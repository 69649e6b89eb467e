"""Static files without a build step: addresses carry the content's digest, answers are compressed once and kept.

A web server in front may serve the same files (`collectstatic`); without one this is fast enough for a city.
"""

from __future__ import annotations

import gzip
import mimetypes
import time
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

COMPRESSED = (".css", ".js", ".svg", ".json", ".geojson", ".map", ".txt", ".html")
TYPES = {".js": "text/javascript", ".geojson": "application/geo+json", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file as it goes over the wire."""

    digest: str
    body: bytes
    packed: bytes | None
    media_type: str


class Versioned(StaticFilesStorage):
    """Adds the content's digest to a file's address, so that a changed file is a new address."""

    def url(self, name: str | None) -> str:
        """Return the address of a static file with its version; without one if the file is not there."""
        return _address(name or "", self.base_url, int(time.monotonic()))

    def plain(self, name: str) -> str:
        """Return the address of a static file without a version."""
        return super().url(name)


@lru_cache(maxsize=512)
def _address(name: str, base: str | None, second: int) -> str:
    """Return an address; a page asks for some forty, so the files are looked at once a second, not each time."""
    found = asset(name)
    return Versioned(base_url=base).plain(name) + (f"?v={found.digest}" if found else "")


def asset(name: str) -> Asset | None:
    """Return a static file by name, read again only when it changed; None if there is none."""
    path = _find(name)
    if path is None:
        return None
    stamp = path.stat()
    return _read(path, stamp.st_mtime_ns, stamp.st_size)


def static_file(request: HttpRequest, name: str) -> HttpResponse:
    """Answer one static file, compressed if the reader takes it, kept forever if its version was named."""
    found = asset(name)
    if found is None:
        raise Http404(name)
    etag = f'"{found.digest}"'
    versioned = request.GET.get("v") == found.digest or name.startswith("built/chunks/")
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        pack = found.packed and "gzip" in request.headers.get("Accept-Encoding", "")
        response = HttpResponse(found.packed if pack else found.body, content_type=found.media_type)
        if pack:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Cache-Control"] = FOREVER if versioned else "public, max-age=60"
    if found.packed:
        patch_vary_headers(response, ["Accept-Encoding"])
    return response


@lru_cache(maxsize=512)
def _known(name: str) -> Path:
    found = finders.find(name)
    if not isinstance(found, str):
        raise Http404(name)  # not kept: a file may be built later
    return Path(found)


def _find(name: str) -> Path | None:
    try:
        path = _known(name)
    except (Http404, SuspiciousOperation, ValueError):
        return None
    return path if path.is_file() else None


@lru_cache(maxsize=256)
def _read(path: Path, changed: int, size: int) -> Asset:
    body = path.read_bytes()
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in COMPRESSED else None
    guessed = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    media = f"{guessed}; charset=utf-8" if path.suffix in COMPRESSED else guessed
    return Asset(sha256(body).hexdigest()[:10], body, packed, media)
