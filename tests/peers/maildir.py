# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes Maildir++ mailboxes as Dovecot leaves them: uidlists, keywords, subscriptions, flags in names, dates in mtimes."""
import os
import pathlib
import random

from .mailbox import KEYWORDS, encode_folder

FOLDERS = ["", ".Archive.2024", ".Entw&APw-rfe", "." + encode_folder("日本語"), ".Sent"]


def fill_maildir(root, messages, seed=9):
    """Returns {folder: [(uid, flags, keywords, mtime, bytes)]}."""
    root = pathlib.Path(root)
    rng = random.Random(seed)
    out = {folder: [] for folder in FOLDERS}
    for folder in FOLDERS:
        for part in ("cur", "new", "tmp"):
            (root / folder / part).mkdir(parents=True, exist_ok=True)
        if folder:
            (root / folder / "maildirfolder").touch()
        (root / folder / "dovecot-keywords").write_text("".join(f"{i} {k}\n" for i, k in enumerate(KEYWORDS)))
    for i, (_, data) in enumerate(messages):
        data = data.replace(b"\r\n", b"\n")
        folder = rng.choice(FOLDERS)
        flags = "".join(f for f, p in (("D", 0.02), ("F", 0.1), ("R", 0.1), ("S", 0.7)) if rng.random() < p)
        letters = "".join(chr(ord("a") + k) for k in range(len(KEYWORDS)) if rng.random() < 0.1)
        base = f"{1_600_000_000 + i}.M{i}P1.host,S={len(data)}"
        uid = len(out[folder]) * 2 + 5
        path = root / folder / "cur" / f"{base}:2,{flags}{letters}"
        path.write_bytes(data)
        when = 1_500_000_000 + i * 3607
        os.utime(path, (when, when))
        out[folder].append((uid, flags, [KEYWORDS[ord(c) - ord("a")] for c in letters], when, data, base))
    for number, folder in enumerate(FOLDERS):
        rows = out[folder]
        next_uid = rows[-1][0] + 1 if rows else 1
        lines = [f"3 V{1_400_000_000 + number} N{next_uid} G{number:032x}\n"] + [f"{row[0]} :{row[5]}\n" for row in rows]
        (root / folder / "dovecot-uidlist").write_text("".join(lines))
    names = [folder.strip(".").replace(".", "\t") for folder in FOLDERS if folder and folder != ".Sent"]
    (root / "subscriptions").write_text("V\t2\n\n" + "".join(name + "\n" for name in names))
    return out
