"""What a system declares about messages: templates in two languages."""

from __future__ import annotations

from dataclasses import dataclass

from tongzheng.kernel.core.text import T

CHANNELS: dict[str, T] = {
    "in_app": T("站内消息", "In-app"),
    "sms": T("短信", "SMS"),
    "email": T("电子邮件", "E-mail"),
}


@dataclass(frozen=True, slots=True)
class Template:
    """A message with `{name}` places; its id is "slug.name". `channels` in the order of trying."""

    name: str
    title: T
    subject: T
    body: T
    channels: tuple[str, ...] = ("in_app", "sms")
    urgent: bool = False
