// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/search_command.h"

#include <utility>

#include "base/bytes.h"

namespace kontor::wire::imap {
namespace {

using By = SortCriterion::By;

constexpr std::pair<std::string_view, By> kCriteria[] = {
    {"ARRIVAL", By::arrival},      {"CC", By::cc},     {"DATE", By::date},           {"DISPLAYFROM", By::display_from},
    {"DISPLAYTO", By::display_to}, {"FROM", By::from}, {"RELEVANCY", By::relevancy}, {"SIZE", By::size},
    {"SUBJECT", By::subject},      {"TO", By::to},
};

constexpr std::pair<std::string_view, bool ReturnOptions::*> kOptions[] = {
    {"MIN", &ReturnOptions::min},         {"MAX", &ReturnOptions::max},
    {"ALL", &ReturnOptions::all},         {"COUNT", &ReturnOptions::count},
    {"SAVE", &ReturnOptions::save},       {"UPDATE", &ReturnOptions::update},
    {"CONTEXT", &ReturnOptions::context}, {"RELEVANCY", &ReturnOptions::relevancy},
};

void parse_return_option(Cursor& in, ReturnOptions& options) {
  for (const auto& [name, member] : kOptions) {
    if (!in.take_word(name)) continue;
    options.*member = true;
    return;
  }
  if (!in.take_word("PARTIAL")) return in.fail("there is no such return option");
  in.space();
  if (options.partial) in.fail("PARTIAL may be given once");
  options.partial = parse_partial_range(in);
}

// RETURN (...) and the blank behind it, if it is there.
ReturnOptions parse_return_options(Cursor& in) {
  ReturnOptions options;
  if (!in.take_word("RETURN")) return options;
  in.space();
  in.expect('(');
  options.is_given = true;
  if (!in.take(')')) {
    do parse_return_option(in, options);
    while (in.take(' '));
    in.expect(')');
  }
  // What only tells how to go on, or more of each result, asks for all there is.
  if (!options.min && !options.max && !options.count && !options.save && !options.partial) options.all = true;
  if (options.partial && options.all) in.fail("PARTIAL and ALL exclude each other");
  in.space();
  return options;
}

std::string required_charset(Cursor& in) {
  std::string charset = in.astring();
  if (charset.empty()) in.fail("a charset is missing");
  in.space();
  return charset;
}

SortCriterion parse_criterion(Cursor& in) {
  SortCriterion criterion;
  criterion.reverse = in.take_word("REVERSE");
  if (criterion.reverse) in.space();
  for (const auto& [name, by] : kCriteria) {
    if (!in.take_word(name)) continue;
    criterion.by = by;
    return criterion;
  }
  in.fail("there is no such sort criterion");
  return criterion;
}

}  // namespace

SearchCommand parse_search_command(Cursor& in) {
  SearchCommand command;
  command.options = parse_return_options(in);
  command.program = parse_search(in);
  return command;
}

FoldersSearchCommand parse_folders_search(Cursor& in) {
  FoldersSearchCommand command;
  if (in.take_word("IN")) {
    in.space();
    in.expect('(');
    command.sources = parse_mailbox_filters(in);
    in.expect(')');
    in.space();
  }
  command.options = parse_return_options(in);
  if (!command.options.is_given) command.options.is_given = command.options.all = true;
  command.program = parse_search(in);
  return command;
}

SortCommand parse_sort_command(Cursor& in) {
  SortCommand command;
  command.options = parse_return_options(in);
  in.expect('(');
  do {
    command.criteria.push_back(parse_criterion(in));
    if (command.criteria.size() > SortCommand::kMaxCriteria) in.fail("too many sort criteria");
  } while (in.take(' '));
  in.expect(')');
  in.space();
  std::string charset = required_charset(in);
  command.program = parse_search_keys(in, std::move(charset));
  return command;
}

ThreadCommand parse_thread_command(Cursor& in) {
  ThreadCommand command;
  command.algorithm = to_upper(in.atom());
  in.space();
  std::string charset = required_charset(in);
  command.program = parse_search_keys(in, std::move(charset));
  return command;
}

}  // namespace kontor::wire::imap
