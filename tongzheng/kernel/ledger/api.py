"""The ledger's door: what was done is written in the same transaction, can only grow, and can be proven."""

from .files import FileView, keep_file, open_file
from .record import EntryView, Writing, append, entries, writing

__all__ = [
    "EntryView",
    "FileView",
    "Writing",
    "append",
    "entries",
    "keep_file",
    "open_file",
    "writing",
]
