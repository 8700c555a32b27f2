// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/search_key.h"

#include <algorithm>

namespace kontor::wire::imap {
namespace {

using Op = SearchKey::Op;

enum class Argument : std::uint8_t { none, text, keyword, date, number, nonzero, object_id };

struct SearchWord {
  std::string_view name;
  Op op;
  Argument argument = Argument::none;
  std::uint8_t bit = 0;  // of Op::flag
  bool inverse = false;  // the key is the opposite: UNSEEN
};

constexpr SearchWord kSearchWords[] = {
    {"ALL", Op::all},
    {"ANSWERED", Op::flag, Argument::none, flag::kAnswered},
    {"DELETED", Op::flag, Argument::none, flag::kDeleted},
    {"DRAFT", Op::flag, Argument::none, flag::kDraft},
    {"FLAGGED", Op::flag, Argument::none, flag::kFlagged},
    {"SEEN", Op::flag, Argument::none, flag::kSeen},
    {"UNANSWERED", Op::flag, Argument::none, flag::kAnswered, true},
    {"UNDELETED", Op::flag, Argument::none, flag::kDeleted, true},
    {"UNDRAFT", Op::flag, Argument::none, flag::kDraft, true},
    {"UNFLAGGED", Op::flag, Argument::none, flag::kFlagged, true},
    {"UNSEEN", Op::flag, Argument::none, flag::kSeen, true},
    {"RECENT", Op::recent},
    {"OLD", Op::old},
    {"BCC", Op::bcc, Argument::text},
    {"BODY", Op::body, Argument::text},
    {"CC", Op::cc, Argument::text},
    {"FROM", Op::from, Argument::text},
    {"SUBJECT", Op::subject, Argument::text},
    {"TEXT", Op::anywhere, Argument::text},
    {"TO", Op::to, Argument::text},
    {"KEYWORD", Op::keyword, Argument::keyword},
    {"UNKEYWORD", Op::keyword, Argument::keyword, 0, true},
    {"BEFORE", Op::internal_before, Argument::date},
    {"ON", Op::internal_on, Argument::date},
    {"SINCE", Op::internal_since, Argument::date},
    {"SENTBEFORE", Op::sent_before, Argument::date},
    {"SENTON", Op::sent_on, Argument::date},
    {"SENTSINCE", Op::sent_since, Argument::date},
    {"LARGER", Op::larger, Argument::number},
    {"SMALLER", Op::smaller, Argument::number},
    {"OLDER", Op::older, Argument::nonzero},
    {"YOUNGER", Op::younger, Argument::nonzero},
    {"UIDAFTER", Op::uid_after, Argument::nonzero},
    {"UIDBEFORE", Op::uid_before, Argument::nonzero},
    {"SAVEDBEFORE", Op::saved_before, Argument::date},
    {"SAVEDON", Op::saved_on, Argument::date},
    {"SAVEDSINCE", Op::saved_since, Argument::date},
    {"SAVEDATESUPPORTED", Op::all},
    {"EMAILID", Op::email_id, Argument::object_id},
    {"THREADID", Op::thread_id, Argument::object_id},
    {"FILTER", Op::filter, Argument::object_id},
};

SearchKey opposite_of(SearchKey key) {
  SearchKey outer;
  outer.op = Op::inverse;
  outer.children.push_back(std::move(key));
  return outer;
}

class SearchParser {
 public:
  explicit SearchParser(Cursor& in) : in_(in) {}

  // One key or more, to the end or a closing parenthesis.
  SearchKey keys(std::size_t depth) {
    SearchKey all;
    all.op = Op::both;
    do all.children.push_back(key(depth));
    while (in_.take(' '));
    return all;
  }

 private:
  SearchKey key(std::size_t depth) {
    if (depth > SearchProgram::kMaxDepth || ++count_ > SearchProgram::kMaxKeys) {
      in_.fail("the search is too complex");
      return {};
    }
    if (in_.take('(')) {
      SearchKey inner = keys(depth + 1);
      in_.expect(')');
      return inner;
    }
    if (in_.take_word("NOT")) {
      in_.space();
      return opposite_of(key(depth + 1));
    }
    if (in_.take_word("FUZZY")) {
      in_.space();
      SearchKey fuzzy;
      fuzzy.op = Op::fuzzy;
      fuzzy.children.push_back(key(depth + 1));
      return fuzzy;
    }
    if (in_.take_word("OR")) {
      SearchKey either;
      either.op = Op::either;
      for (int i = 0; i < 2; ++i) {
        in_.space();
        either.children.push_back(key(depth + 1));
      }
      return either;
    }
    for (const auto& word : kSearchWords) {
      if (in_.take_word(word.name)) return simple(word);
    }
    return other();
  }

  SearchKey simple(const SearchWord& word) {
    SearchKey key;
    key.op = word.op;
    key.number = word.bit;
    if (word.argument != Argument::none) in_.space();
    switch (word.argument) {
      case Argument::none:
        break;
      case Argument::text:
        key.text = in_.astring();
        break;
      case Argument::keyword:
        key.text = in_.atom();
        break;
      case Argument::date:
        key.day = in_.date();
        break;
      case Argument::number:
        key.number = in_.number64();
        break;
      case Argument::nonzero:
        key.number = in_.nz_number();
        break;
      case Argument::object_id:
        key.text = in_.atom();
        break;
    }
    return word.inverse ? opposite_of(std::move(key)) : key;
  }

  SearchKey other() {
    SearchKey key;
    if (in_.take_word("NEW")) {  // RECENT UNSEEN
      key.op = Op::both;
      key.children.resize(1);
      key.children[0].op = Op::recent;
      SearchKey seen;
      seen.op = Op::flag;
      seen.number = flag::kSeen;
      key.children.push_back(opposite_of(std::move(seen)));
    } else if (in_.take_word("HEADER")) {
      key.op = Op::header;
      in_.space();
      key.name = in_.astring();
      in_.space();
      key.text = in_.astring();
    } else if (in_.take_word("UID")) {
      key.op = Op::uids;
      in_.space();
      key.set = in_.sequence_set();
    } else if (in_.take_word("MODSEQ")) {
      key.op = Op::modseq;
      in_.space();
      if (in_.peek() == '"') metadata_entry();
      key.number = in_.number64();
    } else if (in_.peek() == '*' || in_.peek() == '$' || (in_.peek() >= '0' && in_.peek() <= '9')) {
      key.op = Op::numbers;
      key.set = in_.sequence_set();
    } else {
      in_.fail("there is no such search key");
    }
    return key;
  }

  // RFC 7162 section 3.1.5: MODSEQ "/flags/\\draft" all 620162338. One modseq serves all metadata of a message here.
  void metadata_entry() {
    in_.string();
    in_.space();
    if (!in_.take_word("all") && !in_.take_word("priv") && !in_.take_word("shared")) in_.fail("expected an entry type");
    in_.space();
  }

  Cursor& in_;
  std::size_t count_ = 0;
};

}  // namespace

bool has_filter(const SearchKey& key) {
  return key.op == Op::filter || std::any_of(key.children.begin(), key.children.end(), has_filter);
}

bool has_fuzzy(const SearchKey& key) {
  return key.op == Op::fuzzy || std::any_of(key.children.begin(), key.children.end(), has_fuzzy);
}

namespace {

class FilterLookup {
 public:
  using Source = std::function<std::optional<std::string>(const std::string&)>;
  explicit FilterLookup(const Source& source) : source_(source) {}

  std::optional<std::string> put_in(SearchKey& key, std::size_t depth) {
    if (key.op == Op::filter) return put_in_one(key, depth);
    for (auto& child : key.children)
      if (auto fault = put_in(child, depth)) return fault;
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kMostFilters = 50;
  static constexpr std::size_t kDeepest = 5;

  std::optional<std::string> put_in_one(SearchKey& key, std::size_t depth) {
    const auto text = depth < kDeepest && ++count_ <= kMostFilters ? source_(key.text) : std::nullopt;
    if (!text) return key.text;
    Cursor in(*text);
    SearchProgram program = parse_search(in);
    if (in.failed()) return key.text;
    key.name = program.charset;
    key.children.push_back(std::move(program.key));
    return put_in(key.children[0], depth + 1);
  }

  const Source& source_;
  std::size_t count_ = 0;
};

}  // namespace

std::optional<std::string> put_in_filters(SearchKey& key, const FilterLookup::Source& look_up) {
  return FilterLookup(look_up).put_in(key, 0);
}

SearchProgram parse_search_keys(Cursor& in, std::string charset) {
  SearchProgram program;
  program.charset = std::move(charset);
  program.key = SearchParser(in).keys(0);
  in.finish();
  return program;
}

SearchProgram parse_search(Cursor& in) {
  std::string charset;
  if (in.take_word("CHARSET")) {
    in.space();
    charset = in.astring();
    if (charset.empty()) in.fail("a charset is missing");
    in.space();
  }
  return parse_search_keys(in, std::move(charset));
}

}  // namespace kontor::wire::imap
