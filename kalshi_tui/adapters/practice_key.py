"""Makes the key that signs on the practice exchange; it is worth nothing elsewhere."""

from __future__ import annotations

from pathlib import Path

from kalshi_tui.adapters.private_files import make_private_folder, write_private


def practice_key_file(data: Path) -> Path:
    """Return the practice key's file in the data folder, made at first use: RSA, 2,048 bits, mode 0600."""
    path = data / "practice" / "key.pem"
    if not path.exists():
        make_private_folder(data)
        make_private_folder(path.parent)
        write_private(path, _new_key(), replace=False)
    return path


def _new_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - needed once in a lifetime
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
