// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/list_request.h"

#include "wire/imap/list_pattern.h"
#include "wire/imap/metadata_request.h"

namespace kontor::wire::imap {
namespace {

void parse_selection_option(Cursor& in, ListRequest::Selection& selected) {
  if (in.take_word("SUBSCRIBED")) {
    selected.subscribed = true;
  } else if (in.take_word("SPECIAL-USE")) {
    selected.special_use = true;
  } else if (in.take_word("REMOTE")) {
    selected.remote = true;
  } else if (in.take_word("RECURSIVEMATCH")) {
    selected.recursive = true;
  } else {
    in.fail("there is no such selection option");
  }
}

void parse_selection(Cursor& in, ListRequest& request) {
  request.is_extended = true;
  if (!in.take(')')) {
    do parse_selection_option(in, request.selected);
    while (in.take(' '));
    in.expect(')');
  }
  // RFC 5258 section 3.1: it modifies a base option and cannot stand alone.
  const auto& selected = request.selected;
  if (selected.recursive && !selected.subscribed && !selected.special_use)
    in.fail("RECURSIVEMATCH needs another option to select by");
  in.space();
}

void parse_return_option(Cursor& in, ListRequest::Returned& returned) {
  if (in.take_word("SUBSCRIBED")) {
    returned.subscribed = true;
  } else if (in.take_word("CHILDREN")) {
    returned.children = true;
  } else if (in.take_word("SPECIAL-USE")) {
    returned.special_use = true;
  } else if (in.take_word("MYRIGHTS")) {
    returned.my_rights = true;
  } else if (in.take_word("STATUS")) {
    in.space();
    returned.status = parse_status_items(in);
  } else if (in.take_word("METADATA")) {
    in.space();
    returned.metadata = parse_metadata_entries(in);
  } else {
    in.fail("there is no such return option");
  }
}

void parse_patterns(Cursor& in, ListRequest& request) {
  if (in.take('(')) {
    request.is_extended = true;
    do request.patterns.push_back(in.list_pattern());
    while (in.take(' ') && request.patterns.size() < ListRequest::kMaxPatterns);
    in.expect(')');
  } else {
    request.patterns.push_back(in.list_pattern());
  }
  std::size_t bytes = 0;
  for (const auto& pattern : request.patterns) {
    const std::size_t length = request.reference.size() + pattern.size();
    if (length > ListPattern::kMaxLength) in.fail("the pattern is too long");
    bytes += length;
  }
  if (bytes > ListRequest::kMaxPatternBytes) in.fail("the patterns are too long");
}

}  // namespace

ListRequest parse_list(Cursor& in) {
  ListRequest request;
  in.space();
  if (in.take('(')) parse_selection(in, request);
  request.reference = in.astring();
  in.space();
  parse_patterns(in, request);
  if (in.take(' ')) {
    request.is_extended = true;
    if (!in.take_word("RETURN")) in.fail("expected RETURN");
    in.space();
    in.expect('(');
    if (!in.take(')')) {
      do parse_return_option(in, request.returned);
      while (in.take(' '));
      in.expect(')');
    }
  }
  in.finish();
  return request;
}

std::string join_reference(std::string reference, std::string_view pattern) {
  if (reference.ends_with('/') && pattern.starts_with('/')) pattern.remove_prefix(1);
  return reference += pattern;
}

}  // namespace kontor::wire::imap
