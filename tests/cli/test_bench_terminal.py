"""What is measured of a terminal is what is on its screen, when it comes to be there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import pytest

from kalshi_tui.cli.benches import measured_terminal, painting, starting
from kalshi_tui.cli.benches.canvas import Canvas
from kalshi_tui.cli.benches.report import report
from kalshi_tui.cli.benches.window import Window, environ_of, window

LIST = "\x1b[1;1H status\x1b[3;1H>markets\x1b[5;1H {}one\x1b[6;1H two"


def painted(*texts: str | bytes, columns: int = 20, lines: int = 8) -> Canvas:
    canvas = Canvas(columns, lines)
    for text in texts:
        canvas.take(text.encode() if isinstance(text, str) else text)
    return canvas


def test_text_stands_where_it_was_moved_to_whatever_its_colours() -> None:
    canvas = painted("\x1b[2;3H\x1b[1;38;2;1;2;3mab\x1b[0mc\x1b[?2026h\x1b[3;1Hd")
    assert canvas.row(1).rstrip() == "  abc"
    assert canvas.row(2).rstrip() == "d"


def test_what_was_there_is_painted_over_cell_by_cell() -> None:
    assert painted("\x1b[1;1Habcdef", "\x1b[1;3HXY").row(0).rstrip() == "abXYef"


@pytest.mark.parametrize("cut", range(1, 14))
def test_a_sequence_or_letter_that_is_cut_in_two_is_read_whole(cut: int) -> None:
    data = "\x1b[2;3H\x1b[1mé▲x".encode()
    canvas = painted(data[:cut], data[cut:])
    assert canvas.row(1).rstrip() == "  é▲x"
    assert canvas.row(0).strip() == ""


def test_a_wide_letter_takes_two_cells_and_a_mark_above_one_none() -> None:
    canvas = painted("\x1b[1;1H日e\u0301x")
    assert canvas.column(0)[0] == "日"
    assert (canvas.column(2)[0], canvas.column(3)[0]) == ("e", "x")


def test_nothing_is_painted_beyond_the_edges() -> None:
    canvas = painted("\x1b[1;19Habcd\x1b[90;1Hzz\x1b[1;20H日")
    assert canvas.row(0) == " " * 18 + "ab"
    assert "z" not in canvas.text


def test_strings_for_the_terminal_itself_are_no_text() -> None:
    assert painted("\x1b]0;title\x07\x1b[1;1Hx\x1bP+q\x1b\\y\x1b7").text.strip() == "xy"


def test_the_cursor_is_the_one_mark_below_the_headings() -> None:
    canvas = painted(LIST)
    assert painting.cursor_line(canvas) is None
    canvas.take(b"\x1b[5;1H>")
    assert painting.cursor_line(canvas) == 4
    assert not painting.has_moved(4, canvas)
    canvas.take(b"\x1b[6;1H>")
    assert painting.cursor_line(canvas) is None  # half of a move is none
    assert not painting.has_moved(4, canvas)
    canvas.take(b"\x1b[5;1H ")
    assert painting.has_moved(4, canvas)


def test_a_spread_is_in_milliseconds_and_of_the_values_themselves() -> None:
    found = painting.spread("x", [number / 1000 for number in range(200, 0, -1)])
    assert found == {"x_p50_ms": 101.0, "x_p99_ms": 199.0, "x_worst_ms": 200.0}
    with pytest.raises(AssertionError, match="nothing was measured of x"):
        painting.spread("x", [])


def test_a_stopwatch_notes_work_that_fails_too() -> None:
    times: list[measured_terminal.Timed] = []
    fail: Callable[[], object] = [].pop
    with pytest.raises(IndexError):
        measured_terminal.timed(fail, times)()
    assert measured_terminal.timed(lambda: 7, times)() == 7
    assert len(times) == 2
    assert all(began <= time.monotonic() and took >= 0 and cpu >= 0 for began, took, cpu in times)


def echoing(words: str) -> list[str]:
    return [sys.executable, "-c", words]


def test_a_window_paints_what_its_program_says_and_passes_keys_on() -> None:
    code = "import sys; print('ready', flush=True); print('got', sys.stdin.readline().upper(), flush=True)"
    with window(echoing(code), dict(os.environ)) as opened:
        opened.until(lambda canvas: "ready" in canvas.text)
        opened.press(b"key\n")
        opened.until(lambda canvas: "KEY" in canvas.text)
        assert opened.received > len("ready got KEY")
        assert opened.ended() == 0


def test_a_program_that_ends_early_is_no_measurement() -> None:
    with (
        window(echoing("print('a fault')"), dict(os.environ)) as opened,
        pytest.raises(AssertionError, match=r"ended: a fault"),
    ):
        opened.until(lambda canvas: "never" in canvas.text)


def test_what_is_never_painted_is_not_waited_for_for_ever() -> None:
    with (
        window(echoing("print('this', flush=True); input()"), dict(os.environ)) as opened,
        pytest.raises(AssertionError, match="this"),
    ):
        opened.until(lambda canvas: "that" in canvas.text, patience_s=0.3)


def test_a_window_that_is_closed_leaves_no_program_behind() -> None:
    with window(echoing("import time; print('up', flush=True); time.sleep(60)"), dict(os.environ)) as opened:
        opened.until(lambda canvas: "up" in canvas.text)
        pid = opened.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_measured_person_has_a_home_and_settings_of_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KALSHI_ENVIRONMENT", "prod")
    environ = environ_of("/somewhere")
    assert environ["HOME"] == environ["XDG_DATA_HOME"] == "/somewhere"
    assert "KALSHI_ENVIRONMENT" not in environ


def test_the_bare_app_is_seen_to_paint() -> None:
    assert 0 < starting.bare_paint() < 30


@pytest.mark.parametrize(("figure", "ok"), [(2.5, True), (2.6, False)])
def test_a_start_is_judged_beside_the_bare_app(figure: float, ok: bool) -> None:
    figures = {"first_paint_to_bare": figure, "first_live_book_s": 1.0, "help_s": 0.1}
    assert report("start", figures, starting.TARGETS).ok is ok


def test_a_real_terminal_is_measured_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painting, "PRESSES", 6)
    monkeypatch.setattr(painting, "_SETTLE_S", 0.2)
    monkeypatch.setattr(painting, "BOOKS", 80)
    found = painting.look(500, 1.0)
    assert found["messages_per_s"] > 100
    assert found["frames"] > 3
    assert found["kb_per_s"] > 0
    assert 0 < found["key_to_paint_p99_ms"] < 30_000


def test_a_window_is_160_by_50() -> None:
    code = "import os; print(*os.get_terminal_size())"
    opened = Window(echoing(code), dict(os.environ))
    try:
        opened.until(lambda canvas: "160 50" in canvas.text)
    finally:
        opened.close()
