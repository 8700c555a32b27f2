// SPDX-License-Identifier: AGPL-3.0-or-later
// links: login directory store base
// SASL exchanges: the first byte chooses the mechanism, lines are the client's responses. Nobody knows the password, so
// nobody may get in.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "directory/directory.h"
#include "login/jwt.h"
#include "login/mechanism.h"
#include "login/tokens.h"
#include "store/memory.h"

namespace {

using namespace kontor;
using Kind = login::Mechanism::Step::Kind;

class NoTokens final : public login::Tokens {
 public:
  Result<std::string> user_of(std::string_view token) const override {
    return login::check_jwt(token, keys_, {"issuer", "audience", "email"}, Instant(std::chrono::seconds(1)));
  }

 private:
  std::vector<login::JwtKey> keys_ = login::JwtKey::from_secret(std::string(32, 'k')).value();
};

struct World {
  World() {
    const auto tenant = directory->add_tenant("acme").value();
    (void)directory->add_domain(tenant.id, "example.org");
    const auto ada = directory->add_principal({directory::PrincipalKind::user, "ada@example.org", "", {}, {}}).value();
    (void)directory->set_password(ada.id, "a long password that no fuzzer finds: 8Zk2");
  }
  FakeClock clock{Instant(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<store::Engine> engine = store::open_memory();
  std::unique_ptr<directory::Directory> directory =
      directory::Directory::open(
          *engine, clock, {.memory_kib = 64, .passes = 1, .scram = directory::ScramUse::always, .scram_rounds = 4096})
          .value();
  NoTokens tokens;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  if (size == 0) return 0;
  const login::Surroundings around{
      *world.directory, directory::Protocol::imap, &world.tokens, {"exporter", "end point", {"a@b.example"}}};
  const auto names = login::mechanism_names(around);
  const auto mechanism = login::make_mechanism(names[data[0] % names.size()], around);
  check(mechanism != nullptr, "what is announced is there");
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (int turn = 0; turn < 4; ++turn) {
    const auto end = rest.find('\n');
    const auto step = mechanism->take(rest.substr(0, end));
    if (step.kind == Kind::broken || step.kind == Kind::no_right) break;
    if (step.kind == Kind::verify) {
      check(!mechanism->verify(), "nobody gets in");
      break;
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return 0;
}
