#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes the sample documents beside it, each with words that only it has. `cairo.pdf` was made by cairo 1.16 with a
subset font; it is not made anew here."""
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
CORE = ('<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>%s</dc:title><dc:creator>Ada</dc:creator>'
        '<cp:revision>77</cp:revision></cp:coreProperties>')
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def pack(name, members):
    with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as out:
        for member, text in members.items():
            info = zipfile.ZipInfo(member, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if member == "mimetype" else zipfile.ZIP_DEFLATED
            out.writestr(info, text)


pack("letter.docx", {
    "[Content_Types].xml": XML + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "docProps/core.xml": XML + CORE % "Zeppelinpost",
    "word/comments.xml": f'{XML}<w:comments xmlns:w="{WORD}"><w:comment><w:p><w:r><w:t>Randnotiz</w:t></w:r></w:p>'
                         '</w:comment></w:comments>',
    "word/document.xml": f'''{XML}<w:document xmlns:w="{WORD}" xmlns:mc="mc"><w:body>
<w:p><w:pPr><w:tabs><w:tab w:pos="9"/></w:tabs></w:pPr><w:r><w:t>Sehr geehrte Frau Käfer,</w:t></w:r></w:p>
<w:p><w:r><w:t>die Luft</w:t></w:r><w:r><w:t>schiff</w:t></w:r><w:r><w:noBreakHyphen/><w:t>Rechnung</w:t><w:tab/><w:t xml:space="preserve"> &amp; mehr</w:t></w:r></w:p>
<w:p><w:r><w:delText>gestrichen</w:delText></w:r><w:r><w:instrText>PAGEREF</w:instrText></w:r></w:p>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>links</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>rechts</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>Kasten</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>Kasten</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>
</w:body></w:document>''',
    "word/Straße.bin": "not read",
})
pack("sheet.xlsx", {
    "xl/workbook.xml": f'{XML}<workbook xmlns="{SHEET}"><sheets><sheet name="Umsätze" sheetId="1"/></sheets></workbook>',
    "xl/worksheets/sheet1.xml": f'''{XML}<worksheet xmlns="{SHEET}"><sheetData>
<row><c r="A1" t="s"><v>0</v></c><c r="B1"><v>4711.5</v></c><c r="C1" t="b"><v>1</v></c></row>
<row><c r="A2" t="str"><f>CONCAT()</f><v>berechnet</v></c><c r="B2" t="inlineStr"><is><t>eingebettet</t></is></c></row>
</sheetData></worksheet>''',
    "xl/sharedStrings.xml": f'{XML}<sst xmlns="{SHEET}"><si><t>Quartal</t></si><si><r><t>Ge</t></r><r><t>winn</t></r></si>'
                            '<si><t>東京</t><rPh><t>トウキョウ</t></rPh></si></sst>',
})
pack("slides.pptx", {
    "ppt/slides/slide1.xml": f'{XML}<p:sld xmlns:p="p" xmlns:a="{DRAWING}"><a:p><a:r><a:t>Ausblick</a:t></a:r><a:br/>'
                             '<a:r><a:t>Jahr 2031</a:t></a:r></a:p></p:sld>',
    "ppt/notesSlides/notesSlide1.xml": f'{XML}<p:notes xmlns:p="p" xmlns:a="{DRAWING}"><a:p><a:r><a:t>langsam sprechen'
                                       '</a:t></a:r></a:p></p:notes>',
})
pack("text.odt", {
    "mimetype": "application/vnd.oasis.opendocument.text",
    "content.xml": XML + '''<office:document-content xmlns:office="urn:o" xmlns:text="urn:t" xmlns:table="urn:b"><office:body><office:text>
<text:tracked-changes><text:p>entfallen</text:p></text:tracked-changes>
<text:h>Protokoll</text:h><text:p>Anwesend:<text:s text:c="3"/>Grace<text:tab/>und <text:span>Edsger</text:span><text:line-break/>Ende</text:p>
<table:table><table:table-row><table:table-cell><text:p>Zelle</text:p></table:table-cell></table:table-row></table:table>
</office:text></office:body></office:document-content>''',
    "meta.xml": XML + '<office:document-meta xmlns:office="urn:o" xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
                      '<dc:title>Sitzung</dc:title><dc:date>2024-01-01</dc:date></office:meta></office:document-meta>',
})
pack("book.epub", {
    "mimetype": "application/epub+zip",
    "OEBPS/content.opf": XML + '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Wälder'
                               '</dc:title></metadata></package>',
    "OEBPS/one.xhtml": '<!DOCTYPE html><html><head><title>x</title><style>p{}</style></head><body><p>Erstes&nbsp;Kapitel</p>'
                       '</body></html>',
})

(HERE / "letter.rtf").write_bytes(
    rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fnil\fcharset204 Cyr;}{\f2\fnil\fcharset128 Gothic;}}
{\colortbl;\red0\green0\blue0;}{\stylesheet{\s0 Normal;}}{\info{\author Nobody}}{\*\generator Msftedit;}
\pard\plain Sehr geehrter Herr K\'e4fer,\par
\f1\'cf\'f0\'e8\'e2\'e5\'f2\f0\tab und \f2\'93\'8c\'8b\'9e\f0\par
{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt Verweis}} kostet 5 \u8364? bar \u-10179?\u-8704?\par
{\pict\bin5 {}{}}}""" b"""\\emdash{\\uc0\\u945}\\u946 b{\\*\\unknown hidden}{\\header Kopf}}""")


def pdf():
    content = b"BT /F 12 Tf 72 720 Td (Luftpost nach Gr\\374nau) Tj 0 -20 Td [(Ma) -10 (schine)] TJ ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title (Flugplan) >>",
    ]
    out, at = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % one for one in at)
    return out + b"trailer << /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


(HERE / "letter.pdf").write_bytes(pdf())
