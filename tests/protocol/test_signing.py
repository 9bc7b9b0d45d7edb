"""Signatures are verified with the public key, as the venue does it."""

from __future__ import annotations

import traceback
from base64 import b64decode
from functools import cache

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from kalshi_tui.errors import SecretError
from kalshi_tui.protocol.signing import Scope, load_signer

STAMP = 1_781_159_370_164
PATH = "/trade-api/v2/portfolio/orders"


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(
    key: PrivateKeyTypes,
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
    password: bytes | None = None,
) -> bytes:
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        locked = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, form, locked)


def verify_rsa(signature: str, text: str, salt: int = 32) -> None:
    padded = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
    rsa_key().public_key().verify(b64decode(signature, validate=True), text.encode(), padded, hashes.SHA256())


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_an_rsa_key_signs_with_pss_sha256_and_a_salt_of_32(form: serialization.PrivateFormat) -> None:
    headers = load_signer("key-1", pem_of(rsa_key(), form), Scope.READ).sign(STAMP, "get", PATH)
    assert headers["KALSHI-ACCESS-KEY"] == "key-1"
    assert headers["KALSHI-ACCESS-TIMESTAMP"] == "1781159370164"
    verify_rsa(headers["KALSHI-ACCESS-SIGNATURE"], f"1781159370164GET{PATH}")
    with pytest.raises(InvalidSignature):
        verify_rsa(headers["KALSHI-ACCESS-SIGNATURE"], f"1781159370164GET{PATH}", salt=20)


def test_the_query_is_not_signed_and_the_prefix_is() -> None:
    signature = load_signer("k", pem_of(rsa_key()), Scope.READ).sign(STAMP, "GET", PATH + "?limit=5&cursor=x")
    verify_rsa(signature["KALSHI-ACCESS-SIGNATURE"], f"{STAMP}GET{PATH}")
    with pytest.raises(InvalidSignature):
        verify_rsa(signature["KALSHI-ACCESS-SIGNATURE"], f"{STAMP}GET/portfolio/orders")


def test_an_ed25519_key_signs_plainly() -> None:
    key = Ed25519PrivateKey.generate()
    headers = load_signer("k", pem_of(key), Scope.TRADE).sign(STAMP, "DELETE", PATH)
    signature = b64decode(headers["KALSHI-ACCESS-SIGNATURE"], validate=True)
    key.public_key().verify(signature, f"{STAMP}DELETE{PATH}".encode())


def test_no_word_about_a_signer_shows_its_key() -> None:
    pem = pem_of(rsa_key())
    signer = load_signer("key-1", pem, Scope.TRADE)
    shown = f"{signer!r} {signer}"
    assert "key-1" in shown
    secrets = [*pem.decode().splitlines()[1:-1], str(rsa_key().private_numbers().d), "PRIVATE"]
    assert not any(secret in shown for secret in secrets)


def public_pem() -> bytes:
    return (
        rsa_key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def unusable_keys() -> list[tuple[str, bytes, str]]:
    old_style = serialization.PrivateFormat.TraditionalOpenSSL
    whole = pem_of(rsa_key())
    return [
        ("encrypted PKCS#8", pem_of(rsa_key(), password=b"secret"), "password"),
        ("encrypted PKCS#1", pem_of(rsa_key(), old_style, b"secret"), "password"),
        ("another curve", pem_of(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor Ed25519"),
        ("a public key", public_pem(), "public key"),
        ("cut off", whole[: len(whole) // 2], "cannot be read"),
        ("no PEM", b"12345678-1234-1234-1234-123456789abc", "not in PEM"),
        ("nothing", b"", "not in PEM"),
        ("bytes", bytes(range(256)), "not in PEM"),
    ]


@pytest.mark.parametrize(
    ("pem", "words"), [row[1:] for row in unusable_keys()], ids=[row[0] for row in unusable_keys()]
)
def test_an_unusable_key_is_refused_with_a_hint_and_without_a_trace_of_itself(pem: bytes, words: str) -> None:
    with pytest.raises(SecretError, match=words) as refused:
        load_signer("key-1", pem, Scope.TRADE)
    assert refused.value.hint
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
    shown = "".join(traceback.format_exception(refused.value))
    assert not any(line and line in shown for line in pem.decode("latin-1").splitlines()[1:-1])


@pytest.mark.parametrize("key_id", ["", "two words", "line\nbreak", "ключ"])
def test_a_key_id_that_no_header_can_carry_is_refused(key_id: str) -> None:
    with pytest.raises(SecretError) as refused:
        load_signer(key_id, pem_of(rsa_key()), Scope.READ)
    assert refused.value.hint
