"""Signs requests with the account's private key, which is never shown, and only those that its scope allows."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from kalshi_tui.errors import LocalProtocolError, SecretError

# A name as kalshi_tui.protocol.rest.asking lets it into a path: no slash, no percent sign, no dots that lead upwards.
_NAME: Final = "[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}"
_CANCELS: Final = re.compile(
    f"DELETE/trade-api/v2/portfolio/events/orders/{_NAME}"  # "batched" is a name, too
    f"|PUT/trade-api/v2/portfolio/order_groups/{_NAME}/trigger"
    f"|DELETE/trade-api/v2/portfolio/order_groups/{_NAME}"
)


class Scope(StrEnum):
    """What a key may be used for in this process: to look, also to cancel, or for everything."""

    READ = "read"
    CANCEL = "cancel"
    TRADE = "trade"

    def allows(self, method: str, path: str) -> bool:
        """Return whether a request may be signed; `path` is the full one from the root, without its query."""
        if self is Scope.TRADE or method == "GET":
            return True
        return self is Scope.CANCEL and _CANCELS.fullmatch(method + path) is not None


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
    _prove: Callable[[int, str, str], bytes] = field(repr=False)

    def sign(self, timestamp_ms: int, method: str, path: str) -> dict[str, str]:
        """Return the three headers, or raise LocalProtocolError where the signer's scope does not allow the request."""
        proof = self._prove(timestamp_ms, method, path)
        return {
            "KALSHI-ACCESS-KEY": self.key_id,
            "KALSHI-ACCESS-TIMESTAMP": str(timestamp_ms),
            "KALSHI-ACCESS-SIGNATURE": b64encode(proof).decode("ascii"),
        }


def load_signer(key_id: str, pem: bytes, scope: Scope) -> Signer:
    """Read an unencrypted RSA or Ed25519 private key in PEM form, to sign what the scope allows and nothing else."""
    if not key_id.isascii() or not key_id.isprintable() or not key_id or " " in key_id:
        raise SecretError(
            "the key id is empty or holds characters that no key id has",
            hint="copy the key id exactly as the account's API page shows it",
        )
    key = _load(pem)
    if isinstance(key, RSAPrivateKey):
        return KeySigner(key_id, _bounded(scope, _rsa(key)))
    if isinstance(key, Ed25519PrivateKey):
        return KeySigner(key_id, _bounded(scope, key.sign))
    raise SecretError(
        "the private key is neither RSA nor Ed25519",
        hint="Kalshi signs with RSA or Ed25519 keys; make a new API key and use its file",
    )


def _bounded(scope: Scope, make: Callable[[bytes], bytes]) -> Callable[[int, str, str], bytes]:
    """Return all that is left of a key: it writes the signed text itself, so nobody can hand it another's text."""

    def prove(timestamp_ms: int, method: str, path: str) -> bytes:
        verb, bare = method.upper(), path.partition("?")[0]  # a query string never belongs to what is signed
        if type(timestamp_ms) is not int or not scope.allows(verb, bare):
            raise LocalProtocolError(
                f"this process may not sign {verb} {bare:.80}: its key is loaded for scope {scope.value}",
                hint="only an engine in live execution sends orders, and only a kill cancels beside it",
            )
        return make(f"{timestamp_ms}{verb}{bare}".encode())

    return prove


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
