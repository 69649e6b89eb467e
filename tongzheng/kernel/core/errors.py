"""The ways in which the platform says no. Each has a status, a code for programs and words for people.

A door raises one of these; the site turns it into a page or an RFC 9457 problem. Anything else that
escapes is a bug, is logged with its request id, and is answered without details.
"""

from __future__ import annotations

from collections.abc import Mapping

from .text import T


class Fault(Exception):
    """A refusal with words for the person who met it."""

    status = 400
    code = "bad-request"
    title = T("请求有误", "The request cannot be used")

    def __init__(
        self,
        words: T | None = None,
        *,
        fields: Mapping[str, T] | None = None,
        advice: T | None = None,
        code: str | None = None,
    ) -> None:
        self.words = words or self.title
        self.fields: dict[str, T] = dict(fields or {})
        self.advice = advice
        self.code = code or type(self).code
        super().__init__(self.words.en)

    def problem(self, instance: str = "", request_id: str = "") -> dict[str, object]:
        """Return the RFC 9457 problem object; `errors` names each bad field, in the reader's language."""
        body: dict[str, object] = {
            "type": f"/problems/{self.code}",
            "title": str(self.title),
            "status": self.status,
            "detail": str(self.words),
            "code": self.code,
        }
        if instance:
            body["instance"] = instance
        if request_id:
            body["request_id"] = request_id
        if self.fields:
            body["errors"] = [{"field": name, "detail": str(words)} for name, words in self.fields.items()]
        return body


class Invalid(Fault):
    """What was handed in breaks a rule; `fields` says where and why."""

    status, code = 422, "invalid"
    title = T("填写有误，请按提示修改", "Some entries need correcting")


class SignInNeeded(Fault):
    """Nobody is signed in."""

    status, code = 401, "sign-in-needed"
    title = T("请先登录", "Please sign in first")


class Refused(Fault):
    """The person may not do this here; `words` says which permission is missing."""

    status, code = 403, "refused"
    title = T("您没有这项权限", "You are not permitted to do this")


class Missing(Fault):
    """There is no such thing, or the reader may not know of it."""

    status, code = 404, "missing"
    title = T("没有找到", "Not found")


class Conflict(Fault):
    """Somebody else changed it first, or the state no longer allows it."""

    status, code = 409, "conflict"
    title = T("情况已变化，请看最新状态", "This has changed meanwhile; look at the latest state")


class TooLarge(Fault):
    """More was sent than is taken."""

    status, code = 413, "too-large"
    title = T("内容过大", "Too large")


class BadFile(Fault):
    """A file is not what it says it is, or cannot be read safely."""

    status, code = 415, "bad-file"
    title = T("文件不能接收", "This file cannot be accepted")


class Throttled(Fault):
    """Too many attempts; try again after `wait` seconds."""

    status, code = 429, "too-many"
    title = T("操作太频繁，请稍后再试", "Too many attempts; please try again later")

    def __init__(self, words: T | None = None, *, wait: int = 60) -> None:
        super().__init__(words)
        self.wait = wait


class Unavailable(Fault):
    """A part outside is not answering; nothing was lost, try again."""

    status, code = 503, "unavailable"
    title = T(
        "系统暂时繁忙，您填写的内容没有丢失，请稍后再试",
        "Briefly unavailable; nothing was lost, please try again",
    )


class StorageFull(Fault):
    """There is no room to keep a file; nothing was recorded."""

    status, code = 507, "storage-full"
    title = T("存储空间不足，未保存", "Storage is full; nothing was saved")
