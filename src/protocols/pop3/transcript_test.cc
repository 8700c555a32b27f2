// SPDX-License-Identifier: AGPL-3.0-or-later
// Plays tests/transcripts/pop3/*.txt against a server in this process: real sockets, the real core, the memory engine.
// The grammar stands in tests/transcripts/pop3/README.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <thread>

#include "base/log.h"
#include "net/transcript_player.h"
#include "protocols/pop3/server.h"
#include "store/memory.h"

namespace kontor::pop3 {
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
    if (!scenario.setting("delay").empty()) options.login_delay = std::chrono::seconds(number("delay"));
    if (!scenario.setting("bad").empty()) options.bad_commands = static_cast<std::uint32_t>(number("bad"));
    if (!scenario.setting("idle").empty()) options.idle_timeout = std::chrono::milliseconds(number("idle"));
    options.refuses_utf8 = !scenario.setting("refuses").empty();
    auto mode = net::TlsMode::none;
    std::vector<net::Certificate> certificates;
    if (!scenario.setting("tls").empty()) {
      mode = scenario.setting("tls") == "starttls" ? net::TlsMode::starttls : net::TlsMode::implicit;
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
    for (const char* line : {"", "USER ada@example.org\r\n", "PASS secret\r\n"}) {
      peer->send(line);
      if (const auto answer = peer->read_line(); !answer.starts_with("+OK")) throw std::runtime_error(answer);
    }
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

  void deliver(const std::string& bytes, std::map<std::string, std::string> properties = {}) {
    const auto stager = accounts_->stage(tenant_);
    must_have(stager->write(bytes));
    groupware::NewItem item;
    item.content = must_have(stager->finish());
    item.properties = std::move(properties);
    change([&](groupware::Transaction& transaction) -> Result<void> {
      TRY_VOID(transaction.add(inbox()->id, item));
      return {};
    });
  }
  void remove(std::uint32_t uid) {
    change([&](groupware::Transaction& transaction) { return transaction.remove(inbox()->id, Uid(uid)); });
  }
  std::shared_ptr<const groupware::Folder> inbox() {
    return must_have(accounts_->open(AccountId(ada_.value)))->folders()->by_role(groupware::FolderRole::inbox);
  }
  void expect_sound() {
    for (const auto& fault : must_have(accounts_->check({})).faults) throw std::runtime_error(fault.where + fault.what);
  }

 private:
  int number(const std::string& key) const { return std::stoi(scenario_.setting(key)); }
  void change(const std::function<Result<void>(groupware::Transaction&)>& make) {
    must_have(must_have(accounts_->open(AccountId(ada_.value)))->update(groupware::Caller::system(), make));
  }
  const Scenario& scenario_;
  FakeClock clock_{Instant(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<store::Engine> engine_ = store::open_memory();
  std::unique_ptr<directory::Directory> directory_ =
      must_have(directory::Directory::open(*engine_, clock_, {.memory_kib = 64, .passes = 1}));
  TenantId tenant_;
  PrincipalId ada_;
  std::unique_ptr<groupware::Accounts> accounts_ = groupware::Accounts::make(*engine_, *directory_, clock_);
  std::unique_ptr<Workers> workers_ = std::make_unique<Workers>(2);
  net::Limits limits_{net::LimitOptions{}};
  std::unique_ptr<net::TestServer> server_;
  std::map<int, std::unique_ptr<net::ScriptPeer>> peers_;
  std::thread stopping_;
};

std::string sized(std::size_t size) {
  std::string text = "Subject: sized\r\n\r\n";
  while (text.size() + 72 < size) text += std::string(70, 'x') + "\r\n";
  return text + std::string(size - text.size() - 2, 'y') + "\r\n";
}

void deliver_moved(World& world, const std::string& text) {
  std::istringstream in(text);
  std::string uidl, order, rest;
  in >> uidl >> order;
  std::getline(in >> std::ws, rest);
  std::map<std::string, std::string> properties;
  if (uidl != "-") properties["pop3.uidl"] = unescape(uidl);
  if (order != "-") properties["pop3.order"] = order;
  world.deliver(unescape(rest), properties);
}

void expect_number(std::uint32_t got, const std::string& wanted) {
  if (std::to_string(got) != wanted) throw std::runtime_error("expected " + wanted + ", got " + std::to_string(got));
}

void take_step(World& world, const Step& step) {
  const std::string& word = step.word;
  if (word == "MAIL") return world.deliver(unescape(step.text));
  if (word == "SIZED") return world.deliver(sized(std::stoul(step.text)));
  if (word == "MOVED") return deliver_moved(world, step.text);
  if (word == "STOP") return world.stop();
  if (word == "SUSPEND") return world.suspend();
  if (word == "COUNT") return expect_number(world.inbox()->total, step.text);
  if (word == "SEEN") return expect_number(world.inbox()->total - world.inbox()->unseen, step.text);
  if (word == "EXPUNGE") return world.remove(static_cast<std::uint32_t>(std::stoul(step.text)));
  if (word == "LEAVE") return world.forget(step.connection);
  net::exchange(world.peer(step.connection), step);
}

class Pop3Transcript : public ::testing::TestWithParam<fs::path> {};

TEST_P(Pop3Transcript, Plays) {
  log::configure(log::Level::off, log::Form::text, "");
  const auto make = [](const Scenario& scenario) { return World(scenario); };
  for (const std::string& fault : net::play_transcript(GetParam(), make, take_step)) ADD_FAILURE() << fault;
}

INSTANTIATE_TEST_SUITE_P(All, Pop3Transcript,
                         ::testing::ValuesIn(net::transcripts(fs::path(KONTOR_SOURCE_DIR) / "tests/transcripts/pop3")),
                         [](const auto& one) { return one.param.stem().string(); });

}  // namespace
}  // namespace kontor::pop3
