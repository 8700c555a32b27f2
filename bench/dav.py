# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars over CalDAV beside Radicale and Cyrus httpd; a large one of Kontor, and of the others if wished; recurrences beside libical alone.

All speak in the clear over loopback. Every server is asked in the same words over connections that stay open where it lets them, and syncs
what it answers for. What a server does not do has no value."""
import contextlib
import dataclasses
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time

from servers import BUILD, user
from table import Table

from peers import cyrus
from peers.dav_wire import DECLARED, Dav, kontor_dav
from peers.kontor import MIGRATE
from peers.radicale import Radicale

EVENT = ("BEGIN:VEVENT\r\nUID:bench-{n}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Meeting {n} about the plan\r\nLOCATION:Room {room}\r\n"
         "DTSTART:{year:04}{month:02}{day:02}T{hour:02}0000Z\r\nDTEND:{year:04}{month:02}{day:02}T{hour:02}3000Z\r\n{more}END:VEVENT\r\n")
FRAME = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n{}END:VCALENDAR\r\n"
ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n"
CARD = ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:card-{n}\r\nFN:Person{n} Family{family}\r\nN:Family{family};Person{n};;;\r\nEMAIL;TYPE=INTERNET:p{n}@example.org\r\n"
        "TEL;TYPE=WORK:+49 30 {n:07}\r\nORG:Company {company}\r\nNOTE:Met at the fair in hall {company}\r\nEND:VCARD\r\n")
MONTH = '<C:time-range start="20260301T000000Z" end="20260401T000000Z"/>'


def event(n):
    """Over six years; one of twenty recurs, one of three has an alarm."""
    more = ("RRULE:FREQ=WEEKLY;COUNT=20\r\n" if n % 20 == 0 else "") + (ALARM if n % 3 == 1 else "")
    return EVENT.format(n=n, room=n % 30, year=2022 + n % 6, month=1 + n // 6 % 12, day=1 + n // 72 % 28, hour=8 + n % 10, more=more)


@dataclasses.dataclass
class Server:
    """A column of this table."""
    name: str
    connect: object  # a function that gives a Dav
    calendar: str
    is_kontor: bool = False
    # What its items are called, if not 0.ics, 1.ics and so on.
    names: list = dataclasses.field(default_factory=list)

    def name_of(self, n):
        return self.names[n] if self.names else f"{n}.ics"


def answers(client, method, path, body, depth="1"):
    return client.ok(method, path, body, Depth=depth, Content_Type="application/xml")


def side_by_side(work, count, connections, connect):
    """work(client, n) for every n below `count`, by so many threads: how many a second."""
    numbers = iter(range(count))
    lock = threading.Lock()
    faults = []

    def one():
        client = connect()
        try:
            while True:
                with lock:
                    n = next(numbers, None)
                if n is None:
                    return
                work(client, n)
        except Exception as fault:
            faults.append(fault)
        finally:
            client.close()

    threads = [threading.Thread(target=one) for _ in range(connections)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return count / (time.monotonic() - begin)


def timed(function, times=1):
    """The median, in milliseconds."""
    took = []
    for _ in range(times):
        begin = time.monotonic()
        function()
        took.append((time.monotonic() - begin) * 1000)
    return statistics.median(took)


def propfind(server):
    client = server.connect()
    body = f"<D:propfind {DECLARED}><D:prop><D:getetag/></D:prop></D:propfind>"
    return timed(lambda: answers(client, "PROPFIND", server.calendar, body))


def report(server, body, times=3, depth="1"):
    """None where the server does not answer it."""
    client = server.connect()
    begin = time.monotonic()
    status, _, _ = client.request("REPORT", server.calendar, body, Depth=depth, Content_Type="application/xml")
    first = (time.monotonic() - begin) * 1000
    if status not in (200, 207):
        return None
    return first if first > 5000 else timed(lambda: answers(client, "REPORT", server.calendar, body, depth), times)


def query(server, condition, times=3):
    return report(server, f"<C:calendar-query {DECLARED}><D:prop><D:getetag/><C:calendar-data/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\">"
                  f"<C:comp-filter name=\"VEVENT\">{condition}</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>", times)


def month(server):
    return query(server, MONTH)


def alarms(server):
    """Those that ring on one day."""
    return query(server, '<C:comp-filter name="VALARM"><C:time-range start="20260310T000000Z" end="20260311T000000Z"/></C:comp-filter>')


def with_text(server, name, text):
    return query(server, f'<C:prop-filter name="{name}"><C:text-match collation="i;unicode-casemap">{text}</C:text-match></C:prop-filter>')


def all_events(server):
    return query(server, "", 1)


def multiget(server, count):
    """100 items from all over the calendar."""
    hrefs = "".join(f"<D:href>{server.calendar}{server.name_of(n * (count // 100))}</D:href>" for n in range(100))
    return report(server, f"<C:calendar-multiget {DECLARED}><D:prop><D:getetag/><C:calendar-data/></D:prop>{hrefs}</C:calendar-multiget>")


def free_busy(server):
    return report(server, f"<C:free-busy-query {DECLARED}>{MONTH}</C:free-busy-query>")


def sync(client, path, token=""):
    body = (f"<D:sync-collection {DECLARED}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
            "<D:prop><D:getetag/></D:prop></D:sync-collection>")
    return answers(client, "REPORT", path, body, "0")


def token_in(answer):
    text = answer.decode()
    begin = text.index("sync-token>") + len("sync-token>")
    return text[begin:text.index("<", begin)]


def sync_all(server):
    client = server.connect()
    return timed(lambda: sync(client, server.calendar))


def sync_change(server):
    """One item changed since the token."""
    client = server.connect()
    took = []
    token = token_in(sync(client, server.calendar))
    for round_ in range(5):
        client.put(f"{server.calendar}changed.ics", FRAME.format(event(10_000_000 + round_).replace(f"bench-{10_000_000 + round_}", "changed")))
        begin = time.monotonic()
        answer = sync(client, server.calendar, token)
        took.append((time.monotonic() - begin) * 1000)
        assert b"changed.ics" in answer
        token = token_in(answer)
    client.ok("DELETE", f"{server.calendar}changed.ics")
    return statistics.median(took)


def compare(table, options, servers, radicale):
    count = options.events
    halves = [FRAME.format(event(n)) for n in range(count)]
    parts = {server.name: 0 for server in servers}

    def put(server, connections, share):
        first = parts[server.name]
        parts[server.name] += share
        return side_by_side(lambda client, n: client.put(f"{server.calendar}{first + n}.ics", halves[first + n]), share, connections, server.connect)

    # Radicale's PUT costs what is in the calendar: it is not asked for all of them.
    asked = min(count, 1000)
    for connections, share in ((1, asked // 5), (8, asked - asked // 5)):
        table.measure(f"PUT, events/s, {connections} connection(s)", "more", lambda s, c=connections, n=share: put(s, c, n), repeat=1)
    for server in servers:
        if server.name == "radicale":
            fill_radicale(radicale, "bench", range(asked, count))
        else:
            put(server, 8, count - asked)
    for connections in (1, 8):
        table.measure(f"GET, events/s, {connections} connection(s)", "more", repeat=1, function=lambda s, c=connections: side_by_side(
            lambda client, n: client.get(f"{s.calendar}{n * 7 % count}.ics"), min(count, 2000), c, s.connect))
    table.measure(f"PROPFIND of ETags, ms, {count} events", "less", propfind)
    table.measure(f"calendar-query of a month, ms, {count} events", "less", month)
    table.measure(f"sync-collection of all, ms, {count} events", "less", sync_all)
    table.measure(f"sync-collection of one change, ms, {count} events", "less", sync_change)
    questions(table, count)


def questions(table, count, **more):
    table.measure(f"calendar-query of all, ms, {count} events", "less", all_events, repeat=1, **more)
    table.measure(f"calendar-multiget of 100, ms, {count} events", "less", lambda server: multiget(server, count), **more)
    table.measure(f"free-busy-query of a month, ms, {count} events", "less", free_busy, **more)
    table.measure(f"calendar-query of the alarms of a day, ms, {count} events", "less", alarms, **more)
    table.measure(f"calendar-query of a UID, ms, {count} events", "less", lambda server: with_text(server, "UID", f"bench-{count // 2}"), **more)
    table.measure(f"calendar-query of a text in SUMMARY, ms, {count} events", "less", lambda server: with_text(server, "SUMMARY", f"eting {count // 2} ab"), **more)
    table.measure(f"calendar-query of a text that is nowhere, ms, {count} events", "less", lambda server: with_text(server, "DESCRIPTION", "nowhere"), **more)


def import_file(kontor, source, owner):
    """How many seconds it took."""
    archive = f"{source}.tar.zst"
    begin = time.monotonic()
    dump = subprocess.run([MIGRATE, "dump", "--from", f"{source.suffix[1:]}:{source}", "--user", owner, "--output", archive], capture_output=True, text=True)
    if dump.returncode:
        raise RuntimeError(dump.stdout + dump.stderr)
    kontor.server.run("import", "--input", archive, "--live")
    return time.monotonic() - begin


def import_into_kontor(table, count, kontor, folder):
    """The column of Kontor's large calendar, which its own import brings."""
    export = pathlib.Path(folder) / "many.ics"
    with open(export, "w", newline="") as out:
        out.write("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\nX-WR-CALNAME:Many\r\n")
        for n in range(count):
            out.write(event(n))
        out.write("END:VCALENDAR\r\n")
    owner = user(3)
    table.add({"what": f"import of {count} events from one file, events/s", "better": "none", "kontor": count / import_file(kontor, export, owner)})
    client = kontor_dav(kontor.server, owner)
    home = f"/dav/calendars/{owner}/"
    path = next(path for path, found in client.propfind(home, ["D:displayname"]).items() if found["D:displayname"].text == "Many")
    names = [path_.removeprefix(path) for path_ in client.propfind(path, ["D:getetag"]) if path_ != path]
    return Server("kontor", lambda: kontor_dav(kontor.server, owner), path, True, names)


def cards(table, count, kontor, folder):
    """A large address book of Kontor alone."""
    export = pathlib.Path(folder) / "many.vcf"
    with open(export, "w", newline="") as out:
        for n in range(count):
            out.write(CARD.format(n=n, family=n % 997, company=n % 50))
    owner = user(4)
    table.add({"what": f"import of {count} cards from one file, cards/s", "better": "none", "kontor": count / import_file(kontor, export, owner)})
    client = kontor_dav(kontor.server, owner)
    home = f"/dav/contacts/{owner}/"
    book = max((path for path in client.propfind(home, ["D:displayname"]) if path != home), key=lambda path: len(client.propfind(path, ["D:getetag"])))
    column = Server("kontor", lambda: kontor_dav(kontor.server, owner), book, True)

    def find(server, *conditions):
        inner = "".join(f'<CR:prop-filter name="{name}"><CR:text-match match-type="contains">{text}</CR:text-match></CR:prop-filter>' for name, text in conditions)
        return report(server, f'<CR:addressbook-query {DECLARED}><D:prop><D:getetag/><CR:address-data/></D:prop>'
                              f'<CR:filter test="anyof">{inner}</CR:filter></CR:addressbook-query>')

    wanted = f"son{count // 2} "
    book_table = part_of(table, [column])
    book_table.measure(f"addressbook-query of a name, ms, {count} cards", "less", lambda server: find(server, ("FN", wanted)))
    book_table.measure(f"addressbook-query of any of four properties, ms, {count} cards", "less",
                       lambda server: find(server, *((name, wanted) for name in ("FN", "NICKNAME", "EMAIL", "ORG"))))


def many(table, options):
    """A calendar that is large; others have theirs by their own files or by PUT."""
    count = options.many_events
    for what, function in (("PROPFIND of ETags", propfind), ("calendar-query of a month", month), ("sync-collection of all", sync_all),
                           ("sync-collection of one change", sync_change)):
        table.measure(f"{what}, ms, {count} events", "less", function, repeat=1)
    table.measure(f"PUT of another, events/s, {count} events", "more", lambda server: side_by_side(
        lambda client, n: client.put(f"{server.calendar}new{n}.ics", FRAME.format(event(count + n))), 20, 1, server.connect), repeat=1)
    questions(table, count)


def fill_radicale(radicale, calendar, numbers):
    for n in numbers:
        (radicale.folder / f"data/collection-root/ada/{calendar}/{n}.ics").write_text(FRAME.format(event(n)), newline="")


def expansions(table):
    done = subprocess.run([BUILD / "bench_expansion"], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        what, ours, theirs = line.split()
        span, rule = what.split("-", 1)
        unit = "instances/s of a decade" if span == "decade" else "months/s, ten years after the start"
        table.add({"what": f"expansion, {unit}, {rule.replace('-', ' ')}", "better": "more", "kontor": float(ours), "libical": float(theirs)})


@dataclasses.dataclass
class Column:
    name: str
    is_kontor: bool = False


def part_of(table, columns):
    """A table of its own columns whose rows are among those of the whole."""
    part = Table(columns, [], table.repeat)
    part.only, part.rows = table.only, table.rows
    part.begin(table.subject)
    part.header()
    return part


def run(table, options):
    kontor = table.peers[0]
    with tempfile.TemporaryDirectory(prefix="bench-dav-") as folder, contextlib.ExitStack() as ended:
        if table.wants("events") and (options.events or options.many_events):
            events(table, options, kontor, pathlib.Path(folder), ended)
    if table.wants("expansion"):
        expansions(part_of(table, [Column("kontor", True), Column("libical")]))


def events(table, options, kontor, folder, ended):
    Dav.timeout = 1800
    owner = user(2)
    servers = [Server("kontor", lambda: kontor_dav(kontor.server, owner), f"/dav/calendars/{owner}/calendar/", True)]
    radicale = Radicale(folder / "radicale", users=("ada",)).start()
    ended.callback(radicale.stop)
    servers.append(Server("radicale", lambda: radicale.client("ada"), "/ada/bench/"))
    if cyrus.can_start():
        other = cyrus.Cyrus(users=("ada", "ben"))
        ended.callback(other.close)
        other.start()
        servers.append(Server("cyrus", other.client, "/dav/calendars/user/ada/bench/"))
    if options.events:
        for server in servers[1:]:
            server.connect().make_calendar(server.calendar, "Bench")
        compare(part_of(table, servers), options, servers, radicale)
    if options.many_events:
        count = options.many_events
        large = [import_into_kontor(part_of(table, servers[:1]), count, kontor, folder)]
        for server in servers[1:] if options.many_peers else []:
            one = dataclasses.replace(server, calendar=server.calendar.replace("bench", "many"))
            if server.name == "cyrus":  # where a UID is once among all calendars of one user
                one.calendar, one.connect = one.calendar.replace("ada", "ben"), lambda: other.client("ben")
            one.connect().make_calendar(one.calendar, "Many")
            if server.name == "radicale":
                fill_radicale(radicale, "many", range(count))
            else:
                side_by_side(lambda client, n, one=one: client.put(f"{one.calendar}{n}.ics", FRAME.format(event(n))), count, 8, one.connect)
            large.append(one)
        many(part_of(table, large), options)
        cards(part_of(table, servers[:1]), count, kontor, folder)
