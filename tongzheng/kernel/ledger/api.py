"""The ledger's door: what was done is written in the same transaction, can only grow, and can be proven."""

from .files import FileView, keep_file, open_file
from .proofs import CheckpointView, ConsistencyProof, Proof, checkpoint, consistency, prove
from .record import EntryView, Writing, append, entries, writing
from .tree import integrate

__all__ = [
    "CheckpointView",
    "ConsistencyProof",
    "EntryView",
    "FileView",
    "Proof",
    "Writing",
    "append",
    "checkpoint",
    "consistency",
    "entries",
    "integrate",
    "keep_file",
    "open_file",
    "prove",
    "writing",
]
