"""A key that sings: every command at its most talkative, with everything that can go wrong, and nothing of it anywhere.

The key is made on the spot. What must not be found is each line of its file, its numbers in every usual way to write
them, and every signature that went over the wire.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import zstandard
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from kalshi_tui.practice.keys import make_key
from tests.process.eavesdropper import Eavesdropper
from tests.process.home import Home, Window, command, until

LONGEST_S = 60
LOUD = ("--debug",)
ENVIRON = {"KALSHI_TUI_DEBUG": "1", "PYTHONFAULTHANDLER": "1"}
SHORTEST = 20  # signs of a line that are enough to know it by


@dataclass
class Ears:
    """Everything that was printed, by what printed it."""

    heard: dict[str, bytes] = field(default_factory=dict)

    def run(self, home: Home, *arguments: str, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(  # noqa: S603 - this Python and our own arguments
            command(*LOUD, *flags, *arguments),
            capture_output=True,
            env={**home.environ, **ENVIRON},
            cwd=home.folder,
            stdin=subprocess.DEVNULL,
            timeout=LONGEST_S,
            check=False,
        )
        self.heard[f"{len(self.heard)}: {' '.join((*flags, *arguments))}"] = done.stdout + b"\n" + done.stderr
        return done


def needles_of(pem: bytes) -> dict[str, bytes]:
    """Return whatever of a private key must not be found, by its name."""
    lines = [line for line in pem.splitlines() if line and not line.startswith(b"-----")]
    found = {f"line {number} of the key": line for number, line in enumerate(lines, 1) if len(line) >= SHORTEST}
    key = serialization.load_pem_private_key(pem, None)
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        raw = {name: getattr(numbers, name) for name in ("d", "p", "q", "dmp1", "dmq1", "iqmp")}
    else:
        assert isinstance(key, ed25519.Ed25519PrivateKey)
        raw = {"seed": int.from_bytes(key.private_bytes_raw())}
    for name, number in raw.items():
        data = number.to_bytes((number.bit_length() + 7) // 8)
        found |= {
            f"{name} in hex": data.hex().encode(),
            f"{name} in capital hex": data.hex().upper().encode(),
            f"{name} in digits": str(number).encode(),
            f"{name} in base64": base64.b64encode(data).rstrip(b"="),
            f"{name} in base64 for addresses": base64.urlsafe_b64encode(data).rstrip(b"="),
            f"{name} as it is": data,
        }
    return found


def artefacts(folder: Path, but: set[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield every file, and what is within those that are packed."""
    for path in folder.rglob("*"):
        if not path.is_file() or path in but:
            continue
        data = path.read_bytes()
        yield str(path.relative_to(folder)), data
        if ".zst" in path.suffixes or data.startswith(b"\x28\xb5\x2f\xfd"):
            with path.open("rb") as file:
                reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
                yield f"{path.name}, unpacked", _whole(reader)


def _whole(reader: zstandard.ZstdDecompressionReader) -> bytes:
    parts = []
    try:
        while part := reader.read(1 << 20):
            parts.append(part)
    except zstandard.ZstdError:
        pass  # a tape that was cut off
    return b"".join(parts)


def search(places: Iterator[tuple[str, bytes]], needles: dict[str, bytes]) -> list[str]:
    """Say where something was found that must not be there."""
    return [f"{name} stands in {where}" for where, data in places for name, needle in needles.items() if needle in data]


def settle(home: Home, rest_url: str, stream_url: str, key_id: str, key: Path) -> None:
    place = home.folder / ".config" / "kalshi-tui"
    place.mkdir(parents=True, exist_ok=True)
    (place / "config.toml").write_text(
        f'[venues.practice]\nrest_url = "{rest_url}"\nstream_url = "{stream_url}"\n'
        f'key_id = "{key_id}"\nkey_path = "{key}"\n[network]\nanswer_timeout_s = 2.0\nread_retries = 0\n'
    )


ASKING = (
    ("doctor",),
    ("config", "show"),
    ("config", "check"),
    ("markets",),
    ("kill", "--reason", "a canary"),
    ("run", "--headless", "--for", "1"),
    ("engine", "start"),
    ("status",),
    ("engine", "stop", "--force"),
)
"""What signs, or reads the key, whatever comes of it."""


def everything(ears: Ears, home: Home) -> None:
    """Run each command beside an engine."""
    rows = ears.run(home, "markets", "--json", "--limit", "50")
    quoted = [row["ticker"] for row in json.loads(rows.stdout) if row["yes_bid"] and row["yes_ask"]]
    for arguments in (
        ("book", quoted[0]),
        ("trades",),
        ("doctor",),
        ("config", "show"),
        ("config", "path"),
        ("status",),
        ("balance",),
        ("positions",),
        ("exposure",),
        ("arm",),
        ("order", "place", quoted[0], "buy", "yes", "1", "@0.20", "--yes"),
        ("order", "place", quoted[0], "buy", "yes", "1", "@0.80", "--ioc", "--yes"),
        ("orders", "--all"),
        ("fills",),
        ("flatten", "--all", "--yes"),
        ("order", "cancel", "--all"),
        ("disarm",),
        ("kill", "--reason", "a canary"),
        ("unkill", "--phrase", "lift the kill"),
        ("journal", "show"),
        ("journal", "verify"),
        ("journal", "export", "--json", "--out", "journal.json"),
        ("paper",),
        ("logs", "--lines", "5000"),
        ("logs", "--trades", "--lines", "5000"),
        ("tape", "list"),
        ("tape", "export", "tape.jsonl"),
    ):
        ears.run(home, *arguments)


def whatever_asks(ears: Ears, home: Home) -> None:
    """Run each command that signs or reads the key."""
    for arguments in ASKING:
        ears.run(home, *arguments)


@pytest.fixture(params=["rsa", "ed25519"])
def pem(request: pytest.FixtureRequest) -> bytes:
    return make_key(request.param)


@pytest.mark.timeout(600)
def test_nothing_of_a_key_nor_a_signature_is_found_anywhere(home: Home, pem: bytes) -> None:
    ears, key = Ears(), home.folder / "canary.pem"
    key.write_bytes(pem)
    key.chmod(0o600)
    ready = home.folder / "ready.json"
    process = subprocess.Popen(  # noqa: S603 - this Python and our own words
        command("exchange", "--until-eof", "--key-file", str(key), "--ready-file", str(ready)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**home.environ, **ENVIRON},
        cwd=home.folder,
    )
    signatures: set[bytes] = set()
    try:
        until(ready.exists)
        found = json.loads(ready.read_text())
        key_id = found["key_id"]
        with Eavesdropper(urlsplit(found["rest_url"]).port) as line:
            settle(home, line.rest_url, line.stream_url, key_id, key)
            ears.run(home, "engine", "start")
            everything(ears, home)
            with Window(home, *LOUD, "attach") as window:
                window.until(lambda text: "KX" in text)
                window.type("\x10")
                window.read(1.0)
                ears.heard["a terminal"] = window.drawn
            ears.run(home, "engine", "stop", "--force")
            whatever_asks(ears, home)
            signatures |= line.signatures()
        assert len(signatures) > 20
        with Eavesdropper(None) as nonsense:  # answers that are none, and that repeat what was sent
            settle(home, nonsense.rest_url, nonsense.stream_url, key_id, key)
            whatever_asks(ears, home)
            signatures |= nonsense.signatures()
        settle(home, "http://127.0.0.1:9/trade-api/v2", "ws://127.0.0.1:9/trade-api/ws/v2", key_id, key)
        whatever_asks(ears, home)  # a host where nobody is
        settle(home, found["rest_url"], found["ws_url"], "a-key-that-nobody-knows", key)
        whatever_asks(ears, home)  # a key that is refused
        harmed = home.folder / "harmed.pem"
        for data in (pem[: len(pem) // 2], pem.replace(b"\n", b" "), b"-----BEGIN" + pem):
            harmed.write_bytes(data)
            harmed.chmod(0o600)
            settle(home, found["rest_url"], found["ws_url"], key_id, harmed)
            for arguments in (("doctor",), ("balance",), ("config", "show"), ("engine", "start")):
                ears.run(home, *arguments)
        inline = pem.decode()
        settle(home, found["rest_url"], found["ws_url"], inline.replace("\n", " "), key)  # the key where its id goes
        for arguments in (("doctor",), ("balance",)):
            ears.run(home, *arguments)
        (home.folder / ".config" / "kalshi-tui" / "config.toml").unlink()
    finally:
        process.kill()
        ears.heard["the exchange"] = process.communicate()[0]
    needles = needles_of(pem) | {f"signature {n}": signature for n, signature in enumerate(sorted(signatures))}
    assert len(needles) > 60
    mine = {key, home.folder / "harmed.pem"}
    where = search(iter(ears.heard.items()), needles) + search(artefacts(home.folder, mine), needles)
    assert where == []
    assert any(b"debug" in said.lower() for said in ears.heard.values())


def test_what_is_searched_for_would_be_found(tmp_path: Path) -> None:
    pem = make_key("rsa")
    needles = needles_of(pem)
    (tmp_path / "copy").write_bytes(b"x" + pem)
    (tmp_path / "packed.zst").write_bytes(zstandard.ZstdCompressor().compress(pem))
    found = search(artefacts(tmp_path, set()), needles)
    lines = [name for name in needles if name.startswith("line")]
    assert {words.partition(" stands")[0] for words in found} == set(lines)
    assert any("unpacked" in words for words in found)
    assert search(artefacts(tmp_path, {tmp_path / "copy", tmp_path / "packed.zst"}), needles) == []
