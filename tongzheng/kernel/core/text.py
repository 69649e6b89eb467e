"""Text in two languages, written beside the thing it names."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language


def english() -> bool:
    """Tell whether the current reader has chosen English; Chinese is the default."""
    return (get_language() or "zh").startswith("en")


@dataclass(frozen=True, slots=True)
class T:
    """A text in Chinese and English; both are required, so no page can be half translated.

    `str()` gives the current reader's language. `fill` replaces `{name}` places in both.
    """

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en if english() else self.zh

    def fill(self, **values: object) -> T:
        """Return the same text with its `{name}` places filled; values that are `T` keep both languages.

        Raises KeyError when a place has no value.
        """
        zh = {k: v.zh if isinstance(v, T) else v for k, v in values.items()}
        en = {k: v.en if isinstance(v, T) else v for k, v in values.items()}
        return T(self.zh.format(**zh), self.en.format(**en))

    def to_json(self) -> dict[str, str]:
        """Return both languages, as stored in JSON columns."""
        return {"zh": self.zh, "en": self.en}


def same(text: str) -> T:
    """Return a text that reads the same in both languages: a name of a person, a number, a code."""
    return T(text, text)


def from_json(value: dict[str, str] | str | None) -> T:
    """Return the text that `T.to_json` stored; a plain string reads the same in both languages."""
    if isinstance(value, dict):
        return T(value.get("zh", ""), value.get("en", "") or value.get("zh", ""))
    return same(value or "")
