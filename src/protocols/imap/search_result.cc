// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/search_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "wire/imap/print.h"

namespace kontor::imap {

using wire::imap::PartialRange;
using wire::imap::ReturnOptions;

namespace {

std::uint32_t number_at(const SearchResult& result, std::uint32_t position) {
  return result.by_uid ? result.view.at(position).uid.value : position + 1;
}

std::vector<std::uint32_t> numbers_of(const SearchResult& result, const std::vector<std::uint32_t>& positions) {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(positions.size());
  for (const auto position : positions) numbers.push_back(number_at(result, position));
  return numbers;
}

std::uint64_t highest_modseq(const SearchResult& result, const std::vector<std::uint32_t>& positions) {
  std::uint64_t highest = 0;
  for (const auto position : positions) highest = std::max(highest, result.view.at(position).modseq.value);
  return highest;
}

std::vector<std::uint32_t> slice(const std::vector<std::uint32_t>& positions, const PartialRange& range) {
  const auto [begin, end] = range.cut(positions.size());
  return {positions.begin() + static_cast<std::ptrdiff_t>(begin), positions.begin() + static_cast<std::ptrdiff_t>(end)};
}

// The scores of all results, or of the part that PARTIAL asks for (RFC 6203 sections 4 and 6).
std::string print_scores(const ReturnOptions& options, const SearchResult& result) {
  const auto [begin, end] = options.partial ? options.partial->cut(result.scores.size())
                                            : std::pair<std::size_t, std::size_t>(0, result.scores.size());
  std::string out;
  for (std::size_t i = begin; i < end; ++i) {
    if (!out.empty()) out.push_back(' ');
    wire::imap::append_number(out, result.scores[i]);
  }
  return out;
}

// The messages that MIN, MAX and PARTIAL name.
std::vector<std::uint32_t> named(const ReturnOptions& options, const SearchResult& result) {
  std::vector<std::uint32_t> positions;
  if (result.positions.empty()) return positions;
  if (options.partial) positions = slice(result.positions, *options.partial);
  if (options.min) positions.push_back(result.positions.front());
  if (options.max) positions.push_back(result.positions.back());
  return positions;
}

}  // namespace

std::string print_in_order(const std::vector<std::uint32_t>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    if (!out.empty()) out.push_back(',');
    wire::imap::append_number(out, numbers[i]);
    if (end > i + 1) {
      out.push_back(':');
      wire::imap::append_number(out, numbers[end - 1]);
    }
    i = end;
  }
  return out;
}

std::string print_plain(std::string_view name, const SearchResult& result) {
  std::string line = "* ";
  line += name;
  line.reserve(result.positions.size() * 7 + 32);
  for (const auto position : result.positions) {
    line.push_back(' ');
    wire::imap::append_number(line, number_at(result, position));
  }
  if (result.with_modseq && !result.positions.empty())
    fmt::format_to(std::back_inserter(line), " (MODSEQ {})", highest_modseq(result, result.positions));
  return line += "\r\n";
}

std::string print_esearch(std::string_view tag, const ReturnOptions& options, const SearchResult& result) {
  std::string line = "* ESEARCH (TAG ";
  wire::imap::append_string(line, tag);
  line += result.correlator;
  line += result.by_uid ? ") UID" : ")";
  const auto out = std::back_inserter(line);
  const auto& found = result.positions;
  if (options.min && !found.empty()) fmt::format_to(out, " MIN {}", number_at(result, found.front()));
  if (options.max && !found.empty()) fmt::format_to(out, " MAX {}", number_at(result, found.back()));
  if (options.all && !found.empty()) (line += " ALL ") += print_in_order(numbers_of(result, found));
  if (options.count) fmt::format_to(out, " COUNT {}", found.size());
  if (options.partial) {
    const auto some = slice(found, *options.partial);
    fmt::format_to(out, " PARTIAL ({} {})", options.partial->print(),
                   some.empty() ? "NIL" : print_in_order(numbers_of(result, some)));
  }
  if (options.relevancy && !found.empty()) fmt::format_to(out, " RELEVANCY ({})", print_scores(options, result));
  if (result.with_modseq && !found.empty()) {
    const bool is_all = options.all || options.count;
    fmt::format_to(out, " MODSEQ {}", highest_modseq(result, is_all ? found : named(options, result)));
  }
  return line += "\r\n";
}

bool wants_answer(const ReturnOptions& options) {
  return options.min || options.max || options.all || options.count || options.partial || !options.save;
}

wire::imap::Ranges saved_result(const ReturnOptions& options, const SearchResult& result) {
  const bool is_part = (options.min || options.max || options.partial) && !options.all && !options.count;
  std::vector<std::uint32_t> positions = is_part ? named(options, result) : result.positions;
  std::sort(positions.begin(), positions.end());
  return uids_at(result.view, positions);
}

}  // namespace kontor::imap
