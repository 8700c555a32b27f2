// SPDX-License-Identifier: AGPL-3.0-or-later
// Plays tests/transcripts/managesieve/*.txt against a server in this process: real sockets, the real core, the memory
// engine. The grammar stands in tests/transcripts/managesieve/README.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <thread>

#include "base/log.h"
#include "net/transcript_player.h"
#include "protocols/managesieve/server.h"
#include "store/memory.h"

namespace kontor::managesieve {
namespace {

namespace fs = std::filesystem;
using net::must_have;
using net::unescape;
using Scenario = net::TranscriptScenario;
using Step = net::TranscriptStep;

// One server with a fresh organisation.
class World {
 public:
  explicit World(const Scenario& scenario) : scenario_(scenario) {
    tenant_ = must_have(directory_->add_tenant("acme")).id;
    must_have(directory_->add_domain(tenant_, "example.org"));
    directory::NewPrincipal user;
    user.address = "ada@example.org";
    user.name = "Ada";
    ada_ = must_have(directory_->add_principal(user)).id;
    must_have(directory_->set_password(ada_, "secret"));
    Options options;
    options.plain_login = scenario.setting("tls").empty() ? PlainLogin::local : PlainLogin::never;
    if (!scenario.setting("bad").empty()) options.bad_commands = static_cast<std::uint32_t>(number("bad"));
    if (!scenario.setting("idle").empty()) options.idle_timeout = std::chrono::milliseconds(number("idle"));
    groupware::Options limits;
    if (!scenario.setting("scripts").empty())
      limits.scripts_per_account = static_cast<std::uint32_t>(number("scripts"));
    if (!scenario.setting("size").empty()) limits.largest_script = static_cast<std::uint64_t>(number("size"));
    accounts_ = groupware::Accounts::make(*engine_, *directory_, clock_, limits);
    auto mode = net::TlsMode::none;
    std::vector<net::Certificate> certificates;
    if (!scenario.setting("tls").empty()) {
      mode = net::TlsMode::starttls;
      certificates = {net::transcript_certificate()};
    }
    const Services services{*accounts_, *directory_, limits_, *workers_};
    server_ = std::make_unique<net::TestServer>(session(services, options), mode, certificates);
  }
  ~World() {
    if (stopping_.joinable()) stopping_.join();
    peers_.clear();
    server_->stop();
    workers_.reset();  // a worker that has just resumed a session still holds its loop
  }

  net::ScriptPeer& peer(int connection) {
    auto& peer = peers_[connection];
    if (peer) return *peer;
    peer = std::make_unique<net::ScriptPeer>(server_->client_options());
    if (scenario_.setting("state") == "fresh") return *peer;
    peer->send("AUTHENTICATE \"PLAIN\" \"AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\"\r\n");
    for (const char* end : {"OK \"Kontor ready.\"", "OK \"Logged in.\""})
      for (std::string answer; answer != end;)
        if (answer = peer->read_line(); answer.starts_with("NO")) throw std::runtime_error(answer);
    return *peer;
  }
  // The server notices a little later that a client is gone.
  void forget(int connection) {
    peers_.erase(connection);
    for (int i = 0; i < 500 && server_->runtime().sessions() > peers_.size(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  void suspend() {
    auto ada = must_have(directory_->principal(ada_));
    ada.status = directory::Status::suspended;
    must_have(directory_->update_principal(ada));
  }
  void stop() {
    stopping_ = std::thread([this] { server_->stop(std::chrono::seconds(5)); });
  }

  std::string active() { return must_have(accounts_->open(AccountId(ada_.value)))->active_script().name; }
  void expect_sound() {
    for (const auto& fault : must_have(accounts_->check({})).faults) throw std::runtime_error(fault.where + fault.what);
  }

 private:
  int number(const std::string& key) const { return std::stoi(scenario_.setting(key)); }
  const Scenario& scenario_;
  FakeClock clock_{Instant(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<store::Engine> engine_ = store::open_memory();
  std::unique_ptr<directory::Directory> directory_ =
      must_have(directory::Directory::open(*engine_, clock_, {.memory_kib = 64, .passes = 1}));
  TenantId tenant_;
  PrincipalId ada_;
  std::unique_ptr<groupware::Accounts> accounts_;
  std::unique_ptr<Workers> workers_ = std::make_unique<Workers>(2);
  net::Limits limits_{net::LimitOptions{}};
  std::unique_ptr<net::TestServer> server_;
  std::map<int, std::unique_ptr<net::ScriptPeer>> peers_;
  std::thread stopping_;
};

void take_step(World& world, const Step& step) {
  const std::string& word = step.word;
  if (word == "STOP") return world.stop();
  if (word == "SUSPEND") return world.suspend();
  if (word == "ACTIVE") {
    if (world.active() != step.text) throw std::runtime_error("active is: " + world.active());
    return;
  }
  if (word == "LEAVE") return world.forget(step.connection);
  net::exchange(world.peer(step.connection), step);
}

class ManageSieveTranscript : public ::testing::TestWithParam<fs::path> {};

TEST_P(ManageSieveTranscript, Plays) {
  log::configure(log::Level::off, log::Form::text, "");
  const auto make = [](const Scenario& scenario) { return World(scenario); };
  for (const std::string& fault : net::play_transcript(GetParam(), make, take_step)) ADD_FAILURE() << fault;
}

INSTANTIATE_TEST_SUITE_P(All, ManageSieveTranscript,
                         ::testing::ValuesIn(net::transcripts(fs::path(KONTOR_SOURCE_DIR) /
                                                              "tests/transcripts/managesieve")),
                         [](const auto& one) { return one.param.stem().string(); });

}  // namespace
}  // namespace kontor::managesieve
