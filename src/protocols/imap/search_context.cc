// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/search_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "protocols/imap/search_result.h"
#include "protocols/imap/selected.h"
#include "protocols/imap/session.h"
#include "wire/imap/print.h"

namespace kontor::imap {

using groupware::FolderView;
using wire::imap::SearchKey;

SearchContext::SearchContext(std::string tag, bool by_uid, groupware::Query query, std::vector<Uid> found)
    : tag_(std::move(tag)), by_uid_(by_uid), query_(std::move(query)), found_(std::move(found)) {}

SearchContext::SearchContext(std::string tag, bool by_uid, groupware::Query query, groupware::Sorter sorter,
                             std::vector<std::uint32_t> order)
    : tag_(std::move(tag)),
      by_uid_(by_uid),
      query_(std::move(query)),
      sorter_(std::move(sorter)),
      order_(std::move(order)) {
  for (const auto entry : order_) found_.push_back(sorter_->uid(entry));
  std::sort(found_.begin(), found_.end());
}

bool SearchContext::holds(Uid uid) const { return std::binary_search(found_.begin(), found_.end(), uid); }

std::uint32_t SearchContext::number_of(const FolderView& view, Uid uid) const {
  return by_uid_ ? uid.value : view.lower_bound(uid) + 1;
}

// `uids` ascending, all of them results.
std::vector<SearchContext::Step> SearchContext::drop(const FolderView& view, const std::vector<Uid>& uids) {
  std::vector<Step> steps;
  if (uids.empty()) return steps;
  std::vector<Uid> kept;
  std::set_difference(found_.begin(), found_.end(), uids.begin(), uids.end(), std::back_inserter(kept));
  found_ = std::move(kept);
  if (!is_sorted()) {
    for (const Uid uid : uids) steps.push_back({0, number_of(view, uid)});
    return steps;
  }
  std::vector<std::uint32_t> left;
  for (const auto entry : order_) {
    const Uid uid = sorter_->uid(entry);
    if (std::binary_search(uids.begin(), uids.end(), uid))
      steps.push_back({static_cast<std::uint32_t>(left.size() + 1), number_of(view, uid)});
    else
      left.push_back(entry);
  }
  order_ = std::move(left);
  return steps;
}

std::vector<SearchContext::Step> SearchContext::insert_found(const FolderView& view, const std::vector<Uid>& uids) {
  std::vector<Step> steps;
  std::vector<Uid> merged;
  std::set_union(found_.begin(), found_.end(), uids.begin(), uids.end(), std::back_inserter(merged));
  found_ = std::move(merged);
  for (const Uid uid : uids) steps.push_back({0, number_of(view, uid)});
  return steps;
}

Result<std::vector<SearchContext::Step>> SearchContext::insert_sorted(const groupware::Reader& reader,
                                                                      const FolderView& view,
                                                                      const std::vector<Uid>& uids) {
  std::vector<Step> steps;
  if (uids.empty()) return steps;
  // Entries of what left the results stay in the table until they are the most of it.
  if (sorter_->size() > 2 * order_.size() + 1000) {
    sorter_ = sorter_->with_only(order_);
    for (std::uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
  }
  std::vector<std::uint32_t> positions;
  for (const Uid uid : uids) positions.push_back(view.lower_bound(uid));
  const auto first = static_cast<std::uint32_t>(sorter_->size());
  for (std::size_t next = 0; next < positions.size();) TRY_VOID(sorter_->gather(reader, view, positions, next));
  for (const auto entry : sorter_->sorted(first)) {
    const auto place = std::lower_bound(order_.begin(), order_.end(), entry,
                                        [&](std::uint32_t a, std::uint32_t b) { return sorter_->comes_before(a, b); });
    steps.push_back({static_cast<std::uint32_t>(place - order_.begin()) + 1, number_of(view, sorter_->uid(entry))});
    order_.insert(place, entry);
  }
  (void)insert_found(view, uids);
  return steps;
}

std::string SearchContext::forget(const FolderView& view, const std::vector<std::uint32_t>& positions) {
  std::vector<Uid> gone;
  for (const auto position : positions)
    if (const Uid uid = view.at(position).uid; holds(uid)) gone.push_back(uid);
  return print(drop(view, gone), {});
}

Result<std::string> SearchContext::renew(const groupware::Reader& reader, const FolderView& view,
                                         const std::vector<std::uint32_t>& touched,
                                         const std::vector<std::uint32_t>& matching) {
  std::vector<Uid> leaving, coming;
  for (const auto position : touched) {
    const Uid uid = view.at(position).uid;
    const bool is_match = std::binary_search(matching.begin(), matching.end(), position);
    if (is_match && !holds(uid)) coming.push_back(uid);
    if (!is_match && holds(uid)) leaving.push_back(uid);
  }
  const auto removed = drop(view, leaving);
  std::vector<Step> added;
  if (is_sorted()) {
    TRY(added, insert_sorted(reader, view, coming));
  } else if (!coming.empty()) {
    added = insert_found(view, coming);
  }
  return print(removed, added);
}

// "REMOVEFROM (1 7 1 3) ADDTO (4 9)", or with the folder's order "ADDTO (0 7:9)".
std::string SearchContext::print(const std::vector<Step>& removed, const std::vector<Step>& added) const {
  if (removed.empty() && added.empty()) return {};
  std::string line = "* ESEARCH (TAG ";
  wire::imap::append_string(line, tag_);
  line += by_uid_ ? ") UID" : ")";
  const auto append = [&](std::string_view name, const std::vector<Step>& steps) {
    if (steps.empty()) return;
    std::string pairs;
    if (is_sorted()) {
      for (const auto& step : steps)
        fmt::format_to(std::back_inserter(pairs), "{}{} {}", pairs.empty() ? "" : " ", step.context_position,
                       step.number);
    } else {
      std::vector<std::uint32_t> numbers;
      for (const auto& step : steps) numbers.push_back(step.number);
      pairs = "0 " + print_in_order(numbers);
    }
    fmt::format_to(std::back_inserter(line), " {} ({})", name, pairs);
  };
  append("REMOVEFROM", removed);
  append("ADDTO", added);
  return line + "\r\n";
}

bool can_be_updated(const SearchKey& key) {
  using enum SearchKey::Op;
  switch (key.op) {
    case numbers:
    case recent:
    case old:
    case older:
    case younger:
      return key.op == numbers && key.set.is_saved_result();
    case filter:  // what stands in it may change
      return false;
    case uids:
      return !key.set.has_star();
    default:
      return std::all_of(key.children.begin(), key.children.end(), can_be_updated);
  }
}

std::string keep_context(Selected& box, std::string_view tag, const SearchKey& key, std::size_t most,
                         SearchContext context) {
  std::string_view why;
  if (!can_be_updated(key))
    why = "a search by sequence number, \\Recent or age is not kept up to date";
  else if (context.size() > most)
    why = "too many results to keep up to date";
  else if (box.contexts.size() >= SearchContext::kMostContexts)
    why = "too many searches to keep up to date";
  if (why.empty()) {
    box.contexts.push_back(std::move(context));
    return {};
  }
  return refuse_context(tag, why);
}

std::string refuse_context(std::string_view tag, std::string_view why) {
  std::string line = "* NO [NOUPDATE ";
  wire::imap::append_string(line, tag);
  return (((line += "] ") += why) += "\r\n");
}

std::optional<Reply> refuse_update(Session& session, const Command& command, const wire::imap::ReturnOptions& options) {
  if (!options.update) return std::nullopt;
  for (const auto& context : session.selected()->contexts)
    if (context.tag() == command.tag) return Reply::bad("this tag is in use by a search that is kept up to date");
  return std::nullopt;
}

Result<std::string> renew_contexts(Selected& box, const groupware::Caller& caller,
                                   const std::vector<std::uint32_t>& touched) {
  std::string out;
  TRY(const auto reader, box.account->read(caller));
  for (auto& context : box.contexts) {
    // Made anew each time: the query may name a keyword that has come meanwhile.
    TRY(const auto matcher, groupware::Matcher::prepare(context.query(), *box.keywords, SIZE_MAX));
    std::vector<std::uint32_t> matching;
    for (std::size_t next = 0; next < touched.size();)
      TRY_VOID(matcher.run_among(*reader, *box.view, touched, next, matching));
    TRY(const std::string line, context.renew(*reader, *box.view, touched, matching));
    out += line;
  }
  return out;
}

}  // namespace kontor::imap
