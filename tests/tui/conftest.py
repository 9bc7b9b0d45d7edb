"""What the terminal's tests need before Textual is imported: no animation, and the colours of any terminal."""

from __future__ import annotations

import os

os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ.pop("NO_COLOR", None)
