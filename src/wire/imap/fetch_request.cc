// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/fetch_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "wire/imap/print.h"

namespace kontor::wire::imap {
namespace {

using Kind = FetchItem::Kind;

struct SimpleItem {
  std::string_view name;
  Kind kind;
};
constexpr SimpleItem kSimpleItems[] = {
    {"FLAGS", Kind::flags},
    {"UID", Kind::uid},
    {"INTERNALDATE", Kind::internal_date},
    {"RFC822.SIZE", Kind::size},
    {"MODSEQ", Kind::modseq},
    {"ENVELOPE", Kind::envelope},
    {"BODYSTRUCTURE", Kind::body_structure},
    {"EMAILID", Kind::email_id},
    {"THREADID", Kind::thread_id},
    {"SAVEDATE", Kind::save_date},
    {"PREVIEW", Kind::preview},
    {"RFC822.HEADER", Kind::rfc822_header},
    {"RFC822.TEXT", Kind::rfc822_text},
    {"RFC822", Kind::rfc822},
};

void parse_fields(Cursor& in, Section& section, std::string& label) {
  in.space();
  in.expect('(');
  label += " (";
  do {
    section.fields.push_back(in.astring());
    if (section.fields.size() > 1) label.push_back(' ');
    append_astring(label, section.fields.back());
    if (section.fields.size() > FetchRequest::kMaxFields) in.fail("too many header fields");
  } while (in.take(' '));
  in.expect(')');
  label.push_back(')');
}

// "HEADER", "HEADER.FIELDS (...)", "TEXT", "MIME" after the part number, if any.
void parse_section_text(Cursor& in, Section& section, std::string& label) {
  if (in.take_word("HEADER.FIELDS.NOT")) {
    section.what = Section::What::fields_not;
    label += "HEADER.FIELDS.NOT";
    parse_fields(in, section, label);
  } else if (in.take_word("HEADER.FIELDS")) {
    section.what = Section::What::fields;
    label += "HEADER.FIELDS";
    parse_fields(in, section, label);
  } else if (in.take_word("HEADER")) {
    section.what = Section::What::header;
    label += "HEADER";
  } else if (in.take_word("TEXT")) {
    section.what = Section::What::text;
    label += "TEXT";
  } else if (!section.part.empty() && in.take_word("MIME")) {
    section.what = Section::What::mime;
    label += "MIME";
  } else {
    in.fail("there is no such section");
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// After "BODY[" to the "]" and the partial. A BINARY names parts only.
void parse_section_item(Cursor& in, FetchItem& item, std::string label) {
  const bool has_text = item.kind == Kind::section;
  while (is_digit(in.peek())) {
    item.section.part.push_back(in.nz_number());
    fmt::format_to(std::back_inserter(label), "{}", item.section.part.back());
    if (item.section.part.size() > FetchRequest::kMaxPartDepth) in.fail("a part number is too deep");
    if (!in.take('.')) break;
    label.push_back('.');
    if (is_digit(in.peek())) continue;
    if (!has_text) in.fail("expected a part number");
    parse_section_text(in, item.section, label);
    break;
  }
  if (has_text && item.section.part.empty() && in.peek() != ']') parse_section_text(in, item.section, label);
  in.expect(']');
  label.push_back(']');
  if (item.kind != Kind::binary_size && in.take('<')) {
    item.offset = in.number64();
    in.expect('.');
    item.length = in.number64();
    if (item.length == 0) in.fail("a number must not be zero");
    in.expect('>');
    fmt::format_to(std::back_inserter(label), "<{}>", *item.offset);
  }
  item.label = std::move(label);
}

struct SectionItem {
  std::string_view name;
  Kind kind;
  bool peek;
  std::string_view label;
};
constexpr SectionItem kSectionItems[] = {
    {"BODY", Kind::section, false, "BODY["},
    {"BODY.PEEK", Kind::section, true, "BODY["},
    {"BINARY", Kind::binary, false, "BINARY["},
    {"BINARY.PEEK", Kind::binary, true, "BINARY["},
    {"BINARY.SIZE", Kind::binary_size, true, "BINARY.SIZE["},
};

// " (LAZY)" of a PREVIEW; what else stands in parentheses belongs to the command.
bool takes_lazy(Cursor& in) {
  constexpr std::string_view kLazy = " (LAZY)";
  if (!iequals(in.rest().substr(0, kLazy.size()), kLazy)) return false;
  in.skip(kLazy.size());
  return true;
}

void parse_item(Cursor& in, FetchRequest& request) {
  FetchItem item;
  for (const auto& simple : kSimpleItems) {
    if (!in.take_word(simple.name)) continue;
    item.kind = simple.kind;
    item.label = simple.name;
    item.peek = item.kind != Kind::rfc822 && item.kind != Kind::rfc822_text;
    item.lazy = item.kind == Kind::preview && takes_lazy(in);
    if (item.reads_content() || !request.has(item.kind)) request.items.push_back(std::move(item));
    return;
  }
  // "[" may be part of an atom: so the name is read up to it.
  const std::string_view rest = in.rest();
  const std::size_t length = std::min(rest.find_first_of("[ )"), rest.size());
  const std::string_view name = rest.substr(0, length);
  if (length == rest.size() || rest[length] != '[') {
    if (!iequals(name, "BODY")) return in.fail("there is no such item to fetch");
    in.skip(length);
    item.kind = Kind::body;
    item.label = "BODY";
    item.peek = true;
    if (!request.has(Kind::body)) request.items.push_back(std::move(item));
    return;
  }
  for (const auto& known : kSectionItems) {
    if (!iequals(name, known.name)) continue;
    in.skip(length + 1);
    item.kind = known.kind;
    item.peek = known.peek;
    parse_section_item(in, item, std::string(known.label));
    request.items.push_back(std::move(item));
    return;
  }
  in.fail("there is no such item to fetch");
}

bool parse_macro(Cursor& in, FetchRequest& request) {
  const auto add = [&](std::initializer_list<SimpleItem> items) {
    for (const auto& simple : items) {
      FetchItem item;
      item.kind = simple.kind;
      item.label = simple.name;
      item.peek = true;
      request.items.push_back(std::move(item));
    }
    return true;
  };
  const SimpleItem flags{"FLAGS", Kind::flags}, date{"INTERNALDATE", Kind::internal_date},
      size{"RFC822.SIZE", Kind::size}, envelope{"ENVELOPE", Kind::envelope}, body{"BODY", Kind::body};
  if (in.take_word("ALL")) return add({flags, date, size, envelope});
  if (in.take_word("FAST")) return add({flags, date, size});
  if (in.take_word("FULL")) return add({flags, date, size, envelope, body});
  return false;
}

// RFC 4466 section 2.4: each at most once.
void parse_modifiers(Cursor& in, FetchRequest& request) {
  in.expect('(');
  do {
    if (!request.changed_since && in.take_word("CHANGEDSINCE")) {
      in.space();
      request.changed_since = in.number64();
    } else if (!request.partial && in.take_word("PARTIAL")) {
      in.space();
      request.partial = parse_partial_range(in);
    } else if (!request.vanished && in.take_word("VANISHED")) {
      request.vanished = true;
    } else {
      in.fail("there is no such FETCH modifier");
    }
  } while (in.take(' '));
  in.expect(')');
  if (request.vanished && !request.changed_since) in.fail("VANISHED needs CHANGEDSINCE");
}

}  // namespace

bool FetchRequest::has(FetchItem::Kind kind) const {
  return std::any_of(items.begin(), items.end(), [&](const FetchItem& item) { return item.kind == kind; });
}

void FetchRequest::add(FetchItem::Kind kind) {
  if (has(kind)) return;
  FetchItem item;
  item.kind = kind;
  item.peek = true;
  for (const auto& simple : kSimpleItems) {
    if (simple.kind == kind) item.label = simple.name;
  }
  items.insert(items.begin(), std::move(item));
}

bool FetchRequest::sets_seen() const {
  return std::any_of(items.begin(), items.end(), [](const FetchItem& item) { return !item.peek; });
}

Section parse_section(Cursor& in) {
  FetchItem item;
  item.kind = Kind::section;
  parse_section_item(in, item, "");
  if (item.offset) in.fail("a partial has no place here");
  return std::move(item.section);
}

FetchRequest parse_fetch_items(Cursor& in) {
  FetchRequest request;
  in.expect('(');
  do {
    parse_item(in, request);
    if (request.items.size() > FetchRequest::kMaxItems) in.fail("too many items to fetch");
  } while (in.take(' '));
  in.expect(')');
  return request;
}

FetchRequest parse_fetch(Cursor& in) {
  FetchRequest request;
  if (in.peek() == '(') {
    request = parse_fetch_items(in);
  } else if (!parse_macro(in, request)) {
    parse_item(in, request);
  }
  if (in.take(' ')) parse_modifiers(in, request);
  in.finish();
  return request;
}

}  // namespace kontor::wire::imap
