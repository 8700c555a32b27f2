// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5256 (SORT), RFC 5957 (SORT=DISPLAY), RFC 5267 (ESORT, CONTEXT=SORT), RFC 6203 section 6.
#include <algorithm>

#include "groupware/search/order.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/message_limit.h"
#include "protocols/imap/search.h"
#include "protocols/imap/search_result.h"
#include "protocols/imap/session.h"
#include "wire/imap/search_command.h"

namespace kontor::imap {
namespace {

using Field = groupware::SortKey::Field;
using By = wire::imap::SortCriterion::By;

static_assert(static_cast<int>(By::arrival) == static_cast<int>(Field::arrival));
static_assert(static_cast<int>(By::size) == static_cast<int>(Field::size));
static_assert(static_cast<int>(By::to) == static_cast<int>(Field::to));
static_assert(static_cast<int>(By::relevancy) == static_cast<int>(Field::relevancy));

std::vector<groupware::SortKey> sort_keys(const std::vector<wire::imap::SortCriterion>& criteria, bool is_descending) {
  std::vector<groupware::SortKey> keys;
  for (const auto& criterion : criteria) {
    keys.push_back({static_cast<Field>(criterion.by), criterion.reverse});
    if (keys.back().is_text() && is_descending) keys.back().reverse = !keys.back().reverse;
  }
  return keys;
}

// `matches` in the order of the sorter, whose entries they are.
std::vector<std::uint32_t> positions_of(const groupware::Sorter& sorter, const std::vector<std::uint32_t>& matches) {
  std::vector<std::uint32_t> positions = sorter.sorted();
  for (auto& position : positions) position = matches[position];
  return positions;
}

bool sorts_by_relevancy(const wire::imap::SortCommand& wanted) {
  return std::any_of(wanted.criteria.begin(), wanted.criteria.end(),
                     [](const auto& criterion) { return criterion.by == By::relevancy; });
}

// The scores of `matches`, which are ascending, in another order.
std::vector<std::uint8_t> in_order(const std::vector<std::uint8_t>& scores, const std::vector<std::uint32_t>& matches,
                                   const std::vector<std::uint32_t>& ordered) {
  std::vector<std::uint8_t> out;
  if (scores.empty()) return out;
  for (const auto position : ordered)
    out.push_back(
        scores[static_cast<std::size_t>(std::lower_bound(matches.begin(), matches.end(), position) - matches.begin())]);
  return out;
}

}  // namespace

Task<Result<Reply>> cmd_sort(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  in.space();
  const auto wanted = wire::imap::parse_sort_command(in);
  if (in.failed()) co_return Reply::bad(in);
  if (wanted.options.save) co_return Reply::bad("SORT saves no result");
  if (auto refusal = refuse_update(session, command, wanted.options)) co_return *std::move(refusal);
  auto start =
      co_await start_search(session, command, *session.selected(), wanted.program, session.options().message_limit);
  if (start.refusal) co_return *std::move(start.refusal);
  if (start.search->lowest)
    co_return Reply::no("too many messages: name some", limit_code(session.options().message_limit));
  const bool by_relevancy = sorts_by_relevancy(wanted);
  const bool wants_scores = by_relevancy || wanted.options.relevancy;
  if (auto refusal = refuse_relevancy(*start.search, wants_scores)) co_return *std::move(refusal);
  Selected& box = *session.selected();
  CO_TRY(const auto matches, co_await find_all(session, command, box, start));
  std::vector<std::uint8_t> scores;
  if (wants_scores) {
    CO_TRY(scores, co_await score_all(session, command, box, *start.search, matches));
  }
  const Comparator comparator = session.comparator();
  groupware::Sorter sorter(sort_keys(wanted.criteria, comparator.is_descending), comparator.collation);
  if (by_relevancy) sorter.take_scores(scores);
  sorter.use(session.subjects().of(box.account->id()));
  std::vector<std::uint32_t> ordered;
  for (std::size_t next = 0; next < matches.size();) {
    co_await session.progress(command, next, matches.size());
    CO_TRY_VOID(co_await net::blocking(session.workers(), [&]() -> Result<void> {
      TRY(const auto reader, box.account->read(session.caller()));
      TRY_VOID(sorter.gather(*reader, *box.view, matches, next));
      if (next == matches.size()) ordered = positions_of(sorter, matches);
      return {};
    }));
  }
  const SearchResult result{
      *box.view, ordered, command.by_uid, start.search->uses_modseq, {}, in_order(scores, matches, ordered)};
  std::string line;
  if (wanted.options.update && by_relevancy) {
    line = refuse_context(command.tag, "an order by relevancy is not kept up to date");
  } else if (wanted.options.update) {
    auto order = sorter.sorted();
    line = keep_context(box, command.tag, wanted.program.key, SearchContext::kMostSorted,
                        SearchContext(command.tag, command.by_uid, start.search->query, std::move(sorter), order));
  }
  line += wanted.options.is_given ? print_esearch(command.tag, wanted.options, result) : print_plain("SORT", result);
  co_await session.write(line);
  co_return Reply::ok("SORT completed");
}

}  // namespace kontor::imap
