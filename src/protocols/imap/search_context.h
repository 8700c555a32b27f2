// SPDX-License-Identifier: AGPL-3.0-or-later
// Searches whose client wants to hear how their results change (RFC 5267 section 4.3): kept with the selected folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "groupware/search/matcher.h"
#include "groupware/search/order.h"
#include "protocols/imap/command.h"
#include "wire/imap/search_command.h"

namespace kontor::imap {

struct Selected;

// One search and its results as the client knows them.
class SearchContext {
 public:
  static constexpr std::size_t kMostContexts = 8;
  static constexpr std::size_t kMostFound = 250'000;
  static constexpr std::size_t kMostSorted = 20'000;

  // `found` ascending by UID.
  SearchContext(std::string tag, bool by_uid, groupware::Query query, std::vector<Uid> found);
  // `order`: entries of `sorter`.
  SearchContext(std::string tag, bool by_uid, groupware::Query query, groupware::Sorter sorter,
                std::vector<std::uint32_t> order);

  const std::string& tag() const { return tag_; }
  std::size_t size() const { return found_.size(); }
  const groupware::Query& query() const { return query_; }

  // What the client is to be told, as an ESEARCH line or nothing, when rows of `view` at `positions` go away: to be
  // sent before their EXPUNGE.
  std::string forget(const groupware::FolderView& view, const std::vector<std::uint32_t>& positions);

  // The same after rows were added or changed: `touched` are those positions, `matching` those of them that match, both
  // ascending. Reads what a sorted result compares by. Blocks. Errors: as Sorter::gather.
  Result<std::string> renew(const groupware::Reader& reader, const groupware::FolderView& view,
                            const std::vector<std::uint32_t>& touched, const std::vector<std::uint32_t>& matching);

 private:
  struct Step {  // one pair of a position in the results and a message; position 0 = results are in the folder's order
    std::uint32_t context_position;
    std::uint32_t number;
  };
  bool is_sorted() const { return sorter_.has_value(); }
  std::uint32_t number_of(const groupware::FolderView& view, Uid uid) const;
  std::vector<Step> drop(const groupware::FolderView& view, const std::vector<Uid>& uids);
  std::vector<Step> insert_found(const groupware::FolderView& view, const std::vector<Uid>& uids);
  Result<std::vector<Step>> insert_sorted(const groupware::Reader& reader, const groupware::FolderView& view,
                                          const std::vector<Uid>& uids);
  bool holds(Uid uid) const;
  std::string print(const std::vector<Step>& removed, const std::vector<Step>& added) const;

  std::string tag_;
  bool by_uid_ = false;
  groupware::Query query_;
  std::vector<Uid> found_;  // ascending, of a result that is sorted too
  std::optional<groupware::Sorter> sorter_;
  std::vector<std::uint32_t> order_;
};

// Whether the answer to a search depends on the messages' own state alone: on no sequence number, no "*", not on
// \Recent and not on the time. Only such searches are kept up to date.
bool can_be_updated(const wire::imap::SearchKey& key);

// Keeps the context, or tells why not: "* NO [NOUPDATE ...]". `key` is the search's; at most `most` results.
std::string keep_context(Selected& box, std::string_view tag, const wire::imap::SearchKey& key, std::size_t most,
                         SearchContext context);
// The answer to a search that is not kept up to date.
std::string refuse_context(std::string_view tag, std::string_view why);
// RFC 5267 section 4.3: the tag of a search that is kept up to date must not be used for another.
std::optional<Reply> refuse_update(Session& session, const Command& command, const wire::imap::ReturnOptions& options);

// All contexts of `box`, after rows of its view changed or came. Blocks. Errors: as Matcher::run_among; the contexts
// that were reached are renewed.
Result<std::string> renew_contexts(Selected& box, const groupware::Caller& caller,
                                   const std::vector<std::uint32_t>& touched);

}  // namespace kontor::imap
