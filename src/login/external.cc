// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/external.h"

#include <algorithm>

#include "directory/address.h"

namespace kontor::login {
namespace {

std::string canonical(std::string_view address) {
  const auto parsed = directory::parse_address(address);
  return parsed ? parsed->text() : std::string();
}

class External final : public Mechanism {
 public:
  explicit External(const Surroundings& around) : around_(around) {}

  // With an authorization identity that one must be in the certificate; without, the first address there that is known.
  Step take(std::optional<std::string_view> response) override {
    if (!response) return Step::challenge("");
    const auto& certified = around_.channel.addresses;
    if (response->contains('\0')) return Step::broken("the EXTERNAL response is broken");
    if (!response->empty()) {
      const std::string wanted = canonical(*response);
      const bool is_certified = std::ranges::any_of(
          certified, [&](const std::string& address) { return !wanted.empty() && canonical(address) == wanted; });
      if (!is_certified) return Step::no_right();
      user_ = wanted;
      return Step::verify();
    }
    for (const std::string& address : certified) {
      if (!user_.empty()) break;
      if (around_.directory.by_address(address)) user_ = address;
    }
    if (user_.empty() && !certified.empty()) user_ = certified.front();
    return Step::verify();
  }
  const std::string& user() const override { return user_; }
  Result<directory::Principal> verify() override {
    return around_.directory.authenticate_proven(user_, around_.protocol);
  }

 private:
  Surroundings around_;
  std::string user_;
};

}  // namespace

std::unique_ptr<Mechanism> make_external(const Surroundings& around) { return std::make_unique<External>(around); }

}  // namespace kontor::login
