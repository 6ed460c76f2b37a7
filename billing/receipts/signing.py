"""The server's signature: Ed25519, with a key that is derived from the server's secret.

All servers of one database have the same secret, hence the same key. A receipt stays checkable after the secret has
changed: every key that ever signed is kept, and published.
"""

import base64
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE: Final = b"openline receipts 1"


class Signer:
    """Signs with the key that belongs to `secret`."""

    def __init__(self, secret: bytes) -> None:
        seed = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: str = text_of(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> str:
        return text_of(self._key.sign(message))


def is_signed(public: str, message: bytes, signature: str) -> bool:
    """Whether `signature` over `message` is by the key `public`; both base64url."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes_of(public)).verify(bytes_of(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def text_of(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def bytes_of(text: str) -> bytes:
    """Raises ValueError for what is not exactly what `text_of` writes."""
    raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if text_of(raw) != text:
        raise ValueError("not base64url")
    return raw
