// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/language.h"

#include <algorithm>

namespace kontor::dav {
namespace {

constexpr std::size_t kLongestLanguage = 64;

// Of the letters of a language tag (RFC 5646); what it means is for those who read it.
bool is_language(std::string_view text) {
  return !text.empty() && text.size() <= kLongestLanguage && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

void note_language(groupware::Transaction::FolderChange& change, const char* key, const xml::Element* value) {
  const std::string* language = value ? value->attribute(xml::NameView{xml::kXmlSpace, "lang"}) : nullptr;
  change.properties[key] = language && is_language(*language) ? *language : std::string();
}

void print_with_language(const Resource& resource, const char* key, xml::NameView name, const std::string& text,
                         xml::Printer& out) {
  if (resource.folder) {
    const auto language = resource.folder->properties.find(key);
    if (language != resource.folder->properties.end()) {
      out.open(name, {{"xml:lang", language->second}});
      out.text(text);
      out.close();
      return;
    }
  }
  out.leaf(name, text);
}

}  // namespace kontor::dav
