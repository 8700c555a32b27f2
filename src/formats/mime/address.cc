// SPDX-License-Identifier: AGPL-3.0-or-later
// Addresses (RFC 5322 sections 3.4 and 4.4) and what mail software writes in their place. One pass, no going back.
#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

class AddressReader {
 public:
  AddressReader(std::string_view text, std::size_t limit) : lexer_(text), limit_(limit) {}
  std::vector<Address> read();

 private:
  void step();
  void open_angle();
  void close_angle();
  void take_spec(Address& address);
  void take_bare(Address& address);
  void read_route();
  void read_literal();
  void begin_group();
  void end_group();
  void add_text(std::string_view text, bool is_atom = true);
  void add_at_sign();
  void clear_text();
  void finish_address();
  void emit(Address address);

  Lexer lexer_;
  std::size_t limit_;
  std::vector<Address> out_;
  bool in_group_ = false;

  // The address being read. `words_` is its text as a phrase, with one blank where there was white space; `spec_` the
  // same as an addr-spec, where white space around dots and "@" does not count.
  std::string words_;
  std::string spec_;
  std::size_t at_sign_ = std::string::npos;  // the last unquoted one in spec_, of the first word that has any
  // Outside of angle brackets the word with "@" is the address, and what stands before it a name: `Joe joe@x.org`.
  std::size_t spec_begin_ = 0;
  std::size_t spec_end_ = std::string::npos;
  std::size_t name_end_ = 0;  // in words_
  std::string comment_;
  bool white_before_ = false;
  bool in_angle_ = false;
  bool had_angle_ = false;
  Address angled_;
};

std::vector<Address> AddressReader::read() {
  while (!lexer_.at_end() && out_.size() < limit_) step();
  finish_address();
  if (in_group_) end_group();
  return std::move(out_);
}

void AddressReader::step() {
  const char c = lexer_.peek();
  switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
      white_before_ = true;
      return lexer_.skip();
    case '(':
      white_before_ = true;
      return lexer_.read_comment(&comment_);
    case '"': {
      std::string text;
      lexer_.read_quoted(text);
      return add_text(text, false);
    }
    case '<':
      return open_angle();
    case '>':
      lexer_.skip();
      return close_angle();
    case ',':
      lexer_.skip();
      return finish_address();
    case ';':
      lexer_.skip();
      finish_address();
      if (in_group_) end_group();
      return;
    case ':':
      lexer_.skip();
      if (!in_group_ && !had_angle_ && at_sign_ == std::string::npos && !words_.empty()) return begin_group();
      return add_text(":");
    case '@':
      lexer_.skip();
      return add_at_sign();
    case '[':
      if (at_sign_ != std::string::npos && at_sign_ + 1 == spec_.size()) return read_literal();
      lexer_.skip();
      return add_text("[");
    case ')':
      lexer_.skip();
      return add_text(")");
    case '\\':
      lexer_.skip();
      if (lexer_.at_end()) return;
      add_text(lexer_.rest().substr(0, 1));
      return lexer_.skip();
    default:
      return add_text(lexer_.read_until(" \t\r\n()\"<>,;:@[\\"));
  }
}

void AddressReader::add_text(std::string_view text, bool is_atom) {
  const bool joins = spec_.empty() || spec_.back() == '.' || spec_.back() == '@' || (is_atom && text.starts_with('.'));
  if (white_before_ && !joins) {
    if (at_sign_ == std::string::npos) {
      name_end_ = words_.size();
      spec_begin_ = spec_.size() + 1;
    } else if (spec_end_ == std::string::npos) {
      spec_end_ = spec_.size();
    }
    spec_.push_back(' ');
  }
  if (white_before_ && !words_.empty()) words_.push_back(' ');
  white_before_ = false;
  words_.append(text);
  spec_.append(text);
}

void AddressReader::add_at_sign() {
  white_before_ = false;
  if (spec_end_ == std::string::npos) at_sign_ = spec_.size();
  spec_.push_back('@');
  words_.push_back('@');
}

void AddressReader::clear_text() {
  words_.clear();
  spec_.clear();
  at_sign_ = spec_end_ = std::string::npos;
  spec_begin_ = name_end_ = 0;
  white_before_ = false;
}

// A second "<" before ">" turns what was read into more of the name: `Eve <eve <e@x.org>`. After ">" another address
// begins, whose comma is missing: `Joe <j@x.org> Eve <e@x.org>`.
void AddressReader::open_angle() {
  lexer_.skip();
  if (had_angle_ && !in_angle_) {
    std::string name = angled_.name.empty() ? "" : std::move(words_);
    finish_address();
    words_ = std::move(name);
  }
  if (in_angle_ && !spec_.empty()) {
    if (!angled_.name.empty()) angled_.name.push_back(' ');
    angled_.name += spec_;
  }
  if (!in_angle_) angled_.name = std::move(words_);
  clear_text();
  in_angle_ = had_angle_ = true;
  lexer_.skip_white();
  if (lexer_.looking_at('@')) read_route();
}

void AddressReader::close_angle() {
  if (!in_angle_) return;
  in_angle_ = false;
  take_spec(angled_);
  clear_text();  // from here on: text after the address, its name if it has no other
}

// With blanks in it only inside angle brackets.
void AddressReader::take_spec(Address& address) {
  address.mailbox = spec_.substr(0, at_sign_);
  if (at_sign_ != std::string::npos) address.host = spec_.substr(at_sign_ + 1);
}

void AddressReader::take_bare(Address& address) {
  if (at_sign_ == std::string::npos) {
    (words_.find(' ') == std::string::npos ? address.mailbox : address.name) = words_;
    return;
  }
  address.name = words_.substr(0, name_end_);
  address.mailbox = spec_.substr(spec_begin_, at_sign_ - spec_begin_);
  address.host = spec_.substr(at_sign_ + 1, spec_end_ == std::string::npos ? spec_end_ : spec_end_ - at_sign_ - 1);
}

// RFC 5322 section 4.4: "@a,@b:" before the addr-spec. Without the colon it was an addr-spec with nothing before "@".
void AddressReader::read_route() {
  const std::string_view text = lexer_.read_until(":><;\"");
  std::string route;
  for (const char c : text)
    if (!is_white(c)) route.push_back(c);
  if (lexer_.looking_at(':')) {
    angled_.route = std::move(route);
    return lexer_.skip();
  }
  at_sign_ = route.rfind('@');
  spec_ = std::move(route);
}

void AddressReader::read_literal() {
  const std::string_view text = lexer_.read_until("]<>,; \t\r\n");
  spec_.append(text);
  words_.append(text);
  if (!lexer_.looking_at(']')) return;
  lexer_.skip();
  spec_.push_back(']');
  words_.push_back(']');
}

void AddressReader::begin_group() {
  Address group;
  group.mailbox = std::move(words_);
  group.is_group_start = true;
  emit(std::move(group));
  clear_text();
  comment_.clear();
  in_group_ = true;
}

void AddressReader::end_group() {
  Address group;
  group.is_group_end = true;
  out_.push_back(std::move(group));  // beyond the limit too: a start without an end would be no valid answer
  in_group_ = false;
}

void AddressReader::finish_address() {
  Address address;
  if (had_angle_) {
    address = std::move(angled_);
    if (in_angle_) take_spec(address);  // never closed
    if (address.name.empty() && !in_angle_) address.name = std::move(words_);
    if (address.name.empty()) address.name = std::move(comment_);
    emit(std::move(address));
  } else if (!spec_.empty()) {
    take_bare(address);
    if (address.name.empty()) address.name = std::move(comment_);
    emit(std::move(address));
  }
  clear_text();
  comment_.clear();
  angled_ = Address();
  in_angle_ = had_angle_ = false;
}

void AddressReader::emit(Address address) {
  if (out_.size() < limit_) out_.push_back(std::move(address));
}

}  // namespace

std::vector<Address> parse_addresses(std::string_view raw, std::size_t limit) {
  return AddressReader(raw, limit).read();
}

}  // namespace kontor::mime
