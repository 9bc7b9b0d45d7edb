"""Keys for the practice account: made on the spot, private halves in PEM, and the id that a key is known by."""

from __future__ import annotations

import hashlib
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from kalshi_tui.practice.worldfile import WorldRefused

KeyKind = Literal["rsa", "ed25519"]


def make_key(kind: KeyKind = "rsa") -> bytes:
    """Make a private key and return it as PEM."""
    key: RSAPrivateKey | Ed25519PrivateKey
    key = Ed25519PrivateKey.generate() if kind == "ed25519" else generate_private_key(65_537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_half(private_pem: bytes) -> bytes:
    """Return the public half of a private key, as PEM; the error never shows the key."""
    try:
        key = load_pem_private_key(private_pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise WorldRefused(
            "the practice key is not an unencrypted RSA or Ed25519 private key in PEM",
            hint="name another --key-file, or move this one away: a new key is made where there is none",
        )
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id_of(public_pem: bytes) -> str:
    """Return the id of a key: the same for the same key, so that a client's settings outlive a restart."""
    return str(UUID(bytes=hashlib.sha256(public_pem).digest()[:16], version=4))
