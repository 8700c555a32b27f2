// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire formats base
// The arguments of every command, read from one text.
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/imap/collation_pattern.h"
#include "wire/imap/cursor.h"
#include "wire/imap/fetch_request.h"
#include "wire/imap/list_request.h"
#include "wire/imap/metadata_request.h"
#include "wire/imap/notify_request.h"
#include "wire/imap/print.h"
#include "wire/imap/search_command.h"
#include "wire/imap/select_request.h"

using namespace kontor::wire::imap;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t depth_of(const SearchKey& key) {
  std::size_t deepest = 0;
  for (const auto& child : key.children) deepest = std::max(deepest, depth_of(child));
  return deepest + 1;
}

// A string that was read is read again when printed.
void check_strings(std::string_view text) {
  Cursor in(text);
  const std::string read = in.astring();
  if (!in.finish()) return;
  std::string printed;
  append_astring(printed, read);
  Cursor again(printed);
  require(again.astring() == read && again.finish());
}

void check_date_time(std::string_view text) {
  Cursor in(text);
  const auto date = in.date_time();
  if (!in.finish()) return;
  const std::string printed = '"' + print_date_time(date) + '"';
  Cursor again(printed);
  const auto second = again.date_time();
  // The last second of 9999 west of Greenwich is in the year 10000, which has no form.
  require(printed.size() != 28 || (again.finish() && second.at == date.at && second.zone_minutes == date.zone_minutes));
}

// "*" stands for nothing as well.
void check_collation(std::string_view text) {
  const auto pattern = parse_collation_pattern(text);
  if (!pattern) return;
  std::string plain = pattern->name;
  std::erase(plain, '*');
  require(pattern->matches(plain));
  require(pattern->matches(plain + "x") == pattern->name.ends_with('*') ||
          pattern->name.find('*') != std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto mark = trailing_literal(text)) require(mark->at < size);
  check_strings(text);
  check_date_time(text);
  check_collation(text);
  {
    Cursor in(text);
    const auto request = parse_fetch(in);
    require(in.failed() || (!request.items.empty() && request.items.size() <= FetchRequest::kMaxItems));
    for (const auto& item : request.items) require(in.failed() || !item.label.empty());
  }
  {
    Cursor in(text);
    const auto command = parse_search_command(in);
    require(depth_of(command.program.key) <= 2 * SearchProgram::kMaxDepth + 4);
    const auto& partial = command.options.partial;
    require(in.failed() || !partial || (partial->first > 0 && partial->first <= partial->last));
  }
  {
    Cursor sort(text), thread(text), folders(text);
    require(parse_sort_command(sort).criteria.size() <= SortCommand::kMaxCriteria + 1);
    parse_thread_command(thread);
    require(parse_folders_search(folders).sources.size() <= MailboxFilter::kMaxFilters + 1);
  }
  {
    Cursor in(text);
    const auto request = parse_list(in);
    require(in.failed() || (!request.patterns.empty() && request.patterns.size() <= ListRequest::kMaxPatterns));
  }
  {
    Cursor in(text);
    const auto request = parse_select(in);
    if (!in.failed() && request.resync) {
      require(count(request.resync->numbers) == count(request.resync->uids));
      request.resync->last_match([](std::uint32_t number) { return number < 1000 ? 2 * number : 0; });
    }
  }
  {
    Cursor in(text);
    const auto get = parse_get_metadata(in);
    require(in.failed() || (!get.entries.empty() && get.entries.size() <= GetMetadataRequest::kMaxEntries));
    Cursor again(text);
    const auto set = parse_set_metadata(again);
    for (const auto& entry : set.entries) require(again.failed() || is_metadata_entry(entry.name));
  }
  {
    Cursor in(text);
    const auto request = parse_notify(in);
    require(in.failed() || request.is_none != !request.groups.empty());
  }
  {
    Cursor in(text);
    in.tag(), in.space(), in.atom(), in.space(), in.list_pattern(), in.space(), in.nstring(), in.space();
    in.store_flags();
    in.finish();
  }
  {
    Cursor in(text);
    in.sequence_set(), in.space(), in.flag_list(), in.space(), in.date(), in.space(), in.number64();
    require(in.finish() != in.failed());
  }
  return 0;
}
