// SPDX-License-Identifier: AGPL-3.0-or-later
// The same for calendars and contacts. Items are named by the collection's name and their UID.
const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
const { CalEvent } = ChromeUtils.importESModule("resource:///modules/CalEvent.sys.mjs");
const { CalTodo } = ChromeUtils.importESModule("resource:///modules/CalTodo.sys.mjs");
const { CardDAVUtils } = ChromeUtils.importESModule("resource:///modules/CardDAVUtils.sys.mjs");
const { CardDAVDirectory } = ChromeUtils.importESModule("resource:///modules/CardDAVDirectory.sys.mjs");
const { VCardUtils } = ChromeUtils.importESModule("resource:///modules/VCardUtils.sys.mjs");

// What a promise gives as soon as that is true; `before` is called ahead of each look.
async function eventually(condition, what, before = () => {}, seconds = 40) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    await before();
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(100);
  }
}

// Settings, "New calendar", "On the network": looks for what there is at `location` and takes all of it.
async function addCalendars(user, password, location) {
  Services.prefs.setBoolPref("signon.rememberSignons", true); // which its remote control turns off
  const found = await cal.provider.detection.detect(user, password, location, true, [types => [...types].filter(type => type != "caldav")], {});
  const calendars = [...found.values()].flat();
  // It saves the password beside all this, and would ask for it in a window if it were not there yet.
  await eventually(async () => (await Services.logins.searchLoginsAsync({ origin: calendars[0].uri.prePath })).length, "the saved password");
  for (const calendar of calendars) {
    calendar.setProperty("cache.enabled", true);
    cal.manager.registerCalendar(calendar);
    await refreshCalendar(calendar.name);
  }
  return Object.fromEntries(calendars.map(one => [one.name, { path: one.uri.filePath, colour: one.getProperty("color"), readOnly: one.readOnly }]));
}

function calendar(name) {
  return cal.manager.getCalendars().find(one => one.name == name);
}

async function item(name, uid) {
  return calendar(name).getItem(uid);
}

// Once it has asked the server for changes and is through with them.
function refreshCalendar(name) {
  const target = calendar(name);
  return new Promise(resolve => {
    const observer = {
      QueryInterface: ChromeUtils.generateQI(["calIObserver"]),
      onStartBatch() {},
      onEndBatch() {},
      onLoad() {
        target.removeObserver(observer);
        resolve();
      },
      onAddItem() {},
      onModifyItem() {},
      onDeleteItem() {},
      onError() {},
      onPropertyChanged() {},
      onPropertyDeleting() {},
    };
    target.addObserver(observer);
    target.refresh();
    setTimeout(resolve, 5000);
  });
}

// `text` is an item without VCALENDAR around it.
function addItem(name, text) {
  const made = text.includes("BEGIN:VTODO") ? new CalTodo(text) : new CalEvent(text);
  return calendar(name).addItem(made);
}

async function changeItem(name, uid, change) {
  const before = await item(name, uid);
  const after = before.clone();
  change(after);
  return calendar(name).modifyItem(after, before);
}

// Drags one occurrence to another time, as "only this occurrence"; times are in UTC.
function moveOccurrence(name, uid, at, start, end) {
  return changeItem(name, uid, series => {
    const occurrence = series.recurrenceInfo.getOccurrenceFor(cal.createDateTime(at)).clone();
    occurrence.startDate = cal.createDateTime(start).getInTimezone(occurrence.startDate.timezone);
    occurrence.endDate = cal.createDateTime(end).getInTimezone(occurrence.endDate.timezone);
    series.recurrenceInfo.modifyException(occurrence, true);
  });
}

function removeOccurrence(name, uid, at) {
  return changeItem(name, uid, series => series.recurrenceInfo.removeOccurrenceAt(cal.createDateTime(at)));
}

async function deleteItem(name, uid) {
  return calendar(name).deleteItem(await item(name, uid));
}

// Starts of what it shows between the two times, in seconds since 1970.
async function occurrences(name, uid, begin, end) {
  const found = await calendar(name).getItemsAsArray(Ci.calICalendar.ITEM_FILTER_TYPE_EVENT | Ci.calICalendar.ITEM_FILTER_CLASS_OCCURRENCES, 0,
    cal.createDateTime(begin), cal.createDateTime(end));
  return found.filter(one => one.id == uid).map(one => one.startDate.nativeTime / 1000000).sort();
}

// "New address book", "Add CardDAV address book".
async function addBooks(user, password, location) {
  const found = await CardDAVUtils.detectAddressBooks(user, password, location, false, true);
  for (const one of found) {
    const book = await one.create();
    await eventually(() => book.getStringValue("carddav.token", ""), `the first synchronization of ${one.name}`);
  }
  return Object.fromEntries(found.map(one => [one.name, { path: decodeURIComponent(one.url.pathname), readOnly: book(one.name).readOnly }]));
}

function book(name) {
  return MailServices.ab.directories.find(one => one.dirName == name);
}

function wholeBook(name) {
  return CardDAVDirectory.forFile(book(name).fileName);
}

function contact(name, uid) {
  return [...book(name).childCards].find(one => one.UID == uid);
}

function addContact(name, text) {
  book(name).addCard(VCardUtils.vCardToAbCard(text));
}

function changeContact(name, uid, change) {
  const found = contact(name, uid);
  found.setProperty("_vCard", change(found.getProperty("_vCard", "")));
  book(name).modifyCard(found);
}

function deleteContact(name, uid) {
  book(name).deleteCards([contact(name, uid)]);
}
