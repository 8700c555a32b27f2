// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/oauth.h"

#include "base/bytes.h"
#include "directory/address.h"
#include "login/tokens.h"

namespace kontor::login {
namespace {

// The value of `key` among "key=value" pieces, each ended by ^A. Nothing if it is not there.
std::optional<std::string_view> value_of(std::string_view pieces, std::string_view key) {
  while (!pieces.empty()) {
    const auto end = pieces.find('\x01');
    const std::string_view piece = pieces.substr(0, end);
    const auto equals = piece.find('=');
    if (equals != std::string_view::npos && piece.substr(0, equals) == key) return piece.substr(equals + 1);
    if (end == std::string_view::npos) break;
    pieces.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::string canonical_user(std::string_view name) {
  const auto parsed = directory::parse_address(name);
  return parsed ? parsed->text() : std::string(name);
}

class Oauth final : public Mechanism {
 public:
  Oauth(OauthForm form, const Surroundings& around) : form_(form), around_(around) {}

  Step take(std::optional<std::string_view> response) override {
    if (!response) return Step::challenge("");
    const bool is_sound = form_ == OauthForm::oauthbearer ? read_bearer(*response) : read_xoauth2(*response);
    return is_sound ? Step::verify() : Step::broken("the response is broken");
  }
  const std::string& user() const override { return user_; }

  Result<directory::Principal> verify() override {
    TRY(auto principal, token_owner(around_, token_));
    // The client may name any of the owner's addresses, and nobody else's.
    const auto asked = user_.empty() ? Result<directory::Principal>(principal) : around_.directory.by_address(user_);
    if (!asked || asked->id != principal.id) return fail(Errc::denied, "the token is somebody else's");
    return principal;
  }
  std::optional<std::string> last_word(bool succeeded) const override {
    if (succeeded) return std::nullopt;
    return form_ == OauthForm::oauthbearer ? R"({"status":"invalid_token"})"
                                           : R"({"status":"400","schemes":"Bearer","scope":""})";
  }

 private:
  // RFC 7628 section 3.1: gs2-header, ^A, pieces, ^A.
  bool read_bearer(std::string_view text) {
    const auto header_end = text.find('\x01');
    if (header_end == std::string_view::npos) return false;
    std::string_view header = text.substr(0, header_end);
    if (!header.starts_with("n,") && !header.starts_with("y,")) return false;
    header.remove_prefix(2);
    if (!header.ends_with(',')) return false;
    header.remove_suffix(1);
    if (!header.empty()) {
      if (!header.starts_with("a=")) return false;
      for (header.remove_prefix(2); !header.empty(); header.remove_prefix(1)) {
        const bool is_code = header.starts_with("=2C") || header.starts_with("=3D");
        if (header.front() == '=' && !is_code) return false;
        user_.push_back(!is_code ? header.front() : header.starts_with("=2C") ? ',' : '=');
        if (is_code) header.remove_prefix(2);
      }
    }
    return read_token(text.substr(header_end + 1));
  }

  bool read_xoauth2(std::string_view text) {
    const auto user = value_of(text, "user");
    if (!user) return false;
    user_ = *user;
    return read_token(text);
  }

  bool read_token(std::string_view pieces) {
    constexpr std::string_view kScheme = "Bearer ";
    const auto auth = value_of(pieces, "auth");
    if (!auth || auth->size() <= kScheme.size() || !iequals(auth->substr(0, kScheme.size()), kScheme)) return false;
    token_ = auth->substr(kScheme.size());
    return true;
  }

  OauthForm form_;
  Surroundings around_;
  std::string user_;
  std::string token_;
};

}  // namespace

Result<directory::Principal> token_owner(const Surroundings& around, std::string_view token) {
  TRY(const std::string named, around.tokens->user_of(token));
  const std::string owner = canonical_user(named);
  return around.directory.authenticate_proven(owner, around.protocol);
}

std::unique_ptr<Mechanism> make_oauth(OauthForm form, const Surroundings& around) {
  return std::make_unique<Oauth>(form, around);
}

}  // namespace kontor::login
