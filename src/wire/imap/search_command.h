// SPDX-License-Identifier: AGPL-3.0-or-later
// The commands of the SEARCH family: return options (RFC 4731, 5182, 5267, 6203, 7377, 9394), SORT (RFC 5256,
// 5957, 6203), THREAD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/imap/mailbox_filter.h"
#include "wire/imap/partial_range.h"
#include "wire/imap/search_key.h"

namespace kontor::wire::imap {

struct ReturnOptions {
  bool is_given = false;  // there was a RETURN (...): the answer is an ESEARCH
  bool min = false, max = false, all = false, count = false, save = false, update = false, context = false,
       relevancy = false;
  std::optional<PartialRange> partial;
};

struct SearchCommand {
  ReturnOptions options;
  SearchProgram program;
};
// From after the blank that follows the name to the end. RETURN () asks for ALL.
SearchCommand parse_search_command(Cursor& in);

// ESEARCH of several folders (RFC 7377). Without IN it is the selected one.
struct FoldersSearchCommand {
  std::vector<MailboxFilter> sources;
  ReturnOptions options;
  SearchProgram program;
};
FoldersSearchCommand parse_folders_search(Cursor& in);

struct SortCriterion {
  enum class By : std::uint8_t { arrival, cc, date, display_from, display_to, from, size, subject, to, relevancy };
  By by = By::arrival;
  bool reverse = false;
};
struct SortCommand {
  static constexpr std::size_t kMaxCriteria = 20;
  ReturnOptions options;
  std::vector<SortCriterion> criteria;  // at least one
  SearchProgram program;
};
SortCommand parse_sort_command(Cursor& in);

struct ThreadCommand {
  std::string algorithm;  // upper case
  SearchProgram program;
};
ThreadCommand parse_thread_command(Cursor& in);

}  // namespace kontor::wire::imap
