// SPDX-License-Identifier: AGPL-3.0-or-later
#include "extract/xml_text.h"

#include <expat.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace kontor::extract {
namespace {

constexpr std::uint32_t kDeepestElement = 512;
constexpr XML_Index kLongestTag = 1 << 20;  // expat begins anew at its start with each piece
constexpr char kBetweenNames = '|';

std::string_view local_name(const XML_Char* qualified) {
  const std::string_view name(qualified);
  const auto bar = name.rfind(kBetweenNames);
  return bar == std::string_view::npos ? name : name.substr(bar + 1);
}

std::string_view attribute(const XML_Char** attributes, std::string_view wanted) {
  for (; attributes[0] != nullptr; attributes += 2)
    if (wanted == attributes[0]) return attributes[1];
  return {};
}

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

}  // namespace

struct XmlText::State {
  State(std::span<const Element> meanings_, Text& text_) : meanings(meanings_), text(text_) {}

  std::optional<Means> meaning(std::string_view name) const {
    const auto found = std::ranges::find(meanings, name, &Element::name);
    if (found == meanings.end()) return std::nullopt;
    return found->means;
  }
  void stop() { XML_StopParser(parser.get(), XML_FALSE); }

  void start(std::string_view name, const XML_Char** attributes);
  void end(std::string_view name);
  void characters(std::string_view utf8) {
    if (taking > 0 && skipping == 0) text.add(utf8);
    if (text.is_full()) stop();
  }

  std::unique_ptr<XML_ParserStruct, FreeParser> parser;
  std::span<const Element> meanings;
  Text& text;
  std::uint32_t depth = 0;
  std::uint32_t taking = 0;    // open elements whose characters count
  std::uint32_t skipping = 0;  // open elements, from the outermost skipped one
  bool value_is_text = false;  // of the present cell
  XML_Index fed = 0;           // bytes
};

void XmlText::State::start(std::string_view name, const XML_Char** attributes) {
  if (++depth > kDeepestElement) return stop();
  if (skipping > 0) {
    ++skipping;
    return;
  }
  const auto means = meaning(name);
  if (!means) return;
  switch (*means) {
    case Means::text:
      ++taking;
      break;
    case Means::line:
      ++taking;
      text.line_end();
      break;
    case Means::blank:
      text.blank();
      break;
    case Means::line_break:
      text.line_end();
      break;
    case Means::hyphen:
      text.add("-");
      break;
    case Means::skip:
      skipping = 1;
      break;
    case Means::cell: {
      // Others refer to the shared strings, or are truth values and errors.
      const auto type = attribute(attributes, "t");
      value_is_text = type.empty() || type == "n" || type == "str" || type == "d";
      break;
    }
    case Means::value:
      if (value_is_text) ++taking;
      break;
    case Means::sheet:
      text.add(attribute(attributes, "name"));
      text.line_end();
      break;
    case Means::line_after:
      break;
  }
}

void XmlText::State::end(std::string_view name) {
  --depth;
  if (skipping > 0) {
    --skipping;
    return;
  }
  const auto means = meaning(name);
  if (!means) return;
  if (*means == Means::text || *means == Means::line || (*means == Means::value && value_is_text)) --taking;
  if (*means == Means::line || *means == Means::line_after) text.line_end();
  if (*means == Means::cell) text.blank();
}

XmlText::XmlText(std::span<const Element> meanings, Text& text) : state_(std::make_unique<State>(meanings, text)) {
  state_->parser.reset(XML_ParserCreateNS(nullptr, kBetweenNames));
  if (!state_->parser) throw std::bad_alloc();
  XML_Parser parser = state_->parser.get();
  XML_SetUserData(parser, state_.get());
  XML_SetElementHandler(
      parser,
      [](void* self, const XML_Char* name, const XML_Char** attributes) {
        static_cast<State*>(self)->start(local_name(name), attributes);
      },
      [](void* self, const XML_Char* name) { static_cast<State*>(self)->end(local_name(name)); });
  XML_SetCharacterDataHandler(parser, [](void* self, const XML_Char* at, int length) {
    static_cast<State*>(self)->characters({at, static_cast<std::size_t>(length)});
  });
  // Office files have none; they are how a small file becomes a large one.
  XML_SetEntityDeclHandler(parser,
                           [](void* self, const XML_Char*, int, const XML_Char*, int, const XML_Char*, const XML_Char*,
                              const XML_Char*, const XML_Char*) { static_cast<State*>(self)->stop(); });
}

XmlText::~XmlText() = default;

Result<void> XmlText::broken() const {
  if (XML_GetErrorCode(state_->parser.get()) == XML_ERROR_NO_MEMORY) throw std::bad_alloc();
  return fail(Errc::invalid, "the document's XML is broken");
}

Result<void> XmlText::feed(std::string_view bytes) {
  check(bytes.size() <= std::numeric_limits<int>::max(), "pieces of XML are small");
  if (state_->text.is_full()) return {};
  if (XML_Parse(state_->parser.get(), bytes.data(), static_cast<int>(bytes.size()), 0) != XML_STATUS_OK &&
      !state_->text.is_full())
    return broken();
  state_->fed += static_cast<XML_Index>(bytes.size());
  if (state_->fed - XML_GetCurrentByteIndex(state_->parser.get()) > kLongestTag)
    return fail(Errc::invalid, "the document's XML has an endless tag");
  return {};
}

Result<void> XmlText::finish() {
  if (state_->text.is_full()) return {};
  if (XML_Parse(state_->parser.get(), "", 0, 1) != XML_STATUS_OK) return broken();
  return {};
}

}  // namespace kontor::extract
