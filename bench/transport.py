# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mail by SMTP into mailboxes and out of the queue, beside Postfix with the first Dovecot behind it; what scripts and signatures cost.

All syncs stay on: Postfix has a message in its queue's file before it answers, Kontor in the mailbox. A row counts until the last message
is where it belongs."""
import shutil
import subprocess
import time

from servers import BUILD, USERS, dovecot_settings, load, user

from peers.ports import answers, free_port, wait_for
from peers.postfix import Postfix, is_usable as has_postfix

SCRIPT = """require ["fileinto", "imap4flags", "mailbox", "variables", "regex"];
if header :contains "list-id" ["announce.example.com", "dev.example.com"] { fileinto :create "Lists"; stop; }
if anyof (header :contains "subject" ["invoice", "order"], address :domain "from" "billing.example.com") { addflag "\\\\Flagged"; }
if allof (header :is "x-spam-flag" "YES", not address :localpart "from" "boss") { fileinto :create "Junk"; stop; }
if header :matches "subject" "[*] *" { set "list" "${1}"; }
keep;
"""
PIGEONHOLE = """
protocol lmtp {
  mail_plugins = sieve
}
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_extensions = +editheader
}
"""
MANY = """default_process_limit = 100
smtpd_client_connection_count_limit = 0
smtp_destination_concurrency_limit = 20
lmtp_destination_concurrency_limit = 20
"""


def until_empty(is_empty, begin):
    while not is_empty():
        time.sleep(0.05)
    return time.monotonic() - begin


def into_mailboxes(table, options, pair):
    """Postfix hands to Dovecot by LMTP."""
    ours, other = pair
    more = MANY + f"virtual_transport = lmtp:inet:127.0.0.1:{other.lmtp}\nlmtp_destination_recipient_limit = 1\n"
    with Postfix(domain="example.org", users=[f"user{i}" for i in range(USERS)], more=more) as postfix:
        def bring(peer, connections, count):
            begin = time.monotonic()
            load("smtp", ours.smtp if peer is ours else postfix.port, connections, count, 4000, USERS, "example.org")
            return count / (time.monotonic() - begin if peer is ours else until_empty(lambda: not postfix.queue(), begin))

        for connections in (1, 16, 64):
            count = options.deliveries // (2 if connections == 1 else 1)
            table.measure(f"SMTP into mailboxes, messages/s, 4 kB, {connections} connection(s)", "more", peers=pair, repeat=1,
                          function=lambda p, c=connections, n=count: bring(p, c, n))


def through_the_queue(table, options, pair):
    ours, _ = pair
    sink_port, n = free_port(), options.queued
    sink = subprocess.Popen(["smtp-sink", *(["-u", "nobody"] if has_postfix() else []), f"127.0.0.1:{sink_port}", "200"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(sink_port), "smtp-sink to listen")
        ours.restart(f'[sending]\nsmart_hosts = ["* 127.0.0.1:{sink_port} tls=none"]\nconnections_per_destination = 20\n')
        with Postfix(relay=sink_port, more=MANY) as postfix:
            def send(peer):
                begin = time.monotonic()
                load("smtp", ours.smtp if peer is ours else postfix.port, 16, n, 4000, USERS, "elsewhere.example")
                if peer is ours:
                    return n / until_empty(lambda: ours.server.json("queue", "counts")["messages"] == 0, begin)
                return n / until_empty(lambda: not postfix.queue(), begin)

            table.measure("queue: messages/s from SMTP until sent on, 4 kB, 16 connections", "more", peers=pair, repeat=1, function=send)
    finally:
        sink.kill()
        sink.wait()
        ours.restart("")


def with_scripts(table, options, pair):
    ours, other = pair
    script = ours.server.folder / "filter.sieve"
    script.write_text(SCRIPT)
    for number in range(USERS):
        ours.server.run("sieve", "put", user(number), "bench", "--script", script)
        ours.server.run("sieve", "activate", user(number), "--name", "bench")
        home = other.server.home(user(number))
        home.mkdir(exist_ok=True)
        (home / ".dovecot.sieve").write_text(SCRIPT)
        for path in (home, home / ".dovecot.sieve"):
            shutil.chown(path, other.server.owner.pw_uid, other.server.owner.pw_gid)
    other.restart(dovecot_settings(ours) + PIGEONHOLE)
    for connections in (1, 16):
        table.measure(f"LMTP deliveries/s with a Sieve script, 4 kB, {connections} connection(s)", "more", peers=pair, repeat=1,
                      function=lambda p, c=connections: load("lmtp", p.lmtp, c, options.deliveries, 4000, USERS)[0])
    for number in range(USERS):
        ours.server.run("sieve", "activate", user(number))
    other.restart(dovecot_settings(ours))


def run(table, options):
    names = ["SMTP into mailboxes", "queue: messages/s from SMTP until sent on", "LMTP deliveries/s with a Sieve script", "cost"]
    wanted = [table.wants(name) for name in names]
    pair = table.peers[:2]
    if len(pair) == 2 and has_postfix():
        if wanted[0]:
            into_mailboxes(table, options, pair)
        if wanted[1] and options.queued:
            through_the_queue(table, options, pair)
    elif wanted[0] or wanted[1]:
        table.note("Postfix needs root, and a Dovecot: no rows of SMTP and the queue")
    if wanted[2] and len(pair) == 2:
        with_scripts(table, options, pair)
    if wanted[3]:
        done = subprocess.run([BUILD / "bench_cost"], capture_output=True, text=True, check=True)
        for line in done.stdout.splitlines():
            what, number = line.rsplit(" ", 1)
            table.add({"what": f"cost of {what}, microseconds", "better": "less", "kontor": float(number)})
