"""What a system declares about messages: templates in two languages, and official documents."""

from __future__ import annotations

from dataclasses import dataclass

from tongzheng.kernel.core.text import T

CHANNELS: dict[str, T] = {
    "in_app": T("站内消息", "In-app"),
    "sms": T("短信", "SMS"),
    "email": T("电子邮件", "E-mail"),
}

LAYOUTS: dict[str, T] = {
    "decision": T("公文式文书", "Official document"),
    "receipt": T("凭证", "Receipt"),
    "service": T("送达回证", "Record of delivery"),
    "licence": T("证照", "Licence"),
}


@dataclass(frozen=True, slots=True)
class Template:
    """A message with `{name}` places; its id is "slug.name".

    `channels`: with "in_app" the message stands in the addressee's own list at once; the others carry it out
    of the house, in the order of trying: the next one is tried only when the one before cannot deliver.
    """

    name: str
    title: T
    subject: T
    body: T
    channels: tuple[str, ...] = ("in_app", "sms")
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A numbered official document, printed as a PDF; its id is "slug.name".

    `template` is one of LAYOUTS. `title` stands on top. `paragraphs` are the body, each with `{name}` places; one
    whose places are all empty is left out. `rows` are the lines of the table (place, heading). `remedy` tells how
    to object. `basis` is the legal basis, shown small. `copies` says who keeps one.
    """

    name: str
    title: T
    template: str = "decision"
    paragraphs: tuple[T, ...] = ()
    rows: tuple[tuple[str, T], ...] = ()
    remedy: T | None = None
    basis: T | None = None
    copies: T | None = None
