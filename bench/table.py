# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table: rows that go round all servers, printed as they come, with the ratio to the best of the others."""
import dataclasses
import json
import os
import statistics


@dataclasses.dataclass
class Value:
    """A measured value, and what else it should say in brackets."""
    number: float
    note: str = ""


def spell(number):
    if number is None:
        return "-"
    if number == 0:
        return "0"
    return f"{number:.4f}" if number < 0.1 else f"{number:.3f}" if number < 10 else f"{number:.1f}" if number < 100 else f"{number:.0f}"


class Table:
    """`only`: words; a row is measured if one of them is in its subject or its text. No words: all."""

    def __init__(self, peers, only, repeat):
        self.peers, self.only, self.repeat = peers, [word.strip().lower() for word in only if word.strip()], repeat
        self.rows = []
        self.subject = ""
        self.shows_subject = False

    def begin(self, subject):
        self.subject, self.shows_subject = subject, True

    def wants(self, what):
        text = f"{self.subject}: {what}".lower()
        return not self.only or any(word in text for word in self.only)

    def measure(self, what, better, function, peers=None, repeat=None, prepare=None):
        """Calls function(peer) for each of `peers` in turn, `repeat` times round; the median counts. `better` is "more" or "less". A peer
        whose function gives None has no value. prepare(peer) is called for each before the first round."""
        if not self.wants(what):
            return None
        peers = peers or self.peers
        for peer in peers if prepare else []:
            prepare(peer)
        values = {peer.name: [] for peer in peers}
        for _ in range(repeat or self.repeat):
            for peer in peers:
                values[peer.name].append(function(peer))
        row = {"subject": self.subject, "what": what, "better": better}
        for name, found in values.items():
            found = [value.number if isinstance(value, Value) else value for value in found if value is not None]
            row[name] = statistics.median(found) if found else None
        self.add(row)
        return row

    def add(self, row):
        """A row that was measured already: {"what", "better", name of a peer: number...}."""
        if not self.wants(row["what"]):
            return
        row.setdefault("subject", self.subject)
        row["load"] = round(os.getloadavg()[0], 1)
        ours = row.get("kontor")
        others = [row[peer.name] for peer in self.peers if not peer.is_kontor and row.get(peer.name) is not None]
        if ours is not None and others and row["better"] != "none":
            best = max(others) if row["better"] == "more" else min(others)
            row["ratio"] = ratio(ours, best, row["better"])
        self.rows.append(row)
        self._print(row)

    def note(self, text):
        print(f"  {text}", flush=True)

    def header(self):
        print(f"{'':66}" + "".join(f"{peer.name:>10}" for peer in self.peers) + f"{'to best':>10}{'load':>6}", flush=True)

    def _print(self, row):
        if self.shows_subject:
            print(self.subject)
            self.shows_subject = False
        shown = f"{row['ratio']:9.1f}x" if "ratio" in row else " " * 10
        print(f"  {row['what']:64}" + "".join(f"{spell(row.get(peer.name)):>10}" for peer in self.peers) + shown + f"{row['load']:6.1f}", flush=True)

    def write(self, path):
        path.write_text(json.dumps(self.rows, indent=1))

    def summary(self):
        ratios = [row for row in self.rows if "ratio" in row]
        behind = [row for row in ratios if row["ratio"] < 1]
        below = [row for row in ratios if 1 <= row["ratio"] < 1.5]
        print(f"\n{len(ratios)} comparisons: {len(ratios) - len(behind) - len(below)} at 1.5 times the best of the others or more, {len(below)} below that, "
              f"{len(behind)} behind")
        for row in behind + below:
            print(f"  {row['ratio']:.2f}x  {row['subject']}: {row['what']}")


def ratio(ours, best, better):
    if better == "less":
        ours, best = best, ours
    return ours / best if best > 0 else float("inf") if ours > 0 else 1.0
