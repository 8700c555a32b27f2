// SPDX-License-Identifier: AGPL-3.0-or-later
// Answers of the SEARCH family: what the return options ask for (RFC 4731, 5267, 6203, 9394), and what they save (RFC
// 5182).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/imap/selected.h"
#include "wire/imap/search_command.h"

namespace kontor::imap {

struct SearchResult {
  const groupware::FolderView& view;
  const std::vector<std::uint32_t>& positions;  // in the order of the answer
  bool by_uid = false;
  bool with_modseq = false;
  std::string_view correlator = {};       // besides the tag: " MAILBOX work UIDVALIDITY 7"
  std::vector<std::uint8_t> scores = {};  // of each position, where RELEVANCY is wanted
};

// "* SEARCH 2 5 6" or "* SORT ...", with the line end.
std::string print_plain(std::string_view name, const SearchResult& result);

// `* ESEARCH (TAG "A1") UID COUNT 3`, with the line end.
std::string print_esearch(std::string_view tag, const wire::imap::ReturnOptions& options, const SearchResult& result);

// Whether there is anything for an ESEARCH to say: RETURN (SAVE) alone is silent.
bool wants_answer(const wire::imap::ReturnOptions& options);

// The UIDs that RETURN (SAVE ...) remembers: RFC 5182 section 2.1, RFC 9394 section 3.2.
wire::imap::Ranges saved_result(const wire::imap::ReturnOptions& options, const SearchResult& result);

// Numbers in the given order; what ascends by one is a range: "7,3:5,1".
std::string print_in_order(const std::vector<std::uint32_t>& numbers);

}  // namespace kontor::imap
