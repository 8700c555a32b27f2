# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a Kopano installation holds by its manifest, and what of it a client sees in Kontor.

Every `..._faults` function gives sentences, one for each thing that is not as it was; an empty list is what a test wants.
"""
import datetime
import email
import email.policy
import gzip
import hashlib
import html
import json
import pathlib
import re

from .mailbox import quoted

UTC = datetime.timezone.utc
SPECIAL_USE = {"sentmail": "\\Sent", "drafts": "\\Drafts", "wastebasket": "\\Trash", "junk": "\\Junk"}


class Truth:
    def __init__(self, path):
        path = pathlib.Path(path)
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            self.all = json.load(file)
        self.users = {user["login"]: user for user in self.all["users"]}
        self.stores = {store["label"].split("@")[0]: store for store in self.all["stores"]}

    def __getitem__(self, key):
        return self.all[key]

    def of(self, key, login):
        return [row for row in self.all[key] if row.get("user") == login]

    def address(self, login):
        return self.users[login]["email"]

    def store(self, login):
        """None for whoever has none that is his still."""
        return self.stores.get(login)

    def movers(self):
        """The logins whose stores are theirs."""
        return [login for login in self.users if login in self.stores]

    def edited(self, login):
        """Message-IDs whose stored original is older than what the user sees."""
        return {row["message_id"] for row in self.of("special", login) if row["kind"].startswith("edited after delivery")}

    def folders(self, login, classes=("", "IPF.Note")):
        """Those below the visible root whose container class is one of these."""
        return [f for f in self.stores[login]["folders"] if not f["path"].startswith("//root/") and (f["container_class"] or "") in classes]


def decode_folder(name):
    """Of modified UTF-7."""
    import base64

    def one(match):
        text = match.group(1)
        return base64.b64decode(text.replace(",", "/") + "=" * (-len(text) % 4)).decode("utf-16-be") if text else "&"

    return re.sub(r"&([A-Za-z0-9+,]*)-", one, name)


class Mailboxes:
    """All mail folders of one account as IMAP shows them: by UIDVALIDITY, which a move carries."""

    def __init__(self, client):
        self.by_validity = {}
        self.by_name = {}
        for line in client.list()[1]:
            attributes, name = re.match(rb'\(([^)]*)\) "/" (.*)', line).groups()
            name = name.decode()
            if name.startswith('"'):
                name = re.sub(r"\\(.)", r"\1", name[1:-1])
            name = decode_folder(name)
            # What others share shows, too.
            if "\\noselect" in attributes.decode().lower() or name.startswith("Shared Folders/"):
                continue
            row = self.read(client, name)
            row["attributes"] = attributes.decode().split()
            self.by_name[name] = row
            self.by_validity[row["validity"]] = row
        self.subscribed = set()
        for line in client.lsub()[1]:
            if line:
                name = re.match(rb'\([^)]*\) "/" (.*)', line).group(1).decode()
                self.subscribed.add(decode_folder(re.sub(r"\\(.)", r"\1", name[1:-1]) if name.startswith('"') else name))

    @staticmethod
    def read(client, name):
        status, _ = client.select(quoted(name), readonly=True)
        assert status == "OK", name
        validity = int(client.response("UIDVALIDITY")[1][0])
        messages = {}
        answer = client.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")[1]
        for part in answer:
            if not isinstance(part, tuple):
                continue
            head = part[0].decode()
            uid = int(re.search(r"UID (\d+)", head).group(1))
            flags = re.search(r"FLAGS \(([^)]*)\)", head).group(1).split()
            date = datetime.datetime.strptime(re.search(r'INTERNALDATE "([^"]+)"', head).group(1).strip(), "%d-%b-%Y %H:%M:%S %z")
            messages[uid] = {"flags": {f for f in flags if f != "\\Recent"}, "date": date, "bytes": part[1]}
        return {"name": name, "validity": validity, "messages": messages}

    def message_ids(self):
        found = {}
        for row in self.by_name.values():
            for message in row["messages"].values():
                key = email.message_from_bytes(message["bytes"]).get("Message-ID")
                found.setdefault(str(key).strip(), []).append(row["name"])
        return found


def folder_faults(truth, login, boxes):
    """imap-ids, special-use by role and never by name, and that nothing is there that was not."""
    store, faults = truth.store(login), []
    for folder in truth.folders(login):
        row = boxes.by_validity.get(folder["hierarchyid"])
        if row is None:
            faults.append(f"{folder['path']}: no mailbox has UIDVALIDITY {folder['hierarchyid']}")
        elif len(row["messages"]) != folder["count"]:
            faults.append(f"{folder['path']}: {len(row['messages'])} messages instead of {folder['count']}")
    for role, use in SPECIAL_USE.items():
        row = boxes.by_validity.get(store["special"][role]["hierarchyid"])
        if row is None or use not in row["attributes"]:
            faults.append(f"{role}: not {use}: {row and (row['name'], row['attributes'])}")
    inbox = boxes.by_validity.get(store["special"]["inbox"]["hierarchyid"])
    if inbox is None or inbox["name"] != "INBOX":
        faults.append(f"the inbox is {inbox and inbox['name']}")
    special = {row["hierarchyid"] for row in store["special"].values()}
    for folder in truth.folders(login):
        row = boxes.by_validity.get(folder["hierarchyid"])
        if row and folder["hierarchyid"] not in special and row["name"] != folder["path"]:
            faults.append(f"{folder['path']} is called {row['name']}")
    return faults


def mail_faults(truth, login, boxes):
    """Every message of the manifest at its UID: flags, date, the original's bytes or a sound rebuilt one."""
    faults, edited = [], truth.edited(login)
    for row in truth.of("mail", login):
        where = f"{row['folder_path']}/{row['imap_uid']} ({row['kind']})"
        box = boxes.by_validity.get(row["folder_hierarchyid"])
        message = box and box["messages"].get(row["imap_uid"])
        if not message:
            faults.append(f"{where}: is not there")
            continue
        standard = {f for f in message["flags"] if f.startswith("\\") or f == "$Forwarded"}
        if standard != set(row["flags_now"]):
            faults.append(f"{where}: flags {sorted(standard)} instead of {sorted(row['flags_now'])}")
        if "internaldate" in row and message["date"] != datetime.datetime.fromisoformat(row["internaldate"].replace("Z", "+00:00")):
            faults.append(f"{where}: date {message['date']} instead of {row['internaldate']}")
        kept = row.get("rfc822_in_db")
        if row["message_id"] in edited:
            if row["subject"] == str(parsed(message["bytes"])["Subject"]):
                faults.append(f"{where}: the text before it was edited")
        elif kept:
            if hashlib.sha256(message["bytes"]).hexdigest() != kept["sha256"]:
                faults.append(f"{where}: not the bytes of the original")
        else:
            faults += [f"{where}: {fault}" for fault in rebuilt_faults(row, message["bytes"])]
    return faults


def parsed(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def addresses(message, header):
    out = []
    for value in message.get_all(header, []):
        out += [a.addr_spec.lower() for a in getattr(value, "addresses", [])]
    return out


def plain(text):
    """What is compared of a text: its words."""
    return " ".join(text.replace("\u00a0", " ").split())


def words_of_html(text):
    text = re.sub(r"(?is)<(style|script|title)[^>]*>.*?</\1>", " ", text)
    return plain(html.unescape(re.sub(r"<[^>]+>", " ", text)))


def rebuilt_faults(row, octets):
    message = parsed(octets)
    faults = []
    # Where Kopano took a meeting's title for the subject, the header block still has the one that was sent.
    if plain(str(message["Subject"] or "")) not in (plain(row["subject_in_db"] or ""), plain(row["subject"] or "")):
        faults.append(f"subject {message['Subject']!r} instead of {row['subject_in_db']!r}")
    if row["message_id"] and str(message["Message-ID"] or "").strip() != row["message_id"]:
        faults.append(f"message id {message['Message-ID']!r}")
    is_broken = row["kind"].startswith("broken")
    if not is_broken and addresses(message, "From")[:1] != [row["from"].lower()]:
        faults.append(f"from {message['From']!r} instead of {row['from']}")
    if "sender" in row and addresses(message, "Sender") != [row["sender"]]:
        faults.append(f"sender {message['Sender']!r}")
    for header in ("to", "cc", "reply_to"):
        want = [a.lower() for a in row.get(header) or []]
        if not is_broken and header in row and sorted(addresses(message, header.replace("_", "-"))) != sorted(want):
            faults.append(f"{header} {message.get_all(header.replace('_', '-'))} instead of {want}")
    body = message.get_body(("plain",))
    if row.get("body_text") and "embedded" not in row and not is_broken:
        have = plain(body.get_content()) if body else ""
        # Of mail with HTML Kopano made the text of that.
        if have not in (plain(row["body_text"]), words_of_html(row.get("body_html") or "")):
            faults.append(f"text {have[:80]!r} instead of {plain(row['body_text'])[:80]!r}")
    if row.get("body_html") and not is_broken:
        part = message.get_body(("html",))
        have = words_of_html(part.get_content()) if part else ""
        if words_of_html(row["body_html"]) != have:
            faults.append(f"HTML {have[:80]!r} instead of {words_of_html(row['body_html'])[:80]!r}")
    faults += attachment_faults(row.get("attachments") or [], message)
    faults += embedded_faults(row.get("embedded") or [], message)
    return faults


def attachments_of(message):
    """The parts that are neither text of the message nor within a message attached."""
    if message.get_content_type() == "message/rfc822":
        return
    if message.is_multipart():
        for part in message.iter_parts():
            yield from attachments_of(part)
    else:
        yield message


def attachment_faults(wanted, message):
    digests = {}
    for part in attachments_of(message):
        digests.setdefault(hashlib.sha256(part.get_payload(decode=True) or b"").hexdigest(), []).append(part)
    faults = []
    for row in wanted:
        if "sha256" not in row:
            continue
        parts = digests.get(row["sha256"], [])
        if not parts:
            faults.append(f"attachment {row['name']} of {row['size']} is missing")
        elif not any(part.get_filename() == row["name"] for part in parts):
            faults.append(f"attachment {row['name']} is called {parts[0].get_filename()}")
        elif row.get("cid") and not any(str(part["Content-ID"]).strip("<> ") == row["cid"] for part in parts):
            faults.append(f"attachment {row['name']} has the content id {parts[0]['Content-ID']}")
    return faults


def embedded_messages(message):
    if message.get_content_type() == "message/rfc822":
        yield message.get_payload(0)
    elif message.is_multipart():
        for part in message.iter_parts():
            yield from embedded_messages(part)


def embedded_faults(wanted, message):
    faults = []
    inner = list(embedded_messages(message))
    for row in wanted:
        match = next((m for m in inner if plain(str(m["Subject"])) == plain(row["subject"])), None)
        if match is None:
            faults.append(f"attached message {row['subject']!r} is missing")
            continue
        faults += attachment_faults(row.get("attachments") or [], match)
        faults += embedded_faults(row.get("embedded") or [], match)
    return faults
