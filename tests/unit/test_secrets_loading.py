"""Private keys: from where they are taken, from where not, and that nothing shows them."""

from __future__ import annotations

import os
import resource
import shutil
import stat
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import kalshi_tui
from kalshi_tui.adapters.key_pins import pin_key
from kalshi_tui.adapters.practice_key import practice_key_file
from kalshi_tui.adapters.secrets import LoadedKey, load_key
from kalshi_tui.cli.hosting import scope_of
from kalshi_tui.config.load import load_settings
from kalshi_tui.config.schema import Environment, ExecutionMode
from kalshi_tui.errors import LocalProtocolError, SecretError
from kalshi_tui.protocol.signing import Scope, Signer

PEM = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
KEY_ID = "11111111-2222-4333-8444-555555555555"
NO_GIT_CONFIG = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ["PATH"]}


class Keys:
    """A folder with a key in it and a data folder, as one person has them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "keys"
        self.data = folder / "data"
        self.folder.mkdir(mode=0o700)
        self.path = self.put("key.pem", PEM)

    def put(self, name: str, content: bytes, mode: int = 0o600) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        path.chmod(mode)
        return path

    def load(self, path: Path | None = None, *, environment: str = "demo", key_id: str = KEY_ID) -> LoadedKey:
        prefix = f"KALSHI_{environment.upper()}_KEY"
        environ = {
            "KALSHI_ENV": environment,
            f"{prefix}_ID": key_id,
            f"{prefix}_PATH": str(path or self.path),
        }
        loaded = load_key(load_settings(environ=environ, folder=self.folder), Scope.READ, data=self.data)
        assert loaded is not None
        return loaded

    def git(self, *arguments: str) -> None:
        command = [shutil.which("git") or "git", *arguments]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, env=NO_GIT_CONFIG)  # noqa: S603


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


def refusal(load: Callable[[], object]) -> SecretError:
    with pytest.raises(SecretError) as refused:
        load()
    assert refused.value.hint
    return refused.value


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_of_ours_alone_signs(keys: Keys, mode: int) -> None:
    keys.path.chmod(mode)
    loaded = keys.load()
    assert loaded.signer.sign(1, "GET", "/x")["KALSHI-ACCESS-KEY"] == KEY_ID
    assert loaded.notices == ()
    assert loaded.source == str(keys.path)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o606, 0o700, 0o610])
def test_a_key_open_to_others_is_refused_with_its_chmod(keys: Keys, mode: int) -> None:
    keys.path.chmod(mode)
    refused = refusal(keys.load)
    assert f"{mode:04o}" in refused.message
    assert refused.hint == f"chmod 600 {keys.path}"


def test_a_symbolic_link_is_refused(keys: Keys) -> None:
    link = keys.folder / "link.pem"
    link.symlink_to(keys.path)
    assert "symbolic link" in refusal(lambda: keys.load(link)).message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_is_refused(keys: Keys) -> None:
    os.chown(keys.path, 12_345, 12_345)
    refused = refusal(keys.load)
    assert "another user" in refused.message
    assert "chown" in refused.hint


def test_a_folder_open_to_everybody_is_refused(keys: Keys) -> None:
    keys.folder.chmod(0o777)
    assert f"chmod o-w {keys.folder}" in refusal(keys.load).hint


@pytest.mark.parametrize("kind", ["folder", "pipe", "missing", "empty", "huge"])
def test_what_is_no_key_file_is_refused_at_once(keys: Keys, kind: str) -> None:
    path = keys.folder / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path, 0o600)
    elif kind != "missing":
        keys.put(kind, b"" if kind == "empty" else b"x" * 20_000)
    assert str(path) in refusal(lambda: keys.load(path)).message


def test_hints_quote_names_for_the_shell(keys: Keys) -> None:
    path = keys.put("my key;rm.pem", PEM, 0o644)
    assert refusal(lambda: keys.load(path)).hint == f"chmod 600 '{path}'"


def test_a_key_that_git_tracks_is_refused(keys: Keys) -> None:
    keys.git("init", "-q")
    keys.git("add", "-f", "key.pem")
    refused = refusal(keys.load)
    assert "git tracks" in refused.message
    assert f"git -C {keys.folder} rm --cached key.pem" in refused.hint


def test_a_tracked_key_is_refused_even_when_it_is_ignored_too(keys: Keys) -> None:
    keys.git("init", "-q")
    keys.git("add", "-f", "key.pem")
    keys.put(".gitignore", b"*.pem\n")
    assert "git tracks" in refusal(keys.load).message


def test_a_key_that_git_would_add_is_refused(keys: Keys) -> None:
    keys.git("init", "-q")
    assert "would add" in refusal(keys.load).message


def test_an_ignored_key_inside_a_work_tree_loads_with_a_warning(keys: Keys) -> None:
    keys.git("init", "-q")
    keys.put(".gitignore", b"*.pem\n")
    (notice,) = keys.load().notices
    assert "work tree" in notice.message


def test_a_folder_below_the_root_of_a_work_tree_counts_too(keys: Keys) -> None:
    keys.git("init", "-q")
    (keys.folder / "deep").mkdir(mode=0o700)
    assert "would add" in refusal(lambda: keys.load(keys.put("deep/key.pem", PEM))).message


def test_a_linked_folder_does_not_hide_the_work_tree(keys: Keys, tmp_path: Path) -> None:
    keys.git("init", "-q")
    (keys.folder / "deep").mkdir(mode=0o700)
    keys.put("deep/key.pem", PEM)
    (tmp_path / "elsewhere").symlink_to(keys.folder / "deep")
    assert "would add" in refusal(lambda: keys.load(tmp_path / "elsewhere" / "key.pem")).message


def test_a_name_that_git_would_read_as_a_pattern_is_taken_literally(keys: Keys) -> None:
    keys.git("init", "-q")
    path = keys.put(":(exclude)key*.pem", PEM)
    keys.git("add", "-f", "key.pem")
    assert "would add" in refusal(lambda: keys.load(path)).message


def test_a_work_tree_that_git_cannot_judge_is_refused(keys: Keys) -> None:
    (keys.folder / ".git").mkdir()
    assert "does not say" in refusal(keys.load).message


def test_without_git_the_work_tree_is_seen_and_refused(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.git("init", "-q")
    keys.put(".gitignore", b"*.pem\n")
    monkeypatch.setenv("PATH", "")
    assert "does not say" in refusal(keys.load).message


def test_names_that_lead_git_elsewhere_are_not_passed_on(
    keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.git("init", "-q")
    keys.git("add", "-f", "key.pem")
    keys.git("init", "-q", str(tmp_path / "other"))
    (tmp_path / "other" / ".git" / "info").mkdir(exist_ok=True)
    (tmp_path / "other" / ".git" / "info" / "exclude").write_text("*.pem\n")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(keys.folder))
    assert "git tracks" in refusal(keys.load).message


def test_a_practice_key_may_lie_in_a_work_tree(keys: Keys) -> None:
    keys.git("init", "-q")
    config = keys.put("config.toml", b'[venues.practice]\nkey_id = "practice-1"\nkey_path = "key.pem"\n')
    settings = load_settings(environ={}, folder=keys.folder, config_file=config)
    assert load_key(settings, Scope.READ, data=keys.data) is not None
    assert not keys.data.exists()


def test_a_key_of_a_real_venue_is_refused_for_practice(tmp_path: Path) -> None:
    pin_key(KEY_ID, Environment.PROD, tmp_path)
    assert "first used for prod" in refusal(lambda: pin_key(KEY_ID, Environment.PRACTICE, tmp_path)).message


def test_no_key_is_no_error(keys: Keys) -> None:
    assert (
        load_key(load_settings(environ={"KALSHI_ENV": "prod"}, folder=keys.folder), Scope.READ, data=keys.data) is None
    )


@pytest.mark.parametrize(
    ("name", "missing"),
    [("KALSHI_PROD_KEY_ID", "KALSHI_PROD_KEY_PATH"), ("KALSHI_PROD_KEY_PATH", "KALSHI_PROD_KEY_ID")],
)
def test_half_a_key_names_the_other_half(keys: Keys, name: str, missing: str) -> None:
    settings = load_settings(environ={"KALSHI_ENV": "prod", name: "/x"}, folder=keys.folder)
    assert missing in refusal(lambda: load_key(settings, Scope.READ, data=keys.data)).hint


@pytest.mark.parametrize("first", ["demo", "prod"])
@pytest.mark.parametrize("second", ["demo", "prod"])
def test_a_key_id_stays_with_its_first_environment(keys: Keys, first: str, second: str) -> None:
    keys.load(environment=first)
    if first == second:
        keys.load(environment=second)
        return
    refused = refusal(lambda: keys.load(environment=second))
    assert f"first used for {first}" in refused.message
    assert KEY_ID not in refused.message + refused.hint
    (keys.data / "key_environments.json").unlink()
    keys.load(environment=second)


def test_pins_are_private_and_bounded(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for number in range(103):
        pin_key(f"key-{number:036}", Environment.DEMO, data)
    path = data / "key_environments.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert path.read_text().count("demo") == 100
    assert [file.name for file in data.iterdir()] == [path.name]


def test_damaged_pins_refuse_instead_of_forgetting(keys: Keys) -> None:
    keys.load()
    (keys.data / "key_environments.json").write_text("{")
    assert "rm " in refusal(keys.load).hint


def test_a_refused_key_is_not_pinned(keys: Keys) -> None:
    keys.path.chmod(0o644)
    refusal(keys.load)
    assert not keys.data.exists()


def test_the_practice_key_is_made_once_and_private_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        os.umask(0)
        path = practice_key_file(tmp_path / "data")
        os.umask(0o277)
        again = practice_key_file(tmp_path / "other")
    finally:
        os.umask(before)
    for made in (path, again):
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    content = path.read_bytes()
    assert practice_key_file(tmp_path / "data").read_bytes() == content
    assert content.startswith(b"-----BEGIN PRIVATE KEY-----")


def test_two_first_runs_at_once_agree_on_one_practice_key(tmp_path: Path) -> None:
    seen: list[bytes] = []
    runs = [threading.Thread(target=lambda: seen.append(practice_key_file(tmp_path).read_bytes())) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert [file.name for file in (tmp_path / "practice").iterdir()] == ["key.pem"]


def test_a_data_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be made" in refusal(lambda: practice_key_file(tmp_path / "file" / "data")).message


CANARY = "Q0FOQVJZQ0FOQVJZQ0FOQVJZQ0FOQVJZ"


def test_neither_error_nor_traceback_with_locals_shows_a_broken_key(keys: Keys) -> None:
    path = keys.put("bad.pem", f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n".encode())
    refused = refusal(lambda: keys.load(path))
    shown = "".join(traceback.TracebackException.from_exception(refused, capture_locals=True).format())
    assert str(path) in refused.message
    assert CANARY not in shown
    assert refused.__context__ is None


def test_neither_repr_nor_attributes_of_a_loaded_key_show_it(keys: Keys) -> None:
    loaded = keys.load()
    secret_line = PEM.decode().splitlines()[1]
    assert secret_line not in repr(loaded) + str(loaded.signer)


def test_a_process_that_holds_a_key_writes_no_memory_dump(keys: Keys) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        keys.load()
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


class Drawer:
    """A store of passwords in memory, behind the two words of the keyring package that we use."""

    def __init__(self, stored: dict[tuple[str, str], str] | None = None) -> None:
        self.stored = stored

    def get_password(self, service: str, username: str) -> str | None:
        if self.stored is None:
            raise RuntimeError(CANARY)
        return self.stored.get((service, username))


def load_from_ring(keys: Keys, ring: Drawer, scope: Scope = Scope.READ) -> LoadedKey | None:
    config = keys.put("ring.toml", f'[venues.demo]\nkey_source = "keyring"\nkey_id = "{KEY_ID}"\n'.encode())
    settings = load_settings(environ={"KALSHI_ENV": "demo"}, folder=keys.folder, config_file=config)
    return load_key(settings, scope, data=keys.data, ring=ring)


def test_a_key_comes_from_the_keyring(keys: Keys) -> None:
    loaded = load_from_ring(keys, Drawer({("kalshi-tui", KEY_ID): PEM.decode()}))
    assert loaded is not None
    assert loaded.signer.key_id == KEY_ID
    assert KEY_ID not in loaded.source


@pytest.mark.parametrize("stored", [{}, None])
def test_a_keyring_without_the_key_says_how_to_store_it(keys: Keys, stored: dict[tuple[str, str], str] | None) -> None:
    refused = refusal(lambda: load_from_ring(keys, Drawer(stored)))
    assert f"keyring set kalshi-tui {KEY_ID} <" in refused.hint
    assert CANARY not in refused.message


def test_a_missing_keyring_package_says_how_to_install_it(keys: Keys) -> None:
    script = (
        "import sys; sys.modules['keyring'] = None\n"
        "from kalshi_tui.adapters.secrets import _system_ring\n"
        "from kalshi_tui.errors import LocalProtocolError, SecretError\n"
        "try: _system_ring()\n"
        "except SecretError as refused: print(refused.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert "pip install 'kalshi-tui[keyring]'" in done.stdout
    assert keys.path.exists()


def test_the_installed_keyring_package_offers_what_we_ask_of_it() -> None:
    keyring = pytest.importorskip("keyring")
    assert callable(keyring.get_password)


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        (Scope.READ, ["GET"]),
        (Scope.CANCEL, ["GET", "DELETE"]),
        (Scope.TRADE, ["GET", "DELETE", "POST"]),
    ],
)
@pytest.mark.parametrize("is_in_ring", [False, True])
def test_a_key_signs_within_the_scope_that_it_was_loaded_for(
    keys: Keys, scope: Scope, may: list[str], is_in_ring: bool
) -> None:
    if is_in_ring:
        loaded = load_from_ring(keys, Drawer({("kalshi-tui", KEY_ID): PEM.decode()}), scope)
    else:
        environ = {"KALSHI_ENV": "demo", "KALSHI_DEMO_KEY_ID": KEY_ID, "KALSHI_DEMO_KEY_PATH": str(keys.path)}
        loaded = load_key(load_settings(environ=environ, folder=keys.folder), scope, data=keys.data)
    assert loaded is not None
    path = "/trade-api/v2/portfolio/events/orders"
    asked = [("GET", "/trade-api/v2/portfolio/orders"), ("DELETE", f"{path}/1"), ("POST", path)]
    assert [method for method, path in asked if signs(loaded.signer, method, path)] == may


def signs(signer: Signer, method: str, path: str) -> bool:
    try:
        return bool(signer.sign(1, method, path))
    except LocalProtocolError:
        return False


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("mode", list(ExecutionMode))
def test_only_an_engine_in_live_execution_has_a_key_that_signs_orders(
    keys: Keys, environment: Environment, mode: ExecutionMode
) -> None:
    environ = {"KALSHI_ENV": str(environment)}
    settings = replace(load_settings(environ=environ, folder=keys.folder), execution_mode=mode)
    assert scope_of(settings) is (Scope.TRADE if mode == "live" else Scope.READ)


def test_no_other_part_of_the_program_loads_a_key_that_signs_orders() -> None:
    package = Path(kalshi_tui.__file__).parent
    naming = {str(file.relative_to(package)) for file in package.rglob("*.py") if "Scope.TRADE" in file.read_text()}
    # signing.py says what the scope is; drills and benches trade on exchanges of their own, with keys made for them.
    others = {path for path in naming if not path.startswith(("cli/benches/", "cli/drills/"))}
    assert others == {"protocol/signing.py", "cli/hosting.py"}
