// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs tests/transcripts/imap/*.txt against a server in this process: real sockets, the real core, the memory engine.
// The grammar stands in tests/transcripts/imap/README.
#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "net/script_stream.h"
#include "net/transcript.h"
#include "protocols/imap/server.h"
#include "store/memory.h"

namespace kontor::imap {
namespace {

namespace fs = std::filesystem;
using net::must_have;
using net::unescape;
using Scenario = net::TranscriptScenario;
using Step = net::TranscriptStep;

// One server with one fresh organisation.
class World {
 public:
  explicit World(const Scenario& scenario) : scenario_(scenario) {
    tenant_ = must_have(directory_->add_tenant("acme")).id;
    must_have(directory_->add_domain(tenant_, "example.org"));
    directory::NewPrincipal user;
    user.address = "ada@example.org";
    user.name = "Ada";
    if (const auto quota = setting("quota"); !quota.empty()) user.quota = std::stoull(quota);
    ada_ = must_have(directory_->add_principal(user)).id;
    must_have(directory_->set_password(ada_, "secret"));
    for (const std::string& name : words(setting("users"))) add_principal(directory::PrincipalKind::user, {name});
    if (const auto group = words(setting("group")); !group.empty())
      add_principal(directory::PrincipalKind::group, group);
    if (const auto shared = words(setting("shared")); !shared.empty())
      add_principal(directory::PrincipalKind::shared, shared);
    accounts_ = groupware::Accounts::make(*engine_, *directory_, clock_, core_options());
    for (int i = 1; i <= (setting("setup").empty() ? 0 : std::stoi(setting("setup"))); ++i) deliver(i);

    Options options;
    options.plain_login = setting("tls").empty() ? PlainLogin::local : PlainLogin::never;
    if (!setting("idle").empty()) options.idle_timeout = std::chrono::milliseconds(std::stoi(setting("idle")));
    if (!setting("login").empty()) options.login_timeout = std::chrono::milliseconds(std::stoi(setting("login")));
    if (!setting("progress").empty())
      options.progress_after = std::chrono::milliseconds(std::stoi(setting("progress")));
    if (!setting("append").empty()) options.append_limit = std::stoull(setting("append"));
    if (!setting("limit").empty()) options.message_limit = static_cast<std::uint32_t>(std::stoul(setting("limit")));
    if (!setting("saves").empty()) options.save_limit = static_cast<std::uint32_t>(std::stoul(setting("saves")));
    if (!setting("keys").empty()) options.search_keys = static_cast<std::uint32_t>(std::stoul(setting("keys")));
    if (!setting("line").empty()) options.line_limit = std::stoull(setting("line"));
    if (!setting("command").empty()) options.command_limit = std::stoull(setting("command"));
    net::TlsMode mode = net::TlsMode::none;
    std::vector<net::Certificate> certificates;
    if (!setting("tls").empty()) {
      mode = setting("tls") == "starttls" ? net::TlsMode::starttls : net::TlsMode::implicit;
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

  std::string setting(const std::string& key) const { return scenario_.setting(key); }

  net::ScriptPeer& peer(int connection) {
    if (connection > 1 && !peers_.contains(1)) this->peer(1);
    auto& peer = peers_[connection];
    if (peer) return *peer;
    peer = std::make_unique<net::ScriptPeer>(server_->client_options());
    const std::string state = setting("state").empty() ? "selected" : setting("state");
    if (state == "fresh") return *peer;
    peer->read_line();
    if (state == "greeted") return *peer;
    const auto users = words(setting("users"));
    const auto other = static_cast<std::size_t>(connection) - 2;
    const std::string user = connection > 1 && other < users.size() ? users[other] : "ada";
    expect_ok(*peer, "x1 LOGIN " + user + "@example.org secret");
    if (state == "selected") expect_ok(*peer, "x2 SELECT INBOX");
    return *peer;
  }

  void stop() {
    stopping_ = std::thread([this] { server_->stop(std::chrono::seconds(3)); });
  }
  // Takes from Ada what lets her in: "user", "tenant", "protocol" or "removed".
  void suspend(const std::string& what) {
    auto ada = must_have(directory_->principal(ada_));
    if (what == "user") ada.status = directory::Status::suspended;
    if (what == "protocol") ada.protocols = static_cast<std::uint32_t>(directory::Protocol::pop3);
    if (what == "removed") return must_have(directory_->remove_principal(ada_));
    if (what != "tenant") return must_have(directory_->update_principal(ada));
    auto tenant = must_have(directory_->tenant(tenant_));
    tenant.status = directory::Status::suspended;
    must_have(directory_->update_tenant(tenant));
  }
  void make_admin() {
    auto ada = must_have(directory_->principal(ada_));
    ada.roles = {directory::Role::tenant_admin};
    must_have(directory_->update_principal(ada));
  }
  // "/shared/comment text".
  void set_metadata(const std::string& text) {
    auto tenant = must_have(directory_->tenant(tenant_));
    const auto space = text.find(' ');
    tenant.metadata[text.substr(0, space)] = text.substr(space + 1);
    must_have(directory_->update_tenant(tenant));
  }
  // The first word is a group or a shared mailbox, the others are its members from now on.
  void set_members(const std::string& text) {
    const auto names = words(text);
    auto changed = must_have(directory_->by_address(names.at(0) + "@example.org"));
    changed.members.clear();
    for (std::size_t i = 1; i < names.size(); ++i)
      changed.members.push_back(must_have(directory_->by_address(names[i] + "@example.org")).id);
    must_have(directory_->update_principal(changed));
  }
  void forget(int connection) { peers_.erase(connection); }

 private:
  static std::vector<std::string> words(const std::string& text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
  }

  // The first word is its name, the others those of its members.
  void add_principal(directory::PrincipalKind kind, const std::vector<std::string>& names) {
    directory::NewPrincipal wanted;
    wanted.kind = kind;
    wanted.address = names.front() + "@example.org";
    directory::Principal made = must_have(directory_->add_principal(wanted));
    for (std::size_t i = 1; i < names.size(); ++i)
      made.members.push_back(must_have(directory_->by_address(names[i] + "@example.org")).id);
    must_have(directory_->update_principal(made));
    if (kind == directory::PrincipalKind::user) must_have(directory_->set_password(made.id, "secret"));
  }

  static void expect_ok(net::ScriptPeer& peer, const std::string& command) {
    peer.send(command + "\r\n");
    std::string line;
    do line = peer.read_line();
    while (line.starts_with("*"));
    if (line.find(" OK ") == std::string::npos) throw std::runtime_error(command + ": " + line);
  }

  groupware::Options core_options() const {
    groupware::Options options;
    options.folders_per_account = static_cast<std::uint32_t>(scenario_.number("folders", options.folders_per_account));
    options.folder_depth = static_cast<std::uint32_t>(scenario_.number("depth", options.folder_depth));
    if (!setting("largest").empty()) options.largest_item = std::stoull(setting("largest"));
    return options;
  }

  void deliver(int number) {
    const std::string n = std::to_string(number);
    const std::string bytes = "Date: Mon, 0" + n +
                              " Jan 2024 10:00:00 +0100\r\nFrom: Ada Lovelace <ada@example.org>\r\n" +
                              "To: ben@example.org\r\nSubject: Message " + n + "\r\nMessage-ID: <" + n +
                              "@example.org>\r\n\r\nBody of message " + n + "\r\n";
    const auto stager = accounts_->stage(tenant_);
    must_have(stager->write(bytes));
    groupware::NewItem item;
    item.content = must_have(stager->finish());
    item.internal_date = InternalDate(Instant(std::chrono::seconds(1704099600 + 86400 * (number - 1))), 60);
    const auto account = must_have(accounts_->open(AccountId(ada_.value)));
    must_have(account->update(groupware::Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
      TRY_VOID(transaction.add(transaction.folders()->by_role(groupware::FolderRole::inbox)->id, item));
      return {};
    }));
  }

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

class Player {
 public:
  explicit Player(const Scenario& scenario) : scenario_(scenario), world_(scenario) {}

  void play() {
    for (const auto& step : scenario_.steps) {
      try {
        take(step);
      } catch (const std::exception& e) {
        ADD_FAILURE() << scenario_.title << ", line " << step.line << ": " << e.what();
        return;
      }
    }
  }

 private:
  void take(const Step& step) {
    if (step.word == "STOP") return world_.stop();
    if (step.word == "SUSPEND") return world_.suspend(step.text);
    if (step.word == "ADMIN") return world_.make_admin();
    if (step.word == "METADATA") return world_.set_metadata(step.text);
    if (step.word == "MEMBERS") return world_.set_members(step.text);
    if (step.word == "LEAVE") return world_.forget(step.connection);
    auto& peer = world_.peer(step.connection);
    if (step.word == "WAIT") return std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(step.text)));
    if (step.word == "TLS") return peer.start_tls();
    if (step.word == "DEFLATE") return peer.start_deflate();
    if (step.word == "C") return send(peer, step);
    if (step.word == "C-") return peer.send(expand(unescape(step.text)));
    if (step.word == "S") return expect_line(peer, step);
    if (step.word == "S..") return skip_to(peer, step);
    if (step.word == "!") return void(forbidden_.push_back(step.text));
    if (step.word == "X") {
      if (!peer.is_closed()) throw std::runtime_error("not closed; next is: " + peer.read_line());
      return;
    }
    throw std::runtime_error("no such word: " + step.word);
  }

  void send(net::ScriptPeer& peer, const Step& step) {
    std::string line = expand(unescape(step.text));
    const auto mark = line.find("{@");
    if (mark == std::string::npos) return peer.send(line + "\r\n");
    line.replace(mark + 1, 1, std::to_string(step.block.size()));
    const bool waits = line.ends_with('}') && !line.ends_with("+}");
    peer.send(line + "\r\n");
    if (waits) {
      const std::string answer = peer.read_line();
      if (!answer.starts_with("+")) throw std::runtime_error("expected \"+\", got: " + answer);
    }
    peer.send(step.block + "\r\n");
  }

  void expect_line(net::ScriptPeer& peer, const Step& step) {
    std::string wanted = step.text;
    if (const auto mark = wanted.find("{@}"); mark != std::string::npos) {
      wanted.replace(mark + 1, 1, std::to_string(step.block.size()));
    }
    const std::string line = peer.read_line();
    if (!matches(line, wanted)) throw std::runtime_error("expected: " + wanted + "\n  got: " + line);
    if (!step.has_block) return;
    const std::string literal = peer.receive_exactly(step.block.size());
    if (literal != step.block) throw std::runtime_error("expected literal:\n" + step.block + "got:\n" + literal);
  }

  void skip_to(net::ScriptPeer& peer, const Step& step) {
    std::string seen;
    while (true) {
      const std::string line = peer.read_line();
      for (const auto& pattern : forbidden_) {
        if (matches(line, pattern)) throw std::runtime_error("must not come: " + line);
      }
      if (matches(line, step.text)) break;
      seen += "\n  " + line;
      const bool is_end = !line.starts_with("*") && line.size() > 3 && line.substr(0, 3) == step.text.substr(0, 3);
      if (is_end) throw std::runtime_error("expected some time: " + step.text + "\n  got:" + seen);
    }
    forbidden_.clear();
  }

  std::string expand(std::string text) const { return patterns_.expand(std::move(text)); }
  bool matches(const std::string& line, const std::string& pattern) { return patterns_.matches(line, pattern); }

  const Scenario& scenario_;
  World world_;
  net::TranscriptPatterns patterns_;
  std::vector<std::string> forbidden_;
};

class ImapTranscript : public ::testing::TestWithParam<fs::path> {};

TEST_P(ImapTranscript, Plays) {
  const auto scenarios = net::read_transcript(GetParam());
  EXPECT_FALSE(scenarios.empty());
  for (const auto& scenario : scenarios) {
    SCOPED_TRACE(scenario.title);
    Player(scenario).play();
  }
}

INSTANTIATE_TEST_SUITE_P(All, ImapTranscript,
                         ::testing::ValuesIn(net::transcripts(fs::path(KONTOR_SOURCE_DIR) / "tests/transcripts/imap")),
                         [](const auto& one) { return one.param.stem().string(); });

}  // namespace
}  // namespace kontor::imap
