// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.4.4, RFC 4731, RFC 5182, RFC 5267 section 4, RFC 6203, RFC 7162 section 3.1.5, RFC 9394.
#include <algorithm>
#include <utility>

#include "protocols/imap/commands.h"
#include "protocols/imap/message_limit.h"
#include "protocols/imap/search.h"
#include "protocols/imap/search_result.h"
#include "protocols/imap/session.h"
#include "wire/imap/search_command.h"

namespace kontor::imap {

Task<Result<Reply>> cmd_search(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  in.space();
  auto wanted = wire::imap::parse_search_command(in);
  if (in.failed()) co_return Reply::bad(in);
  // RFC 9051 section 7.3.4: there is no other answer.
  if (session.is_rev2() && !wanted.options.is_given) wanted.options.is_given = wanted.options.all = true;
  if (auto refusal = refuse_update(session, command, wanted.options)) co_return *std::move(refusal);
  auto start =
      co_await start_search(session, command, *session.selected(), wanted.program, session.options().message_limit);
  if (!start.refusal) start.refusal = refuse_relevancy(*start.search, wanted.options.relevancy);
  const bool is_bad = start.refusal && start.refusal->kind == Reply::Kind::bad;
  Selected& box = *session.selected();
  wire::imap::Ranges before = std::exchange(box.saved, {});
  if (!wanted.options.save || is_bad) box.saved = before;  // a search that fails saves nothing (RFC 5182 section 2.1)
  if (start.refusal) co_return *std::move(start.refusal);
  CO_TRY(auto matches, co_await find_all(session, command, box, start));
  SearchResult result{*box.view, matches, command.by_uid, start.search->uses_modseq};
  if (wanted.options.relevancy) {
    CO_TRY(result.scores, co_await score_all(session, command, box, *start.search, matches));
  }
  if (wanted.options.save) box.saved = saved_result(wanted.options, result);
  std::string line;
  if (wanted.options.update) {
    std::vector<Uid> found;
    for (const auto position : matches) found.push_back(box.view->at(position).uid);
    line = keep_context(box, command.tag, wanted.program.key, SearchContext::kMostFound,
                        SearchContext(command.tag, command.by_uid, start.search->query, std::move(found)));
  }
  if (!wanted.options.is_given) {
    if (start.search->lowest) std::ranges::reverse(matches);  // as it was looked (RFC 9738 section 3.1)
    line += print_plain("SEARCH", result);
  } else if (wants_answer(wanted.options)) {
    line += print_esearch(command.tag, wanted.options, result);
  }
  co_await session.write(line);
  co_return co_await with_limit(session, Reply::ok("SEARCH completed"), start.search->lowest);
}

// RFC 5267 section 4.3.5.
Task<Result<Reply>> cmd_cancelupdate(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  std::vector<std::string> tags;
  do {
    in.space();
    tags.push_back(in.string());
  } while (!in.at_end());
  if (!in.finish()) co_return Reply::bad(in);
  auto& contexts = session.selected()->contexts;
  for (const auto& tag : tags) {
    const auto is_named = [&](const SearchContext& context) { return context.tag() == tag; };
    if (std::erase_if(contexts, is_named) == 0) co_return Reply::bad("no search of that tag is kept up to date");
  }
  co_return Reply::ok("CANCELUPDATE completed");
}

}  // namespace kontor::imap
