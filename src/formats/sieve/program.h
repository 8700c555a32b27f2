// SPDX-License-Identifier: AGPL-3.0-or-later
// A checked script, ready to run as often as wanted, from several threads at once. Immutable.
#pragma once

#include <bitset>
#include <memory>
#include <string>
#include <vector>

#include "formats/sieve/capability.h"
#include "formats/sieve/fault.h"

namespace kontor::sieve {

enum class Op : std::uint8_t {
  // Commands.
  require,
  if_,
  elsif,
  else_,
  stop,
  keep,
  fileinto,
  redirect,
  discard,
  reject,
  ereject,
  setflag,
  addflag,
  removeflag,
  set,
  vacation,
  addheader,
  deleteheader,
  include,
  return_,
  global,
  notify,
  foreverypart,
  break_,
  extracttext,
  replace,
  enclose,
  error,
  // Tests.
  address,
  allof,
  anyof,
  not_,
  true_,
  false_,
  envelope,
  exists,
  header,
  size,
  body,
  hasflag,
  string,
  valid_notify_method,
  notify_method_capability,
  mailboxexists,
  metadata,
  metadataexists,
  servermetadata,
  servermetadataexists,
  mailboxidexists,
  specialuse_exists,
  date,
  currentdate,
  duplicate,
  valid_ext_list,
  environment,
  ihave,
  fault,  // what only a missing extension has, behind "ihave": fails if it is reached (RFC 5463 section 4)
  count,
};

enum class Tag : std::uint8_t {
  // Groups of which one may be given.
  is,
  contains,
  matches,
  value,
  count,
  regex,
  list,
  localpart,
  domain,
  all,
  user,
  detail,
  over,
  under,
  raw,
  content,
  text,
  lower,
  upper,
  lowerfirst,
  upperfirst,
  quotewildcard,
  quoteregex,
  encodeurl,
  length,
  days,
  seconds,
  zone,
  originalzone,
  personal,
  global,
  header,
  uniqueid,
  type,
  subtype,
  contenttype,
  param,
  // What stands alone.
  comparator,
  index,
  last,
  flags,
  copy,
  create,
  mailboxid,
  specialuse,
  subject,
  from,
  addresses,
  mime,
  handle,
  headers,
  once,
  optional,
  importance,
  options,
  message,
  name,
  anychild,
  first,
};

enum class Comparator : std::uint8_t { octet, ascii_casemap, ascii_numeric, unicode_casemap };
enum class Relation : std::uint8_t { gt, ge, lt, le, eq, ne };

// A string that is put together when it is needed (RFC 5229 section 3).
struct Piece {
  enum class Kind : std::uint8_t { literal, local, global, match };
  Kind kind = Kind::literal;
  std::string text;         // of a literal; a global's name
  std::uint32_t index = 0;  // a local variable's slot; a match's number
};

struct Text {
  std::vector<Piece> pieces;  // none: the empty string

  bool is_constant() const { return pieces.empty() || (pieces.size() == 1 && pieces[0].kind == Piece::Kind::literal); }
  const std::string& constant() const {
    static const std::string kEmpty;
    return pieces.empty() ? kEmpty : pieces[0].text;
  }
};

struct Argument {
  std::vector<Text> texts;
  std::uint64_t number = 0;
  bool is_given = true;
};

class Pattern;  // a compiled regular expression

// A command or a test.
struct Call {
  Op op = Op::fault;
  Position at;
  std::vector<Argument> arguments;  // by their place in the signature; optional ones left out have is_given = false
  std::vector<std::pair<Tag, Argument>> tags;
  // How it compares, if it does.
  Tag match = Tag::is;
  Tag part = Tag::all;
  Comparator comparator = Comparator::ascii_casemap;
  Relation relation = Relation::eq;
  std::vector<std::shared_ptr<const Pattern>> patterns;  // of the keys that are constant, by their place; else null
  std::vector<Call> tests;
  std::vector<Call> block;

  const Argument* find(Tag tag) const {
    for (const auto& [name, argument] : tags)
      if (name == tag) return &argument;
    return nullptr;
  }
  bool has(Tag tag) const { return find(tag) != nullptr; }
};

struct Program {
  std::vector<Call> commands;
  Capabilities required;
  std::size_t locals = 0;                                // slots of variables
  std::bitset<static_cast<std::size_t>(Op::count)> ops;  // what occurs in it

  bool uses(Op op) const { return ops[static_cast<std::size_t>(op)]; }
};

}  // namespace kontor::sieve
