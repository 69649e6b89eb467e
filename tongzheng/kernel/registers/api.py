"""The registers' door: read, write, import and export the rows of any declared register."""

from __future__ import annotations

from .exports import bad_file, export, template
from .imports import import_cancel, import_go, import_of, import_rows, imports
from .reading import points, register, registers, row, rows
from .saved import drop_view, save_view, views
from .shapes import (
    BadRow,
    BulkResult,
    ChangeView,
    ImportView,
    Page,
    RegisterView,
    RowView,
    SavedView,
    Sheet,
)
from .writing import bulk, create, update

__all__ = [
    "BadRow",
    "BulkResult",
    "ChangeView",
    "ImportView",
    "Page",
    "RegisterView",
    "RowView",
    "SavedView",
    "Sheet",
    "bad_file",
    "bulk",
    "create",
    "drop_view",
    "export",
    "import_cancel",
    "import_go",
    "import_of",
    "import_rows",
    "imports",
    "points",
    "register",
    "registers",
    "row",
    "rows",
    "save_view",
    "template",
    "update",
    "views",
]
