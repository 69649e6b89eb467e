"""Every address of the city. A package is mounted by having `pages.py` or `http.py`; nothing is listed here."""

from __future__ import annotations

from importlib import import_module

from django.urls import URLPattern, URLResolver, include, path
from ninja import NinjaAPI

from tongzheng.kernel.core.discovery import packages_with

from . import faces, faults
from .door import Plain, callers, problems

handler400 = faults.bad_request
handler403 = faults.permission_denied
handler404 = faults.not_found
handler500 = faults.server_error


def _prefix(package: str) -> str:
    """Return where a package is mounted: a system at its slug, an engine at the prefix its pages state."""
    name = package.rsplit(".", 1)[-1]
    if ".systems." in package:
        return name
    for module in ("pages", "http"):
        if package in packages_with(module):
            stated = getattr(import_module(f"{package}.{module}"), "prefix", None)
            if stated is not None:
                return str(stated)
    return name


def _pages() -> list[URLResolver]:
    found = []
    for package in packages_with("pages"):
        name, prefix = package.rsplit(".", 1)[-1], _prefix(package)
        patterns = import_module(f"{package}.pages").urlpatterns
        found.append(path(f"{prefix}/" if prefix else "", include((patterns, name))))
    return found


def _api() -> NinjaAPI:
    api = NinjaAPI(
        title="Tongzheng 通政",
        version="1",
        description="JSON doors of the city. Errors are RFC 9457 problems.",
        urls_namespace="api",
        renderer=Plain(),
        docs_url=None,
        openapi_url="/openapi.json",
        auth=callers,
    )
    problems(api)
    for package in packages_with("http"):
        api.add_router(f"/{_prefix(package)}/", import_module(f"{package}.http").api)
    return api


api = _api()

urlpatterns: list[URLPattern | URLResolver] = [
    path("", faces.home, name="home"),
    path("healthz", faces.healthz, name="healthz"),
    path("language", faces.language, name="language"),
    path("appearance", faces.appearance, name="appearance"),
    path("mine/", faces.mine, name="mine"),
    path("pieces/", faces.pieces, name="pieces"),
    path("pieces/options", faces.pieces_options, name="pieces_options"),
    path("pieces/points", faces.pieces_points, name="pieces_points"),
    path("static/<path:name>", faces.static_file, name="static_file"),
    path("api/", api.urls),
    *_pages(),
]
