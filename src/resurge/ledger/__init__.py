"""A tamper-evident log: signed entries over one growing Merkle tree."""

from resurge.ledger.entry import Entry, Head
from resurge.ledger.log import Ledger
from resurge.ledger.verify import Verification

__all__ = ["Entry", "Head", "Ledger", "Verification"]
