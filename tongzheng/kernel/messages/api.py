"""The door of messages: tell somebody something, in their language, so that it arrives; print documents."""

from __future__ import annotations

from .delivery import deliver_due, receipt
from .documents import document
from .outbox import Addressee, Writing, forget, send, together, writing
from .reading import MessageView, PhoneView, inbox, mark_read, sent_to_phone, unread_count

__all__ = [
    "Addressee",
    "MessageView",
    "PhoneView",
    "Writing",
    "deliver_due",
    "document",
    "forget",
    "inbox",
    "mark_read",
    "receipt",
    "send",
    "sent_to_phone",
    "together",
    "unread_count",
    "writing",
]
