// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/metadata_request.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::wire::imap {
namespace {

using Depth = GetMetadataRequest::Depth;

// Also the roots of both kinds, which cannot be set but have what is below them.
bool is_metadata_root(std::string_view name) { return name == "/shared" || name == "/private"; }

std::string metadata_entry(Cursor& in) {
  std::string name = to_lower(in.astring());
  if (!in.failed() && !is_metadata_entry(name) && !is_metadata_root(name)) in.fail("this is no entry's name");
  return name;
}

void parse_get_options(Cursor& in, GetMetadataRequest& request) {
  do {
    if (in.take_word("MAXSIZE")) {
      in.space();
      request.max_size = in.number64();
    } else if (in.take_word("DEPTH")) {
      in.space();
      if (in.take_word("0")) {
        request.depth = Depth::zero;
      } else if (in.take_word("1")) {
        request.depth = Depth::one;
      } else if (in.take_word("INFINITY")) {
        request.depth = Depth::infinity;
      } else {
        in.fail("there is no such depth");
      }
    } else {
      in.fail("there is no such option");
    }
  } while (in.take(' '));
  in.expect(')');
  in.space();
}

bool is_below(std::string_view entry, std::string_view above, Depth depth) {
  if (entry == above) return true;
  if (depth == Depth::zero || !entry.starts_with(above) || entry[above.size()] != '/') return false;
  return depth == Depth::infinity || entry.find('/', above.size() + 1) == std::string_view::npos;
}

}  // namespace

bool is_metadata_entry(std::string_view name) {
  if (!name.starts_with("/shared/") && !name.starts_with("/private/")) return false;
  if (name.ends_with('/') || name.contains("//")) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '*' && c != '%'; });
}

bool GetMetadataRequest::covers(std::string_view entry) const {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const std::string& wanted) { return is_below(entry, wanted, depth); });
}

std::vector<std::string> parse_metadata_entries(Cursor& in) {
  std::vector<std::string> entries;
  in.expect('(');
  do entries.push_back(metadata_entry(in));
  while (in.take(' ') && entries.size() < GetMetadataRequest::kMaxEntries);
  in.expect(')');
  return entries;
}

// Clients put the options before the mailbox, as the grammar has it, or behind it, as an example has it.
GetMetadataRequest parse_get_metadata(Cursor& in) {
  GetMetadataRequest request;
  in.space();
  if (in.take('(')) parse_get_options(in, request);
  request.mailbox = in.astring();
  in.space();
  if (in.peek() != '(') {
    request.entries.push_back(metadata_entry(in));
  } else if (in.rest().starts_with("(/") || in.rest().starts_with("(\"/")) {
    request.entries = parse_metadata_entries(in);
  } else {
    in.take('(');
    parse_get_options(in, request);
    if (in.peek() == '(') {
      request.entries = parse_metadata_entries(in);
    } else {
      request.entries.push_back(metadata_entry(in));
    }
  }
  in.finish();
  return request;
}

SetMetadataRequest parse_set_metadata(Cursor& in) {
  SetMetadataRequest request;
  in.space();
  request.mailbox = in.astring();
  in.space();
  in.expect('(');
  do {
    SetMetadataRequest::Entry entry;
    entry.name = metadata_entry(in);
    if (!in.failed() && is_metadata_root(entry.name)) in.fail("this is no entry's name");
    in.space();
    entry.value = in.peek() == '~' ? in.literal8() : in.nstring();
    request.entries.push_back(std::move(entry));
  } while (in.take(' ') && request.entries.size() < GetMetadataRequest::kMaxEntries);
  in.expect(')');
  in.finish();
  return request;
}

}  // namespace kontor::wire::imap
