// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/response_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"

namespace kontor::wire::imap::client {
namespace {

struct Value {
  enum class Kind : std::uint8_t { nil, text, list };
  Kind kind = Kind::nil;
  std::string text;
  std::vector<Value> items;
};

std::uint64_t to_number(std::string_view text) {
  std::uint64_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  return error == std::errc{} && end != text.data() ? v : 0;
}

std::uint32_t to_uid(std::string_view text) {
  const auto v = to_number(text);
  return v <= UINT32_MAX ? static_cast<std::uint32_t>(v) : 0;
}

// Reads values from the front of a response's text.
class Reader {
 public:
  Reader(std::string_view text, std::span<const std::string> literals, std::size_t depth)
      : text_(text), literals_(literals), depth_(depth) {}

  std::string_view rest() const { return text_; }
  bool at_end() const { return text_.empty(); }
  char peek() const { return text_.empty() ? '\0' : text_.front(); }
  void skip_blanks() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t')) text_.remove_prefix(1);
  }
  bool take(char c) {
    if (peek() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool is_broken() const { return is_broken_; }

  // Up to a blank or an opening parenthesis; "BODY[HEADER.FIELDS (DATE)]<0>" is one word.
  std::string_view word() {
    std::size_t i = 0;
    std::size_t bracket = 0;
    for (; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == '[') ++bracket;
      if (c == ']' && bracket > 0) --bracket;
      if (bracket == 0 && (c == ' ' || c == '(' || c == ')')) break;
    }
    const auto found = text_.substr(0, i);
    text_.remove_prefix(i);
    return found;
  }

  Value value(std::size_t level = 0) {
    skip_blanks();
    if (peek() == '(') return list(level);
    if (peek() == '"') return Value{Value::Kind::text, quoted(), {}};
    if (peek() == '{' || text_.starts_with("~{")) {
      if (auto content = literal()) return Value{Value::Kind::text, std::move(*content), {}};
    }
    return atom();
  }

 private:
  Value atom() {
    const auto end = std::min(text_.find_first_of(" ()"), text_.size());
    auto found = text_.substr(0, end);
    if (found.empty()) is_broken_ = true;
    text_.remove_prefix(end);
    if (iequals(found, "NIL")) return Value{};
    return Value{Value::Kind::text, std::string(found), {}};
  }

  Value list(std::size_t level) {
    Value out{Value::Kind::list, {}, {}};
    text_.remove_prefix(1);
    if (level >= depth_) is_broken_ = true;
    while (!is_broken_) {
      skip_blanks();
      if (take(')')) return out;
      if (at_end()) break;
      out.items.push_back(value(level + 1));
    }
    is_broken_ = true;
    return out;
  }

  // A backslash before anything but a quote or a backslash is meant as itself by servers that forget to escape.
  std::string quoted() {
    std::string out;
    std::size_t i = 1;
    for (; i < text_.size() && text_[i] != '"'; ++i) {
      if (text_[i] == '\\' && i + 1 < text_.size() && (text_[i + 1] == '"' || text_[i + 1] == '\\')) ++i;
      out += text_[i];
    }
    if (i >= text_.size()) is_broken_ = true;
    text_.remove_prefix(std::min(i + 1, text_.size()));
    return out;
  }

  std::optional<std::string> literal() {
    const auto end = text_.find("}\r\n");
    const auto digits = text_.find_first_not_of("~{+0123456789");
    if (end == std::string_view::npos || digits != end || used_ >= literals_.size()) return std::nullopt;
    text_.remove_prefix(end + 3);
    return literals_[used_++];
  }

  std::string_view text_;
  std::span<const std::string> literals_;
  std::size_t depth_;
  std::size_t used_ = 0;
  bool is_broken_ = false;
};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> out;
  for (const auto& item : list.items)
    if (item.kind == Value::Kind::text) out.push_back(item.text);
  return out;
}

// EMAILID (M123) and X-GM-MSGID 123 alike.
std::string only_text(const Value& value) {
  if (value.kind == Value::Kind::text) return value.text;
  return value.items.empty() ? std::string() : only_text(value.items.front());
}

bool is_body_name(std::string_view name) {
  const auto base = name.substr(0, name.find('<'));
  return iequals(base, "BODY[]") || iequals(base, "BINARY[]") || iequals(base, "RFC822");
}

void set_attribute(Fetch& fetch, std::string_view name, Value value, bool streamed) {
  const auto upper = to_upper(name);
  if (is_body_name(name)) {
    fetch.has_body = true;
    fetch.body_is_nil = value.kind == Value::Kind::nil;
    fetch.body_was_streamed = streamed;
    fetch.body = std::move(value.text);
  } else if (upper == "UID") {
    fetch.uid = to_uid(value.text);
  } else if (upper == "FLAGS") {
    fetch.flags = texts(value);
  } else if (upper == "INTERNALDATE") {
    if (value.kind == Value::Kind::text) fetch.internal_date = std::move(value.text);
  } else if (upper == "RFC822.SIZE") {
    fetch.size = to_number(value.text);
  } else if (upper == "MODSEQ") {
    fetch.modseq = to_number(only_text(value));
  } else if (upper.starts_with("BODY[HEADER") || upper == "RFC822.HEADER") {
    fetch.header = std::move(value.text);
  } else if (upper == "X-GM-LABELS") {
    fetch.labels = texts(value);
  } else if (auto text = only_text(value); !text.empty()) {
    fetch.others[upper] = std::move(text);
  }
}

Fetch parse_fetch(std::uint32_t sequence, Reader reader) {
  Fetch fetch;
  fetch.sequence = sequence;
  reader.skip_blanks();
  if (!reader.take('(')) {
    fetch.is_malformed = true;
    return fetch;
  }
  while (true) {
    reader.skip_blanks();
    if (reader.take(')')) return fetch;
    const auto name = reader.word();
    if (name.empty()) break;
    reader.skip_blanks();
    const bool by_literal = reader.peek() == '{' || reader.rest().starts_with("~{");
    if (reader.at_end()) break;
    auto value = reader.value();
    if (reader.is_broken()) break;
    set_attribute(fetch, name, std::move(value), by_literal);
  }
  fetch.is_malformed = true;
  return fetch;
}

std::string parse_delimiter(Reader& reader) {
  reader.skip_blanks();
  // Some servers do not escape a backslash: "\" for "\\".
  if (reader.rest().starts_with("\"\\\" ")) {
    reader.take('"'), reader.take('\\'), reader.take('"');
    return "\\";
  }
  return reader.value().text;
}

// Names that should have been quoted reach to the end of the line.
std::string parse_name(Reader& reader) {
  reader.skip_blanks();
  if (reader.peek() == '"' || reader.peek() == '{') {
    // Quotes left unescaped inside: all up to the last one.
    const auto rest = reader.rest();
    Reader trial = reader;
    auto value = trial.value();
    trial.skip_blanks();
    if (reader.peek() != '"' || trial.at_end() || trial.peek() == '(' || !rest.ends_with('"')) {
      reader = trial;
      return std::move(value.text);
    }
    return std::string(rest.substr(1, rest.size() - 2));
  }
  const auto rest = reader.rest();
  return std::string(rest.substr(0, std::min(rest.find(" ("), rest.size())));
}

Listing parse_listing(Reader reader, bool is_lsub) {
  Listing listing;
  listing.is_lsub = is_lsub;
  reader.skip_blanks();
  if (reader.peek() == '(') listing.attributes = texts(reader.value());
  listing.delimiter = parse_delimiter(reader);
  listing.name = parse_name(reader);
  return listing;
}

MailboxStatus parse_mailbox_status(Reader reader) {
  MailboxStatus status;
  reader.skip_blanks();
  if (reader.peek() == '"' || reader.peek() == '{') {
    status.name = reader.value().text;
  } else {
    // Unquoted, perhaps with blanks: up to the last "(".
    const auto rest = reader.rest();
    const auto open = std::min(rest.rfind(" ("), rest.size());
    status.name = std::string(rest.substr(0, open));
    reader = Reader(rest.substr(open), {}, 8);
  }
  const auto pairs = reader.value();
  for (std::size_t i = 0; i + 1 < pairs.items.size(); i += 2) {
    const auto name = to_upper(pairs.items[i].text);
    if (name == "MAILBOXID")
      status.mailbox_id = only_text(pairs.items[i + 1]);
    else
      status.numbers[name] = to_number(only_text(pairs.items[i + 1]));
  }
  return status;
}

Search parse_search(std::string_view text) {
  Search search;
  while (!text.empty()) {
    if (text.front() == '(') {
      Reader reader(text, {}, 4);
      const auto pair = reader.value();
      if (pair.items.size() == 2 && iequals(pair.items[0].text, "MODSEQ"))
        search.modseq = to_number(pair.items[1].text);
      break;
    }
    const auto end = std::min(text.find(' '), text.size());
    if (const auto v = to_uid(text.substr(0, end)); v != 0) search.numbers.push_back(v);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return search;
}

ExtendedSearch parse_extended_search(Reader reader) {
  ExtendedSearch search;
  reader.skip_blanks();
  if (reader.peek() == '(') {
    const auto correlator = reader.value();
    if (correlator.items.size() == 2) search.tag = correlator.items[1].text;
  }
  while (true) {
    reader.skip_blanks();
    const auto word = to_upper(reader.word());
    if (word.empty()) return search;
    if (word == "UID") {
      search.by_uid = true;
      continue;
    }
    const auto value = reader.value();
    if (reader.is_broken()) return search;
    if (word == "ALL")
      search.all = parse_ranges(value.text);
    else if (word == "COUNT")
      search.count = to_number(value.text);
    else if (word == "MIN")
      search.min = to_number(value.text);
    else if (word == "MAX")
      search.max = to_number(value.text);
    else if (word == "MODSEQ")
      search.modseq = to_number(value.text);
  }
}

Namespaces parse_namespaces(Reader reader) {
  Namespaces out;
  for (auto* into : {&out.personal, &out.others, &out.shared}) {
    const auto group = reader.value();
    if (reader.is_broken()) return out;
    for (const auto& one : group.items)
      if (one.items.size() >= 2) into->push_back({one.items[0].text, one.items[1].text});
  }
  return out;
}

Vanished parse_vanished(Reader reader) {
  Vanished vanished;
  reader.skip_blanks();
  if (reader.peek() == '(') {
    const auto kinds = reader.value();
    vanished.earlier = !kinds.items.empty() && iequals(kinds.items[0].text, "EARLIER");
  }
  reader.skip_blanks();
  vanished.uids = parse_ranges(reader.word());
  return vanished;
}

std::optional<Condition> parse_condition(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, Condition>, 5> kWords{{{"OK", Condition::ok},
                                                                                 {"NO", Condition::no},
                                                                                 {"BAD", Condition::bad},
                                                                                 {"PREAUTH", Condition::preauth},
                                                                                 {"BYE", Condition::bye}}};
  for (const auto& [name, condition] : kWords)
    if (iequals(name, word)) return condition;
  return std::nullopt;
}

std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

Status parse_status(Condition condition, std::string_view text) {
  Status status;
  status.condition = condition;
  const auto close = text.find(']');
  if (text.starts_with('[') && close != std::string_view::npos) {
    auto inside = text.substr(1, close - 1);
    status.code = to_upper(take_word(inside));
    status.arguments = std::string(inside);
    text.remove_prefix(close + 1);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  status.text = std::string(text);
  return status;
}

Response parse_untagged(std::string_view text, std::span<const std::string> literals, std::size_t depth) {
  Response out{"*", {}};
  auto rest = text;
  auto word = to_upper(take_word(rest));
  if (const auto condition = parse_condition(word)) {
    out.data = parse_status(*condition, rest);
    return out;
  }
  if (!word.empty() && word.find_first_not_of("0123456789") == std::string::npos) {
    const auto number = to_uid(word);
    word = to_upper(take_word(rest));
    // "FETCH(" without the blank is seen, too.
    if (word.starts_with("FETCH(")) {
      rest = text.substr(static_cast<std::size_t>(text.find('(')));
      word = "FETCH";
    }
    if (word == "FETCH")
      out.data = parse_fetch(number, Reader(rest, literals, depth));
    else if (word == "EXISTS")
      out.data = Exists{number};
    else if (word == "EXPUNGE")
      out.data = Expunge{number};
    else
      out.data = Other{std::move(word), std::string(rest)};
    return out;
  }
  const Reader reader(rest, literals, depth);
  if (word == "LIST" || word == "XLIST" || word == "LSUB")
    out.data = parse_listing(reader, word == "LSUB");
  else if (word == "STATUS")
    out.data = parse_mailbox_status(reader);
  else if (word == "SEARCH")
    out.data = parse_search(rest);
  else if (word == "ESEARCH")
    out.data = parse_extended_search(reader);
  else if (word == "CAPABILITY")
    out.data = Capability{parse_capabilities(rest)};
  else if (word == "ENABLED")
    out.data = Enabled{parse_capabilities(rest)};
  else if (word == "NAMESPACE")
    out.data = parse_namespaces(reader);
  else if (word == "VANISHED")
    out.data = parse_vanished(reader);
  else if (word == "FLAGS")
    out.data = Flags{texts(Reader(reader).value())};
  else
    out.data = Other{std::move(word), std::string(rest)};
  return out;
}

}  // namespace

Ranges parse_ranges(std::string_view text) {
  Ranges out;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto part = text.substr(0, comma);
    const auto colon = part.find(':');
    const auto number = [](std::string_view one) { return one == "*" ? UINT32_MAX : to_uid(one); };
    const auto first = number(part.substr(0, colon));
    const auto second = colon == std::string_view::npos ? first : number(part.substr(colon + 1));
    if (first != 0 && second != 0) out.emplace_back(std::min(first, second), std::max(first, second));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

std::vector<std::string> parse_capabilities(std::string_view text) {
  auto out = words(text);
  for (auto& word : out) word = to_upper(word);
  return out;
}

bool Listing::has_attribute(std::string_view attribute) const {
  return std::any_of(attributes.begin(), attributes.end(), [&](const auto& one) { return iequals(one, attribute); });
}

bool is_status_line(std::string_view text) {
  if (take_word(text) != "*") return true;
  return parse_condition(take_word(text)).has_value();
}

bool ends_with_body(std::string_view text) {
  auto start = text;
  if (take_word(start) != "*") return false;
  const auto number = take_word(start);
  if (number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos) return false;
  if (!iequals(start.substr(0, 5), "FETCH")) return false;
  auto before = text.substr(0, text.rfind('{'));
  if (before.ends_with('~')) before.remove_suffix(1);
  while (before.ends_with(' ')) before.remove_suffix(1);
  return is_body_name(before.substr(before.find_last_of(" (") + 1));
}

Fetch parse_fetch_start(std::string_view text, std::span<const std::string> literals, std::size_t depth) {
  take_word(text);
  const auto number = to_uid(take_word(text));
  const auto open = text.find('(');
  if (open == std::string_view::npos) {
    Fetch unknown;
    unknown.sequence = number;
    return unknown;
  }
  return parse_fetch(number, Reader(text.substr(open), literals, depth));
}

Response parse_response(std::string_view text, std::span<const std::string> literals, std::size_t depth) {
  auto rest = text;
  const auto tag = take_word(rest);
  if (tag == "*") return parse_untagged(rest, literals, depth);
  if (tag.starts_with('+')) return {"+", Continuation{std::string(tag == "+" ? rest : text.substr(1))}};
  const auto word = take_word(rest);
  if (const auto condition = parse_condition(word)) return {std::string(tag), parse_status(*condition, rest)};
  return {std::string(tag), Other{to_upper(word), std::string(rest)}};
}

}  // namespace kontor::wire::imap::client
