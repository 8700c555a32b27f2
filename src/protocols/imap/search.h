// SPDX-License-Identifier: AGPL-3.0-or-later
// A SEARCH program in the core's words, and its run over the selected folder, in turns.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "groupware/search/matcher.h"
#include "protocols/imap/selected.h"
#include "protocols/imap/session.h"
#include "wire/imap/search_key.h"

namespace kontor::imap {

struct Search {
  groupware::Query query;
  groupware::Matcher matcher;
  bool is_fuzzy = false;      // FUZZY stands in it, or in a stored search that it names
  bool uses_modseq = false;   // answers carry the highest modseq (RFC 7162 section 3.1.5)
  std::optional<Uid> lowest;  // older messages are not looked at (RFC 9738): the
                              // matcher knows, the query does not
};

// `box` gives meaning to numbers, \Recent and the saved result, `now` to OLDER
// and YOUNGER. Errors: invalid (the command is BAD), too_large (too many keys
// or texts).
struct SearchLimits {
  std::size_t keys = 0, texts = 0;
  std::uint32_t messages = 0;  // 0 = none
};
Result<Search> prepare_search(const wire::imap::SearchProgram& program, const Selected& box, Instant now,
                              const SearchLimits& limits,
                              groupware::Collation collation = groupware::Collation::unicode_casemap);

// How far a search has come.
struct Found {
  std::uint32_t position = 0;
  std::vector<std::uint32_t> matches;
};

// Prepares the search of a command in `box` and takes its first turn at once, or says how to refuse it.
struct SearchStart {
  std::optional<Search> search;
  std::optional<Reply> refusal;
  Found found;
};
Task<SearchStart> start_search(Session& session, const Command& command, const Selected& box,
                               const wire::imap::SearchProgram& program, std::uint32_t most_messages);

// Goes on with what start_search() began: the positions that match, ascending. Errors: as Matcher::run.
Task<Result<std::vector<std::uint32_t>>> find_all(Session& session, const Command& command, const Selected& box,
                                                  SearchStart& start);

// How relevant each of `matches` is. Errors: as Relevancy::gather.
Task<Result<std::vector<std::uint8_t>>> score_all(Session& session, const Command& command, const Selected& box,
                                                  const Search& search, const std::vector<std::uint32_t>& matches);
// RFC 6203 sections 4 and 6: without FUZZY nothing has a relevancy.
std::optional<Reply> refuse_relevancy(const Search& search, bool is_wanted);

// Whether a sequence number, or "$", stands in it.
bool uses_numbers(const wire::imap::SearchKey& key);

// UIDs as the core has them.
std::vector<groupware::UidRange> to_uids(const wire::imap::Ranges& ranges);

}  // namespace kontor::imap
