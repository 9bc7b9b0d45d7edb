"""Who asks: signatures, clocks, scopes and keys that are bound to one subaccount."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from kalshi_tui.practice.exchange import Exchange
from kalshi_tui.practice.records import ApiKey, Refusal

_HEADERS: Final = ("kalshi-access-key", "kalshi-access-timestamp", "kalshi-access-signature")
# Kalshi's own verifier takes the longest salt too, so any length is read from the signature itself.
_PADDING: Final = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.AUTO)
_DIGEST: Final = hashes.SHA256()


def is_signed(headers: Mapping[str, str]) -> bool:
    """Tell whether a request tries to say who asks."""
    return any(name in headers for name in _HEADERS)


class Keyring:
    """Verifies signatures with the public keys of the exchange; keys are kept parsed, verdicts are not kept."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._parsed: dict[bytes, RSAPublicKey | Ed25519PublicKey] = {}

    def authenticate(self, method: str, path: str, headers: Mapping[str, str]) -> ApiKey:
        """Return the key that signed this request, or refuse with 401."""
        if any(not headers.get(name) for name in _HEADERS):
            raise Refusal(401, "signature_is_missing_from_headers")
        key_id, timestamp, signature = (headers[name] for name in _HEADERS)
        self._check_time(timestamp)
        key = self._exchange.keys.get(key_id)
        if key is None:
            raise _unauthenticated("NOT_FOUND")
        if not self._signed_by(key, f"{timestamp}{method.upper()}{path}".encode(), signature):
            raise _unauthenticated("INCORRECT_API_KEY_SIGNATURE")
        return key

    def _check_time(self, timestamp: str) -> None:
        window = self._exchange.rules.timestamp_window_ms
        known = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15
        if not known or abs(int(timestamp) - self._exchange.now_ms) > window:
            raise Refusal(401, "header_timestamp_expired")

    def _signed_by(self, key: ApiKey, message: bytes, signature: str) -> bool:
        try:
            raw = base64.b64decode(signature, validate=True)
            public = self._public(key.public_pem)
            if isinstance(public, RSAPublicKey):
                public.verify(raw, message, _PADDING, _DIGEST)
            else:
                public.verify(raw, message)
        except (binascii.Error, ValueError, InvalidSignature):
            return False
        return True

    def _public(self, pem: bytes) -> RSAPublicKey | Ed25519PublicKey:
        if pem not in self._parsed:
            public = serialization.load_pem_public_key(pem)
            if not isinstance(public, RSAPublicKey | Ed25519PublicKey):
                raise ValueError("an API key is an RSA or an Ed25519 key")
            self._parsed[pem] = public
        return self._parsed[pem]


def require_scope(key: ApiKey, scope: str) -> None:
    """Refuse with 403 unless the key carries the scope or its parent."""
    if not {scope, scope.partition("::")[0]} & set(key.scopes):
        raise Refusal(403, "forbidden", details=f"this API key lacks the scope {scope}")


def subaccount_for(key: ApiKey, asked: int | None) -> int | None:
    """Return the subaccount that a call is about; a bound key may name no other."""
    if key.subaccount is None:
        return asked
    if asked not in {None, key.subaccount}:
        raise Refusal(403, "forbidden", details=f"this API key is restricted to subaccount {key.subaccount}")
    return key.subaccount


def _unauthenticated(details: str) -> Refusal:
    return Refusal(401, "authentication_error", "authentication_error", details)
