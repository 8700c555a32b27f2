#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Generates recurrence rules and compares what our engine makes of them with python-dateutil.

    compare.py build/dev/formats_test [rules] [seed]

Differences are named by their reason; the exit code is 1 if one has none. Hundreds of rules take dateutil a minute: too
long for each build, where libical judges (rule_libical_test.cc).
"""
import collections
import datetime
import os
import random
import signal
import subprocess
import sys
import tempfile

from dateutil import rrule

END = datetime.datetime(2040, 1, 1)
MOST = 15
PATIENCE = 2  # seconds of the processor for one rule
# dateutil would look at all years to 9999 where a rule hits nothing.
rrule.datetime.MAXYEAR = END.year
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def numbers(r, low, high, signed=False):
    return ",".join(str(r.choice([1, 1, -1]) * r.randint(low, high) if signed else r.randint(low, high)) for _ in range(r.randint(1, 3)))


def weekdays(r, ordinals):
    counted = ordinals and r.random() < 0.5
    return ",".join((str(r.choice([1, 1, -1]) * r.randint(1, 5)) if counted else "") + r.choice(DAYS) for _ in range(r.randint(1, 3)))


def generate(r):
    frequency = r.choice(["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY", "YEARLY", "YEARLY"])
    # dateutil looks at every second and minute: no days are sorted out there.
    by_days = frequency not in ("SECONDLY", "MINUTELY")
    parts = [f"FREQ={frequency}"]
    if r.random() < 0.5:
        parts.append(f"INTERVAL={r.randint(1, 6)}")
    if r.random() < 0.12:
        parts.append(f"COUNT={r.randint(1, 12)}")
    elif r.random() < 0.1:
        parts.append(f"UNTIL={r.randint(2000, 2040)}{r.randint(1, 12):02}{r.randint(1, 28):02}T000000")
    if r.random() < 0.25 and by_days:
        parts.append("BYMONTH=" + numbers(r, 1, 12))
    weeks = frequency == "YEARLY" and r.random() < 0.15
    if weeks:
        parts.append("BYWEEKNO=" + numbers(r, 1, 53, True))
    if frequency in ("YEARLY", "HOURLY") and not weeks and r.random() < 0.15:
        parts.append("BYYEARDAY=" + numbers(r, 1, 366, True))
    if by_days and frequency != "WEEKLY" and not weeks and r.random() < 0.25:
        parts.append("BYMONTHDAY=" + numbers(r, 1, 31, True))
    if r.random() < 0.5 and by_days:
        parts.append("BYDAY=" + weekdays(r, frequency in ("MONTHLY", "YEARLY") and not weeks))
    for name, high in (("BYHOUR", 23), ("BYMINUTE", 59), ("BYSECOND", 59)):
        if r.random() < 0.15:
            parts.append(f"{name}=" + numbers(r, 0, high))
    if len(parts) > 2 and r.random() < 0.2:
        parts.append("BYSETPOS=" + numbers(r, 1, 5, True))
    if r.random() < 0.3:
        parts.append("WKST=" + r.choice(DAYS))
    start = datetime.datetime(r.randint(1985, 2030), r.randint(1, 12), 1, r.randint(0, 23), r.randint(0, 59), r.randint(0, 59))
    return start + datetime.timedelta(days=r.randint(0, 30)), ";".join(parts)


class Slow(Exception):
    pass


def too_slow(*_):
    raise Slow


def theirs(start, rule):
    """What it says, and whether it came to an end: where little is hit it looks at each second for decades."""
    out = []
    signal.signal(signal.SIGVTALRM, too_slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        for at in rrule.rrulestr(rule, dtstart=start):
            if at > END or len(out) == MOST:
                break
            out.append(at.strftime("%Y%m%dT%H%M%S"))
    except ValueError:  # "invalid rrule": it can hit nothing
        pass
    except Slow:
        return out, False
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return out, True


def reason(start, rule, ours, others):
    if "BYSETPOS" in rule and "FREQ=WEEKLY" in rule and abs(len(ours) - len(others)) <= 3 and (set(ours[3:-3]) <= set(others) or set(others[3:-3]) <= set(ours)):
        return "dateutil lets the first week begin with DTSTART, so that BYSETPOS counts from there"
    if "BYWEEKNO" in rule and "BYDAY" not in rule:
        return "dateutil takes all days of a week where RFC 5545 takes DTSTART's"
    if "BYWEEKNO" in rule and ("INTERVAL" in rule or "BYSETPOS" in rule):
        return "dateutil cuts weeks at New Year: days of a week that another year owns count for the other year"
    return None


def main():
    program = sys.argv[1]
    count, seed = [int(a) for a in sys.argv[2:4]] + [3000, 5545][len(sys.argv[2:4]):]
    r = random.Random(seed)
    rules = [generate(r) for _ in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/in", "w", encoding="ascii") as handle:
            handle.writelines(f"{start:%Y%m%dT%H%M%S} {rule}\n" for start, rule in rules)
        subprocess.run([program, "--gtest_filter=RuleOracle.ExpandsAFile"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "KONTOR_RULES_IN": f"{folder}/in", "KONTOR_RULES_OUT": f"{folder}/out"})
        with open(f"{folder}/out", encoding="ascii") as handle:
            answers = handle.read().splitlines()
    assert len(answers) == count, f"{len(answers)} answers to {count} rules"
    reasons, unexplained = collections.Counter(), 0
    for (start, rule), answer in zip(rules, answers):
        ours = [at for at in answer.replace(" spent", "").split(",") if at[:1].isdigit() and at <= f"{END:%Y%m%dT%H%M%S}"]
        others, is_whole = theirs(start, rule)
        if not is_whole:
            ours = ours[:len(others)]
        why = None if ours == others else reason(start, rule, ours, others)
        if ours == others:
            reasons["the same" if is_whole else f"the same, as far as dateutil came within {PATIENCE} s"] += 1
        elif why:
            reasons[why] += 1
        else:
            unexplained += 1
            print(f"{start:%Y%m%dT%H%M%S} {rule}\n  ours     {','.join(ours)}\n  dateutil {','.join(others)}")
    for why, n in reasons.most_common():
        print(f"{n:6}  {why}")
    print(f"{unexplained:6}  unexplained")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
