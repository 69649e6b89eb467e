"""The pieces for forms, files and dialogs. Built in like `pieces`, and shown on /pieces/ too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tongzheng.kernel.core.text import T

from .pieces import icon

register = template.Library()


@register.inclusion_tag("pieces/errors.html")
def errors(found: Any, labels: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`{% errors found labels %}`: the summary above a form: every slip, linked to its field (`id_<name>`).

    `found` is a mapping of field name to words (a `Fault.fields`), or a Django form.
    """
    if hasattr(found, "errors"):
        labels = {name: field.label for name, field in found.fields.items()}
        found = {name: words[0] for name, words in found.errors.items()}
    return {
        "slips": [(name, (labels or {}).get(name, ""), words) for name, words in (found or {}).items()],
    }


@register.inclusion_tag("pieces/field.html")
def field(
    name: str,
    title: Any,
    kind: str = "text",
    *,
    value: Any = "",
    help: Any = "",
    error: Any = "",
    required: bool = True,
    choices: Sequence[Any] = (),
    maxlength: int | None = None,
    inputmode: str = "",
    autocomplete: str = "",
    placeholder: Any = "",
    url: str = "",
    shown: Any = "",
    private: bool = False,
) -> dict[str, Any]:
    """`{% field name title kind value=… help=… error=… required=… choices=… %}`: one entry of a form.

    `kind`: text, long, number, date, tel, email, password, search, choice (a select), radio, checks, bool,
    combobox (`url` answers `?q=` with `<li data-value>`; `shown` is the chosen one's words). `choices` are
    (value, words). `private` values are never kept as a draft on the device.
    """
    chosen = {str(v) for v in value} if isinstance(value, list | tuple | set) else {str(value)}
    return {
        "name": name, "title": title, "kind": kind, "value": value, "help": help, "error": error,
        "required": required, "maxlength": maxlength, "inputmode": inputmode, "autocomplete": autocomplete,
        "placeholder": placeholder, "url": url, "shown": shown, "private": private,
        "choices": [(str(v), words, str(v) in chosen) for v, words in choices],
        "described": " ".join(f"{part}_{name}" for part, on in (("help", help), ("error", error)) if on),
    }  # fmt: skip


@register.simple_tag(takes_context=True)
def attributes(context: template.Context) -> SafeString:
    """Write the attributes that every control of `{% field %}` shares (used by its own template only)."""
    given = [(name, context.get(name)) for name in ("maxlength", "inputmode", "autocomplete", "placeholder")]
    given += [("aria-describedby", context.get("described"))]
    flags = [("required", "required"), ("private", "data-private")]
    return format_html(
        "{}{}{}",
        format_html_join("", '{}="{}" ', ((name, str(value)) for name, value in given if value)),
        format_html_join("", "{} ", ((flag,) for name, flag in flags if context.get(name))),
        mark_safe('aria-invalid="true"') if context.get("error") else "",
    )


@register.inclusion_tag("pieces/drop.html")
def drop(
    name: str,
    title: Any,
    *,
    accept: str = "",
    limit: int = 20 * 1024 * 1024,
    help: Any = "",
    error: Any = "",
    multiple: bool = False,
    required: bool = False,
) -> dict[str, Any]:
    """`{% drop name title accept=… limit=… multiple=… %}`: a place for files. `limit` in bytes, for each file;
    with JavaScript the size is checked before sending and the progress shown."""
    return {
        "name": name, "title": title, "accept": accept, "limit": limit, "megabytes": limit // 1024 // 1024,
        "help": help, "error": error, "multiple": multiple, "required": required,
    }  # fmt: skip


class Dialog(Node):
    """Renders what is inside `{% dialog %}` into a native `<dialog>`."""

    def __init__(self, id: FilterExpression, title: FilterExpression, inside: NodeList) -> None:
        self.id, self.title, self.inside = id, title, inside

    def render(self, context: template.Context) -> str:
        return format_html(
            '<dialog id="{0}" aria-labelledby="{0}-title"><header><h2 id="{0}-title">{1}</h2>'
            '<form method="dialog"><button class="plain" aria-label="{2}">{3}</button></form></header>{4}</dialog>',
            self.id.resolve(context),
            str(self.title.resolve(context)),
            str(T("关闭", "Close")),
            icon("close"),
            self.inside.render(context),
        )


@register.tag("dialog")
def dialog(parser: Parser, token: Token) -> Dialog:
    """`{% dialog "id" title %}…{% enddialog %}`: opened by a button with `data-dialog="id"`."""
    bits = token.split_contents()
    if len(bits) != 3:
        raise template.TemplateSyntaxError('{% dialog "id" title %}')
    inside = parser.parse(("enddialog",))
    parser.delete_first_token()
    return Dialog(parser.compile_filter(bits[1]), parser.compile_filter(bits[2]), inside)
