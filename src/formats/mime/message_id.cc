// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

// Bare ids, for fields that have none in angle brackets: words with an "@" in them, or a single word.
std::vector<std::string> bare_ids(std::string_view raw, std::size_t limit) {
  std::vector<std::string> ids;
  Lexer lexer(trim(raw));
  while (ids.size() < limit) {
    lexer.skip_white();
    if (lexer.at_end()) break;
    std::string_view word = lexer.read_until(" \t\r\n(,<>\"");
    if (word.empty()) {
      lexer.skip();
    } else if (word.find('@') != std::string_view::npos) {
      ids.push_back(fmt::format("<{}>", word));
    }
  }
  return ids;
}

}  // namespace

std::vector<std::string> parse_message_ids(std::string_view raw, std::size_t limit) {
  std::vector<std::string> ids;
  Lexer lexer(raw);
  while (ids.size() < limit) {
    lexer.read_until("<");
    if (lexer.at_end()) break;
    lexer.skip();
    std::string id = "<";
    for (const char c : lexer.read_until("<>"))
      if (!is_white(c)) id.push_back(c);
    if (!lexer.looking_at('>') || id.size() == 1) continue;
    id.push_back('>');
    ids.push_back(std::move(id));
  }
  return ids.empty() ? bare_ids(raw, limit) : ids;
}

}  // namespace kontor::mime
