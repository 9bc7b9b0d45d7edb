"""Whether a folder lies on another computer, where locks and write-ahead files cannot be relied upon."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")  # other systems have none, and are not asked

_NETWORK: Final = re.compile(
    r"(nfs\d?|cifs|smb\d?|smbfs|afs|ncpfs|ceph|glusterfs|lustre|9p|fuse\.(sshfs|rclone|.*s3.*))"
)
_ESCAPE: Final = re.compile(r"\\([0-7]{3})")


def network_kind(folder: Path, mounts: Path = MOUNTS) -> str:
    """Return the kind of the network's file system that a folder is on, or nothing where it is on none."""
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    here = os.path.realpath(folder)
    longest, kind = "", ""
    for line in lines:
        place, found = _read(line)
        if len(place) >= len(longest) and _holds(place, here):  # of two in one place the later one counts
            longest, kind = place, found
    return kind if _NETWORK.fullmatch(kind) else ""


def _read(line: str) -> tuple[str, str]:
    """Return a mount's place and kind; blanks and backslashes in a place are written in octal."""
    before, _, after = line.partition(" - ")
    fields = before.split(" ")
    place = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4]) if len(fields) > 4 else ""
    return place, after.partition(" ")[0]


def _holds(place: str, folder: str) -> bool:
    return bool(place) and (folder == place or folder.startswith(place.rstrip("/") + "/"))
