// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/scram.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::login {
namespace {

constexpr std::size_t kLongestNonce = 512;

// The value of "x=value" at the front of `rest`, up to the next comma, both taken off; nothing if it is not there.
std::optional<std::string_view> take_attribute(std::string_view& rest, char letter) {
  if (rest.size() < 2 || rest[0] != letter || rest[1] != '=') return std::nullopt;
  const auto end = std::min(rest.find(','), rest.size());
  const std::string_view value = rest.substr(2, end - 2);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return value;
}

// RFC 5802 section 5.1: "=2C" is a comma, "=3D" an equals sign, and no other "=" may be.
std::optional<std::string> decode_name(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out.push_back(text[i]);
      continue;
    }
    const std::string_view code = text.substr(i, 3);
    if (code != "=2C" && code != "=3D") return std::nullopt;
    out.push_back(code == "=2C" ? ',' : '=');
    i += 2;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

bool is_nonce(std::string_view text) {
  return !text.empty() && text.size() <= kLongestNonce &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
}

class Scram final : public Mechanism {
 public:
  Scram(ScramForm form, const Surroundings& around, std::string nonce)
      : form_(form), around_(around), nonce_(std::move(nonce)) {}

  Step take(std::optional<std::string_view> response) override {
    if (!response) return Step::challenge("");
    if (server_first_.empty()) return take_first(*response);
    return take_final(*response);
  }
  const std::string& user() const override { return user_; }
  const std::string& acts_as() const override { return acts_as_; }

  Result<directory::Principal> verify() override {
    TRY(auto success, around_.directory.authenticate_scram(user_, proof_, around_.protocol));
    signature_ = std::move(success.signature);
    return std::move(success.principal);
  }
  std::optional<std::string> last_word(bool succeeded) const override {
    if (!succeeded) return std::nullopt;
    return "v=" + to_base64(signature_);
  }

 private:
  static Step broken() { return Step::broken("the SCRAM message is broken"); }

  // gs2-header client-first-message-bare
  Step take_first(std::string_view text) {
    std::string_view rest = text;
    const auto flag_end = rest.find(',');
    if (flag_end == std::string_view::npos) return broken();
    if (auto fault = choose_binding(rest.substr(0, flag_end))) return *std::move(fault);
    rest.remove_prefix(flag_end + 1);
    std::optional<std::string> as;
    if (!rest.starts_with(',')) {
      const auto name = take_attribute(rest, 'a');
      if (name) as = decode_name(*name);
      if (!as) return broken();
    } else {
      rest.remove_prefix(1);
    }
    gs2_header_ = text.substr(0, text.size() - rest.size());
    const std::string_view bare = rest;
    const auto name = take_attribute(rest, 'n');  // a mandatory extension (m=) would stand here: there is none we know
    const auto user = name ? decode_name(*name) : std::nullopt;
    const auto client_nonce = user ? take_attribute(rest, 'r') : std::nullopt;
    if (!client_nonce || !is_nonce(*client_nonce)) return broken();
    user_ = *user;
    if (as && *as != user_) acts_as_ = *as;
    nonce_.insert(0, *client_nonce);
    const auto known = around_.directory.scram_challenge(user_);
    server_first_ = "r=" + nonce_ + ",s=" + to_base64(known.salt) + ",i=" + std::to_string(known.rounds);
    auth_message_ = std::string(bare) + "," + server_first_ + ",";
    return Step::challenge(server_first_);
  }

  std::optional<Step> choose_binding(std::string_view flag) {
    if (flag.starts_with("p=") && form_.is_plus) {
      const std::string_view kind = flag.substr(2);
      if (kind == "tls-exporter") binding_ = around_.channel.exporter;
      if (kind == "tls-server-end-point") binding_ = around_.channel.end_point;
      if (binding_.empty()) return Step::broken("there is no channel binding of that kind here");
      return std::nullopt;
    }
    // RFC 5802 section 6: a client that could bind and thinks that we cannot was shown a forged list of mechanisms.
    if (flag == "y" && !form_.is_plus && around_.channel.is_bound()) {
      return Step::broken("channel binding is offered here, and the client was told otherwise");
    }
    if ((flag == "n" || flag == "y") && !form_.is_plus) return std::nullopt;
    return broken();
  }

  // channel-binding "," nonce ["," extensions] "," proof
  Step take_final(std::string_view text) {
    std::string_view rest = text;
    const auto binding = take_attribute(rest, 'c');
    const auto nonce = binding ? take_attribute(rest, 'r') : std::nullopt;
    const auto proof_at = text.rfind(",p=");
    if (!nonce || proof_at == std::string_view::npos) return broken();
    const auto proof = from_base64(text.substr(proof_at + 3));
    if (!proof || *nonce != nonce_) return broken();
    if (from_base64(*binding) != gs2_header_ + binding_) return Step::broken("the channel binding does not fit");
    proof_ = {form_.hash, auth_message_ + std::string(text.substr(0, proof_at)), *proof};
    return Step::verify();
  }

  ScramForm form_;
  Surroundings around_;
  std::string nonce_;  // the client's part in front, once it is known
  std::string gs2_header_;
  std::string binding_;
  std::string server_first_;
  std::string auth_message_;
  std::string user_;
  std::string acts_as_;
  directory::ScramProof proof_;
  std::string signature_;
};

}  // namespace

std::unique_ptr<Mechanism> make_scram(ScramForm form, const Surroundings& around, std::string nonce) {
  return std::make_unique<Scram>(form, around, std::move(nonce));
}

}  // namespace kontor::login
