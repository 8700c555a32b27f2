// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/search.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "groupware/search/relevancy.h"
#include "protocols/imap/message_limit.h"
#include "protocols/imap/object_id.h"

namespace kontor::imap {

using groupware::Query;
using wire::imap::SearchKey;
using Op = SearchKey::Op;

namespace {

// The day of the key or from it on or before it, in the date's own zone (RFC 3501 section 6.4.4).
groupware::Period period_of(Op op, std::chrono::sys_days day) {
  groupware::Period period;
  period.is_local = true;
  const bool is_before = op == Op::internal_before || op == Op::sent_before || op == Op::saved_before;
  const bool is_on = op == Op::internal_on || op == Op::sent_on || op == Op::saved_on;
  if (!is_before) period.from = day;
  if (is_before) period.until = day;
  if (is_on) period.until = day + std::chrono::days(1);
  return period;
}

Query query_of(Query::Op op) {
  Query query;
  query.op = op;
  return query;
}

// The UIDs that UIDAFTER or UIDBEFORE means.
wire::imap::Ranges beside(const SearchKey& key) {
  constexpr std::uint32_t kLast = std::numeric_limits<std::uint32_t>::max();
  const auto uid = static_cast<std::uint32_t>(key.number);
  if (key.op == Op::uid_before) return uid > 1 ? wire::imap::Ranges{{1, uid - 1}} : wire::imap::Ranges();
  return uid < kLast ? wire::imap::Ranges{{uid + 1, kLast}} : wire::imap::Ranges();
}

class Translation {
 public:
  Translation(const Selected& box, Instant now, std::string charset, groupware::Collation collation)
      : box_(box), now_(now), charset_(charset.empty() ? "UTF-8" : std::move(charset)), collation_(collation) {}

  Result<Query> translate(const SearchKey& key);
  bool uses_modseq() const { return uses_modseq_; }

 private:
  Result<Query> nested(const SearchKey& key, Query::Op op);
  Result<Query> numbers(const SearchKey& key) const;
  Query uids(const wire::imap::Ranges& ranges) const;
  Query day(const SearchKey& key, Query::Op op) const;
  Query text(const SearchKey& key) const;
  Query object(const SearchKey& key) const;
  Query flags(const SearchKey& key) const;
  Query size_or_age(const SearchKey& key);

  const Selected& box_;
  const Instant now_;
  const std::string charset_;
  const groupware::Collation collation_;
  bool uses_modseq_ = false;
  bool is_fuzzy_ = false;  // what is being translated stands in a FUZZY
};

Result<Query> Translation::translate(const SearchKey& key) {
  switch (key.op) {
    case Op::all:
      return query_of(Query::Op::all);
    case Op::both:
      return nested(key, Query::Op::both);
    case Op::either:
      return nested(key, Query::Op::either);
    case Op::inverse:
      return nested(key, Query::Op::inverse);
    case Op::fuzzy: {
      const bool outer = std::exchange(is_fuzzy_, true);
      auto query = translate(key.children[0]);
      is_fuzzy_ = outer;
      return query;
    }
    case Op::filter: {
      Translation stored(box_, now_, key.name, collation_);
      stored.is_fuzzy_ = is_fuzzy_;
      TRY(Query query, stored.nested(key, Query::Op::both));
      uses_modseq_ = uses_modseq_ || stored.uses_modseq_;
      return query;
    }
    case Op::numbers:
      return numbers(key);
    case Op::uids:
      if (key.set.is_saved_result()) return uids(box_.saved);
      return uids(key.set.resolve(box_.view->last_uid().value));
    case Op::uid_after:
    case Op::uid_before:
      return uids(beside(key));
    case Op::flag:
    case Op::keyword:
    case Op::recent:
    case Op::old:
      return flags(key);
    case Op::internal_before:
    case Op::internal_on:
    case Op::internal_since:
      return day(key, Query::Op::received);
    case Op::sent_before:
    case Op::sent_on:
    case Op::sent_since:
      return day(key, Query::Op::sent);
    case Op::saved_before:
    case Op::saved_on:
    case Op::saved_since:
      return day(key, Query::Op::saved);
    case Op::larger:
    case Op::smaller:
    case Op::modseq:
    case Op::older:
    case Op::younger:
      return size_or_age(key);
    case Op::email_id:
    case Op::thread_id:
      return object(key);
    default:
      return text(key);
  }
}

Result<Query> Translation::nested(const SearchKey& key, Query::Op op) {
  Query query = query_of(op);
  for (const auto& child : key.children) {
    TRY(Query translated, translate(child));
    query.children.push_back(std::move(translated));
  }
  return query;
}

Result<Query> Translation::numbers(const SearchKey& key) const {
  if (key.set.is_saved_result()) return uids(box_.saved);
  const auto ranges = key.set.resolve(box_.exists());
  if (!ranges.empty() && ranges.back().last > box_.exists())
    return fail(Errc::invalid, "there is no message of that number");
  wire::imap::Ranges found;
  for (const auto& range : ranges)
    found.push_back({box_.view->at(range.first - 1).uid.value, box_.view->at(range.last - 1).uid.value});
  return uids(found);
}

Query Translation::uids(const wire::imap::Ranges& ranges) const {
  Query query = query_of(Query::Op::uids);
  query.uids = to_uids(ranges);
  return query;
}

Query Translation::day(const SearchKey& key, Query::Op op) const {
  Query query = query_of(op);
  query.period = period_of(key.op, key.day);
  return query;
}

Query Translation::flags(const SearchKey& key) const {
  if (key.op == Op::recent) return uids(box_.recent);
  if (key.op == Op::old) {
    Query query = query_of(Query::Op::inverse);
    query.children.push_back(uids(box_.recent));
    return query;
  }
  Query query = query_of(key.op == Op::flag ? Query::Op::flag : Query::Op::keyword);
  query.number = key.number;
  query.text = key.text;
  return query;
}

Query Translation::size_or_age(const SearchKey& key) {
  if (key.op == Op::modseq) {
    uses_modseq_ = true;
    Query query = query_of(Query::Op::changed);
    query.number = key.number;
    return query;
  }
  if (key.op == Op::larger || key.op == Op::smaller) {
    Query query = query_of(Query::Op::size);
    if (key.op == Op::larger) query.number = key.number + 1;
    if (key.op == Op::smaller) query.below = key.number;
    return query;
  }
  // RFC 5032 section 2.1: "older" is at or before that moment, "younger" at or after it.
  Query query = query_of(Query::Op::received);
  const Instant moment = now_ - std::chrono::seconds(key.number);
  if (key.op == Op::older) query.period.until = moment + std::chrono::seconds(1);
  if (key.op == Op::younger) query.period.from = moment;
  return query;
}

Query Translation::object(const SearchKey& key) const {
  Query query = query_of(key.op == Op::thread_id ? Query::Op::thread : Query::Op::judged);
  if (key.op == Op::email_id) {
    query.judge = [id = key.text](const groupware::Item& item) { return email_id(item) == id; };
    return query;
  }
  const auto thread = thread_of(box_.account->id(), key.text);
  if (!thread) return query_of(Query::Op::none);
  query.number = thread->value;
  return query;
}

Query Translation::text(const SearchKey& key) const {
  static constexpr std::pair<Op, Query::Op> kTexts[] = {
      {Op::from, Query::Op::from},       {Op::to, Query::Op::to},
      {Op::cc, Query::Op::cc},           {Op::bcc, Query::Op::bcc},
      {Op::subject, Query::Op::subject}, {Op::header, Query::Op::header},
      {Op::body, Query::Op::body},       {Op::anywhere, Query::Op::anywhere},
  };
  Query query = query_of(Query::Op::none);
  for (const auto& [from, to] : kTexts)
    if (from == key.op) query.op = to;
  query.is_fuzzy = is_fuzzy_;
  query.collation = collation_;
  query.name = key.name;
  query.text = mime::to_utf8(key.text, charset_).text;
  return query;
}

bool names_numbers(const SearchKey& key) {
  return (key.op == Op::numbers && !key.set.is_saved_result()) ||
         std::any_of(key.children.begin(), key.children.end(), names_numbers);
}

}  // namespace

std::vector<groupware::UidRange> to_uids(const wire::imap::Ranges& ranges) {
  std::vector<groupware::UidRange> uids;
  uids.reserve(ranges.size());
  for (const auto& range : ranges) uids.push_back({Uid(range.first), Uid(range.last)});
  return uids;
}

bool uses_numbers(const SearchKey& key) {
  return key.op == Op::numbers || key.set.is_saved_result() ||
         std::any_of(key.children.begin(), key.children.end(), uses_numbers);
}

namespace {

// RFC 9738 section 3.1: the limit is about the messages that are looked at.
// These are all that the keys which stand for themselves and name messages
// leave.
class Candidates {
 public:
  explicit Candidates(const Selected& box) : box_(box) {
    if (const Uid last = box.view->last_uid(); last.value > 0) uids_.push_back({1, last.value});
  }

  void keep(const SearchKey& key) {
    if (key.op == Op::both || key.op == Op::fuzzy)
      for (const auto& child : key.children) keep(child);
    if (key.op == Op::uid_after || key.op == Op::uid_before) keep(beside(key));
    if (key.op != Op::numbers && key.op != Op::uids) return;
    wire::imap::Ranges named;
    for (const auto& range : uids_of(key)) named.push_back(range);
    keep(named);
  }
  // The lowest UID of the last `most`, if there are more.
  std::optional<Uid> lowest(std::uint32_t most) const {
    std::vector<std::uint32_t> positions;
    box_.view->each(0, box_.view->size(), [&](std::uint32_t at, const groupware::Row& row) {
      if (wire::imap::contains(uids_, row.uid.value)) positions.push_back(at);
      return true;
    });
    return keep_highest(*box_.view, most, positions);
  }

 private:
  wire::imap::Ranges uids_of(const SearchKey& key) const {
    if (key.set.is_saved_result()) return box_.saved;
    if (key.op == Op::uids) return key.set.resolve(box_.view->last_uid().value);
    wire::imap::Ranges found;
    for (const auto& range : key.set.resolve(box_.exists())) {
      if (range.last > box_.exists()) continue;  // the command is BAD
      found.push_back({box_.view->at(range.first - 1).uid.value, box_.view->at(range.last - 1).uid.value});
    }
    return found;
  }
  void keep(const wire::imap::Ranges& named) {
    wire::imap::Ranges both;
    for (const auto& one : uids_)
      for (const auto& other : named) {
        const auto first = std::max(one.first, other.first), last = std::min(one.last, other.last);
        if (first <= last) both.push_back({first, last});
      }
    uids_ = wire::imap::canonical(std::move(both));
  }

  const Selected& box_;
  wire::imap::Ranges uids_;
};

std::size_t count_keys(const SearchKey& key) {
  std::size_t count = 1;
  for (const auto& child : key.children) count += count_keys(child);
  return count;
}

// Blocks. Errors: as Matcher::run.
Result<void> take_turn(const groupware::Caller& caller, const Selected& box, const Search& search, Found& found) {
  if (found.position >= box.exists()) return {};
  TRY(const auto reader, box.account->read(caller));
  return search.matcher.run(*reader, *box.view, found.position, found.matches);
}

}  // namespace

Result<Search> prepare_search(const wire::imap::SearchProgram& program, const Selected& box, Instant now,
                              const SearchLimits& limits, groupware::Collation collation) {
  if (count_keys(program.key) > limits.keys + 1) return fail(Errc::too_large, "the search has too many keys");
  Translation translation(box, now, program.charset, collation);
  TRY(Query query, translation.translate(program.key));
  std::optional<Uid> lowest;
  if (limits.messages > 0 && box.exists() > limits.messages) {
    Candidates candidates(box);
    candidates.keep(program.key);
    lowest = candidates.lowest(limits.messages);
  }
  Query asked = query;
  if (lowest) {
    Query newest = query_of(Query::Op::uids);
    newest.uids = {{*lowest, box.view->last_uid()}};
    asked = query_of(Query::Op::both);
    asked.children = {std::move(newest), query};
  }
  TRY(auto matcher, groupware::Matcher::prepare(asked, *box.keywords, limits.texts));
  return Search{std::move(query), std::move(matcher), has_fuzzy(program.key), translation.uses_modseq(), lowest};
}

// RFC 5466: stored searches are private annotations of the account. Blocks.
Result<wire::imap::SearchProgram> with_filters(wire::imap::SearchProgram program, groupware::Account& account,
                                               const groupware::Caller& caller) {
  TRY(const auto reader, account.read(caller));
  TRY(const auto present, reader->annotations(FolderId()));
  const auto unknown = wire::imap::put_in_filters(program.key, [&](const std::string& name) {
    const auto found = present.find("/private/filters/values/" + to_lower(name));
    return found == present.end() ? std::nullopt : std::optional(found->second);
  });
  if (unknown) return fail(Errc::not_found, *unknown);
  return program;
}

Task<SearchStart> start_search(Session& session, const Command& command, const Selected& box,
                               const wire::imap::SearchProgram& program, std::uint32_t most_messages) {
  SearchStart start;
  if (session.is_uid_only() && names_numbers(program.key)) {  // RFC 9586 section 3.4
    start.refusal = Reply{Reply::Kind::bad, "UIDREQUIRED", "messages have UIDs only"};
    co_return start;
  }
  if (!program.charset.empty() && !mime::is_known_charset(program.charset)) {
    start.refusal = Reply::no("this charset is unknown", "BADCHARSET (UTF-8 US-ASCII)");
    co_return start;
  }
  wire::imap::SearchProgram whole = program;
  if (wire::imap::has_filter(program.key)) {
    auto put_in = co_await net::blocking(session.workers(),
                                         [&] { return with_filters(program, session.account(), session.caller()); });
    if (!put_in) {
      const bool is_unknown = put_in.error().code == Errc::not_found;
      start.refusal = is_unknown ? Reply::no("there is no such filter", "UNDEFINED-FILTER " + put_in.error().text)
                                 : reply_to(put_in.error());
      co_return start;
    }
    whole = *std::move(put_in);
  }
  if (box.exists() > 0) co_await session.progress(command, 0, box.exists());
  auto search = co_await net::blocking(session.workers(), [&]() -> Result<Search> {
    const SearchLimits limits{session.options().search_keys, session.options().search_texts, most_messages};
    TRY(auto prepared, prepare_search(whole, box, system_clock().now(), limits, session.comparator().collation));
    TRY_VOID(take_turn(session.caller(), box, prepared, start.found));
    return prepared;
  });
  if (search) {
    start.search = *std::move(search);
    if (start.search->uses_modseq) co_await session.enable_modseq();
  } else {
    const bool is_bad = search.error().code == Errc::invalid;
    start.refusal = is_bad ? Reply::bad(search.error().text) : reply_to(search.error());
  }
  co_return start;
}

Task<Result<std::vector<std::uint32_t>>> find_all(Session& session, const Command& command, const Selected& box,
                                                  SearchStart& start) {
  Found found = std::move(start.found);
  while (found.position < box.exists()) {
    co_await session.progress(command, found.position, box.exists());
    CO_TRY_VOID(co_await net::blocking(session.workers(),
                                       [&] { return take_turn(session.caller(), box, *start.search, found); }));
  }
  co_return std::move(found.matches);
}

Task<Result<std::vector<std::uint8_t>>> score_all(Session& session, const Command& command, const Selected& box,
                                                  const Search& search, const std::vector<std::uint32_t>& matches) {
  std::vector<std::uint8_t> scores;
  const groupware::Relevancy relevancy(search.query);
  for (std::size_t next = 0; next < matches.size();) {
    co_await session.progress(command, next, matches.size());
    CO_TRY_VOID(co_await net::blocking(session.workers(), [&]() -> Result<void> {
      TRY(const auto reader, box.account->read(session.caller()));
      return relevancy.gather(*reader, *box.view, matches, next, scores);
    }));
  }
  co_return scores;
}

std::optional<Reply> refuse_relevancy(const Search& search, bool is_wanted) {
  if (!is_wanted || search.is_fuzzy) return std::nullopt;
  return Reply::bad("RELEVANCY needs a FUZZY search key");
}

}  // namespace kontor::imap
