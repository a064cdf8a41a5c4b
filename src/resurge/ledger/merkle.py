"""The tree of RFC 6962, section 2.1: SHA-256, with one prefix for leaves and another for nodes."""

from hashlib import sha256

EMPTY_ROOT = sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The least one must remember of a tree to go on growing it: its perfect subtrees, largest first.

    There is one for each bit set in `size`, so a tree of n leaves is kept in at most log2(n) + 1 hashes.
    """

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """`leaf` is a leaf's hash. As in adding one to a binary number, each carry joins two subtrees."""
        carry, node = self.size, leaf
        while carry & 1:
            node = node_hash(self._subtrees.pop(), node)
            carry >>= 1
        self._subtrees.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self._subtrees:
            return EMPTY_ROOT
        node = self._subtrees[-1]
        for left in reversed(self._subtrees[:-1]):
            node = node_hash(left, node)
        return node

    def copy(self) -> "CompactRange":
        twin = CompactRange()
        twin.size, twin._subtrees = self.size, self._subtrees.copy()
        return twin
