// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/login.h"

#include <charconv>

#include "base/bytes.h"
#include "login/act_as.h"
#include "wire/managesieve/response.h"

namespace kontor::login {
namespace {

constexpr std::size_t kSaslLine = 16 << 10;  // RFC 5034 section 4 asks for 12288 bytes at least

Channel channel_of(const net::Stream& stream) {
  return {stream.channel_binding(net::ChannelBinding::tls_exporter),
          stream.channel_binding(net::ChannelBinding::tls_server_end_point), stream.certified_addresses()};
}

}  // namespace

void Login::note(const Granted& granted, std::string_view user) { attempt_.log("login.ok", user, granted.method); }

// The other's mail is at stake: who acted as whom stands in the log.
Verdict Login::take_part(Granted granted, const std::string& as) {
  auto other = act_as(services_.directory, granted.principal, as, protocol_);
  const std::string method = granted.method + " by " + granted.principal.primary_address();
  if (other) return Granted{*std::move(other), method};
  attempt_.log("login.no_right", as, method);
  return std::unexpected(Refusal{Refusal::Kind::no_right, other.error().text});
}

Task<Verdict> Login::password(std::string user, std::string password, std::string_view method) {
  const Attempt::Check check = [&] { return services_.directory.authenticate(user, password, protocol_); };
  co_return co_await attempt_.decide(user, std::string(method), check);
}

// A string of ManageSieve that holds base64: in quotes on a line, or a literal and the end of its line.
Task<std::optional<std::string>> Login::read_string() {
  const auto line = co_await io_.read_line(kSaslLine);
  if (!line) co_return std::nullopt;
  std::string_view text = *line;
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
    co_return std::string(text.substr(1, text.size() - 2));
  if (!text.starts_with('{') || !text.ends_with('}')) co_return std::nullopt;
  text = text.substr(1, text.size() - 2);
  if (text.ends_with('+')) text.remove_suffix(1);
  std::size_t size = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || size > kSaslLine) co_return std::nullopt;
  std::string bytes = co_await io_.read_exactly(size);
  const auto rest = co_await io_.read_line(kSaslLine);
  if (!rest || !rest->empty()) co_return std::nullopt;
  co_return bytes;
}

// One SASL response: a line of base64. Nothing: the client gave up or sent something else.
Task<std::optional<std::string>> Login::ask(SaslForm form, std::string challenge) {
  const std::string text = to_base64(challenge);
  const std::string line =
      (form.is_string ? wire::managesieve::print_string(text) : std::string(form.challenge) + text) + "\r\n";
  co_await io_.write(line);
  co_await io_.flush();
  if (form.is_string) {
    const auto given = co_await read_string();
    if (!given || *given == "*") co_return std::nullopt;
    co_return from_base64(*given);
  }
  const auto answer = co_await io_.read_line(kSaslLine);
  if (!answer || *answer == "*") co_return std::nullopt;
  co_return from_base64(*answer);
}

Task<Verdict> Login::authenticate(std::string name, std::optional<std::string> initial, SaslForm form, bool may_send) {
  using Kind = Mechanism::Step::Kind;
  const auto mechanism =
      make_mechanism(name, {services_.directory, protocol_, services_.tokens, channel_of(io_.stream())});
  if (!mechanism) co_return std::unexpected(Refusal{Refusal::Kind::no_mechanism, "there is no such mechanism"});
  if (!may_send) co_return std::unexpected(Refusal{Refusal::Kind::needs_tls, "passwords travel only over TLS here"});
  std::optional<std::string> response = std::move(initial);
  while (true) {
    const auto step = mechanism->take(response);
    if (step.kind == Kind::verify) break;
    if (step.kind == Kind::broken) co_return std::unexpected(Refusal{Refusal::Kind::broken, step.text});
    if (step.kind == Kind::no_right) co_return std::unexpected(Refusal{Refusal::Kind::no_right, step.text});
    response = co_await ask(form, step.text);
    if (!response) co_return std::unexpected(Refusal{Refusal::Kind::given_up, "AUTHENTICATE was given up"});
  }
  const Attempt::Check check = [&] { return mechanism->verify(); };
  auto verdict = co_await attempt_.decide(mechanism->user(), name, check);
  if (verdict && !mechanism->acts_as().empty()) verdict = take_part(*std::move(verdict), mechanism->acts_as());
  const bool is_heard = verdict || verdict.error().kind == Refusal::Kind::wrong;
  const auto last = is_heard ? mechanism->last_word(verdict.has_value()) : std::nullopt;
  if (last && verdict && form.is_string) {
    verdict->last_word = last;
  } else if (last) {
    const auto answer = co_await ask(form, *last);
    if (verdict && (!answer || !answer->empty())) {
      co_return std::unexpected(Refusal{Refusal::Kind::given_up, "AUTHENTICATE was given up"});
    }
  }
  co_return verdict;
}

std::vector<std::string_view> mechanisms(const Services& services, const net::Stream& stream) {
  // Which protocol asks makes no difference to what there is.
  return mechanism_names({services.directory, directory::Protocol::imap, services.tokens, channel_of(stream)});
}

}  // namespace kontor::login
