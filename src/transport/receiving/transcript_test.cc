// SPDX-License-Identifier: AGPL-3.0-or-later
// Plays tests/transcripts/{lmtp,smtp}/*.txt against a server in this process: real sockets, the real core, the memory
// engine. The grammar stands in the README beside them.
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/log.h"
#include "directory/directory.h"
#include "net/transcript_player.h"
#include "store/memory.h"
#include "transport/lmtp/server.h"
#include "transport/smtp/server.h"

namespace kontor::transport {
namespace {

namespace fs = std::filesystem;
using net::must_have;
using net::unescape;
using MailScenario = net::TranscriptScenario;
using MailStep = net::TranscriptStep;

bool matches(std::string_view line, const std::string& pattern) {
  return net::TranscriptPatterns().matches(line, pattern);
}

// One server with a fresh organisation, and one client.
class MailWorld {
 public:
  MailWorld(const std::string& protocol, const MailScenario& scenario) {
    accounts_ = groupware::Accounts::make(*engine_, *directory_, clock_);
    populate();
    if (protocol == "lmtp")
      lmtp_ = std::make_unique<LmtpServer>(*accounts_, *directory_, *workers_, clock_, lmtp_options(scenario));
    else
      smtp_ = std::make_unique<SmtpServer>(*accounts_, *directory_, *workers_, clock_, smtp_options(scenario), nullptr,
                                           nullptr, scenario.setting("queue").empty() ? nullptr : queue_.get());
    std::vector<net::Certificate> certificates;
    if (!scenario.setting("tls").empty()) certificates = {net::transcript_certificate()};
    server_ = std::make_unique<net::TestServer>(lmtp_ ? lmtp_->session() : smtp_->session(), net::TlsMode::starttls,
                                                certificates);
    peer_ = std::make_unique<net::ScriptPeer>(server_->client_options());
  }
  ~MailWorld() {
    if (stopping_.joinable()) stopping_.join();
    // As in the server: sessions end, then the workers, then the runtime, whose loop a worker may just be leaving.
    server_->stop();
    workers_.reset();
  }

  net::ScriptPeer& peer() { return *peer_; }
  void stop() {
    stopping_ = std::thread([this] { server_->stop(std::chrono::seconds(5)); });
  }

  std::uint32_t count(const std::string& address) { return inbox(address)->total; }

  // What waits in the queue, oldest first.
  std::vector<QueueListed> queued() { return must_have(queue_->list({}, 100)); }
  std::string queued_content() {
    const auto all = queued();
    if (all.empty()) throw std::runtime_error("the queue is empty");
    return must_have(queue_->read(all.back().message.content, 0, 1 << 20));
  }

  // The newest message: the fields that delivery put before it, and what was sent.
  std::pair<std::string, std::string> newest(const std::string& address) {
    auto account = open(address);
    auto reader = must_have(account->read(groupware::Caller::system()));
    auto view = must_have(reader->view(inbox(address)->id));
    if (view->size() == 0) throw std::runtime_error("the inbox is empty");
    auto content = must_have(reader->content(view->at(view->size() - 1).item));
    std::string bytes = must_have(content->read(0, content->size()));
    auto end = bytes.find("+0000\r\n") + 7;
    return {bytes.substr(0, end), bytes.substr(end)};
  }

 private:
  template <class Options>
  static void take_common(const MailScenario& scenario, Options& options) {
    options.hostname = "mx.example.org";
    options.recipients = static_cast<std::uint32_t>(scenario.number("recipients", options.recipients));
    options.largest_message = scenario.number("largest", 100 << 20);
    options.line_length = static_cast<std::uint32_t>(scenario.number("line", options.line_length));
    options.bad_commands = static_cast<std::uint32_t>(scenario.number("bad", options.bad_commands));
    options.idle_timeout = std::chrono::seconds(scenario.number("idle", 20));
    if (scenario.setting("quota") == "reject") options.over_quota = groupware::QuotaPolicy::reject;
  }
  static LmtpOptions lmtp_options(const MailScenario& scenario) {
    LmtpOptions options;
    take_common(scenario, options);
    return options;
  }
  static SmtpOptions smtp_options(const MailScenario& scenario) {
    SmtpOptions options;
    take_common(scenario, options);
    options.bad_recipients = static_cast<std::uint32_t>(scenario.number("strangers", options.bad_recipients));
    options.largest_header = scenario.number("header", options.largest_header);
    options.hops = static_cast<std::uint32_t>(scenario.number("hops", options.hops));
    options.message_time = std::chrono::seconds(scenario.number("message_time", 20));
    options.postmaster = scenario.setting("postmaster");
    if (!scenario.setting("trusted").empty()) options.trusted_networks = {scenario.setting("trusted")};
    if (scenario.setting("bare") == "repair") options.bare_line_ends = BareLineEnds::repair;
    return options;
  }

  void populate() {
    TenantId acme = must_have(directory_->add_tenant("acme")).id;
    must_have(directory_->add_domain(acme, "example.org"));
    TenantId umbrella = must_have(directory_->add_tenant("umbrella")).id;
    must_have(directory_->add_domain(umbrella, "umbrella.example"));
    directory::Principal ada = add("ada@example.org");
    ada.addresses.push_back("countess@example.org");
    must_have(directory_->update_principal(ada));
    directory::Principal ben = add("ben@example.org");
    add("cecil@example.org", directory::Status::suspended);
    add("dora@example.org", directory::Status::inactive);
    directory::Principal ellen = add("ellen@example.org");
    ellen.quota = 2000;
    must_have(directory_->update_principal(ellen));
    add("una@umbrella.example");
    directory::NewPrincipal group;
    group.kind = directory::PrincipalKind::group;
    group.address = "team@example.org";
    directory::Principal team = must_have(directory_->add_principal(group));
    team.members = {ada.id, ben.id};
    must_have(directory_->update_principal(team));
    group.address = "crowd@example.org";
    directory::Principal crowd = must_have(directory_->add_principal(group));
    crowd.members = {ellen.id, team.id, ada.id};
    must_have(directory_->update_principal(crowd));
  }

  directory::Principal add(const std::string& address, directory::Status status = directory::Status::active) {
    directory::NewPrincipal user;
    user.address = address;
    user.name = address;
    user.status = status;
    return must_have(directory_->add_principal(user));
  }

  std::shared_ptr<groupware::Account> open(const std::string& address) {
    return must_have(accounts_->open(must_have(directory_->by_address(address)).account()));
  }
  std::shared_ptr<const groupware::Folder> inbox(const std::string& address) {
    return open(address)->folders()->by_role(groupware::FolderRole::inbox);
  }

  FakeClock clock_{Instant(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<store::Engine> engine_ = store::open_memory();
  std::unique_ptr<directory::Directory> directory_ =
      must_have(directory::Directory::open(*engine_, clock_, {.memory_kib = 64, .passes = 1}));
  std::unique_ptr<groupware::Accounts> accounts_;
  std::unique_ptr<Queue> queue_ = must_have(Queue::open(*engine_, clock_));
  std::unique_ptr<Workers> workers_ = std::make_unique<Workers>(3);
  std::unique_ptr<LmtpServer> lmtp_;
  std::unique_ptr<SmtpServer> smtp_;
  std::unique_ptr<net::TestServer> server_;
  std::unique_ptr<net::ScriptPeer> peer_;
  std::thread stopping_;
};

// "ADDRESS rest"
std::pair<std::string, std::string> split(const std::string& text) {
  auto blank = text.find(' ');
  return {text.substr(0, blank), text.substr(blank + 1)};
}

void expect_equal(const std::string& got, const std::string& wanted) {
  if (got != wanted) throw std::runtime_error("expected: " + wanted + "\n  got: " + got);
}

// "FROM > TO TO", with "/NOTIFY" and "=ORIGINAL" behind those who have them.
std::string line_of(const QueueListed& one) {
  std::string out = "<" + one.message.sender + "> >";
  for (const QueuedRecipient& to : one.recipients) {
    out += " " + to.address;
    if (to.notify.bits != 0) out += "/" + std::to_string(to.notify.bits);
    if (!to.original.empty()) out += "=" + to.original;
  }
  return out;
}

void expect_content(const std::string& content, std::string pattern) {
  const bool must_be_absent = pattern.starts_with('!');
  if (must_be_absent) pattern.erase(0, 1);
  if ((content.find(unescape(pattern)) != std::string::npos) == must_be_absent)
    throw std::runtime_error("the newest in the queue is\n" + content);
}

void expect_header(const std::string& header, std::string pattern) {
  bool must_be_absent = pattern.starts_with('!');
  if (must_be_absent) pattern.erase(0, 1);
  bool found = false;
  for (std::size_t at = 0; at < header.size();) {
    auto end = header.find("\r\n", at);
    found = found || matches(std::string_view(header).substr(at, end - at), pattern);
    at = end + 2;
  }
  if (found == must_be_absent) throw std::runtime_error("the header is\n" + header);
}

void take_step(MailWorld& world, const MailStep& step) {
  const std::string& word = step.word;
  if (word == "FILL") return world.peer().send(std::string(std::stoul(step.text), 'x'));
  if (word == "STOP") return world.stop();
  if (word == "WAIT") return std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(step.text)));
  if (word == "QUEUE") {
    std::string lines;
    for (const QueueListed& one : world.queued()) lines += (lines.empty() ? "" : ", ") + line_of(one);
    return expect_equal(lines, step.text);
  }
  if (word == "HAS") return expect_content(world.queued_content(), step.text);
  auto [address, rest] = split(step.text);
  if (word == "COUNT") return expect_equal(std::to_string(world.count(address)), rest);
  if (word == "LAST") return expect_equal(world.newest(address).second, unescape(rest));
  if (word == "SIZE") return expect_equal(std::to_string(world.newest(address).second.size()), rest);
  if (word == "HEADER") return expect_header(world.newest(address).first, rest);
  net::exchange(world.peer(), step);
}

void play(const std::string& protocol, const std::string& file) {
  log::configure(log::Level::off, log::Form::text, "");
  const auto make = [&](const MailScenario& scenario) { return MailWorld(protocol, scenario); };
  const fs::path path = fs::path(KONTOR_SOURCE_DIR) / "tests/transcripts" / protocol / file;
  for (const std::string& fault : net::play_transcript(path, make, take_step)) ADD_FAILURE() << fault;
}

std::size_t count_transcripts(const std::string& protocol) {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(KONTOR_SOURCE_DIR) / "tests/transcripts" / protocol))
    if (entry.path().extension() == ".txt") ++files;
  return files;
}

TEST(LmtpTranscript, Basic) { play("lmtp", "basic.txt"); }
TEST(LmtpTranscript, Bytes) { play("lmtp", "bytes.txt"); }
TEST(LmtpTranscript, Chunking) { play("lmtp", "chunking.txt"); }
TEST(LmtpTranscript, Limits) { play("lmtp", "limits.txt"); }
TEST(LmtpTranscript, Order) { play("lmtp", "order.txt"); }
TEST(LmtpTranscript, Pipelining) { play("lmtp", "pipelining.txt"); }
TEST(LmtpTranscript, Tls) { play("lmtp", "tls.txt"); }
TEST(LmtpTranscript, Utf8) { play("lmtp", "utf8.txt"); }

TEST(SmtpTranscript, Basic) { play("smtp", "basic.txt"); }
TEST(SmtpTranscript, Dsn) { play("smtp", "dsn.txt"); }
TEST(SmtpTranscript, Limits) { play("smtp", "limits.txt"); }
TEST(SmtpTranscript, Relay) { play("smtp", "relay.txt"); }
TEST(SmtpTranscript, Smuggling) { play("smtp", "smuggling.txt"); }
TEST(SmtpTranscript, Tls) { play("smtp", "tls.txt"); }
TEST(SmtpTranscript, Trusted) { play("smtp", "trusted.txt"); }

TEST(MailTranscripts, EveryFileIsPlayed) {
  EXPECT_EQ(count_transcripts("lmtp"), 8U) << "a new transcript needs its TEST above";
  EXPECT_EQ(count_transcripts("smtp"), 7U) << "a new transcript needs its TEST above";
}

}  // namespace
}  // namespace kontor::transport
