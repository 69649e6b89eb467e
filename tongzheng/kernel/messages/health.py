"""Whether messages can leave the house, and whether any are stuck."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.health import Check
from tongzheng.kernel.core.text import T

from .adapters import DemoPhone, adapter

STUCK_SECONDS = 300


def checks() -> Iterator[Check]:
    """Yield one check for each way out of the house, and one for the queue."""
    yield _channel("sms", T("短信通道", "SMS gateway"), "TONGZHENG_SMS")
    yield _channel("email", T("邮件服务器", "Mail server"), "TONGZHENG_SMTP")
    yield _queue()


def _channel(channel: str, title: T, variable: str) -> Check:
    name = f"messages.{channel}"
    carrier = adapter(channel)
    if carrier is None:
        return Check(
            name,
            title,
            False,
            T(
                f"未配置（{variable}）；站内消息不受影响",
                f"not set up ({variable}); in-app messages still work",
            ),
            "warning",
        )
    try:
        wrong = carrier.probe()
    finally:
        carrier.close()
    if wrong:
        return Check(name, title, False, T(f"没有应答：{wrong}", f"does not answer: {wrong}"), "failed")
    if isinstance(carrier, DemoPhone):
        return Check(
            name, title, True, T("演示手机，不向外发送", "demo phones; nothing leaves the machine"), "ok"
        )
    return Check(name, title, True, T("正常应答", "answers"), "ok")


def _queue() -> Check:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(next_at) FROM messages_message WHERE state IN ('queued', 'sending') AND next_at <= %s",
            (clock.now(),),
        )
        oldest = cursor.fetchone()[0]
    late = 0 if oldest is None else int((clock.now() - oldest).total_seconds())
    title = T("消息投递", "Delivery of messages")
    if late > STUCK_SECONDS:
        words = T(
            f"最早一条已等待 {late} 秒，请检查投递进程", f"one has waited for {late} s; see to the worker"
        )
        return Check("messages.queue", title, False, words, "failed")
    return Check("messages.queue", title, True, T("没有积压", "nothing is waiting"), "ok")
