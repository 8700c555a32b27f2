#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An example of a plug-in (docs/plugins.md). It refuses programs in attachments, marks what comes from outside, and sends
mail for `--away ADDRESS OTHER` on to another address."""
import email
import email.policy
import json
import sys

DANGEROUS = (".exe", ".scr", ".js", ".vbs")


def away_of(arguments):
    pairs = [arguments[i + 1:i + 3] for i, word in enumerate(arguments) if word == "--away"]
    return {address.lower(): other for address, other in pairs}


def decide(envelope, message, away):
    """The actions for one message."""
    for part in message.walk():
        name = (part.get_filename() or "").lower()
        if name.endswith(DANGEROUS):
            return [{"action": "reject", "code": 552, "status": "5.7.0", "text": f"Attachments like {name} are not taken here"}]
    actions = []
    if envelope["stage"] == "received":
        actions.append({"action": "add_header", "name": "X-From-Outside", "value": "yes"})
    for address in envelope["recipients"]:
        if address.lower() in away:
            actions.append({"action": "remove_recipient", "address": address})
            actions.append({"action": "add_recipient", "address": away[address.lower()]})
    return actions


def main():
    away = away_of(sys.argv[1:])
    source = sys.stdin.buffer
    while line := source.readline():
        envelope = json.loads(line)
        message = email.message_from_bytes(source.read(envelope["size"]), policy=email.policy.default)
        print(json.dumps({"actions": decide(envelope, message, away)}), flush=True)


if __name__ == "__main__":
    main()
