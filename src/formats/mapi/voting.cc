// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/voting.h"

#include "formats/mapi/code_page.h"
#include "formats/mapi/cursor.h"

namespace kontor::mapi {
namespace {

constexpr std::uint16_t kVerbVersion = 0x0102;
constexpr std::uint16_t kWideVersion = 0x0104;
constexpr std::uint32_t kVote = 4;
constexpr std::uint32_t kMostVerbs = 100;

struct Verb {
  bool is_vote = false;
  std::string name;
};

Verb read_verb(Cursor& in) {
  Verb verb;
  verb.is_vote = in.u32() == kVote;
  verb.name = decode_page(in.take(in.u8()), 0);
  in.take(in.u8());  // message class
  in.take(in.u8());
  in.take(in.u8());  // the name again
  in.take(4 + 1);
  in.take(4 * 6);  // headers of the USA, ways of sending, number
  return verb;
}

}  // namespace

std::vector<std::string> voting_options(std::string_view verb_stream) {
  Cursor in(verb_stream);
  if (in.u16() != kVerbVersion) return {};
  const std::uint32_t count = in.u32();
  std::vector<Verb> verbs;
  for (std::uint32_t i = 0; i < count && i < kMostVerbs; ++i) {
    Verb verb = read_verb(in);
    if (in.is_short()) break;
    verbs.push_back(std::move(verb));
  }
  // The same names once more, of any language.
  if (verbs.size() == count && in.u16() == kWideVersion)
    for (Verb& verb : verbs) {
      std::string name = utf8_of_utf16le(in.take(std::size_t{2} * in.u8()));
      in.take(std::size_t{2} * in.u8());
      if (in.is_short()) break;
      verb.name = std::move(name);
    }
  std::vector<std::string> options;
  for (Verb& verb : verbs)
    if (verb.is_vote && !verb.name.empty()) options.push_back(std::move(verb.name));
  return options;
}

}  // namespace kontor::mapi
