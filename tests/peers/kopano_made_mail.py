# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mail of which the server kept no original, as Outlook, web programs and deliveries store it, and what each of it says."""
import datetime
import hashlib

from .kopano_blobs import compressed, directory_entry, entry_list, one_off, tnef, uncompressed
from .kopano_made_store import person, sender
from .kopano_rows import COMMON, INTERNET, PUBLIC, TASK, TEXT, UTC, filetime

OLGA = ("Olga Fernweh", "olga@fernweh.example.net")
SENT = datetime.datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC)
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082")
KEYWORDS = (PUBLIC, "Keywords", 0x1000 | TEXT)

# Code page, Python's name of it, and words that are written in it.
PAGES = [(1250, "cp1250", "Příliš žluťoučký kůň"), (1251, "cp1251", "Съешь ещё этих булок"), (1252, "cp1252", "Größe – 10 €"), (1253, "cp1253", "Ξεσκεπάζω τὴν".replace("ὴ", "ή")),
         (1254, "cp1254", "Pijamalı hasta yağız"), (1255, "cp1255", "דג סקרן שט בים"), (1256, "cp1256", "نص حكيم له"), (1257, "cp1257", "Įlinkdama fechtuotojo"),
         (1258, "cp1258", "Tiêng Viêt"), (874, "cp874", "เป็นมนุษย์"), (932, "cp932", "いろはにほへと 表示 ソ"), (936, "gbk", "天地玄黄"), (949, "cp949", "다람쥐 헌 쳇바퀴"),
         (950, "big5", "功成名就 許"), (20866, "koi8_r", "В чащах юга"), (28592, "iso8859_2", "Árvíztűrő"), (28605, "iso8859_15", "Cœur 10 €"), (50220, "iso2022_jp", "日本語の手紙"),
         (54936, "gb18030", "龍 𠀀 宇宙"), (65001, "utf_8", "Ünïcödé 🎉 日本"), (10000, "mac_roman", "Maçã ∞"), (850, "cp850", "Straße ½"), (51949, "euc_kr", "한글"), (1200, "utf_16_le", "weit 日本")]


class MailMaker:
    def __init__(self, store, folder):
        self.store, self.folder, self.truth = store, folder, []

    def add(self, subject, properties=None, recipients=None, attachments=(), base=True, uid=True, folder=None, row_flags=0, **truth):
        """A mail from Olga to the owner; `properties` are added, those that are None go."""
        own = {0x001A001E: "IPM.Note", 0x0037001E: subject, 0x00390040: SENT, 0x0E060040: SENT, 0x0E070003: 1, 0x1035001E: f"<{len(self.truth)}.made@fernweh.example.net>",
               **sender(*OLGA)} if base else {}
        own.update(properties or {})
        to = [person(self.store.name, self.store.address)] if recipients is None else recipients
        hid, number = self.store.add_item(folder or self.folder, own, to, attachments, row_flags, uid)
        row = {"folder": folder or self.folder, "hid": hid, "uid": number, "subject": subject, "from": OLGA[1], "to": [self.store.address], "flags": {"\\Seen"}, "date": SENT, **truth}
        if not base:
            for name in ("from", "to", "date"):
                row[name] = truth.get(name)
        self.truth.append(row)
        return row


def attachment(name, content, kind=None, **more):
    properties = {0x37050003: 1, 0x3707001E: name, 0x370E001E: kind, 0x0E200003: len(content), **more.get("properties", {})}
    return (properties, content)


def file_truth(name, content, kind=None, cid=None):
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "type": kind, "cid": cid}


def make_html(mails):
    for page, codec, words in PAGES:
        mails.add(f"HTML in {page}", {0x10130102: f"<html><body><p>{words}</p></body></html>".encode(codec), 0x3FDE0003: page}, html=words)
    for page, codec, words in PAGES[:16]:
        declared = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body><b>{words}</b></body></html>'
        mails.add(f"HTML in {page} that says UTF-8", {0x10130102: declared.encode(codec), 0x3FDE0003: page}, html=words)
    # Nothing but the text itself says what it is in.
    for label, codec, words in (("windows-1251", "cp1251", "Съешь ещё"), ("iso-8859-2", "iso8859_2", "Žluťoučký"), ("shift_jis", "cp932", "日本語"), ("utf-8", "utf_8", "Öl 🛢")):
        for form in (f'<meta charset="{label}">', f"<META HTTP-EQUIV='Content-Type' CONTENT='text/html; charset={label}'>"):
            mails.add(f"HTML that says {label} itself: {form[:8]}", {0x10130102: f"<html><head>{form}</head><body>{words}</body></html>".encode(codec)}, html=words)
    mails.add("HTML without any page", {0x10130102: "<p>Grüße</p>".encode()}, html="Grüße")
    mails.add("HTML in the page of the message", {0x10130102: "<p>Čáp</p>".encode("cp1250"), 0x3FFD0003: 1250}, html="Čáp")
    mails.add("HTML as text", {0x1013001E: "<html><body>Größe 日本</body></html>", 0x3FDE0003: 28591}, html="Größe 日本")
    mails.add("HTML said to be ASCII", {0x10130102: "<p>Größe</p>".encode("cp1252"), 0x3FDE0003: 20127}, html="Größe")
    mails.add("HTML said to be UTF-8", {0x10130102: "<p>Größe €</p>".encode("cp1252"), 0x3FDE0003: 65001}, html="Größe €")
    mails.add("HTML and text", {0x10130102: b"<p>Both</p>", 0x3FDE0003: 65001, 0x1000001E: "Both, as text"}, html="Both", text="Both, as text")
    mails.add("empty HTML", {0x10130102: b"", 0x1000001E: "The text"}, text="The text", html=None)
    shown = '<html><body>See <img src="cid:one@made"> and <img src="CID:Two%40made"> and <img src="pictures/three.png"></body></html>'
    pictures = [(f"{n}.png", PNG + bytes([n])) for n in (1, 2, 3)]
    mails.add("images by id and by place", {0x10130102: shown.encode(), 0x3FDE0003: 65001}, attachments=[
        attachment("1.png", pictures[0][1], "image/png", properties={0x3712001E: "one@made", 0x37140003: 4, 0x7FFE000B: 1}),
        attachment("2.png", pictures[1][1], "image/png", properties={0x3712001E: "<two@made>", 0x7FFE000B: 1}),
        attachment("3.png", pictures[2][1], "image/png", properties={0x3713001E: "pictures/three.png"}),
        attachment("beside.txt", b"beside", "text/plain")], html="See and and", related=["1.png", "2.png", "3.png"],
        files=[*(file_truth(name, content, "image/png") for name, content in pictures), file_truth("beside.txt", b"beside")])


def rtf(body, page=1252, fonts="{\\f0\\fswiss Arial;}", head=""):
    return f"{{\\rtf1\\ansi\\ansicpg{page}{head}\\deff0{{\\fonttbl{fonts}}}{body}}}"


def make_rtf(mails):
    def add(subject, source, form=compressed, codec="cp1252", properties=None, **truth):
        return mails.add(subject, {0x10090102: form(source.encode(codec)), **(properties or {})}, **truth)

    add("RTF of text", rtf("Hello \\b bold\\b0  and \\'fcber, 10 \\'80\\par second\\line third\\tab end\\par"), text="Hello bold and über, 10 € second third end")
    add("RTF not compressed", rtf("Not packed \\u8364?\\par"), uncompressed, text="Not packed €")
    add("RTF with surrogates", rtf("\\uc1 Party \\u-10180?\\u-8311? \\u26085?\\u26412?\\par"), text="Party 🎉 日本")
    add("RTF with longer repetitions", rtf("{\\uc2 \\u26085\\'93\\'fa\\u26412\\'96\\'7b}\\uc0 \\u8364  end\\par"), text="日本€ end")
    add("RTF in Cyrillic", rtf("{\\f1 \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2}\\par", fonts="{\\f0\\fswiss Arial;}{\\f1\\fswiss\\fcharset204 Arial CYR;}"), text="Привет")
    add("RTF in the document's own page", rtf("\\'cf\\'f0\\'e8\\'e2\\'e5\\'f2\\par", 1251), text="Привет")
    add("RTF in Japanese, raw second bytes", rtf("{\\f1 \\'93\\'fa\\'96{\\'7b} \\'83\\'5c\\par}".replace("{\\'7b}", "\\'7b"), 932, "{\\f0 A;}{\\f1\\fcharset128 MS Gothic;}"), text="日本 ソ")
    add("RTF with what is not its text", rtf("{\\*\\generator Made;}{\\info{\\title No}}{\\stylesheet{\\s0 Normal;}}{\\pict\\pngblip 89504e47}Shown {\\field{\\*\\fldinst HYPERLINK \"http://x/\"}"
        "{\\fldrslt there}} \\emdash  \\bullet  \\~x{\\*\\unknown gone}\\par"), text="Shown there — • x")
    add("RTF of plain text", rtf("As plain as can be\\par second\\par", head="\\fromtext"), text="As plain as can be second")
    add("RTF beside a text", rtf("The {\\i formatted} one\\par"), properties={0x1000001E: "The formatted one\r\n"}, text="The formatted one")
    wrapped = ("{\\*\\htmltag19 <html>}\\htmlrtf \\lang1033 \\htmlrtf0 {\\*\\htmltag34 <head>}{\\*\\htmltag161 <meta http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1252\">}"
               "{\\*\\htmltag41 </head>}{\\*\\htmltag50 <body>}\\htmlrtf {\\htmlrtf0 {\\*\\htmltag64 <p class=\"x\\{y\\}\">}\\htmlrtf \\pard\\plain\\f0\\fs20\\htmlrtf0 Gr\\'fc\\'dfe \\u8364 ?"
               "{\\*\\mhtmltag64 <p>}{\\*\\htmltag84 &#8212;}\\htmlrtf \\emdash\\htmlrtf0  and \\ldblquote quoted\\rdblquote{\\*\\htmltag84 <img src=\"cid:in@rtf\">}"
               "{\\*\\htmltag72 </p>}\\htmlrtf\\par}\\htmlrtf0 {\\*\\htmltag58 </body>}{\\*\\htmltag27 </html>}")
    for form in (compressed, uncompressed):
        add(f"HTML in RTF, {form.__name__}", rtf(wrapped, head="\\fromhtml1 \\fbidis "), form, html="Grüße €— and “quoted”",
            attachments=[attachment("r.png", PNG, "image/png", properties={0x3712001E: "in@rtf"})], related=["r.png"], files=[file_truth("r.png", PNG, "image/png")])
    cyrillic = rtf("{\\*\\htmltag64 <p>}\\htmlrtf {\\f1\\htmlrtf0 \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2\\htmlrtf }\\htmlrtf0 {\\*\\htmltag72 </p>}", 1251,
                   "{\\f0\\fswiss Arial;}{\\f1\\fswiss\\fcharset204 Arial;}", "\\fromhtml1 ")
    add("Cyrillic HTML in RTF", cyrillic, html="Привет")
    long = rtf("".join(f"Line {n} of many that repeat themselves.\\par " for n in range(600)))
    add("long RTF", long, text=" ".join(f"Line {n} of many that repeat themselves." for n in range(600)))


def make_bodies_and_headers(mails):
    for n, (subject, text) in enumerate((("plain", "One\r\ntwo\r\n"), ("bare line feeds", "One\ntwo\n\nthree"), ("long lines", "word " * 600), ("unicode", "Größe 日本語 🎉"),
                                         ("dots", ".\r\n..\r\nFrom here\r\n"), ("no line end", "end"), ("one long word", "x" * 3000), ("controls", "a\x07b\x0bc"))):
        mails.add(f"text: {subject}", {0x1000001E: text}, **({"text": text} if subject != "controls" else {}))
    mails.add("nothing at all in it", {}, text="")
    whole = (f"Received: from a (b [192.0.2.1])\r\n\tby c with ESMTP;\r\n\tWed, 5 Apr 2023 06:07:08 +0000\r\nFrom: {OLGA[0]} <{OLGA[1]}>\r\nTo: =?utf-8?q?Vera_M=C3=BCller?= <vera@x.example>, second@x.example\r\n"
             "Cc: third@x.example\r\nSubject: =?iso-8859-1?q?Gr=F6=DFe?=\r\nDate: Wed, 05 Apr 2023 08:07:08 +0200\r\nMessage-ID: <whole@made>\r\nReferences: <a@made> <b@made>\r\n"
             "X-Mine: kept\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\nContent-Transfer-Encoding: 7bit\r\n\r\n")
    headers = {"X-Mine": "kept", "References": "<a@made> <b@made>", "Message-ID": "<whole@made>", "Date": "Wed, 05 Apr 2023 08:07:08 +0200"}
    people = ["vera@x.example", "second@x.example"]
    mails.add("Größe", {0x007D001E: whole, 0x1000001E: "With its header"}, text="With its header", to=people, cc=["third@x.example"], headers=headers)
    mails.add("Größe", {0x007D001E: "Microsoft Mail Internet Headers Version 2.0\r\n" + whole, 0x1000001E: "Exchange's line"}, text="Exchange's line", to=people, headers=headers)
    mails.add("Edited since", {0x007D001E: whole, 0x1000001E: "x"}, text="x", to=people, headers=headers)
    mails.add("some of the header", {0x007D001E: "Received: from x by y; Wed, 5 Apr 2023 06:07:08 +0000\r\nX-Spam: no\r\n", 0x1000001E: "x"}, text="x", headers={"X-Spam": "no"})
    mails.add("line feeds in the header", {0x007D001E: whole.replace("\r\n", "\n").replace("=?iso-8859-1?q?Gr=F6=DFe?=", "line feeds in the header")}, to=people, headers=headers)
    mails.add("an id without brackets", {0x1035001E: "bare.id@made"}, headers={"Message-ID": "<bare.id@made>"})
    mails.add("no header but fields", {(INTERNET, "X-Own-Field", TEXT): "value", 0x00170003: 2, 0x00360003: 3, 0x1039001E: "<r1@made> <r2@made>", 0x1042001E: "<r2@made>", 0x0029000B: True},
              headers={"X-Own-Field": "value", "Importance": "high", "Sensitivity": "Company-Confidential", "References": "<r1@made> <r2@made>", "In-Reply-To": "<r2@made>"})
    mails.add("Re: " + "long subject " * 40, {})
    mails.add("=?utf-8?q?not_encoded?= \"quotes\" (and) <so on>; 日本語の長い件名" + "、あいうえお" * 12, {})
    mails.add("", {0x0037001E: None}, subject_absent=True)
    mails.add("tab\tand more", {}, subject_is="tab and more")


def make_people(mails):
    own = mails.store
    entry = directory_entry(own.owner, own.external_id)
    inside = {0x0042001E: own.name, 0x0064001E: "ZARAFA", 0x0065001E: f"{own.login}@Fjordline", 0x00410102: entry}
    outside = {0x0C1A001E: None, 0x0C1E001E: None, 0x0C1F001E: None}
    mails.add("from a colleague by number", {**inside, **outside}, **{"from": own.address})
    gone = directory_entry(99_999, b"nobody knows this")
    mails.add("from somebody who is gone", {0x0042001E: "Gone Person", 0x0064001E: "ZARAFA", 0x0065001E: "gone@Fjordline", 0x00410102: gone, 0x5D02001E: "gone.person@fjordline.example.com", **outside},
              **{"from": "gone.person@fjordline.example.com"})
    mails.add("from the search key", {0x0042001E: "By Key", 0x0064001E: "ZARAFA", 0x0065001E: "bykey", 0x003B0102: b"SMTP:BY.KEY@KEYS.EXAMPLE\0", **outside}, **{"from": "by.key@keys.example"})
    mails.add("on behalf", {**sender(*OLGA), 0x0C1A001E: "Ingo Büro", 0x0C1F001E: "ingo@fernweh.example.net"}, sender="ingo@fernweh.example.net")
    mails.add("answers to two", {0x004F0102: entry_list([one_off("Ä One", "one@reply.example"), one_off("Two", "two@reply.example", wide=False)]), 0x0050001E: "Ä One;Two"},
              reply_to=["one@reply.example", "two@reply.example"])
    to = [person("Ärzte, Team; \"A\"", "team@x.example"), {0x0C150003: 1, 0x3001001E: own.name, 0x3002001E: "ZARAFA", 0x3003001E: own.login, 0x67100102: entry, 0x39000003: 0},
          person("Copy", "copy@x.example", 2), person("Hidden", "hidden@x.example", 3), {0x0C150003: 1, 0x3001001E: "one off", 0x3002001E: "SMTP", 0x67100102: one_off("one off", "oneoff@x.example")},
          {0x0C150003: 0x10000001, 0x3001001E: "again", 0x3002001E: "SMTP", 0x3003001E: "again@x.example"}, {0x0C150003: 1, 0x3001001E: "'quoted@x.example'", 0x3002001E: "SMTP", 0x3003001E: "'quoted@x.example'"},
          {0x0C150003: 2, 0x3001001E: "Fax", 0x3002001E: "FAX", 0x3003001E: "+49 30 123"}]
    mails.add("all kinds of recipients", {0x1000001E: "x"}, to, to=["team@x.example", own.address, "oneoff@x.example", "again@x.example", "quoted@x.example"], cc=["copy@x.example"], bcc=["hidden@x.example"])
    mails.add("to nobody", {}, [], to=[])


def make_attachments(mails):
    letter = {"properties": {0x001A001E: "IPM.Note", 0x0037001E: "level three", 0x1000001E: "deepest", **sender(*OLGA), 0x00390040: SENT}, "recipients": [person("T", "t@x.example")],
              "attachments": [attachment("deep.bin", b"deep\0\1", "application/octet-stream")]}
    second = {"properties": {0x001A001E: "IPM.Note", 0x0037001E: "level two", 0x10130102: "<p>Zwei ü</p>".encode("cp1252"), 0x3FDE0003: 1252, **sender(*OLGA)},
              "attachments": [({0x37050003: 5, 0x3001001E: "level three"}, letter)]}
    first = {"properties": {0x001A001E: "IPM.Note", 0x0037001E: "level one", 0x1000001E: "one"}, "attachments": [({0x37050003: 5, 0x3001001E: "level two"}, second), attachment("side.txt", b"side")]}
    mails.add("messages three deep", {0x1000001E: "outermost"}, attachments=[({0x37050003: 5, 0x3001001E: "level one"}, first)], text="outermost", embedded=["level one", "level two", "level three"])
    contact = {"properties": {0x001A001E: "IPM.Contact", 0x0037001E: "Karl Karte", 0x3001001E: "Karl Karte", 0x3A06001E: "Karl", 0x3A11001E: "Karte"}}
    mails.add("a contact within", {0x1000001E: "x"}, attachments=[({0x37050003: 5, 0x3001001E: "Karl Karte"}, contact)], contains=["FN:Karl Karte"])
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    mails.add("OLE", {0x1000001E: "x"}, attachments=[({0x37050003: 6, 0x3001001E: "Picture (Device Independent Bitmap)"}, ole)], files=[file_truth(None, ole)])
    names = ["Ünïcödé 日本.txt", "with \"quotes\" and \\.txt", "a" * 180 + ".pdf", "semi;colon, comma.doc", "../../etc/passwd", "trailing dot."]
    mails.add("names of files", {0x1000001E: "x"}, attachments=[attachment(name, name.encode()) for name in names], files=[file_truth(name, name.encode()) for name in names])
    mails.add("short names", {0x1000001E: "x"}, attachments=[({0x37050003: 1, 0x3704001E: "SHORT~1.TXT", 0x3703001E: ".TXT"}, b"short")], files=[file_truth("SHORT~1.TXT", b"short", "text/plain")])
    mails.add("no name, no kind", {0x1000001E: "x"}, attachments=[({0x37050003: 1}, b"anything")], files=[file_truth(None, b"anything")])
    mails.add("empty file", {0x1000001E: "x"}, attachments=[attachment("empty.txt", b"", "text/plain")], files=[file_truth("empty.txt", b"")])
    mails.add("a file without a content", {0x1000001E: "x"}, attachments=[({0x37050003: 1, 0x3707001E: "gone.bin", 0x0E200003: 70_000}, None)], text="x")
    mails.add("a link", {0x1000001E: "x"}, attachments=[({0x37050003: 4, 0x3707001E: "plan.doc", 0x370D001E: "\\\\server\\share\\plan.doc"}, None)], contains=["plan.doc"])
    mails.add("a file that is a message", {0x1000001E: "x"}, attachments=[attachment("kept.eml", b"Subject: in the file\r\n\r\nbody\r\n", "message/rfc822")], embedded=["in the file"])
    for word, said, size in (("tiny", 1, 200_000), ("huge", 0xFFFFFFFF, 100_000)):
        content = hashlib.shake_128(word.encode()).digest(size)
        mails.add(f"said to be {word}", {0x1000001E: "x", 0x0E080003: said}, attachments=[attachment("size.bin", content)], files=[file_truth("size.bin", content)])
    packed = tnef("In TNEF", b"{\\rtf1\\ansi Text of TNEF\\par}", [("inner é.txt", b"inner file"), ("second.bin", bytes(range(256)))])
    mails.add("winmail.dat", {}, attachments=[attachment("winmail.dat", packed, "application/ms-tnef")], text="Text of TNEF",
              files=[file_truth("inner é.txt", b"inner file"), file_truth("second.bin", bytes(range(256)))])
    broken = packed[:60]
    mails.add("broken winmail.dat", {0x1000001E: "x"}, attachments=[attachment("winmail.dat", broken, "application/ms-tnef")], files=[file_truth("winmail.dat", broken)])


def make_secured(mails):
    entity = (b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=\"sig\"\r\n\r\n--sig\r\nContent-Type: text/plain\r\n\r\nsigned  text \r\n"
              b"\r\n--sig\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nMAA=\r\n--sig--\r\n")
    mails.add("clear-signed", {0x001A001E: "IPM.Note.SMIME.MultipartSigned", 0x1000001E: "signed text"}, attachments=[({0x37050003: 1, 0x370E001E: "multipart/signed"}, entity)],
              contains=["--sig\r\nContent-Type: text/plain\r\n\r\nsigned  text \r\n\r\n--sig"], type="multipart/signed")
    der = bytes.fromhex("3080060b2a864886f70d010703") + bytes(40)
    mails.add("encrypted", {0x001A001E: "IPM.Note.SMIME"}, attachments=[attachment("smime.p7m", der, "application/pkcs7-mime")], type="application/pkcs7-mime", files=[file_truth("smime.p7m", der)])
    mails.add("encrypted, another name of it", {0x001A001E: "ipm.note.smime"}, attachments=[attachment("smime.p7m", der, "application/x-pkcs7-mime")], files=[file_truth("smime.p7m", der)])
    mails.add("encrypted, of no type", {0x001A001E: "IPM.Note.SMIME"}, attachments=[attachment("smime.p7m", der, "application/octet-stream")], type="application/pkcs7-mime", files=[file_truth("smime.p7m", der)])
    mails.add("clear-signed, under another name", {0x001A001E: "IPM.Note.SMIME.MultipartSigned"}, attachments=[attachment("SMIME.p7m", entity, None)], type="multipart/signed",
              contains=["--sig\r\nContent-Type: text/plain\r\n\r\nsigned  text \r\n\r\n--sig"])
    version, letter = b"Version: 1\r\n", b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQ==\r\n-----END PGP MESSAGE-----\r\n"
    mails.add("PGP", {}, attachments=[attachment("version.asc", version, "application/pgp-encrypted"), attachment("encrypted.asc", letter, "application/octet-stream")], type="multipart/encrypted",
              files=[file_truth("version.asc", version), file_truth("encrypted.asc", letter)])


def make_states(mails):
    at = datetime.datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)
    mails.add("unread", {0x0E070003: 0}, flags=set())
    mails.add("flagged until", {0x10900003: 2, 0x10950003: 6, (COMMON, 0x8530, 0x1E): "Nachfassen", (COMMON, 0x8517, 0x40): at, (TASK, 0x8105, 0x40): at}, flags={"\\Seen", "\\Flagged"})
    mails.add("completed", {0x10900003: 1, 0x10910040: at}, flags={"\\Seen", "\\Flagged"})
    mails.add("answered", {0x10810003: 102, 0x10820040: at}, flags={"\\Seen", "\\Answered"})
    mails.add("answered to all", {0x10810003: 103}, flags={"\\Seen", "\\Answered"})
    mails.add("forwarded", {0x10810003: 104}, flags={"\\Seen", "$Forwarded"})
    mails.add("answered by IMAP", {0x0E170003: 0x10000}, flags={"\\Seen", "\\Answered"})
    mails.add("answered by IMAP, forwarded since", {0x0E170003: 0x10000, 0x10810003: 104}, flags={"\\Seen", "$Forwarded"})
    mails.add("marked as deleted", {0x0E170003: 8}, flags={"\\Seen", "\\Deleted"})
    mails.add("a draft", {0x0E070003: 9, 0x0E170003: 0x20000, 0x00390040: None, 0x0E060040: None, 0x1035001E: None}, flags={"\\Seen", "\\Draft"}, date=None)
    mails.add("categories", {KEYWORDS: ["Rot", "Über, alles", "日本"]}, keywords={"Rot"})
    mails.add("categories, with empty and doubled ones", {KEYWORDS: ["", "Blau", "Blau", " "]}, keywords={"Blau"})
    mails.add("one category as a plain text", {(PUBLIC, "Keywords", TEXT): "Einzeln; Zweite"}, keywords={"Einzeln", "Zweite"})
    mails.add("without an IMAP UID", {}, uid=False)
    mails.add("received long ago", {0x0E060040: datetime.datetime(1995, 1, 2, 3, 4, 5, tzinfo=UTC)}, date=datetime.datetime(1995, 1, 2, 3, 4, 5, tzinfo=UTC))
    mails.add("times of 1601", {0x0E060040: 0, 0x00390040: 0}, date=None)
    mails.add("times of 4501", {0x0E060040: filetime(datetime.datetime(4501, 1, 1, tzinfo=UTC))}, date=SENT)
    mails.add("a hidden one", {}, row_flags=0x40)
    mails.truth.pop()  # associated: not mail
    mails.add("of an unknown class", {0x001A001E: "IPM.Note.Vendor.Thing", 0x1000001E: "vendor"}, text="vendor")
    mails.add("of a class of its own", {0x001A001E: "IPM.Vendor", 0x1000001E: "vendor"}, text="vendor")
    mails.add("class IPM", {0x001A001E: "IPM"})
    mails.add("class in small letters", {0x001A001E: "ipm.note"})
    mails.add("posted", {0x001A001E: "IPM.Post", 0x1000001E: "on the board"}, text="on the board")
    mails.add("a receipt", {0x001A001E: "REPORT.IPM.Note.IPNRN", 0x1000001E: "was read"}, text="was read", type="multipart/report")
    mails.add("not delivered", {0x001A001E: "REPORT.IPM.Note.NDR", 0x1000001E: "no such person", 0x0C1F001E: None}, text="no such person", type="multipart/report")


# Each of these is absent in turn from a mail that has all the others.
OPTIONAL = {0x001A001E: "IPM.Note", 0x0037001E: "all there", 0x00390040: SENT, 0x0E060040: SENT, 0x0E070003: 1, 0x1035001E: "<opt@made>", 0x0042001E: OLGA[0], 0x0064001E: "SMTP", 0x0065001E: OLGA[1],
            0x0C1A001E: OLGA[0], 0x0C1E001E: "SMTP", 0x0C1F001E: OLGA[1], 0x30070040: SENT, 0x30080040: SENT, 0x1000001E: "body", 0x0E1B000B: 0, 0x3FDE0003: 65001, 0x65E20102: b"key", 0x300B0102: b"search"}


def make_absences(mails):
    recipient = {0x0C150003: 1, 0x3001001E: "R", 0x3002001E: "SMTP", 0x3003001E: "r@x.example", 0x39FE001E: "r@x.example"}
    for key in OPTIONAL:
        mails.add(None, {name: None if name == key else value for name, value in OPTIONAL.items()}, [recipient], base=False, absent=hex(key), **({"flags": set()} if key == 0x0E070003 else {}))
    for key in OPTIONAL:
        if key & 0xFFFF in (0x1E, 0x102):
            mails.add(None, {name: value if name != key else type(value)() for name, value in OPTIONAL.items()}, [recipient], base=False, absent=f"empty {key:#x}")
    for key in recipient:
        mails.add(None, OPTIONAL, [{name: value for name, value in recipient.items() if name != key}], base=False, absent=f"of a recipient: {key:#x}")
    for key in (0x37050003, 0x3707001E, 0x370E001E):
        about = {0x37050003: 1, 0x3707001E: "f.txt", 0x370E001E: "text/plain"}
        mails.add(None, OPTIONAL, [recipient], [({name: value for name, value in about.items() if name != key}, b"file")], base=False, absent=f"of a file: {key:#x}",
                  files=[file_truth(None, b"file")])
    mails.add(None, {0x30070040: None, 0x30080040: None}, [], base=False, absent="everything", flags=set())
