"""The JSON door: who may knock, and how refusals look to programs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.renderers import JSONRenderer
from ninja.security import APIKeyCookie
from ninja.utils import check_csrf

from tongzheng.kernel.core.errors import Fault, Refused
from tongzheng.kernel.core.text import T

from .faults import answer


class Callers(APIKeyCookie):
    """Takes the signed-in person or nobody; a write that rides on a session cookie must carry the CSRF token.

    Whether the actor may do what is asked is decided by the door behind it, not here.
    """

    param_name = "sessionid"

    def __call__(self, request: HttpRequest) -> object:
        if self.param_name in request.COOKIES and check_csrf(request):
            raise Refused(
                T("缺少或错误的 CSRF 令牌", "The CSRF token is missing or wrong"),
                code="csrf",
            )
        return True

    def authenticate(self, request: HttpRequest, key: str | None) -> object:
        """Never asked: `__call__` decides."""
        return True


callers = Callers(csrf=False)


class Plain(JSONRenderer):
    """Writes Chinese as UTF-8, a third of its size in escapes, and readable in a terminal."""

    json_dumps_params: ClassVar[dict[str, Any]] = {"ensure_ascii": False}


def problems(api: NinjaAPI) -> None:
    """Make every refusal of the API an RFC 9457 problem."""

    def handle(request: HttpRequest, error: Exception) -> HttpResponse:
        return answer(request, error)

    for kind in (Fault, ValidationError, HttpError, AuthenticationError):
        api.add_exception_handler(kind, handle)
