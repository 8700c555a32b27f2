// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/tokens.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/bytes.h"
#include "base/digest.h"

namespace kontor::importing {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxTokens = 1000;

std::int64_t seconds_of(Instant at) { return at.time_since_epoch().count(); }
Instant instant_of(std::int64_t seconds) { return Instant(std::chrono::seconds(seconds)); }

Result<void> save_tokens(const std::string& file, const std::vector<Token>& tokens) {
  json::array list;
  for (const auto& token : tokens) {
    json::array domains;
    for (const auto& domain : token.domains) domains.push_back(json::string(domain));
    json::object one{{"label", token.label}, {"created", seconds_of(token.created)}, {"hash", to_hex(token.hash)}};
    if (token.expires) one["expires"] = seconds_of(*token.expires);
    if (!domains.empty()) one["domains"] = std::move(domains);
    list.push_back(std::move(one));
  }
  const auto text = json::serialize(json::object{{"version", 1}, {"tokens", std::move(list)}}) + "\n";
  const auto temporary = file + ".new";
  const auto failed = [&](const char* what) {
    return fail(Errc::unavailable, fmt::format("cannot {} {}: {}", what, temporary, std::strerror(errno)));
  };
  const int out = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out < 0) return failed("make");
  const bool wrote = ::fchmod(out, 0600) == 0 &&
                     ::write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(out) == 0;
  ::close(out);
  if (!wrote || ::rename(temporary.c_str(), file.c_str()) != 0) return failed("write");
  return {};
}

std::string text_of(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::optional<std::int64_t> number_of(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->as_int64();
}

}  // namespace

bool Token::allows(std::string_view address) const {
  if (domains.empty()) return true;
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return false;
  for (const auto& domain : domains) {
    if (iequals(domain, address.substr(at + 1))) return true;
  }
  return false;
}

Result<std::vector<Token>> list_tokens(const std::string& file) {
  std::ifstream in(file);
  if (!in) {
    if (errno == ENOENT) return std::vector<Token>();
    return fail(Errc::unavailable, fmt::format("cannot read {}: {}", file, std::strerror(errno)));
  }
  std::ostringstream text;
  text << in.rdbuf();
  boost::system::error_code error;
  const auto value = json::parse(text.str(), error);
  const auto bad = [&] { return fail(Errc::invalid, fmt::format("the token file {} is damaged", file)); };
  if (error || !value.is_object()) return bad();
  const auto* list = value.as_object().if_contains("tokens");
  if (list == nullptr || !list->is_array()) return bad();
  std::vector<Token> tokens;
  for (const auto& element : list->as_array()) {
    if (!element.is_object()) return bad();
    const auto& object = element.as_object();
    auto hash = from_hex(text_of(object, "hash"));
    if (!hash || hash->size() != 32 || text_of(object, "label").empty()) return bad();
    Token token;
    token.label = text_of(object, "label");
    token.created = instant_of(number_of(object, "created").value_or(0));
    if (auto expires = number_of(object, "expires")) token.expires = instant_of(*expires);
    token.hash = std::move(*hash);
    if (const auto* domains = object.if_contains("domains"); domains != nullptr && domains->is_array()) {
      for (const auto& domain : domains->as_array()) {
        if (!domain.is_string()) return bad();
        token.domains.emplace_back(domain.as_string());
      }
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

Result<NewToken> add_token(const std::string& file, const std::string& label, std::optional<Instant> expires,
                           std::vector<std::string> domains, const Clock& clock) {
  if (label.empty() || label.size() > 100) return fail(Errc::invalid, "a token's label has 1 to 100 bytes");
  TRY(auto tokens, list_tokens(file));
  for (const auto& token : tokens) {
    if (token.label == label) return fail(Errc::exists, fmt::format("there is a token named {} already", label));
  }
  if (tokens.size() >= kMaxTokens) return fail(Errc::invalid, "there are too many tokens: remove old ones first");
  NewToken made;
  made.secret = "kit_" + to_hex(random_bytes(32));
  made.token.label = label;
  made.token.created = clock.now();
  made.token.expires = expires;
  made.token.domains = std::move(domains);
  made.token.hash = sha256(made.secret);
  tokens.push_back(made.token);
  TRY_VOID(save_tokens(file, tokens));
  return made;
}

Result<void> remove_token(const std::string& file, const std::string& label) {
  TRY(auto tokens, list_tokens(file));
  const auto gone = std::erase_if(tokens, [&](const Token& token) { return token.label == label; });
  if (gone == 0) return fail(Errc::not_found, fmt::format("there is no token named {}", label));
  return save_tokens(file, tokens);
}

Result<Token> check_token(const std::string& file, std::string_view secret, Instant now) {
  TRY(auto tokens, list_tokens(file));
  const auto hash = sha256(secret);
  for (auto& token : tokens) {
    if (!equal_constant_time(token.hash, hash)) continue;
    if (token.expires && *token.expires <= now) return fail(Errc::denied, "the import token has expired");
    return std::move(token);
  }
  return fail(Errc::denied, "the import token is not known");
}

}  // namespace kontor::importing
