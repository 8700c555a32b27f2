// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/smart_host.h"

#include <fmt/format.h>

#include <charconv>

#include "base/bytes.h"

namespace kontor::transport {
namespace {

std::string_view take_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

Result<void> read_scope(std::string_view word, SmartHost& into) {
  auto rest = [&](std::size_t length) { return to_lower(word.substr(length)); };
  if (word == "*") return {};
  if (word.starts_with('@')) {
    into.scope = SmartHost::Scope::from_domain;
    into.whose = rest(1);
  } else if (word.starts_with("tenant:")) {
    into.scope = SmartHost::Scope::tenant;
    into.whose = rest(7);
  } else if (word.starts_with("to:")) {
    into.scope = SmartHost::Scope::to_domain;
    into.whose = rest(3);
  }
  if (into.whose.empty())
    return fail(Errc::invalid, "a smart host begins with whose mail it takes: *, @DOMAIN, tenant:NAME or to:DOMAIN");
  return {};
}

Result<void> read_place(std::string_view word, SmartHost& into) {
  const auto colon = word.rfind(':');
  std::string_view host = word.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find('/') != std::string_view::npos)
    return fail(Errc::invalid, "a smart host needs HOST:PORT behind whose mail it takes");
  into.host = host;
  if (colon == std::string_view::npos) return {};
  std::string_view port = word.substr(colon + 1);
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), into.port);
  if (error != std::errc() || end != port.data() + port.size() || into.port == 0)
    return fail(Errc::invalid, fmt::format("\"{}\" is no port of a smart host", port));
  return {};
}

Result<HopTls> read_tls(std::string_view word) {
  if (word == "none") return HopTls::none;
  if (word == "may") return HopTls::may;
  if (word == "must") return HopTls::must;
  if (word == "verify") return HopTls::verify;
  return fail(Errc::invalid, "tls= of a smart host is none, may, must or verify");
}

}  // namespace

std::string SmartHost::key() const { return fmt::format("[{}]:{} {}", to_lower(host), port, user); }

Result<SmartHost> parse_smart_host(std::string_view text) {
  SmartHost host;
  TRY_VOID(read_scope(take_word(text), host));
  TRY_VOID(read_place(take_word(text), host));
  bool has_tls = false;
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
    if (word.starts_with("user=")) {
      host.user = word.substr(5);
    } else if (word.starts_with("password_file=")) {
      host.password_file = word.substr(14);
    } else if (word.starts_with("tls=")) {
      TRY(host.tls, read_tls(word.substr(4)));
      has_tls = true;
    } else {
      return fail(Errc::invalid, fmt::format("a smart host takes no \"{}\"", word));
    }
  }
  if (host.user.empty() != host.password_file.empty())
    return fail(Errc::invalid, "a smart host has both user= and password_file=, or none of them");
  if (!has_tls && !host.user.empty()) host.tls = HopTls::verify;
  return host;
}

Result<void> check_smart_host(std::string_view text) {
  TRY_VOID(parse_smart_host(text));
  return {};
}

const SmartHost* find_smart_host(const std::vector<SmartHost>& hosts, const RouteRequest& request) {
  for (const SmartHost& host : hosts) {
    switch (host.scope) {
      case SmartHost::Scope::all:
        return &host;
      case SmartHost::Scope::from_domain:
        if (host.whose == request.from_domain) return &host;
        break;
      case SmartHost::Scope::tenant:
        if (host.whose == request.tenant) return &host;
        break;
      case SmartHost::Scope::to_domain:
        if (host.whose == request.to_domain) return &host;
        break;
    }
  }
  return nullptr;
}

}  // namespace kontor::transport
