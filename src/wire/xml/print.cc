// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/xml/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/result.h"
#include "formats/mime/charset.h"

namespace kontor::wire::xml {
namespace {

constexpr std::string_view kNoCharacter = "\xef\xbf\xbd";  // U+FFFD

// Bytes that may not stand as they are. 0xef begins U+FFFE and U+FFFF, which XML does not have.
constexpr auto kSpecial = [] {
  std::array<bool, 256> out = {};
  for (std::size_t c = 0; c < 0x20; ++c) out[c] = c != '\n' && c != '\t';
  for (const unsigned char c : {'&', '<', '>', '"'}) out[c] = true;
  out[0xef] = true;
  return out;
}();

// What is written for the special byte at `text`'s begin, and how many bytes that is for.
std::pair<std::string_view, std::size_t> written(std::string_view text) {
  switch (text.front()) {
    case '&':
      return {"&amp;", 1};
    case '<':
      return {"&lt;", 1};
    case '>':
      return {"&gt;", 1};
    case '"':
      return {"&quot;", 1};
    case '\r':
      return {"&#13;", 1};  // a reader makes a line feed of a bare one
    case '\xef':
      if (text.starts_with("\xef\xbf\xbe") || text.starts_with("\xef\xbf\xbf")) return {kNoCharacter, 3};
      return {text.substr(0, 1), 1};
    default:
      return {kNoCharacter, 1};
  }
}

// `utf8` is sound. Calendars and listings go through here: what needs no care is copied in runs.
void append_sound(std::string_view utf8, std::string& out) {
  std::size_t run = 0;
  for (std::size_t i = 0; i < utf8.size();) {
    if (!kSpecial[static_cast<unsigned char>(utf8[i])]) {
      ++i;
      continue;
    }
    out += utf8.substr(run, i - run);
    const auto [text, size] = written(utf8.substr(i));
    out += text;
    run = i += size;
  }
  out += utf8.substr(run);
}

// A reader makes spaces of line ends in the value of an attribute.
void append_value(std::string_view value, std::string& out) {
  std::string escaped;
  append_escaped(value, escaped);
  for (const char c : escaped) {
    if (c == '\n')
      out += "&#10;";
    else if (c == '\t')
      out += "&#9;";
    else
      out += c;
  }
}

}  // namespace

void append_escaped(std::string_view text, std::string& out) {
  if (mime::is_utf8(text)) return append_sound(text, out);
  std::string guessed;
  mime::append_guessed(text, guessed);
  append_sound(guessed, out);
}

Printer::Printer(std::string& out, std::span<const Prefix> prefixes) : out_(out), prefixes_(prefixes) {
  out_ += "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
}

std::string_view Printer::prefix_of(std::string_view space) const {
  if (space == kXmlSpace) return "xml";
  const auto found = std::ranges::find(prefixes_, space, &Prefix::space);
  return found == prefixes_.end() ? std::string_view() : found->prefix;
}

void Printer::begin(NameView name) {
  end_tag();
  check(!open_.empty() || !has_begun_, "a document has one root");
  const std::string_view prefix = prefix_of(name.space);
  const std::string outer = open_.empty() ? std::string() : open_.back().usual_space;
  Open& now = open_.emplace_back();
  now.tag = prefix.empty() ? std::string(name.local) : fmt::format("{}:{}", prefix, name.local);
  now.usual_space = prefix.empty() ? std::string(name.space) : outer;
  out_ += '<';
  out_ += now.tag;
  if (now.usual_space != outer) {
    out_ += " xmlns=\"";
    append_value(now.usual_space, out_);
    out_ += '"';
  }
  if (!has_begun_)
    for (const Prefix& one : prefixes_)
      fmt::format_to(std::back_inserter(out_), " xmlns:{}=\"{}\"", one.prefix, one.space);
  has_begun_ = true;
  is_in_tag_ = true;
}

void Printer::end_tag() {
  if (is_in_tag_) out_ += '>';
  is_in_tag_ = false;
}

void Printer::open(NameView name, std::initializer_list<AttributeView> attributes) {
  begin(name);
  for (const AttributeView& one : attributes) attribute({{{}, one.local}, std::string(one.value)}, 0);
}

void Printer::attribute(const Attribute& attribute, std::size_t number) {
  std::string name = attribute.name.local;
  if (!attribute.name.space.empty()) {
    std::string prefix(prefix_of(attribute.name.space));
    if (prefix.empty()) {
      prefix = fmt::format("a{}", number);
      out_ += fmt::format(" xmlns:{}=\"", prefix);
      append_value(attribute.name.space, out_);
      out_ += '"';
    }
    name = prefix + ":" + name;
  }
  out_ += fmt::format(" {}=\"", name);
  append_value(attribute.value, out_);
  out_ += '"';
}

void Printer::close() {
  check(!open_.empty(), "what is closed was opened");
  if (is_in_tag_)
    out_ += "/>";
  else
    out_ += "</" + open_.back().tag + ">";
  is_in_tag_ = false;
  open_.pop_back();
}

void Printer::text(std::string_view text) {
  if (text.empty()) return;
  end_tag();
  append_escaped(text, out_);
}

void Printer::leaf(NameView name, std::string_view content) {
  begin(name);
  text(content);
  close();
}

void Printer::element(const Element& element) {
  if (element.is_text()) return text(element.text);
  begin(element.name);
  for (std::size_t i = 0; i < element.attributes.size(); ++i) attribute(element.attributes[i], i);
  for (const Element& one : element.content) this->element(one);
  close();
}

}  // namespace kontor::wire::xml
