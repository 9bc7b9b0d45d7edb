"""Texts that try to drive a terminal, become markup, turn lines around or break widths."""

from __future__ import annotations

import random
from typing import Final

SEQUENCES: Final = [
    "\x1b[2J", "\x1b[H", "\x1b[31mred", "\x1b[8mhidden\x1b[0m", "\x1b[?1049l", "\x1b[?25l", "\x1b[6n", "\x1b[c",
    "\x1b[>c", "\x1b[21t", "\x1b[1;1H>>> LIVE", "\x1b[10;10r", "\x1b[4h", "\x1b[5i", "\x1b]0;owned\x07",
    "\x1b]2;owned\x1b\\", "\x1b]52;c;ZXZpbA==\x07", "\x1b]52;p;ZXZpbA==\x1b\\",
    "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x1b]8;id=x;file:///etc/passwd\x07x\x1b]8;;\x07",
    "\x1b]4;1;rgb:ff/00/00\x07", "\x1b]10;?\x07", "\x1b]11;?\x1b\\", "\x1b]50;x\x07", "\x1b]777;notify;a;b\x07",
    "\x1b]1337;File=inline=1:AAAA\x07", "\x1b]9;4;1;50\x07", "\x1bP+q544e\x1b\\", "\x1bP$qm\x1b\\", "\x1b_Gx\x1b\\",
    "\x1b^private\x1b\\", "\x1bXstring\x1b\\", "\x1bc", "\x1b7\x1b8", "\x1bD\x1bM", "\x1b#8", "\x1b(0lqk", "\x1b%G",
    "\x1b=", "\x1b>", "\x1b", "\x1b\x1b\x1b", "\x1b[", "\x1b]", "\x1b[999999999999C", "\x9b2J", "\x9b31m",
    "\x9d0;owned\x07", "\x9d52;c;AAAA\x9c", "\x90q\x9c", "\x84\x85\x8d", "\x00", "a\x00b", "\x01\x02\x03",
    "\x08\x08\x08over", "\rLIVE", "\nline", "\ttab", "\x0b\x0c", "\x0e\x0f", "\x16\x18\x1a", "\x7f\x7f", "\x05",
    "\x11\x13", "\x1c\x1d\x1e\x1f", "\u2028line\u2029", "\x85next",
]  # fmt: skip

MARKUP: Final = [
    "[", "]", "[/", "[/]", "[/bold]", "[bold]x[/bold]", "[b]x", "[@click=app.quit]x[/]",
    "[@click=app.bell()]x[/@click]", '[@click="screen.dismiss(\'stop\')"]x[/]',
    "[link=http://evil.example]x[/link]", "[link='file:///etc']x[/]", "[red on white]x[/]", "[$danger]x[/]",
    "[#ff0000]x[/]", "[reverse]x", "[blink]x[/blink]", "[[x]]", "\\[b]x", "[not bold]", "[=]", "[ ]", "[]",
    "[/@click]", "[@click]x", "[@click=]x", "[@x=y]z[/]", "[@click=app.push_screen('x')]x", "[b", "b]", "[on red]",
    "[auto 50%]x[/]", "[tooltip=x]y[/]", "[conceal]x", "[:smile:]", ":smile:", ":warning:", "{x}", "{0}", "%s%n%d",
    "${HOME}", "$(id)", "`id`", "<script>alert(1)</script>", "&lt;b&gt;", "</text></svg>", "]]>", "<!--", '\'";--',
    "../../etc",
]  # fmt: skip

LETTERS: Final = [
    "\u202eLIVE\u202c", "\u202dx\u202c", "\u2066a\u2069", "\u2067b\u2069", "\u2068c\u2069", "\u200ex\u200f",
    "\u061cx", "a\u200bb", "a\u200cb", "a\u200db", "\ufeffx", "\u2060x", "x\xady", "\u180ex", "\u034fx", "x\ufe0f",
    "x\ufe0e", "\u0301x", "\u20dd\u20e3", "\u0915\u094d\u0937\u093f", "\u0928\u093f", "\u0d15\u0d4d\u0d37",
    "\u0e01\u0e33", "\ud55c\uae00", "\uac01", "\uff46\uff55\uff4c\uff4c", "\uff8a\uff9d\uff76\uff78",
    "\U0001f600\U0001f600\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", "1\ufe0f\u20e3", "\u2600\ufe0f",
    "\u26a0", "\U0001f3fb", "\u115f\u1160", "\u3164", "\uffa0", "\ufff9a\ufffab\ufffb", "\ue000", "\U000f0000",
    "\U0010ffff", "\ufffe", "\uffff", "\u0378", "\U000e0041\U000e007f", "\u05e9\u05dc\u05d5\u05dd",
    "\u0645\u0631\u062d\u0628\u0627", "\ufdfa", "\ua9c5", "\U0001242b", "\u2e3b", "\xa0x\u2003y", "\u3000",
    "\u1680", "\u01c5", "\ufb01", "\u2116", "\u2800", "\U0001d543\U0001d540\U0001d54d\U0001d53c",
    "\uff2c \uff29 \uff36 \uff25", "L\u0406V\u0415", "\u2591\u2592\u2593",
    "\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588",
    "\u2502\u2524\u2563\u2551\u2557", "\U0001d173x\U0001d17a", "\u2630\u2631", "\u4dc0",
]  # fmt: skip

LONG: Final = [
    "e" + "\u0301" * 50, "Z" + "\u0335\u0336\u0337\u0338" * 20, "\u4e2d\u6587" * 150, "\u2588" * 30, "", " ",
    "x" * 10_000, "word " * 2_000, "-" * 81, "\n" * 500, " " * 300, "a b" * 100, "0" * 5_000,
]  # fmt: skip


def _mixed(count: int) -> list[str]:
    """Return texts that put several of the others together, from a seed."""
    chance = random.Random(7)
    parts = [*SEQUENCES, *MARKUP, *LETTERS]
    return ["".join(chance.sample(parts, chance.randint(2, 6))) for _ in range(count)]


CORPUS: Final = list(dict.fromkeys([*SEQUENCES, *MARKUP, *LETTERS, *LONG, *_mixed(40)]))
