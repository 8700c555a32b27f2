# SPDX-License-Identifier: AGPL-3.0-or-later
"""A mailbox as people have them: generated, the same for the same seed.

Of 100 messages 22 are short plain ones, 38 answers that quote what went before (as text and HTML), 18 newsletters in HTML with many links,
12 notices of machines, 10 lists of addresses, logs and numbers as text. 18 in 100 of those that people write have one to three attachments: pictures, PDF
and office files with text, and archives. All have the header fields that mail collects on its way: Received, DKIM and ARC signatures,
results of checks. Words follow Zipf's law over 60,000 made up ones, names and numbers between. Sizes come out with a median near 10 kB and a mean
of 50 to 80 kB.
"""
import base64
import io
import random
import zipfile
import zlib

WORDS = 60_000
SENDERS = 400


class Mailbag:
    def __init__(self, seed=1):
        self.random = random.Random(seed)
        self.words = self._vocabulary()
        self.weights = [1 / (rank + 2.7) for rank in range(len(self.words))]
        total = 0
        self.cumulative = [total := total + weight for weight in self.weights]
        self.senders = [self._sender(number) for number in range(SENDERS)]
        self.threads = []  # (message id, references, subject, text) to answer
        self.number = 0

    def messages(self, count):
        for _ in range(count):
            yield self.message()

    def message(self):
        """The bytes of the next one, lines ended by CRLF."""
        self.number += 1
        kind = self.random.choices((self._plain, self._answer, self._newsletter, self._notice, self._list), (22, 38, 18, 12, 10))[0]
        return kind().replace("\r\n", "\n").replace("\n", "\r\n").encode()

    # What messages consist of.

    def _vocabulary(self):
        """Frequent words are short."""
        onsets = "b c d f g h j k l m n p qu r s t v w z br ch cl dr fr gr pl pr sch sh st str th tr".split()
        vowels, codas = "a e i o u ai ea ee ie ou ä ö ü".split(), ["", "", "", "n", "r", "s", "t", "l", "m", "nd", "ng", "st", "rt", "ck"]
        found = {}
        while len(found) < WORDS:
            syllables = 1 + (len(found) > 60) + (len(found) > 4000 and self.random.random() < 0.7) + (len(found) > 20_000 and self.random.random() < 0.5)
            found["".join(self.random.choice(onsets) + self.random.choice(vowels) + self.random.choice(codas) for _ in range(syllables))] = None
        return list(found)

    def _sender(self, number):
        first, last = (self.words[self.random.randrange(3000, WORDS)].capitalize() for _ in range(2))
        domain = f"{self.words[self.random.randrange(500, 5000)]}.{self.random.choice(('com', 'org', 'de', 'net'))}".encode("ascii", "ignore").decode()
        return first + " " + last, f"{first}.{last}@{domain}".lower().encode("ascii", "ignore").decode(), number

    def _somebody(self):
        return self.senders[min(int(self.random.expovariate(8 / SENDERS)), SENDERS - 1)]

    def _token(self, length, alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"):
        return "".join(self.random.choices(alphabet, k=length))

    def _base64(self, count):
        text = base64.b64encode(self.random.randbytes(count)).decode()
        return "\n".join(text[at:at + 76] for at in range(0, len(text), 76))

    def _text(self, count):
        chosen = self.random.choices(self.words, cum_weights=self.cumulative, k=count)
        for at in range(0, count, 40):
            chosen[at] = self.random.choice((str(self.random.randrange(1, 20_000)), f"{self.random.randrange(1, 29)}.{self.random.randrange(1, 13)}.2024",
                                             self._somebody()[0], f"{self.random.random() * 1000:.2f} EUR"))
        out, line, sentence = [], 0, True
        for word in chosen:
            word = word.capitalize() if sentence else word
            sentence = self.random.random() < 0.09
            word += ". " if sentence else ", " if self.random.random() < 0.06 else " "
            line += len(word)
            out.append(word)
            if line > 70:
                out.append("\n" if self.random.random() < 0.85 else "\n\n")
                line = 0
        return "".join(out).strip() + "\n"

    def _words_of_mail(self):
        return max(8, int(self.random.lognormvariate(4.6, 0.9)))

    def _date(self):
        return f"{self.random.randrange(1, 29)} {self.random.choice(('Jan', 'Mar', 'Jun', 'Sep', 'Dec'))} 2024 {self.random.randrange(24):02}:{self.random.randrange(60):02}:{self.random.randrange(60):02} +0100"

    def _header(self, sender, subject, answers=None, extra=""):
        """All up to the content's own fields, and the message's id."""
        name, address, _ = sender
        domain = address.split("@")[1]
        date = self._date()
        message_id = f"<{self._token(8)}.{self.random.randrange(10 ** 9)}.{self._token(12)}@{domain}>"
        lines = [f"Return-Path: <{address}>"]
        for hop in range(self.random.randrange(2, 6)):
            lines.append(f"Received: from mail{hop}.{domain} (mail{hop}.{domain} [192.0.2.{self.random.randrange(255)}])\n\tby mx{hop}.example.org (Postfix) with ESMTPS id "
                         f"{self._token(14)}\n\tfor <me@example.org>; {date}")
        signatures = [("DKIM-Signature", 256)]
        if self.random.random() < 0.5:
            signatures += [("ARC-Message-Signature", 256), ("ARC-Seal", 256)]
        for field, size in signatures:
            lines.append(f"{field}: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s{self.random.randrange(2020, 2025)}; t={self.random.randrange(17 * 10 ** 8)};\n"
                         f"\th=from:to:subject:date:message-id; bh={self._base64(32)};\n\tb={self._base64(size)}".replace("\n", "\n\t").replace("\t\t", "\t"))
        lines.append(f"Authentication-Results: mx.example.org; dkim=pass header.d={domain}; spf=pass smtp.mailfrom={address}; dmarc=pass")
        lines.append(f"From: {name} <{address}>".encode("ascii", "ignore").decode())
        lines.append("To: Me <me@example.org>")
        if self.random.random() < 0.3:
            lines.append("Cc: " + ",\n ".join(f"<{self._somebody()[1]}>" for _ in range(self.random.randrange(1, 6))))
        lines += [f"Subject: {subject}".encode("ascii", "ignore").decode(), f"Date: Mon, {date}", f"Message-ID: {message_id}"]
        if answers:
            lines += [f"In-Reply-To: {answers[0]}", "References: " + "\n ".join([*answers[1], answers[0]])]
        lines += ["MIME-Version: 1.0"] + ([extra] if extra else [])
        return "\n".join(lines) + "\n", message_id

    def _subject(self):
        return " ".join(self._text(self.random.randrange(2, 8)).split()).strip(".,")

    @staticmethod
    def _html(text, style=""):
        paragraphs = "".join(f'<p class="MsoNormal"><span style="font-size:11.0pt;font-family:Calibri,sans-serif;color:#1F497D">{part}<o:p></o:p></span></p>\n'
                             for part in text.split("\n\n"))
        return f"<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">{style}</head><body lang=\"DE\">{paragraphs}</body></html>\n"

    def _multipart(self, kind, parts):
        boundary = "=_" + self._token(24)
        return f"Content-Type: multipart/{kind}; boundary=\"{boundary}\"\n\n" + "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"

    @staticmethod
    def _part(subtype, text):
        return f"Content-Type: text/{subtype}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}"

    def _with_attachments(self, content):
        if self.random.random() >= 0.18:
            return content
        files = [self.random.choices((self._picture, self._pdf, self._office, self._archive), (40, 30, 20, 10))[0]() for _ in range(self.random.choice((1, 1, 1, 2, 3)))]
        return self._multipart("mixed", [content, *files])

    def _attachment(self, kind, name, data):
        text = base64.b64encode(data).decode()
        lines = "\n".join(text[at:at + 76] for at in range(0, len(text), 76))
        return f"Content-Type: {kind}; name=\"{name}\"\nContent-Disposition: attachment; filename=\"{name}\"\nContent-Transfer-Encoding: base64\n\n{lines}\n"

    def _name(self):
        return self._subject().replace(" ", "_").replace("/", "-").encode("ascii", "ignore").decode()

    def _picture(self):
        size = min(int(self.random.lognormvariate(12.0, 1.1)), 6_000_000)
        return self._attachment("image/jpeg", f"IMG_{self.random.randrange(10_000)}.jpg", b"\xff\xd8\xff\xe0" + self.random.randbytes(size))

    def _archive(self):
        return self._attachment("application/zip", self._name() + ".zip", b"PK\5\6" + self.random.randbytes(min(int(self.random.lognormvariate(12.2, 1)), 6_000_000)))

    def _pdf(self):
        """Pages of text, and a picture or a font that is not."""
        objects = []
        pages = self.random.randrange(1, 9)
        text = self._text(pages * self.random.randrange(100, 350)).encode("latin-1", "ignore").decode("latin-1").splitlines()
        step = max(1, len(text) // pages)
        contents = [text[at:at + step] for at in range(0, len(text), step)]
        first = 4
        kids = " ".join(f"{first + 2 * n} 0 R" for n in range(len(contents)))
        objects += [b"<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {len(contents)}>>".encode(), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"]
        for number, lines in enumerate(contents):
            stream = "BT /F1 10 Tf 50 800 Td 12 TL\n" + "".join(f"({line.replace('(', '').replace(')', '')}) Tj T*\n" for line in lines) + "ET"
            packed = zlib.compress(stream.encode("latin-1"))
            objects.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents {first + 2 * number + 1} 0 R>>".encode())
            objects.append(f"<</Length {len(packed)}/Filter/FlateDecode>>\nstream\n".encode() + packed + b"\nendstream")
        ballast = self.random.randbytes(min(int(self.random.lognormvariate(11.3, 1.1)), 4_000_000))
        objects.append(f"<</Length {len(ballast)}>>\nstream\n".encode() + ballast + b"\nendstream")
        out, offsets = bytearray(b"%PDF-1.4\n"), []
        for number, body in enumerate(objects, 1):
            offsets.append(len(out))
            out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        table = len(out)
        out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode() + b"".join(f"{at:010} 00000 n \n".encode() for at in offsets)
        out += f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n".encode()
        return self._attachment("application/pdf", self._name() + ".pdf", bytes(out))

    def _office(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
            text = self._text(self.random.randrange(200, 3000))
            body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.splitlines() if line)
            package.writestr("[Content_Types].xml", '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
            package.writestr("word/document.xml", '<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
                             f"<w:body>{body}</w:body></w:document>")
            if self.random.random() < 0.5:
                package.writestr("word/media/image1.png", self.random.randbytes(min(int(self.random.lognormvariate(11, 1)), 2_000_000)))
        return self._attachment("application/vnd.openxmlformats-officedocument.wordprocessingml.document", self._name() + ".docx", buffer.getvalue())

    # Kinds of messages.

    def _plain(self):
        subject, text, sender = self._subject(), self._text(self._words_of_mail()), self._somebody()
        head, message_id = self._header(sender, subject)
        text += f"\n-- \n{sender[0]}\nTel. +49 {70_000_000 + 7919 * sender[2]}\n"
        self.threads = [*self.threads[-200:], (message_id, [], subject, text, sender)]
        return head + self._with_attachments(self._part("plain", text))

    def _answer(self):
        if not self.threads:
            return self._plain()
        before = self.random.choice(self.threads)
        sender, new = self._somebody(), self._text(self._words_of_mail())
        quoted = "".join("> " + line + "\n" for line in before[3].splitlines())
        text = f"{new}\nOn {self._date()}, {before[4][0]} <{before[4][1]}> wrote:\n{quoted}"
        subject = before[2] if before[2].startswith("Re: ") else "Re: " + before[2]
        head, message_id = self._header(sender, subject, (before[0], before[1][-10:]))
        self.threads = [*self.threads[-200:], (message_id, [*before[1], before[0]], subject, text[:30_000], sender)]
        content = self._multipart("alternative", [self._part("plain", text), self._part("html", self._html(text.replace(">", "&gt;")))]) if self.random.random() < 0.8 else self._part("plain", text)
        return head + self._with_attachments(content)

    def _newsletter(self):
        sender = self.senders[self.random.randrange(40)]
        domain = sender[1].split("@")[1]
        campaign, recipient = self._token(20), self._token(28)
        layout = random.Random(sender[2])  # the same from one sender
        style = "<style>" + "".join(f".{self.words[layout.randrange(WORDS)]}{{margin:{layout.randrange(40)}px;padding:{layout.randrange(40)}px;color:#{layout.randrange(16 ** 6):06x};width:{layout.randrange(700)}px!important}}\n"
                                    for _ in range(layout.randrange(40, 200))) + "</style>"
        blocks, plain = [], []
        for _ in range(self.random.randrange(6, 30)):
            text = self._text(self.random.randrange(10, 60))
            link = f"https://click.{domain}/ls/click?upn={campaign}-{self._token(80)}_{self._token(60)}&amp;r={recipient}"
            blocks.append(f'<table role="presentation" cellspacing="0" cellpadding="0" border="0" width="100%"><tr><td class="{self.words[layout.randrange(300)]}" style="padding:20px;font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:22px">\n'
                          f'<a href="{link}"><img src="https://img.{domain}/{self._token(12)}/{self.random.randrange(10 ** 6)}.png" width="{self.random.choice((280, 560))}" alt=""></a>\n{text}</td></tr></table>\n')
            plain.append(f"{text}\n{link}\n")
        extra = f"List-Unsubscribe: <https://{domain}/u/{recipient}/{campaign}>\nX-Campaign: {campaign}"
        head, _ = self._header(sender, self._subject(), extra=extra)
        html = self._part("html", f"<!DOCTYPE html><html><head>{style}</head><body>{''.join(blocks)}</body></html>\n")
        return head + (self._multipart("alternative", [self._part("plain", "\n".join(plain)), html]) if self.random.random() < 0.7 else html)

    def _notice(self):
        sender = self.senders[40 + self.random.randrange(20)]
        domain = sender[1].split("@")[1]
        facts = "".join(f"{self.words[200 + n]}: {self.random.choice((self._token(10), self.random.randrange(10 ** 6), self._somebody()[0]))}\n" for n in range(self.random.randrange(4, 12)))
        text = f"{self._text(self.random.randrange(15, 80))}\n{facts}\nhttps://{domain}/{self._token(6)}/{self.random.randrange(10 ** 7)}?t={self._token(32)}\n"
        head, _ = self._header(sender, f"[{self.words[300 + sender[2]]}] {self._subject()} #{self.random.randrange(10 ** 5)}")
        return head + self._multipart("alternative", [self._part("plain", text), self._part("html", self._html(text))])

    def _list(self):
        lines = []
        for _ in range(self.random.randrange(20, 400)):
            lines.append(f"2024-{self.random.randrange(1, 13):02}-{self.random.randrange(1, 29):02} {self.random.randrange(24):02}:{self.random.randrange(60):02} host{self.random.randrange(30)} "
                         f"{self.words[self.random.randrange(400)]}[{self.random.randrange(30_000)}]: {' '.join(self.words[self.random.randrange(400)] for _ in range(6))} {self.random.randrange(10 ** 6)}")
        head, _ = self._header(self.senders[self.random.randrange(60, 70)], "Report " + self._subject())
        return head + self._part("plain", "\n".join(lines) + "\n")
