"""The Ed25519 key that signs the ledger, and the public half that checks it."""

from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from resurge.core.durable import write_durably
from resurge.core.errors import LedgerBroken
from resurge.ledger.entry import signed_bytes

_ADVICE = "Put the key back from a backup of the state folder, or set the ledger folder aside to begin anew."


class Verifier:
    """Checks that a tree head was signed by this key's holder."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.origin = f"resurge/ledger/{sha256(raw).hexdigest()[:16]}"  # heads of two ledgers never mix

    def accepts(self, size: int, root: str, signature: str) -> bool:
        try:
            self._key.verify(bytes.fromhex(signature), signed_bytes(self.origin, size, root))
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = Verifier(key.public_key())

    def sign(self, size: int, root: str) -> str:
        return self._key.sign(signed_bytes(self.verifier.origin, size, root)).hex()


def load_signer(folder: Path, *, may_create: bool) -> Signer:
    """Call it under the ledger's lock: two processes must not each make a key."""
    path = folder / "key"
    if not path.exists():
        if not may_create:
            raise LedgerBroken(f"the signing key {path} is gone", _ADVICE)
        _create(folder)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise LedgerBroken(f"the signing key {path} cannot be read", _ADVICE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise LedgerBroken(f"{path} is no Ed25519 key", _ADVICE)
    return Signer(key)


def load_verifier(folder: Path) -> Verifier:
    """From `key.pub` alone, so that whoever may only read the log can check it."""
    path = folder / "key.pub"
    try:
        key = load_pem_public_key(path.read_bytes())
    except (FileNotFoundError, ValueError) as error:
        raise LedgerBroken(f"the public key {path} is missing or cannot be read", _ADVICE) from error
    if not isinstance(key, Ed25519PublicKey):
        raise LedgerBroken(f"{path} is no Ed25519 key", _ADVICE)
    return Verifier(key)


def _create(folder: Path) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # The public half first: a key that exists always has the half that checks what it signs.
    write_durably(folder / "key.pub", public, 0o644)
    write_durably(folder / "key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
