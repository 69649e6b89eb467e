"""The ledger's door: what was done is written in the same transaction, can only grow, and can be proven."""

from .files import FileView, keep_file, open_file
from .offline import holds, public_key
from .proofs import CheckpointView, ConsistencyProof, Proof, checkpoint, consistency, prove
from .record import EntryView, Writing, append, entries, together, writing
from .tree import integrate
from .verification import LedgerFault, VerifyReport, verify

__all__ = [
    "CheckpointView",
    "ConsistencyProof",
    "EntryView",
    "FileView",
    "LedgerFault",
    "Proof",
    "VerifyReport",
    "Writing",
    "append",
    "checkpoint",
    "consistency",
    "entries",
    "holds",
    "integrate",
    "keep_file",
    "open_file",
    "prove",
    "public_key",
    "together",
    "verify",
    "writing",
]
