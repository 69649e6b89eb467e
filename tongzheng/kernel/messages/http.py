"""Where the SMS vendor tells what became of a text. Only who knows the shared secret is heard."""

from __future__ import annotations

import hmac
import json
import re
import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from tongzheng.kernel.core.errors import Invalid, Missing, Refused
from tongzheng.kernel.core.text import T

from .adapters import signature
from .delivery import receipt

api = Router(tags=["messages"])

FRESH_SECONDS = 300
MOST = 500


@api.post("receipts/", response={204: None}, summary="Delivery receipts of the SMS vendor")
def receipts(request: HttpRequest) -> HttpResponse:
    """Take one receipt or a list: {"reference" or "id", "state": "delivered" | "failed", "detail"}.

    Signed as `X-Signature: t=<unix seconds>,v1=<HMAC-SHA256 of "<t>.<body>" in hex>`, not older than five minutes.
    Answers 204; 403 for a bad signature; 404 when a single receipt names none of our messages (send it again).
    """
    body = request.body
    if not _signed(request.headers.get("X-Signature", ""), body):
        raise Refused(T("签名无效", "The signature is not valid"))
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Invalid(T("不是 JSON", "This is not JSON")) from error
    several = given if isinstance(given, list) else [given]
    if len(several) > MOST:
        raise Invalid(T(f"一次最多 {MOST} 条回执", f"At most {MOST} receipts at once"))
    read = [_read(one) for one in several]
    known = [receipt(key, state, detail) for key, state, detail in read]
    if not isinstance(given, list) and not known[0]:
        raise Missing
    return HttpResponse(status=204)


def _read(one: object) -> tuple[str, str, str]:
    if isinstance(one, dict):
        key = one.get("reference") or one.get("id")
        state, detail = one.get("state"), one.get("detail", "")
        if (
            isinstance(key, str)
            and 0 < len(key) <= 100
            and "\0" not in key
            and state in ("delivered", "failed")
            and isinstance(detail, str)
        ):
            return key, str(state), detail.replace("\0", "")[:200]
    raise Invalid(
        T("回执须有 reference、state 和 detail", "A receipt has reference, state and detail"),
        fields={"state": T("delivered 或 failed", "delivered or failed")},
    )


def _signed(header: str, body: bytes) -> bool:
    found = re.fullmatch(r"t=(\d{1,12}),v1=([0-9a-f]{64})", header, re.ASCII)
    if found is None or not settings.SMS_SECRET:
        return False
    at = int(found[1])
    return abs(time.time() - at) <= FRESH_SECONDS and hmac.compare_digest(signature(body, at=at), header)
