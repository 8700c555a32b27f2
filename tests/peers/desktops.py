# SPDX-License-Identifier: AGPL-3.0-or-later
"""Thunderbird and Evolution with the same verbs: each does what somebody does at its windows. Items are named by the display name of their
collection and their UID; what is asked for was synchronized before. Times are strings like 20310331T073000Z."""
import datetime
import re
import ssl

from .evolution import Evolution
from .ports import wait_for
from .thunderbird import Thunderbird

KIND_OF = {"Calendar": "Calendar", "Tasks": "Task List", "Notes": "Memo List"}


def seconds(text):
    return int(datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp())


class ThunderbirdDesktop:
    def __init__(self, folder, server, user, password):
        self.client = Thunderbird(folder, server.authority.certificate)
        self.client.start()
        url = f"https://127.0.0.1:{server.port('https')}"
        self.collections = {(name, "Calendar"): found["path"] for name, found in self._run("return addCalendars(...args)", user, password, url).items()}
        self.collections |= {(name, "Address Book"): found["path"] for name, found in self._run("return addBooks(...args)", user, password, url).items()}

    def _run(self, script, *arguments):
        return self.client.run(script, *arguments)

    def is_read_only(self, book):
        return self._run("return book(args[0]).readOnly", book)

    def add(self, collection, text):
        self._run("await addItem(...args)", collection, text)

    def properties(self, collection, *names, uid):
        """Values of properties of the item (None: not there); None if it is gone."""
        return self._run("""await refreshCalendar(args[0]);
            const found = await item(args[0], args[1]);
            return found && args[2].map(name => found.getProperty(name));""", collection, uid, names)

    def retitle(self, collection, uid, title):
        self._run("await changeItem(args[0], args[1], one => { one.title = args[2]; })", collection, uid, title)

    def finish(self, collection, uid):
        self._run("await changeItem(args[0], args[1], task => { task.isCompleted = true; })", collection, uid)

    def move_instance(self, collection, uid, at, begin, end):
        self._run("await moveOccurrence(...args)", collection, uid, at, begin, end)

    def remove_instance(self, collection, uid, at):
        self._run("await removeOccurrence(...args)", collection, uid, at)

    def starts(self, collection, uid, begin, end):
        return self._run("await refreshCalendar(args[0]); return occurrences(...args)", collection, uid, begin, end)

    def remove(self, collection, uid):
        self._run("await deleteItem(...args)", collection, uid)

    def add_card(self, book, text):
        self._run("addContact(...args)", book, text)

    def card(self, book, uid):
        """As vCard, or None."""
        return self._run("""await wholeBook(args[0]).syncWithServer();
            const found = contact(args[0], args[1]);
            return found ? found.getProperty("_vCard", "") : null;""", book, uid)

    def rename_card(self, book, uid, old, new):
        self._run("changeContact(args[0], args[1], text => text.replace(`FN:${args[2]}`, `FN:${args[3]}`))", book, uid, old, new)

    def remove_card(self, book, uid):
        self._run("deleteContact(...args)", book, uid)

    def names(self, book):
        return sorted(self._run("await wholeBook(args[0]).syncWithServer(); return [...book(args[0]).childCards].map(one => one.displayName)", book))

    def close(self):
        self.client.close()


class EvolutionDesktop:
    def __init__(self, folder, server, user, password):
        self.ask = Evolution(folder, user, password)
        # The certificate itself is what it is to trust.
        certificate = self.ask.folder / "server.pem"
        certificate.write_text(ssl.get_server_certificate(("127.0.0.1", server.port("https"))))
        self.ask("add_account", f"https://127.0.0.1:{server.port('https')}/", str(certificate))
        found = wait_for(lambda: (rows := self.ask("found")) and {"Calendar", "Address Book"} <= {kind for _, kind, _, _ in rows} and rows, "what Evolution finds")
        self.collections = {(name, kind): path for name, kind, path, _ in found}

    def is_read_only(self, book):
        return self.ask("is_read_only", book, "Address Book")

    def add(self, collection, text):
        self.ask("add", collection, KIND_OF[collection], text)

    def properties(self, collection, *names, uid):
        found = self.ask("components", collection, KIND_OF[collection], uid)
        if not found:
            return None
        lines = dict(re.findall(r'^([\w-]+)(?:;(?:"[^"]*"|[^":])*)?:(.*)$', found[0].replace("\r\n ", "").replace("\r\n", "\n"), re.M))
        return [lines.get(name) for name in names]

    def retitle(self, collection, uid, title):
        self.ask("set_property", collection, KIND_OF[collection], uid, [f"SUMMARY:{title}"])

    def finish(self, collection, uid):
        self.ask("set_property", collection, KIND_OF[collection], uid, ["STATUS:COMPLETED", "PERCENT-COMPLETE:100", "COMPLETED:20310304T100000Z"])

    def move_instance(self, collection, uid, at, begin, end):
        series = self.ask("components", collection, KIND_OF[collection], uid)[0].split("\r\n")
        kept = [line for line in series if not line.startswith(("RRULE", "DTSTART", "DTEND"))]
        self.ask("change_instance", collection, uid, "\r\n".join([*kept[:1], f"RECURRENCE-ID:{at}", f"DTSTART:{begin}", f"DTEND:{end}", *kept[1:]]))

    def remove_instance(self, collection, uid, at):
        self.ask("remove", collection, KIND_OF[collection], uid, at)

    def starts(self, collection, uid, begin, end):
        self.properties(collection, uid=uid)
        return self.ask("starts", collection, uid, seconds(begin), seconds(end))

    def remove(self, collection, uid):
        self.ask("remove", collection, KIND_OF[collection], uid)

    def add_card(self, book, text):
        self.ask("add_card", book, text)

    def card(self, book, uid):
        return self.ask("card", book, uid)

    def rename_card(self, book, uid, old, new):
        self.ask("change_card", book, self.card(book, uid).replace(f"FN:{old}", f"FN:{new}"))

    def remove_card(self, book, uid):
        self.ask("remove_card", book, uid)

    def names(self, book):
        return self.ask("names", book)

    def close(self):
        self.ask.close()
