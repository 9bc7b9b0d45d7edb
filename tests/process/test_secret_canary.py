"""A key that sings: every command at its most talkative, with everything that can go wrong, and nothing of it anywhere.

The key is made on the spot. What must not be found is each line of its file, its numbers in every usual way to write
them, and every signature that went over the wire. With KT_CANARY each kind of key goes through everything; without it
one goes through what works and the other through what fails.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
import zstandard
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from kalshi_tui.cli.main import cli
from kalshi_tui.practice.keys import KeyKind, make_key
from tests.process.eavesdropper import Eavesdropper
from tests.process.home import Home, Window, command, until

IS_WHOLE = bool(os.environ.get("KT_CANARY"))
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
    ("kill", "--reason", "a canary", "--for", "2"),
    ("run", "--headless", "--for", "1"),
    ("engine", "start"),
    ("markets",),
    ("engine", "stop", "--force"),
)
"""What signs, or reads the key, whatever comes of it."""
HARMED = (("doctor",), ("config", "check"), ("balance",), ("engine", "start"), ("engine", "stop", "--force"))
TICKER = "TICKER"
"""Stands for a market with bids and asks."""
BESIDE = (
    ("status",),
    ("engine", "status"),
    ("markets", "--json", "--limit", "50"),
    ("book", TICKER),
    ("trades",),
    ("live", "--for", "1"),
    ("attach",),
    ("doctor",),
    ("config", "show"),
    ("config", "path"),
    ("config", "check"),
    ("config", "init"),
    ("balance",),
    ("positions",),
    ("exposure",),
    ("arm",),
    ("order", "place", TICKER, "buy", "yes", "1", "@0.20", "--yes"),
    ("order", "place", TICKER, "buy", "yes", "1", "@0.80", "--ioc", "--yes"),
    ("order", "amend", "1", "--price", "0.19", "--yes"),
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
    ("journal", "would-have"),
    ("paper", "models"),
    ("paper", "report"),
    ("logs", "--lines", "5000"),
    ("logs", "--trades", "--lines", "5000"),
    ("tape", "list"),
)
"""What is run beside an engine, in this order."""
AFTER = (
    ("tape", "info"),
    ("tape", "verify"),
    ("tape", "cut", "cut"),
    ("tape", "export", "tape.jsonl"),
    ("replay",),
    ("drill", "F36", "--seeds", "1", "--jobs", "1"),
)
"""What is run when the engine has ended."""
APART = {
    ("engine", "serve"): "is what `engine start` runs",
    ("run",): "runs among what asks",
    ("exchange",): "runs all the time",
    ("bench",): "makes a key of its own, and none of its measurements reads this one",
}
"""What stands in no list, and why."""


def everything(ears: Ears, home: Home) -> None:
    """Run each command beside an engine."""
    rows = ears.run(home, "markets", "--json", "--limit", "50")
    quoted = [row["ticker"] for row in json.loads(rows.stdout) if row["yes_bid"] and row["yes_ask"]]
    for arguments in BESIDE:
        ears.run(home, *(quoted[0] if word == TICKER else word for word in arguments))


def commands_of(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield each command by the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands_of(command, (*path, name))
        else:
            yield (*path, name)


def test_every_command_is_run_or_said_why_not() -> None:
    run = {*BESIDE, *AFTER, *ASKING}
    for path in commands_of(cli):
        is_run = any(arguments[: len(path)] == path for arguments in run)
        is_apart = any(path[: len(words)] == words for words in APART)
        assert is_run or is_apart, path


@dataclass
class Song:
    """An exchange that knows the key, somebody who uses it, and whatever was heard of both."""

    home: Home
    pem: bytes
    ears: Ears = field(default_factory=Ears)
    signatures: set[bytes] = field(default_factory=set)
    found: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Path:
        return self.home.folder / "canary.pem"

    def settles(self, rest_url: str, stream_url: str, key_id: str = "", key: Path | None = None) -> None:
        settle(self.home, rest_url, stream_url, key_id or self.found["key_id"], key or self.key)

    def asks(self, commands: Iterable[tuple[str, ...]]) -> None:
        for arguments in commands:
            self.ears.run(self.home, *arguments)

    def where(self) -> list[str]:
        """Say where anything of the key or of a signature was found."""
        needles = needles_of(self.pem) | {f"signature {n}": sung for n, sung in enumerate(sorted(self.signatures))}
        assert len(needles) >= 6
        (self.home.folder / ".config" / "kalshi-tui" / "config.toml").unlink()  # which may hold it, as it was told to
        mine = {self.key, self.home.folder / "harmed.pem"}
        return search(iter(self.ears.heard.items()), needles) + search(artefacts(self.home.folder, mine), needles)


@contextmanager
def sung(home: Home, kind: KeyKind) -> Iterator[Song]:
    """Let an exchange run that takes this key."""
    song = Song(home, make_key(kind))
    song.key.write_bytes(song.pem)
    song.key.chmod(0o600)
    ready = home.folder / "ready.json"
    process = subprocess.Popen(  # noqa: S603 - this Python and our own words
        command("exchange", "--until-eof", "--key-file", str(song.key), "--ready-file", str(ready)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**home.environ, **ENVIRON},
        cwd=home.folder,
    )
    try:
        until(ready.exists)
        song.found = json.loads(ready.read_text())
        yield song
    finally:
        process.kill()
        song.ears.heard["the exchange"] = process.communicate()[0]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["rsa", "ed25519"] if IS_WHOLE else ["rsa"])
def test_nothing_of_a_key_nor_a_signature_is_found_when_all_goes_well(home: Home, kind: KeyKind) -> None:
    with sung(home, kind) as song, Eavesdropper(urlsplit(song.found["rest_url"]).port) as line:
        song.settles(line.rest_url, line.stream_url)
        song.asks([("engine", "start")])
        everything(song.ears, home)
        with Window(home, *LOUD, "attach") as window:
            window.until(lambda text: "KX" in text)
            window.type("\x10")
            window.read(1.0)
            song.ears.heard["a terminal"] = window.drawn
        song.asks([("engine", "stop", "--force"), *AFTER])
        song.signatures = line.signatures()
    assert len(song.signatures) > 20
    assert song.where() == []
    assert any(b"debug" in said.lower() for said in song.ears.heard.values())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["ed25519", "rsa"] if IS_WHOLE else ["ed25519"])
def test_nothing_of_a_key_nor_a_signature_is_found_when_everything_fails(home: Home, kind: KeyKind) -> None:
    with sung(home, kind) as song:
        rest_url, stream_url = song.found["rest_url"], song.found["ws_url"]
        with Eavesdropper(None) as nonsense:  # answers that are none, and that repeat what was sent
            song.settles(nonsense.rest_url, nonsense.stream_url)
            song.asks(ASKING)
            song.signatures = nonsense.signatures()
        song.settles("http://127.0.0.1:9/trade-api/v2", "ws://127.0.0.1:9/trade-api/ws/v2")
        song.asks(ASKING)  # a host where nobody is
        song.settles(rest_url, stream_url, "a-key-that-nobody-knows")
        song.asks(ASKING)  # a key that is refused
        harmed = home.folder / "harmed.pem"
        for data in (song.pem[: len(song.pem) // 2], song.pem.replace(b"\n", b" "), b"-----BEGIN" + song.pem):
            harmed.write_bytes(data)
            harmed.chmod(0o600)
            song.settles(rest_url, stream_url, key=harmed)
            song.asks(HARMED)
        song.settles(rest_url, stream_url, song.pem.decode().replace("\n", " "))  # the key where its id goes
        song.asks([("doctor",), ("balance",)])
    assert song.signatures
    assert song.where() == []


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
