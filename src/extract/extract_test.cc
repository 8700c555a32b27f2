// SPDX-License-Identifier: AGPL-3.0-or-later
// Documents of tests/data/documents (made by Python's zipfile, by hand and by cairo), and broken ones.
#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include "extract/document.h"
#include "extract/text.h"
#include "extract/utf16.h"

namespace kontor::extract {
namespace {

std::string sample(const std::string& name) {
  std::ifstream in(std::string(KONTOR_SOURCE_DIR) + "/tests/data/documents/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string zip(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out(1 << 20, '\0');
  for (const auto& [name, content] : members) out.resize(out.size() + name.size() * 2 + content.size() + 1000);
  std::size_t used = 0;
  archive* a = archive_write_new();
  archive_write_set_format_zip(a);
  EXPECT_EQ(archive_write_open_memory(a, out.data(), out.size(), &used), ARCHIVE_OK);
  for (const auto& [name, content] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    EXPECT_EQ(archive_write_header(a, entry), ARCHIVE_OK);
    EXPECT_EQ(archive_write_data(a, content.data(), content.size()), static_cast<la_ssize_t>(content.size()));
    archive_entry_free(entry);
  }
  archive_write_free(a);
  out.resize(used);
  return out;
}

std::string docx(const std::string& body) {
  return zip({{"word/document.xml", "<w:document xmlns:w='w'><w:body>" + body + "</w:body></w:document>"}});
}

TEST(Document, GivesItsTextAndNothingElse) {
  struct Case {
    const char* file;
    std::string text;
  };
  const Case cases[] = {
      {"letter.docx",
       "Zeppelinpost\nAda\nSehr geehrte Frau Käfer,\ndie Luftschiff-Rechnung & mehr\nlinks\nrechts\nKasten\nRandnotiz"},
      {"sheet.xlsx", "Umsätze\nQuartal\nGewinn\n東京\n4711.5\nberechnet eingebettet"},
      {"slides.pptx", "Ausblick\nJahr 2031\nlangsam sprechen"},
      {"text.odt", "Protokoll\nAnwesend: Grace und Edsger\nEnde\nZelle\nSitzung"},
      {"book.epub", "Wälder\nErstes\u00A0Kapitel"},
      {"letter.rtf", "Sehr geehrter Herr Käfer,\nПривет und 東京\nVerweis kostet 5 € bar 😀\n—αβ\nKopf"},
      {"letter.pdf", "Flugplan\nLuftpost nach Grünau\nMaschine"},
      {"cairo.pdf", "Straßenbahn Ωmega\nНаука und Übermut"},
  };
  for (const auto& c : cases) EXPECT_EQ(document_text(sample(c.file), {}).value_or("?"), c.text) << c.file;
}

TEST(Document, RefusesWhatIsNone) {
  const std::string entity =
      "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>"
      "<w:d xmlns:w='w'><w:t>&b;</w:t></w:d>";
  std::string deep = "<w:d xmlns:w='w'>";
  for (int i = 0; i < 600; ++i) deep += "<w:p>";
  struct Case {
    std::string document;
    const char* why;
  };
  const Case cases[] = {
      {"", "nothing"},
      {"MZ", "a program"},
      {"PK\x03\x04", "the start of a ZIP file"},
      {zip({{"a.txt", "words"}}), "a ZIP file of other things"},
      {zip({{"a.html", "<p>words"}}), "pages, but no book"},
      {zip({{"word/document.xml", "no XML"}}), "no XML inside"},
      {zip({{"word/document.xml", entity}}), "entities are declared"},
      {zip({{"word/document.xml", deep}}), "too deep"},
      {docx("<w:p a='" + std::string(2 << 20, 'x') + "'/><w:t>x</w:t>"), "an endless tag"},
      {"%PDF-1.7\nnot really", "a broken PDF"},
      {"{\\rtf1" + std::string(2000, '{'), "too deep"},
      {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an office format of the nineties, or one locked by a password"},
  };
  for (const auto& c : cases) {
    const auto text = document_text(c.document, {});
    ASSERT_FALSE(text) << c.why << ": " << *text;
    EXPECT_EQ(text.error().code, Errc::invalid) << c.why;
  }
}

TEST(Document, ThatBreaksOffGivesWhatCameBefore) {
  EXPECT_EQ(document_text(docx("<w:p><w:t>begun</w:t></w:p><w:p><w:t>bro"), {}).value_or("?"), "begun\nbro");
  EXPECT_EQ(document_text("{\\rtf1 begun\\par {", {}).value_or("?"), "begun");
  const auto both =
      zip({{"word/document.xml", "broken"}, {"word/header1.xml", "<w:h xmlns:w='w'><w:t>head</w:t></w:h>"}});
  EXPECT_EQ(document_text(both, {}).value_or("?"), "head") << "a broken part does not hide the others";
}

TEST(Document, IsReadWithinItsLimits) {
  std::string words;
  for (int i = 0; i < 10'000; ++i) words += "<w:p><w:t>größer</w:t></w:p>";
  Limits small;
  small.text = 30;
  EXPECT_EQ(document_text(docx(words), small).value_or("?"), "größer\ngrößer\ngrößer\ngr") << "cut between characters";
  Limits tight;
  tight.unpacked = 100'000;
  const auto begun = document_text(docx(words), tight);
  ASSERT_TRUE(begun);
  EXPECT_LT(begun->size(), 50'000U);
  EXPECT_GT(begun->size(), 10'000U);

  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 50; ++i) many.emplace_back("x" + std::to_string(i), "");
  many.emplace_back("word/document.xml", "<w:t xmlns:w='w'>late</w:t>");
  Limits few;
  few.members = 50;
  EXPECT_FALSE(document_text(zip(many), few));
  EXPECT_EQ(document_text(zip(many), {}).value_or("?"), "late");
}

TEST(Document, BombOfZerosEndsAtItsLimit) {
  const std::string bomb = docx(std::string(24 << 20, ' ') + "<w:t>behind it</w:t>");
  EXPECT_LT(bomb.size(), 200'000U);
  Limits limits;
  limits.unpacked = 8 << 20;
  EXPECT_FALSE(document_text(bomb, limits));
}

TEST(Rtf, ReadsItsCornerCases) {
  struct Case {
    std::string inside, text;
    const char* why;
  };
  const Case cases[] = {
      {"a\\~b", "a b", "a blank that does not break"},
      {"co\\-op", "coop", "an optional hyphen"},
      {"\\{\\}\\\\", "{}\\", "escaped"},
      {"a\\'zzb", "azzb", "no hexadecimal digits"},
      {"\\uc2\\u228ae.\\uc1\\u246?", "ä.ö", "two bytes repeat the first"},
      {"\\u-10179?x", "\uFFFDx", "half a pair"},
      {"{\\*\\shpinst{\\shptxt box}}", "box", "text boxes are text"},
      {"{\\object{\\objdata 00ff}{\\result shown}}", "shown", "an object and how it looks"},
      {"a\\bin99999999 b", "a", "binary data beyond the end"},
      {"\\cell\\row x\\lquote y\\rquote", "x‘y’", "words that are characters"},
      {"\\u99999999999999 ?", "\uFFFF", "a number beyond all characters"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(document_text("{\\rtf1\\ansi " + c.inside + "}", {}).value_or("?"), c.text) << c.why;
}

TEST(Utf16, BecomesUtf8) {
  EXPECT_EQ(utf16_to_utf8(u"aß東\U0001F600"), "aß東\U0001F600");
  EXPECT_EQ(utf16_to_utf8(std::u16string{0xDC00, u'a', 0xD800}), "\uFFFDa\uFFFD");
}

TEST(Text, KeepsWordsAndLines) {
  Text text(100);
  text.line_end();
  text.add(" a  b\t\n\n c");
  text.blank();
  text.add("d\n");
  EXPECT_EQ(text.take(), "a b\nc d");
}

}  // namespace
}  // namespace kontor::extract
