"""Signs requests with the account's private key, which is never shown."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from kalshi_tui.errors import SecretError


class Signer(Protocol):
    """Whatever can prove to the venue who asks."""

    @property
    def key_id(self) -> str:
        """Return the key's public name."""

    def sign(self, timestamp_ms: int, method: str, path: str) -> dict[str, str]:
        """Return the headers that prove a request; `path` is the full one from the root."""


@dataclass(frozen=True, slots=True)
class KeySigner:
    """Signs with a private key; neither its repr nor a traceback through it shows the key."""

    key_id: str
    _make: Callable[[bytes], bytes] = field(repr=False)

    def sign(self, timestamp_ms: int, method: str, path: str) -> dict[str, str]:
        """Return the three headers; a query string never belongs to what is signed."""
        text = f"{timestamp_ms}{method.upper()}{path.partition('?')[0]}"
        return {
            "KALSHI-ACCESS-KEY": self.key_id,
            "KALSHI-ACCESS-TIMESTAMP": str(timestamp_ms),
            "KALSHI-ACCESS-SIGNATURE": b64encode(self._make(text.encode())).decode("ascii"),
        }


def load_signer(key_id: str, pem: bytes) -> Signer:
    """Read an unencrypted RSA or Ed25519 private key in PEM form."""
    if not key_id.isascii() or not key_id.isprintable() or not key_id or " " in key_id:
        raise SecretError(
            "the key id is empty or holds characters that no key id has",
            hint="copy the key id exactly as the account's API page shows it",
        )
    key = _load(pem)
    if isinstance(key, RSAPrivateKey):
        return KeySigner(key_id, _rsa(key))
    if isinstance(key, Ed25519PrivateKey):
        return KeySigner(key_id, key.sign)
    raise SecretError(
        "the private key is neither RSA nor Ed25519",
        hint="Kalshi signs with RSA or Ed25519 keys; make a new API key and use its file",
    )


def _rsa(key: RSAPrivateKey) -> Callable[[bytes], bytes]:
    padded = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
    digest = hashes.SHA256()
    return lambda text: key.sign(text, padded, digest)


def _load(pem: bytes) -> object:
    # The cause is cut off each time: the parser's words may quote the key, and its frames hold it.
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        problem, hint = "the private key is encrypted with a password", "store it decrypted, readable by you alone"
    except UnsupportedAlgorithm:
        problem, hint = "the private key is of a kind that is not supported", "use an RSA or Ed25519 key"
    except ValueError:
        problem, hint = _unreadable(pem)
    raise SecretError(problem, hint=hint)


def _unreadable(pem: bytes) -> tuple[str, str]:
    if b"ENCRYPTED" in pem:
        return "the private key is encrypted with a password", "store it decrypted, readable by you alone"
    if b"PUBLIC KEY" in pem or b"CERTIFICATE" in pem:
        return "this is a public key, not the private one", "use the file that was downloaded when the key was made"
    if b"-----BEGIN" not in pem:
        return (
            "the private key is not in PEM form",
            "use the file that was downloaded when the key was made: its first line starts with -----BEGIN",
        )
    return "the private key cannot be read", "the file is damaged or cut off; download or make the key again"
