# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two persons more in a Kopano installation, with stores of all content that the specifications allow, and the truth of what was put in."""
from .kopano_made_calendar import EventMaker, make_absences as make_absent_events, make_exceptions, make_patterns, make_single
from .kopano_made_items import ItemMaker, make_contacts, make_notes, make_tasks
from .kopano_made_mail import MailMaker, make_absences, make_attachments, make_bodies_and_headers, make_html, make_people, make_rtf, make_secured, make_states
from .kopano_made_meetings import make_meetings
from .kopano_made_more import make_classes, make_deleted, make_doubles, make_groups, make_ical_events, make_strays, make_web_events
from .kopano_made_store import MadeStore, make_odd_folders
from .kopano_rows import Rows


class Made:
    def __init__(self, kopano):
        self.rows = Rows(kopano)
        self.store = MadeStore(self.rows, "vera.bunt", "Vera Bunt")
        self.old = MadeStore(self.rows, "otto.alt", "Otto Alt", is_old=True)
        self.mails, self.events, self.items = MailMaker(self.store, self.store.folders["inbox"]), EventMaker(self.store, self.store.folders["calendar"]), ItemMaker(self.store)
        self.folders, self.special = make_odd_folders(self.store)
        for make in (make_html, make_rtf, make_bodies_and_headers, make_people, make_attachments, make_secured, make_states, make_absences, make_classes):
            make(self.mails)
        group = kopano.sql("SELECT u.id, HEX(u.externid) FROM users u JOIN object o ON o.externid = u.externid JOIN objectproperty p ON p.objectid = o.id AND p.propname = 'groupname' AND p.value = 'sales'")[0]
        make_groups(self.mails, (int(group[0]), bytes.fromhex(group[1])))
        self.strays = make_strays(self.mails, self.store)
        self.gone, self.gone_folders = make_deleted(self.store)
        self.double_folder, self.doubles = make_doubles(self.store)
        for make in (make_patterns, make_exceptions, make_single, make_absent_events, make_ical_events, make_web_events):
            make(self.events)
        make_meetings(self.mails, self.events)
        for make in (make_contacts, make_tasks, make_notes):
            make(self.items)
        self.in_odd_folders = MailMaker(self.store, None)
        for hid in self.folders:
            self.in_odd_folders.add(f"in folder {hid}", folder=hid)
        self.make_old()
        self.rows.flush()

    def make_old(self):
        """Where folders have no class of their own."""
        self.old_mails, self.old_events = MailMaker(self.old, self.old.folders["inbox"]), EventMaker(self.old, self.old.folders["calendar"])
        make_patterns(self.old_events)
        self.old_mails.add("in an old store")
        self.old_items = ItemMaker(self.old)
        make_notes(self.old_items)
        make_tasks(self.old_items)
