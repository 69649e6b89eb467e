"""Faults that an inspection finds in declared templates and documents."""

from __future__ import annotations

from collections.abc import Iterator

from tongzheng.kernel.core.registry import Registry
from tongzheng.kernel.core.text import T

from .kinds import CHANNELS, LAYOUTS, Document, Template
from .render import places, segments

MOST_SEGMENTS = 5
"""Texts that one SMS may take when every fact is of the length below."""

USUAL_FACT = 16


def faults(registry: Registry) -> Iterator[str]:
    """Yield a sentence for every fault in a declared template or document, naming it."""
    for id, template in registry.of(Template).items():
        yield from _wording(f"Template {id}", template.subject)
        yield from _wording(f"Template {id}", template.body)
        for name in template.channels:
            if name not in CHANNELS:
                yield f"Template {id}: there is no channel {name!r}; there are {', '.join(CHANNELS)}"
        if not template.channels:
            yield f"Template {id}: it has no channel"
        if len(set(template.channels)) < len(template.channels):
            yield f"Template {id}: a channel is named twice"
        if "sms" in template.channels:
            for lang, text in (("zh", template.body.zh), ("en", template.body.en)):
                yield from _length(id, lang, text)
    for id, document in registry.of(Document).items():
        if document.template not in LAYOUTS:
            yield f"Document {id}: there is no layout {document.template!r}; there are {', '.join(LAYOUTS)}"
        for words in (
            *document.paragraphs,
            *filter(None, (document.remedy, document.basis, document.copies)),
        ):
            yield from _wording(f"Document {id}", words)


def _wording(where: str, text: T) -> Iterator[str]:
    try:
        zh, en = places(text.zh), places(text.en)
    except ValueError as error:
        yield f"{where}: {error}"
        return
    for name in sorted(zh ^ en):
        yield f"{where}: the place {{{name}}} stands only in {'Chinese' if name in zh else 'English'}"


def _length(id: str, lang: str, text: str) -> Iterator[str]:
    try:
        names = places(text)
    except ValueError:
        return
    usual = "测" * USUAL_FACT if lang == "zh" else "x" * USUAL_FACT
    for name in names:
        text = text.replace(f"{{{name}}}", usual)
    needed = segments(text)
    if needed > MOST_SEGMENTS:
        yield f"Template {id}: the SMS ({lang}) takes {needed} texts, more than {MOST_SEGMENTS}"
