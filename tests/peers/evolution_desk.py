# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs beside Evolution's data server, in the D-Bus session that evolution.py begins: lines of JSON [verb, arguments...] come in, lines
[result, fault] go out. It asks as Evolution's own windows do; all talk with the server is the data server's."""
import json
import sys
import threading
import traceback

import gi

gi.require_version("EBook", "1.2")
gi.require_version("ECal", "2.0")
gi.require_version("EDataServer", "1.2")
from gi.repository import EBook, EBookContacts, ECal, EDataServer, Gio, GLib, ICalGLib  # noqa: E402

SECONDS = 30
KINDS = {"Calendar": ECal.ClientSourceType.EVENTS, "Task List": ECal.ClientSourceType.TASKS, "Memo List": ECal.ClientSourceType.MEMOS}
ACCOUNT = "kontor"


def is_gone(fault):
    """OBJECT_NOT_FOUND and CONTACT_NOT_FOUND, which the binding does not name."""
    return fault.domain in ("e-cal-client-error-quark", "e-book-client-error-quark") and fault.code == 1


class Desk:
    def __init__(self, user, password):
        self.user, self.password = user, password
        self.registry = EDataServer.SourceRegistry.new_sync(None)
        self.registry.connect("credentials-required", self._asked)
        self.clients = {}
        threading.Thread(target=GLib.MainLoop().run, daemon=True).start()

    def _asked(self, _, source, *why):
        """What the window for the password does. Not within the signal's own thread, which has to go on meanwhile."""
        given = EDataServer.NamedParameters.new()
        given.set(EDataServer.SOURCE_CREDENTIAL_USERNAME, self.user)
        given.set(EDataServer.SOURCE_CREDENTIAL_PASSWORD, self.password)
        threading.Thread(target=source.invoke_authenticate_sync, args=(given, None), daemon=True).start()

    def add_account(self, url, certificate):
        """Evolution's "Collection Account" of the kind CalDAV and CardDAV: no more than where the server is. It trusts its certificate as
        somebody who was shown it does."""
        uri = GLib.Uri.parse(url, GLib.UriFlags.NONE)
        source = EDataServer.Source.new_with_uid(ACCOUNT, None)
        source.set_display_name("Kontor")
        collection = source.get_extension(EDataServer.SOURCE_EXTENSION_COLLECTION)
        collection.set_backend_name("webdav")
        collection.set_identity(self.user)
        collection.set_calendar_url(url)
        collection.set_contacts_url(url)
        collection.set_mail_enabled(False)
        login = source.get_extension(EDataServer.SOURCE_EXTENSION_AUTHENTICATION)
        login.set_host(uri.get_host())
        login.set_port(uri.get_port())
        login.set_user(self.user)
        login.set_method("plain/password")
        source.get_extension(EDataServer.SOURCE_EXTENSION_SECURITY).set_method("tls")
        web = source.get_extension(EDataServer.SOURCE_EXTENSION_WEBDAV_BACKEND)
        web.set_uri(uri)
        web.update_ssl_trust(uri.get_host(), Gio.TlsCertificate.new_from_file(certificate), EDataServer.TrustPromptResponse.ACCEPT)
        self.registry.commit_source_sync(source, None)

    def found(self):
        """[name, kind, path, whether it can be written] of what the data server found in the account."""
        out = []
        for source in self.registry.list_sources(None):
            if source.get_parent() == ACCOUNT:
                for kind in (*KINDS, "Address Book"):
                    if source.has_extension(kind):
                        uri = source.get_extension(EDataServer.SOURCE_EXTENSION_WEBDAV_BACKEND).dup_uri()
                        out.append([source.get_display_name(), kind, GLib.uri_unescape_string(uri.get_path(), None), source.get_writable()])
        return sorted(out)

    def client(self, name, kind):
        if (name, kind) not in self.clients:
            source = next(one for one in self.registry.list_sources(kind) if one.get_display_name() == name and one.get_parent() == ACCOUNT)
            self.clients[name, kind] = (EBook.BookClient.connect_sync(source, SECONDS, None) if kind == "Address Book"
                                        else ECal.Client.connect_sync(source, KINDS[kind], SECONDS, None))
        return self.clients[name, kind]

    def is_read_only(self, name, kind):
        return self.client(name, kind).is_readonly()

    def add(self, name, kind, text):
        return self.client(name, kind).create_object_sync(ICalGLib.Component.new_from_string(text), ECal.OperationFlags.NONE, None)[1]

    def components(self, name, kind, uid):
        """The item's components as text, after asking for changes; none if it is not there."""
        client = self.client(name, kind)
        client.refresh_sync(None)
        try:
            return [one.get_as_string() for one in client.get_objects_for_uid_sync(uid, None)[1]]
        except GLib.Error as fault:
            if is_gone(fault):
                return []
            raise

    def set_property(self, name, kind, uid, lines):
        """Puts properties (lines of iCalendar) in place of those of their names, in the whole item."""
        client = self.client(name, kind)
        item = client.get_object_sync(uid, None, None)[1]
        for line in lines:
            fresh = ICalGLib.Property.new_from_string(line)
            while (old := item.get_first_property(fresh.isa())) is not None:
                item.remove_property(old)
            item.add_property(fresh)
        client.modify_object_sync(item, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)

    def change_instance(self, name, uid, text):
        """A component with RECURRENCE-ID: "change only this one"."""
        self.client(name, "Calendar").modify_object_sync(ICalGLib.Component.new_from_string(text), ECal.ObjModType.THIS, ECal.OperationFlags.NONE, None)

    def remove(self, name, kind, uid, instance=""):
        how = ECal.ObjModType.THIS if instance else ECal.ObjModType.ALL
        self.client(name, kind).remove_object_sync(uid, instance or None, how, ECal.OperationFlags.NONE, None)

    def starts(self, name, uid, begin, end):
        """Starts of the instances between two times, in seconds since 1970."""
        out = []

        def take(component, start, *_):
            if component.get_uid() == uid:
                out.append(start.as_timet_with_zone(start.get_timezone()))
            return True

        self.client(name, "Calendar").generate_instances_sync(begin, end, None, take)
        return sorted(out)

    def add_card(self, name, text):
        return self.client(name, "Address Book").add_contact_sync(EBookContacts.Contact.new_from_vcard(text), EBookContacts.BookOperationFlags.NONE, None)[1]

    def card(self, name, uid):
        client = self.client(name, "Address Book")
        client.refresh_sync(None)
        try:
            contact = client.get_contact_sync(uid, None)[1]
            contact.inline_local_photos()
            return contact.to_string(EBookContacts.VCardFormat(1))
        except GLib.Error as fault:
            if is_gone(fault):
                return None
            raise

    def change_card(self, name, text):
        self.client(name, "Address Book").modify_contact_sync(EBookContacts.Contact.new_from_vcard(text), EBookContacts.BookOperationFlags.NONE, None)

    def names(self, name):
        client = self.client(name, "Address Book")
        client.refresh_sync(None)
        return sorted(one.get_property("full-name") for one in client.get_contacts_sync("#t", None)[1])

    def remove_card(self, name, uid):
        self.client(name, "Address Book").remove_contact_by_uid_sync(uid, EBookContacts.BookOperationFlags.NONE, None)


def main():
    desk = Desk(sys.argv[1], sys.argv[2])
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        try:
            answer = [getattr(desk, verb)(*arguments), None]
        except Exception:  # told to the test, which goes on
            answer = [None, traceback.format_exc()]
        print(json.dumps(answer), flush=True)


main()
