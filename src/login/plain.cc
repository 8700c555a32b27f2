// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/plain.h"

namespace kontor::login {
namespace {

class PasswordMechanism : public Mechanism {
 public:
  explicit PasswordMechanism(const Surroundings& around) : around_(around) {}
  const std::string& user() const override { return user_; }
  Result<directory::Principal> verify() override {
    return around_.directory.authenticate(user_, password_, around_.protocol);
  }

 protected:
  Surroundings around_;
  std::string user_;
  std::string password_;
};

// authzid NUL authcid NUL password.
class Plain final : public PasswordMechanism {
 public:
  using PasswordMechanism::PasswordMechanism;
  const std::string& acts_as() const override { return acts_as_; }

  Step take(std::optional<std::string_view> response) override {
    if (!response) return Step::challenge("");
    const auto first = response->find('\0');
    const auto second = first == std::string_view::npos ? first : response->find('\0', first + 1);
    if (second == std::string_view::npos || response->find('\0', second + 1) != std::string_view::npos) {
      return Step::broken("the PLAIN response is broken");
    }
    const std::string_view as = response->substr(0, first);
    user_ = response->substr(first + 1, second - first - 1);
    if (as != user_) acts_as_ = as;
    password_ = response->substr(second + 1);
    return Step::verify();
  }

 private:
  std::string acts_as_;
};

// Two questions.
class LoginMechanism final : public PasswordMechanism {
 public:
  using PasswordMechanism::PasswordMechanism;

  Step take(std::optional<std::string_view> response) override {
    if (!response) return Step::challenge("Username:");
    if (!has_user_) {
      has_user_ = true;
      user_ = *response;
      return Step::challenge("Password:");
    }
    password_ = *response;
    return Step::verify();
  }

 private:
  bool has_user_ = false;
};

}  // namespace

std::unique_ptr<Mechanism> make_plain(const Surroundings& around) { return std::make_unique<Plain>(around); }
std::unique_ptr<Mechanism> make_login(const Surroundings& around) { return std::make_unique<LoginMechanism>(around); }

}  // namespace kontor::login
