"""Plugins are ours by their files, never by their name, and only ours are imported."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest

from kalshi_tui.adapters.plugins import load_bundled, package_file
from kalshi_tui.config.load import load_settings
from kalshi_tui_limits import register_risk_checks
from tests.plugins.pictures import LIMITS

GOOD = """
from kalshi_tui.sdk import hookimpl

class Check:
    def __init__(self, name): self.name = name
    def judge(self, picture): return None
    def usage(self, picture): return None

@hookimpl
def register_risk_checks(options):
    return [Check(f"check {n}") for n in range(options["order_contracts"])]
"""


@dataclass
class Site:
    """A folder that the path names, as an installer would have left it."""

    folder: Path

    def package(self, name: str, text: str = "") -> Path:
        file = self.folder / name / "__init__.py"
        file.parent.mkdir(parents=True)
        file.write_text(text)
        return file

    def distribution(
        self, name: str, entries: Mapping[str, str], *, record: tuple[str, ...] = (), checkout: Path | None = None
    ) -> None:
        info = self.folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{entry} = {module}\n" for entry, module in entries.items()]
        (info / "entry_points.txt").write_text("[kalshi_tui.plugins]\n" + "".join(lines))
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in record))
        if checkout is not None:
            told = {"dir_info": {"editable": True}, "url": checkout.as_uri()}
            (info / "direct_url.json").write_text(json.dumps(told))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Give a folder at the front of the path, and forget afterwards what was imported from it."""
    before = set(sys.modules)
    folder = tmp_path / "site packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield Site(folder)
    for name in set(sys.modules) - before:
        if name.startswith("made_up"):
            del sys.modules[name]


@pytest.fixture
def program(site: Site) -> Path:
    """Install another program, whose distribution is then ours; its limits are the text in `made_up_limits`."""
    record = ("made_up_program/__init__.py", "made_up_limits/__init__.py")
    site.distribution("made-up", {"limits": "made_up_limits"}, record=record)
    return site.package("made_up_program")


def test_the_limits_of_this_installation_are_found_and_make_every_check() -> None:
    options = load_settings(environ={}, folder=Path("/nowhere")).limits.options()
    loaded = load_bundled(options)
    assert loaded.problems == ()
    assert loaded.bundled
    assert [check.name for check in loaded.checks] == [check.name for check in register_risk_checks(LIMITS)]


def test_the_entry_point_of_a_stranger_is_listed_and_never_imported(site: Site) -> None:
    site.package("made_up_stranger", "raise SystemExit('imported')")
    site.distribution("stranger", {"limits": "made_up_stranger"}, record=("made_up_stranger/__init__.py",))
    loaded = load_bundled(LIMITS)
    assert loaded.bundled
    assert len(loaded.checks) == len(LIMITS)
    assert loaded.others == ("stranger:limits",)
    assert "made_up_stranger" not in sys.modules


@pytest.mark.parametrize("record", [(), ("kalshi_tui/__init__.py", "kalshi_tui_limits/__init__.py")])
def test_a_stranger_that_takes_our_distributions_name_is_not_taken_for_ours(
    site: Site, record: tuple[str, ...]
) -> None:
    site.package("made_up_stranger", "raise SystemExit('imported')")
    site.distribution("kalshi-tui", {"limits": "made_up_stranger"}, record=record)
    loaded = load_bundled(LIMITS)
    assert loaded.bundled
    assert loaded.others == ("kalshi-tui:limits",)
    assert len(loaded.checks) == len(LIMITS)


def test_a_stranger_that_names_our_own_module_gains_nothing(site: Site) -> None:
    site.distribution("stranger", {"limits": "kalshi_tui_limits", "more": "kalshi_tui_limits"})
    loaded = load_bundled(LIMITS)
    assert loaded.bundled
    assert len(loaded.checks) == len(LIMITS)
    assert loaded.others == ("stranger:limits", "stranger:more")


def test_a_module_of_our_plugins_name_at_another_place_is_not_imported(
    site: Site, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is first on the path is not in the record of ours."""
    elsewhere = Site(site.folder / "earlier")
    elsewhere.package("made_up_limits", "raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(elsewhere.folder))
    site.package("made_up_limits", GOOD)
    loaded = load_bundled({"order_contracts": 2}, running=program)
    assert not loaded.bundled
    assert loaded.checks == ()
    (problem,) = loaded.problems
    assert problem.startswith(f"limits: its package made_up_limits is found at {elsewhere.folder}")
    assert "made_up_limits" not in sys.modules


def test_a_copy_inside_our_checkout_but_outside_its_plugins_is_not_ours(tmp_path: Path, site: Site) -> None:
    """An environment often lies within the checkout, and everything installed lies within the environment."""
    checkout = Site(tmp_path)
    program = checkout.package("made_up_program")
    site.package("made_up_limits", GOOD)
    site.distribution("made-up", {"limits": "made_up_limits"}, checkout=tmp_path)
    assert site.folder.is_relative_to(tmp_path)
    loaded = load_bundled({"order_contracts": 2}, running=program)
    assert not loaded.bundled
    assert "made_up_limits" not in sys.modules


def test_an_editable_install_is_known_by_its_checkout(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = Site(tmp_path / "check out")
    program = checkout.package("made_up_program")
    Site(checkout.folder / "plugins").package("made_up_limits", GOOD)
    monkeypatch.syspath_prepend(str(checkout.folder / "plugins"))
    site.distribution("made-up", {"limits": "made_up_limits"}, checkout=checkout.folder)
    loaded = load_bundled({"order_contracts": 2}, running=program)
    assert (loaded.bundled, loaded.problems) == (True, ())
    assert [check.name for check in loaded.checks] == ["check 0", "check 1"]


def test_an_installed_plugin_is_known_by_the_record(site: Site, program: Path) -> None:
    site.package("made_up_limits", GOOD)
    loaded = load_bundled({"order_contracts": 3}, running=program)
    assert (loaded.bundled, loaded.problems, len(loaded.checks)) == (True, (), 3)
    assert "kalshi-tui:limits" in loaded.others


def test_a_folder_that_stands_twice_on_the_path_counts_once(
    site: Site, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.package("made_up_limits", GOOD)
    twin = site.folder.parent / "twin"
    twin.symlink_to(site.folder)
    monkeypatch.setattr(sys, "path", [*sys.path, str(twin)])
    assert load_bundled({"order_contracts": 1}, running=program).bundled


BROKEN = {
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "leaves": ("raise SystemExit(3)", "SystemExit: 3"),
    "is no Python": ("def", "SyntaxError: "),
    "has no hook": ("", "it has no risk check"),
    "registers nothing": (GOOD.replace("return [", "return [][0:0] and ["), "it has no risk check"),
    "registers a number": (GOOD.replace("return [", "return 5 or ["), "it gave 5 where risk checks belong"),
    "registers rubbish": (GOOD.replace("return [", "return ['rubbish'] or ["), "'rubbish' is no risk check"),
    "forgets a name": (GOOD.replace("self.name = name", "self.name = ''"), "is no risk check"),
    "has a name twice": (GOOD.replace("self.name = name", "self.name = 'one'"), "two of its risk checks have one name"),
    "raises in its hook": (GOOD.replace("return [", "raise OSError('no') or ["), "OSError: no"),
    "wants what there is not": (GOOD.replace("(options):", "(options, keys):"), "PluginValidationError: "),
    "implements no hook of ours": (GOOD + "\n@hookimpl\ndef register_keys(): pass\n", "PluginValidationError: "),
}


@pytest.mark.parametrize(("text", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_of_ours_is_told_by_name_and_stops_nothing(
    site: Site, program: Path, text: str, words: str
) -> None:
    site.package("made_up_limits", text)
    loaded = load_bundled({"order_contracts": 2}, running=program)
    assert not loaded.bundled
    assert loaded.checks == ()
    (problem,) = loaded.problems
    assert problem.startswith("limits: ")
    assert words in problem
    assert "\n" not in problem


def test_limits_that_cannot_be_made_leave_nothing_bundled() -> None:
    loaded = load_bundled({**LIMITS, "open_sets": 0})
    assert not loaded.bundled
    assert loaded.problems[0].startswith("limits: limit open_sets is 0; ")


def test_a_program_that_no_distribution_holds_has_no_bundled_plugins(tmp_path: Path) -> None:
    loaded = load_bundled(LIMITS, running=Site(tmp_path).package("kalshi_tui"))
    assert not loaded.bundled
    assert loaded.checks == ()
    assert "install kalshi-tui again" in loaded.problems[0]


def test_two_installations_of_the_same_program_are_one_too_many(site: Site, program: Path) -> None:
    site.package("made_up_limits", GOOD)
    site.distribution("second", {"limits": "made_up_limits"}, checkout=site.folder)
    loaded = load_bundled({"order_contracts": 1}, running=program)
    assert not loaded.bundled
    assert loaded.problems[0] == "limits: 2 installations claim it; remove all but one"


def test_unreadable_metadata_of_others_stops_nothing(site: Site) -> None:
    site.distribution("broken", {"limits": "made_up"}, record=('"', "\0"))
    info = site.folder / "broken-1.0.dist-info"
    (info / "direct_url.json").write_text("[1]")
    worse = site.folder / "worse-1.0.dist-info"
    worse.mkdir()
    (worse / "entry_points.txt").write_bytes(b"[kalshi_tui.plugins]\nno equals sign\n\xff")
    loaded = load_bundled(LIMITS)
    assert loaded.bundled
    assert "broken:limits" in loaded.others


def test_a_package_that_a_distribution_does_not_have_has_no_file(site: Site) -> None:
    site.distribution("made-up", {}, record=("other/__init__.py",))
    assert package_file(distribution("made-up"), "made_up_limits") is None
