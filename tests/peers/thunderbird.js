// SPDX-License-Identifier: AGPL-3.0-or-later
// What the tests have Thunderbird do: each function does one thing a person does with a click, by the same interfaces
// that its windows use, and waits until it is through.
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");

function sleep(milliseconds) {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}

// What `condition` returns once that is true.
async function until(condition, what, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(50);
  }
}

// Calls start(listener) and waits for the end of the URL that it runs.
function url(start, what) {
  return new Promise((resolve, reject) => {
    start({
      QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
      OnStartRunningUrl() {},
      OnStopRunningUrl(_, status) {
        Components.isSuccessCode(status) ? resolve() : reject(new Error(`${what}: 0x${status.toString(16)}`));
      },
    });
  });
}

// The same for copies, moves and deletions.
function copying(start, what) {
  return new Promise((resolve, reject) => {
    start({
      QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]),
      onStartCopy() {},
      onProgress() {},
      setMessageKey() {},
      getMessageId() { return null; },
      onStopCopy(status) {
        Components.isSuccessCode(status) ? resolve() : reject(new Error(`${what}: 0x${status.toString(16)}`));
      },
    });
  });
}

function incoming() {
  return MailServices.accounts.allServers.find(server => server.type == "imap");
}

function addAccount(address, password, port, socketType) {
  const server = MailServices.accounts.createIncomingServer(address, "127.0.0.1", "imap");
  server.port = port;
  server.socketType = socketType;
  server.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
  server.password = password;
  server.doBiff = true;
  server.biffMinutes = 10;
  const imap = server.QueryInterface(Ci.nsIImapIncomingServer);
  imap.useIdle = true;
  imap.deleteModel = Ci.nsMsgImapDeleteModels.MoveToTrash;
  server.valid = true;
  const identity = MailServices.accounts.createIdentity();
  identity.email = address;
  identity.fullName = "Ada";
  const account = MailServices.accounts.createAccount();
  account.addIdentity(identity);
  account.incomingServer = server;
  MailServices.accounts.defaultAccount = account;
}

function allFolders() {
  return incoming().rootFolder.descendants;
}

function folder(path) {
  let found = incoming().rootFolder;
  for (const part of path.split("/")) {
    const next = found.subFolders.find(f => f.name == part || (part == "INBOX" && f.getFlag(Ci.nsMsgFolderFlags.Inbox)));
    if (!next) throw new Error(`no folder ${path}; there are ${allFolders().map(f => f.URI)}`);
    found = next;
  }
  return found;
}

function hasFolder(path) {
  try {
    return folder(path);
  } catch {
    return null;
  }
}

// Opens the folder as a click on it does: SELECT, new headers, changed flags. While the folder is busy with something
// else the call is ignored and its listener never hears of it: hence another try.
async function open(path) {
  const target = folder(path).QueryInterface(Ci.nsIMsgImapMailFolder);
  for (let attempt = 0; attempt < 8; ++attempt) {
    let through = false;
    const opened = url(listener => target.updateFolderWithListener(null, listener), `opening ${path}`).then(() => { through = true; });
    await Promise.race([opened, sleep(5000)]);
    if (through) return;
  }
  throw new Error(`${path} does not open`);
}

function headers(path) {
  return [...folder(path).messages];
}

function header(path, subject) {
  const found = headers(path).find(h => h.mime2DecodedSubject == subject);
  if (!found) throw new Error(`no message '${subject}' in ${path}; there are ${headers(path).map(h => h.mime2DecodedSubject)}`);
  return found;
}

function describe(path) {
  return headers(path).map(h => ({
    uid: h.messageKey,
    subject: h.mime2DecodedSubject,
    from: h.mime2DecodedAuthor,
    size: h.messageSize,
    read: h.isRead,
    flagged: h.isFlagged,
    keywords: h.getStringProperty("keywords").split(" ").filter(k => k),
  }));
}

// All bytes of a message, as its source window shows them.
async function source(path, subject) {
  const uri = folder(path).getUriForMsg(header(path, subject));
  const stream = Cc["@mozilla.org/network/sync-stream-listener;1"].createInstance(Ci.nsISyncStreamListener);
  MailServices.messageServiceFromURI(uri).streamMessage(uri, stream, null, null, false, "", false);
  const input = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
  input.setInputStream(stream.inputStream);
  let bytes = "";
  for (let count = input.available(); count > 0; count = input.available()) bytes += input.readBytes(count);
  return bytes;
}

// Fetches what the folder holds for reading without a connection.
function download(path) {
  const target = folder(path);
  target.setFlag(Ci.nsMsgFolderFlags.Offline);
  return url(listener => target.downloadAllForOffline(listener, null), `downloading ${path}`);
}

async function createFolder(parent, name) {
  const root = parent ? folder(parent) : incoming().rootFolder;
  root.createSubfolder(name, null);
  await until(() => hasFolder(parent ? `${parent}/${name}` : name), `the new folder ${name}`);
}

function transfer(from, subject, to, isMove) {
  return copying(listener => MailServices.copy.copyMessages(folder(from), [header(from, subject)], folder(to), isMove, listener, null, false),
    `${isMove ? "moving" : "copying"} ${subject}`);
}

function remove(path, subject) {
  return copying(listener => folder(path).deleteMessages([header(path, subject)], null, false, false, listener, false), `deleting ${subject}`);
}

// Writes a message in a compose window and saves it as a draft.
async function saveDraft(to, subject, text) {
  const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
  fields.to = to;
  fields.subject = subject;
  fields.body = text;
  const params = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
  params.composeFields = fields;
  params.identity = MailServices.accounts.defaultAccount.defaultIdentity;
  params.type = Ci.nsIMsgCompType.New;
  params.format = Ci.nsIMsgCompFormat.PlainText;
  MailServices.compose.OpenComposeWindowWithParams(null, params);
  const window = await until(() => Services.wm.getMostRecentWindow("msgcompose"), "the compose window");
  await until(() => window.composeEditorReady, "the editor");
  await window.GenericSendMessage(Ci.nsIMsgCompDeliverMode.SaveAsDraft);
  await until(() => !window.gWindowLocked && !window.gSendOperationInProgress && !window.gSaveOperationInProgress, "the draft to be saved");
  window.close();
}

// Subjects of what the server finds (the search dialog's "run search on server").
function searchServer(path, attribute, operator, text) {
  const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
  const term = session.createTerm();
  const value = term.value;
  value.attrib = attribute;
  value.str = text;
  term.attrib = attribute;
  term.op = operator;
  term.value = value;
  term.booleanAnd = true;
  session.appendTerm(term);
  session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, folder(path));
  return new Promise((resolve, reject) => {
    const hits = [];
    session.registerListener({
      QueryInterface: ChromeUtils.generateQI(["nsIMsgSearchNotify"]),
      onNewSearch() {},
      onSearchHit(hit) { hits.push(hit.mime2DecodedSubject); },
      onSearchDone(status) {
        Components.isSuccessCode(status) ? resolve(hits) : reject(new Error(`search: 0x${status.toString(16)}`));
      },
    });
    session.search(null);
  });
}
