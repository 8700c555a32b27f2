// SPDX-License-Identifier: AGPL-3.0-or-later
// The whole way: a source, the client, HTTPS, the importer, an account.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/workers.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "migrate/dump.h"
#include "migrate/report_page.h"
#include "migrate/verify.h"
#include "net/client_socket.h"
#include "net/http_server.h"
#include "net/runtime.h"
#include "protocols/import/server.h"
#include "protocols/import/tokens.h"
#include "store/memory.h"

namespace kontor::migrate {
namespace {

// A Kontor server's import side on loopback, with TLS.
class ImportSite {
 public:
  ImportSite() {
    directory_ = std::move(*directory::Directory::open(*engine_, system_clock(), {1024, 1}));
    accounts_ = groupware::Accounts::make(*engine_, *directory_, system_clock());
    const auto tenant = directory_->add_tenant("acme");
    EXPECT_TRUE(directory_->add_domain(tenant->id, "example.org"));
    add_user("ada@example.org");
    std::filesystem::create_directories(files_);
    const net::Certificate certificate{files_ + "/cert.pem", files_ + "/key.pem"};
    EXPECT_TRUE(net::make_self_signed(certificate, "localhost"));
    EXPECT_TRUE(tls_.load({certificate}));
    const auto token = importing::add_token(files_ + "/tokens", "test", std::nullopt, {}, system_clock());
    token_ = token->secret;
  }
  ~ImportSite() {
    if (runtime_) runtime_->stop(std::chrono::milliseconds(2000));
    std::filesystem::remove_all(files_);
  }

  void listen(std::vector<net::Network> allowed = {}, net::TlsMode mode = net::TlsMode::implicit) {
    importing::ServerOptions options;
    options.token_file = files_ + "/tokens";
    options.allowed = std::move(allowed);
    runtime_ = std::make_unique<net::Runtime>(1, tls_, limits_);
    net::ListenerOptions listener;
    listener.name = "https";
    listener.endpoints = {*net::parse_endpoint("127.0.0.1:0")};
    listener.tls = mode;
    const auto ends = runtime_->listen(
        listener,
        net::http_session(importing::routes(*accounts_, *directory_, system_clock(), workers_, options).remote,
                          UINT64_MAX),
        "");
    ASSERT_TRUE(ends) << ends.error().text;
    port_ = ends->front().port;
  }
  void add_user(const std::string& address, directory::Status status = directory::Status::inactive) {
    directory::NewPrincipal user;
    user.address = address;
    user.name = address;
    user.status = status;
    EXPECT_TRUE(directory_->add_principal(user));
  }
  std::uint16_t port() const { return port_; }
  TargetOptions target() const {
    TargetOptions options;
    options.url = "https://localhost:" + std::to_string(port_);
    options.token = token_;
    options.ca_file = files_ + "/cert.pem";
    return options;
  }
  std::shared_ptr<groupware::Account> account(const std::string& address = "ada@example.org") {
    return *accounts_->open(directory_->by_address(address)->account());
  }
  std::uint64_t items(const std::string& address = "ada@example.org") {
    const auto account = *accounts_->open(directory_->by_address(address)->account());
    return (*account->read(groupware::Caller::system()))->usage().items;
  }
  directory::Directory& directory() { return *directory_; }

 private:
  const std::string files_ = testing::TempDir() + "kontor-import-" + std::to_string(::getpid());
  std::unique_ptr<store::Engine> engine_ = store::open_memory();
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<groupware::Accounts> accounts_;
  net::TlsContexts tls_;
  net::Limits limits_{net::LimitOptions()};
  Workers workers_{4};
  std::string token_;
  std::uint16_t port_ = 0;
  std::unique_ptr<net::Runtime> runtime_;  // first to end
};

// A source in memory, which can be made to fail.
struct TableItem {
  SourceItem item;
  std::string content;
  std::string refusal;  // not empty = the source cannot give it
  std::vector<std::string> losses = {};
};
struct TableFolder {
  SourceFolder folder;
  std::vector<TableItem> items;
};
struct Table {
  std::map<std::string, std::vector<TableFolder>> accounts;
  std::map<std::string, std::vector<std::string>> names;  // of accounts, besides their keys
  int fetches = 0;
  int breaks_after = -1;  // fetches until the connection breaks, once
  bool has_state = false;
  bool has_logins = true;
  std::optional<SourceSettings> settings;
  std::vector<archive::Principal> principals;
};

class TableSession : public SourceSession {
 public:
  TableSession(Table& table, std::vector<TableFolder>& folders) : table_(table), folders_(folders) {}
  Result<std::vector<SourceFolder>> folders() override {
    std::vector<SourceFolder> out;
    for (const auto& one : folders_) {
      out.push_back(one.folder);
      out.back().messages = one.items.size();
    }
    return out;
  }
  Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit) override {
    FolderPass pass;
    auto& items = find(folder).items;
    std::string now;
    for (const auto& one : items) now += one.item.key + ":" + std::to_string(one.item.flags) + ",";
    if (table_.has_state) pass.state = now;
    if (table_.has_state && state == now) {
      pass.unchanged = true;
      return pass;
    }
    for (const auto& one : items) TRY_VOID(visit(one.item));
    return pass;
  }
  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    ++table_.fetches;
    if (table_.breaks_after >= 0 && table_.breaks_after-- == 0) return fail(Errc::unavailable, "the line broke");
    for (const auto& one : find(folder).items) {
      if (one.item.key != item.key) continue;
      if (!one.refusal.empty()) return fail(Errc::invalid, one.refusal);
      for (std::size_t at = 0; at < one.content.size(); at += 1000)
        TRY_VOID(take(std::string_view(one.content).substr(at, 1000)));
      losses_ = one.losses;
      return {};
    }
    return fail(Errc::not_found, "it is gone");
  }
  void announce(const SourceFolder&, const std::vector<SourceItem>&) override {}
  std::vector<std::string> losses() override { return std::exchange(losses_, {}); }
  Result<std::optional<SourceSettings>> settings() override { return table_.settings; }

 private:
  TableFolder& find(const SourceFolder& folder) {
    for (auto& one : folders_) {
      if (one.folder.key == folder.key) return one;
    }
    throw std::runtime_error("no such folder");
  }
  Table& table_;
  std::vector<TableFolder>& folders_;
  std::vector<std::string> losses_;
};

class TableSource : public Source {
 public:
  explicit TableSource(Table& table) : table_(table) {}
  std::string name() const override { return "table:test"; }
  bool has_logins() const override { return table_.has_logins; }
  Result<std::vector<SourceAccount>> accounts() override {
    std::vector<SourceAccount> out;
    for (const auto& [key, folders] : table_.accounts) out.push_back({key, "", table_.names[key]});
    return out;
  }
  Result<std::vector<archive::Principal>> principals() override { return table_.principals; }
  Result<std::unique_ptr<SourceSession>> open(const SourceAccount& account) override {
    return std::make_unique<TableSession>(table_, table_.accounts.at(account.key));
  }

 private:
  Table& table_;
};

TableItem table_item(std::uint32_t uid, const std::string& text, std::size_t padding = 0) {
  TableItem out;
  out.item.key = "9:" + std::to_string(uid);
  out.item.uid = uid;
  out.item.flags = uid % 2;
  out.item.date = InternalDate(Instant(std::chrono::seconds(1'600'000'000 + uid)), 120);
  out.content = "Subject: " + text + "\r\n\r\n" + std::string(padding, 'x') + "\r\n";
  out.item.announced_size = out.content.size();
  return out;
}

TableFolder table_folder(std::vector<std::string> path, std::uint32_t count, std::string role = "") {
  TableFolder out;
  for (const auto& name : path) out.folder.key += "." + name;
  out.folder.path = std::move(path);
  out.folder.role = std::move(role);
  out.folder.uid_validity = 9;
  for (std::uint32_t uid = 1; uid <= count; ++uid)
    out.items.push_back(table_item(uid, out.folder.key + std::to_string(uid)));
  return out;
}

struct Bench {
  Bench() {
    mapping.default_domain = "example.org";
    table.accounts["ada"] = {table_folder({"INBOX"}, 20), table_folder({"Gesendet"}, 5, "sent"),
                             table_folder({"Projekte", "Größe/2"}, 3)};
  }
  RunReport run(bool delete_vanished = false, const std::string& earlier_ledger = "") {
    RunOptions options;
    options.pass.target = site.target();
    options.pass.target.earlier_ledger = earlier_ledger;
    options.pass.target.delete_vanished = delete_vanished;
    options.pass.target.create_users = create_users;
    options.pass.mapping = &mapping;
    options.showing = {false, {}};
    options.attempts = 3;
    TableSource source(table);
    return run_migration(source, *chosen_accounts(source, mapping, {}), options, stop);
  }
  RunReport verify() {
    VerifyOptions options;
    options.target = site.target();
    options.mapping = &mapping;
    options.showing = {false, {}};
    TableSource source(table);
    return verify_migration(source, *chosen_accounts(source, mapping, {}), options, stop);
  }
  ImportSite site;
  Table table;
  bool create_users = false;
  Mapping mapping;
  Stop stop;
};

TEST(Migration, moves_an_account_and_proves_it) {
  Bench bench;
  bench.site.listen();
  auto first = bench.run();
  ASSERT_EQ(first.accounts.at(0).error, "");
  EXPECT_EQ(first.total().counts.copied, 28u);
  EXPECT_EQ(first.total().unaccounted(), 0);
  EXPECT_TRUE(first.is_clean());
  EXPECT_EQ(bench.site.items(), 28u);
  auto proof = bench.verify();
  EXPECT_EQ(proof.accounts.at(0).error, "");
  EXPECT_EQ(proof.total().compared, 28u);
  EXPECT_EQ(proof.total().differences, 0u) << to_json(proof);
  EXPECT_EQ(proof.total().counts.uids_changed, 0u);
  const auto fetches = bench.table.fetches;
  auto second = bench.run();
  EXPECT_EQ(second.total().counts.copied, 0u);
  EXPECT_EQ(second.total().present, 28u);
  EXPECT_EQ(second.total().unaccounted(), 0);
  EXPECT_TRUE(second.is_clean());
  EXPECT_EQ(bench.table.fetches, fetches) << "nothing is fetched again";
}

// Both logins' items have the same keys: what tells them apart is whose they are.
TEST(Migration, keeps_two_logins_of_one_source_apart_in_one_account) {
  Bench bench;
  bench.site.listen();
  auto ada = *bench.site.directory().by_address("ada@example.org");
  ada.addresses.push_back("bob@example.org");
  ASSERT_TRUE(bench.site.directory().update_principal(ada));
  auto mailboxes = bench.table.accounts;
  mailboxes["bob"] = {table_folder({"INBOX"}, 12), table_folder({"Gesendet"}, 5, "sent")};
  for (auto& folder : mailboxes["bob"])
    for (auto& one : folder.items) one.content = "X-Of: bob\r\n" + one.content;
  const std::pair<const char*, std::uint64_t> runs[] = {{"ada", 28}, {"bob", 17}, {"ada", 0}, {"bob", 0}};
  for (const auto& [login, copied] : runs) {
    bench.table.accounts = {{login, mailboxes[login]}};
    const auto report = bench.run(true);
    EXPECT_EQ(report.accounts.at(0).error, "") << login;
    EXPECT_EQ(report.total().counts.copied, copied) << login;
    EXPECT_EQ(report.total().counts.vanished, 0u) << login;
    const auto proof = bench.verify();
    EXPECT_EQ(proof.total().differences, 0u) << login << to_json(proof);
  }
  EXPECT_EQ(bench.site.items(), 45u);
}

// A source whose ledger an earlier version kept without the login: that is what one without logins does today.
TEST(Migration, asks_whose_an_earlier_versions_ledger_is) {
  for (const bool is_same_login : {true, false}) {
    Bench bench;
    bench.site.listen();
    bench.table.has_logins = false;
    ASSERT_TRUE(bench.run().is_clean());
    bench.table.has_logins = true;
    bench.table.fetches = 0;
    const auto refused = bench.run();
    EXPECT_NE(refused.accounts.at(0).error.find("--earlier-ledger take"), std::string::npos);
    EXPECT_EQ(bench.verify().accounts.at(0).error.find("earlier version") == std::string::npos, false);
    EXPECT_EQ(bench.site.items(), 28u);
    const auto settled = bench.run(false, is_same_login ? "take" : "leave");
    EXPECT_EQ(settled.accounts.at(0).error, "");
    EXPECT_EQ(settled.total().counts.copied, is_same_login ? 0u : 28u);
    EXPECT_EQ(bench.table.fetches, is_same_login ? 0 : 28);
    const auto again = bench.run();
    EXPECT_EQ(again.accounts.at(0).error, "") << "it was settled once for all";
    EXPECT_EQ(again.total().counts.copied, 0u);
    EXPECT_EQ(bench.verify().total().differences, 0u);
  }
}

TEST(Migration, sees_what_differs) {
  Bench bench;
  bench.site.listen();
  ASSERT_TRUE(bench.run().is_clean());
  auto& inbox = bench.table.accounts["ada"][0].items;
  inbox[0].content += "more";
  inbox[1].item.flags ^= 4;
  inbox[2].item.date = InternalDate(Instant(std::chrono::seconds(1)));
  inbox.push_back(table_item(99, "new"));
  inbox.erase(inbox.begin() + 3);
  const auto proof = bench.verify();
  EXPECT_FALSE(proof.is_clean());
  EXPECT_EQ(proof.total().differences, 5u) << to_json(proof);
}

TEST(Migration, goes_on_after_the_source_broke) {
  for (const int after : {0, 1, 7, 27}) {
    Bench bench;
    bench.site.listen();
    bench.table.breaks_after = after;
    const auto report = bench.run();
    EXPECT_EQ(report.accounts.at(0).error, "") << after;
    EXPECT_GE(report.accounts.at(0).attempts, 2) << after;
    EXPECT_EQ(report.total().counts.copied, 28u) << after;
    EXPECT_EQ(report.total().present, 0u) << after;
    EXPECT_EQ(report.total().unaccounted(), 0) << after;
    EXPECT_EQ(bench.site.items(), 28u) << after;
    EXPECT_EQ(bench.verify().total().differences, 0u) << after;
  }
}

TEST(Migration, carries_changes_moves_and_removals) {
  for (const bool has_state : {false, true}) {
    Bench bench;
    bench.site.listen();
    bench.table.has_state = has_state;
    ASSERT_TRUE(bench.run().is_clean());
    auto& folders = bench.table.accounts["ada"];
    folders[0].items[4].item.flags = 13;
    auto moved = folders[0].items[6];
    moved.item.key = "9:70";
    moved.item.uid = 70;
    folders[1].items.push_back(moved);
    folders[0].items.erase(folders[0].items.begin() + 6);  // moved away
    folders[0].items.erase(folders[0].items.begin());      // removed
    folders[2].items.push_back(table_item(50, "new"));
    bench.table.fetches = 0;
    auto report = bench.run(true);
    EXPECT_TRUE(report.is_clean()) << to_json(report);
    const auto sum = report.total();
    EXPECT_EQ(sum.counts.updated, 1u);
    EXPECT_EQ(sum.counts.moved, 1u);
    EXPECT_EQ(sum.counts.copied, 1u);
    EXPECT_EQ(sum.counts.vanished, 2u);
    EXPECT_EQ(sum.counts.removed, 1u);
    EXPECT_EQ(sum.unaccounted(), 0);
    EXPECT_EQ(bench.table.fetches, 2);
    EXPECT_EQ(bench.site.items(), 28u);
    const auto proof = bench.verify();
    EXPECT_EQ(proof.total().differences, 0u) << to_json(proof);
    report = bench.run();
    EXPECT_EQ(report.total().counts, archive::Counts()) << to_json(report);
    for (const auto& row : report.accounts.at(0).folders) EXPECT_EQ(row.unchanged, has_state) << row.name;
  }
}

TEST(Migration, follows_a_renamed_folder) {
  Bench bench;
  bench.site.listen();
  ASSERT_TRUE(bench.run().is_clean());
  auto& folder = bench.table.accounts["ada"][2].folder;
  folder.key = ".Neu";
  folder.path = {"Neu"};
  const auto report = bench.run();
  EXPECT_EQ(report.total().counts.moved, 3u) << to_json(report);
  EXPECT_EQ(report.total().counts.copied, 0u);
  EXPECT_EQ(bench.site.items(), 28u);
  EXPECT_EQ(bench.verify().total().differences, 0u);
}

TEST(Migration, names_what_did_not_come_along_exactly) {
  Bench bench;
  bench.site.listen();
  bench.table.accounts["ada"][0].items[2].losses = {"the colour", "the sound"};
  const auto report = bench.run();
  EXPECT_TRUE(report.is_clean());
  EXPECT_EQ(report.total().losses, 2u);
  const auto page = account_page(report, report.accounts.at(0));
  EXPECT_NE(page.find("<code>9:3</code> the sound"), std::string::npos);
  EXPECT_EQ(bench.run().total().losses, 0u) << "of what came in this run";
}

TEST(Migration, names_what_the_source_cannot_give) {
  Bench bench;
  bench.site.listen();
  bench.table.accounts["ada"][0].items[2].refusal = "the file has a hole";
  const auto report = bench.run();
  EXPECT_FALSE(report.is_clean());
  EXPECT_EQ(report.total().quarantined, 1u);
  EXPECT_EQ(report.total().counts.copied, 27u);
  EXPECT_EQ(report.total().unaccounted(), 0);
  const auto html = account_page(report, report.accounts.at(0));
  EXPECT_NE(html.find("the file has a hole"), std::string::npos);
  EXPECT_NE(html.find("9:3"), std::string::npos);
}

TEST(Migration, calls_nothing_of_something_a_failure) {
  Bench bench;
  bench.site.listen();
  for (auto& folder : bench.table.accounts["ada"]) {
    for (auto& item : folder.items) item.refusal = "no";
  }
  EXPECT_FALSE(bench.run().is_clean());
  bench.table.accounts["ada"].clear();
  EXPECT_TRUE(bench.run().is_clean()) << "an empty account is no failure";
}

TEST(Migration, takes_large_items_and_leaves_behind_what_it_is_told_to) {
  Bench bench;
  bench.site.listen();
  auto& folders = bench.table.accounts["ada"];
  folders[0].items.push_back(table_item(100, "large", 5'000'000));
  folders[0].items.push_back(table_item(102, "deleted"));
  folders[0].items.back().item.flags = 16;
  bench.mapping = *parse_mapping(R"(
default_domain = "example.org"
[items]
exclude_deleted = true
[[folder]]
path = "Projekte"
exclude = true
[[folder]]
role = "sent"
rename = "Alt/Post"
)");
  const auto report = bench.run();
  EXPECT_TRUE(report.is_clean()) << to_json(report);
  EXPECT_EQ(report.total().excluded, 4u);
  EXPECT_EQ(report.total().counts.copied, 26u);
  EXPECT_EQ(report.total().unaccounted(), 0);
  EXPECT_EQ(bench.verify().total().differences, 0u);
}

TEST(Migration, chooses_by_the_same_names_at_the_source_and_out_of_an_archive) {
  Bench bench;
  bench.site.listen();
  bench.table.names["ada"] = {"0A1B2C"};
  TableSource source(bench.table);
  const auto chosen = chosen_accounts(source, bench.mapping, {"0a1b2c"});
  ASSERT_EQ(chosen->size(), 1u);
  EXPECT_EQ(chosen->at(0).key, "ada");
  EXPECT_EQ(chosen_accounts(source, bench.mapping, {"ADA@example.org"})->size(), 1u);
  EXPECT_EQ(chosen_accounts(source, bench.mapping, {"0a1b2d"}).error().code, Errc::not_found);
  std::string bytes;
  ASSERT_TRUE(dump_accounts(
      source, *chosen_accounts(source, bench.mapping, {}), bench.mapping,
      [&](std::string_view piece) -> Result<void> {
        bytes += piece;
        return {};
      },
      bench.stop));
  const auto import_only = [&](const std::vector<std::string>& only, RunReport& report) {
    bool given = false;
    archive::Reader reader([&]() -> Result<std::string> { return std::exchange(given, true) ? std::string() : bytes; });
    Bandwidth bandwidth(0);
    return import_archive(reader, bench.mapping, only, bench.site.target(), bandwidth, bench.stop, report);
  };
  RunReport other, by_name;
  const auto unmet = import_only({"cyd"}, other);
  ASSERT_FALSE(unmet);
  EXPECT_EQ(unmet.error().code, Errc::not_found);
  EXPECT_EQ(bench.site.items(), 0u) << "nothing that was not asked for";
  EXPECT_TRUE(import_only({"0a1b2c"}, by_name));
  EXPECT_EQ(by_name.total().counts.copied, 28u);
}

TEST(Migration, calls_people_by_one_address_whatever_the_mapping_named_them_by) {
  struct AddressedSource : TableSource {
    using TableSource::TableSource;
    Result<std::vector<SourceAccount>> accounts() override {
      return std::vector<SourceAccount>{{"ada", "ada.l@old.example"}, {"bob", "bob@old.example"}};
    }
  };
  Table table;
  AddressedSource source(table);
  Mapping mapping;
  mapping.users["ada"] = "ada@example.org";
  const auto complete = complete_mapping(source, mapping);
  ASSERT_TRUE(complete);
  EXPECT_EQ(complete->address("Ada.L@old.example"), "ada@example.org");
  EXPECT_EQ(complete->address("bob@old.example"), "bob@old.example");
}

TEST(Migration, goes_through_an_archive_too) {
  Bench bench;
  bench.site.listen();
  for (auto& item : bench.table.accounts["ada"][0].items) item.content += to_hex(random_bytes(20'000)) + "\r\n";
  bench.table.accounts["ada"][0].items[1].refusal = "cannot be read";
  TableSource source(bench.table);
  std::string bytes;
  auto dumped = dump_accounts(
      source, *chosen_accounts(source, bench.mapping, {}), bench.mapping,
      [&](std::string_view piece) -> Result<void> {
        bytes += piece;
        return {};
      },
      bench.stop);
  ASSERT_TRUE(dumped) << dumped.error().text;
  EXPECT_EQ(dumped->total().quarantined, 1u);
  for (const std::size_t length : {bytes.size() / 2, bytes.size(), bytes.size()}) {
    const auto part = bytes.substr(0, length);
    bool given = false;
    archive::Reader reader([&]() -> Result<std::string> {
      if (std::exchange(given, true)) return std::string();
      return part;
    });
    Bandwidth bandwidth(0);
    RunReport report;
    const auto done = import_archive(reader, bench.mapping, {}, bench.site.target(), bandwidth, bench.stop, report);
    EXPECT_EQ(done.has_value(), length == bytes.size());
    if (done) {
      EXPECT_EQ(report.total().unaccounted(), 0) << to_json(report);
      EXPECT_EQ(report.total().quarantined, 1u);
    } else {
      EXPECT_GT(report.total().counts.copied, 0u) << "what came whole is kept";
    }
  }
  EXPECT_EQ(bench.site.items(), 27u);
}

// Ada's settings, and who else is at the source.
void add_settings(Bench& bench) {
  SourceSettings settings;
  settings.settings.language = "de";
  settings.settings.signatures = {{"1", "Büro", "Grüße", false}};
  settings.settings.send_as = {"bob"};
  settings.losses = {{"the rule \"Alt\"", "it asks for something"}};
  bench.table.settings = settings;
  bench.table.principals = {{"user", "bob", "Bob", "", {}, {}, false},
                            {"group", "team@new.example", "Team", "", {}, {"bob"}, false},
                            {"room", "room", "Raum", "", {}, {}, false}};
  bench.table.accounts["ada"][2].folder.grants = {{{"bob", 3}}};
}

void expect_settings(Bench& bench) {
  const auto reader = *bench.site.account()->read(groupware::Caller::system());
  EXPECT_EQ(reader->preferences()->language, "de");
  EXPECT_EQ(reader->preferences()->signatures.size(), 1u);
  const auto bob = bench.site.directory().by_address("bob@example.org");
  ASSERT_TRUE(bob);
  EXPECT_EQ(bob->status, directory::Status::inactive) << "nobody asked for his account";
  EXPECT_TRUE(bench.site.directory().by_address("team@new.example")) << "with its domain";
  EXPECT_EQ(bench.site.directory().by_address("ada@example.org")->send_as, std::vector<PrincipalId>{bob->id});
  const auto folder = reader->folders()->at_path("Projekte/Größe_2");
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->grants, (std::vector<groupware::Grant>{{bob->id, 3}}));
}

TEST(Migration, brings_settings_rights_and_people) {
  Bench bench;
  bench.site.listen();
  add_settings(bench);
  auto report = bench.run();
  EXPECT_FALSE(report.directory);
  EXPECT_FALSE(bench.site.directory().by_address("bob@example.org")) << "nobody is made who was not asked for";
  EXPECT_TRUE(report.is_clean()) << to_json(report);
  bench.create_users = true;
  report = bench.run();
  ASSERT_TRUE(report.directory);
  EXPECT_EQ(report.directory->folders.at(0).counts.copied, 3u);
  EXPECT_EQ(report.total().unaccounted(), 0) << to_json(report);
  expect_settings(bench);
  const auto& row = report.accounts[0].folders.back();
  ASSERT_EQ(row.lost.size(), 1u) << "what the source says is lost is in the report";
  EXPECT_EQ(row.lost[0].reason, "it asks for something");
}

TEST(Migration, brings_settings_through_an_archive_too) {
  Bench bench;
  bench.site.listen();
  add_settings(bench);
  TableSource source(bench.table);
  std::string bytes;
  const auto dumped = dump_accounts(
      source, *chosen_accounts(source, bench.mapping, {}), bench.mapping,
      [&](std::string_view piece) -> Result<void> {
        bytes += piece;
        return {};
      },
      bench.stop);
  ASSERT_TRUE(dumped) << dumped.error().text;
  archive::Reader reader([&]() -> Result<std::string> { return std::exchange(bytes, {}); });
  Bandwidth bandwidth(0);
  RunReport report;
  auto target = bench.site.target();
  target.create_users = true;
  const auto done = import_archive(reader, bench.mapping, {}, target, bandwidth, bench.stop, report);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(report.total().unaccounted(), 0) << to_json(report);
  expect_settings(bench);
}

TEST(Migration, makes_active_out_of_an_archive_whom_it_was_asked_for) {
  Bench bench;
  bench.site.listen();
  add_settings(bench);
  bench.table.accounts["bob"] = {};
  bench.table.accounts["cyd"] = {};
  bench.table.names["bob"] = {"0B0B"};
  bench.table.principals.push_back({"user", "cyd", "Cyd", "", {}, {}, false});
  TableSource source(bench.table);
  std::string bytes;
  ASSERT_TRUE(dump_accounts(
      source, *chosen_accounts(source, bench.mapping, {}), bench.mapping,
      [&](std::string_view piece) -> Result<void> {
        bytes += piece;
        return {};
      },
      bench.stop));
  archive::Reader reader([&]() -> Result<std::string> { return std::exchange(bytes, {}); });
  Bandwidth bandwidth(0);
  RunReport report;
  auto target = bench.site.target();
  target.create_users = target.create_active = target.live = true;
  const auto done = import_archive(reader, bench.mapping, {"0b0b"}, target, bandwidth, bench.stop, report);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(bench.site.directory().by_address("bob@example.org")->status, directory::Status::active);
  EXPECT_EQ(bench.site.directory().by_address("cyd@example.org")->status, directory::Status::inactive);
}

TEST(Migration, is_let_in_only_with_all_it_needs) {
  Bench bench;
  bench.site.listen({*net::parse_network("127.0.0.0/8")});
  const auto error_with = [&](const std::function<void(TargetOptions&)>& change, const std::string& address) {
    auto options = bench.site.target();
    change(options);
    Target target(options);
    const auto got = target.folders(address, "table:test");
    return got ? std::string() : got.error().text;
  };
  EXPECT_EQ(error_with([](auto&) {}, "ada@example.org"), "");
  EXPECT_NE(error_with([](auto& o) { o.token += "x"; }, "ada@example.org").find("token is not known"),
            std::string::npos);
  EXPECT_NE(error_with([](auto& o) { o.ca_file.clear(); }, "ada@example.org").find("certificate"), std::string::npos);
  EXPECT_EQ(error_with(
                [](auto& o) {
                  o.ca_file.clear();
                  o.insecure = true;
                },
                "ada@example.org"),
            "");
  bench.table.accounts["nobody"] = {};
  const auto report = bench.run();
  EXPECT_FALSE(report.is_clean());
  EXPECT_NE(report.accounts.at(1).error.find("no user nobody@example.org"), std::string::npos);
}

TEST(Migration, refuses_addresses_that_are_not_listed) {
  Bench bench;
  bench.site.listen({*net::parse_network("192.0.2.0/24")});
  Target target(bench.site.target());
  const auto got = target.account("ada@example.org");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::denied);
}

TEST(Migration, is_not_taken_in_the_clear) {
  Bench bench;
  bench.site.listen({}, net::TlsMode::none);
  net::ClientOptions options;
  options.host = "127.0.0.1";
  options.port = bench.site.port();
  auto socket = net::ClientSocket::connect(options);
  ASSERT_TRUE(socket) << socket.error().text;
  ASSERT_TRUE(
      (*socket)->write("GET /import/v1/accounts/ada@example.org HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                       "Authorization: Bearer " +
                       bench.site.target().token + "\r\n\r\n"));
  std::string answer(4000, '\0');
  std::size_t size = 0;
  for (;;) {
    const auto got = (*socket)->read_some(std::span(answer).subspan(size));
    if (!got || *got == 0) break;
    size += *got;
  }
  answer.resize(size);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403")) << answer;
  EXPECT_NE(answer.find("TLS"), std::string::npos);
}

TEST(Migration, keeps_active_accounts_alone) {
  Bench bench;
  bench.site.add_user("live@example.org", directory::Status::active);
  bench.site.listen();
  bench.table.accounts = {{"live", {table_folder({"INBOX"}, 2)}}};
  EXPECT_NE(bench.run().accounts.at(0).error.find("is active"), std::string::npos);
  EXPECT_EQ(bench.site.items("live@example.org"), 0u);
}

TEST(Migration, works_only_in_its_window) {
  Bench bench;
  bench.site.listen();
  const int now = minute_of_day();
  RunOptions options;
  options.pass.target = bench.site.target();
  options.pass.mapping = &bench.mapping;
  options.pass.window = Window{(now + 720) % 1440, (now + 780) % 1440};  // half a day away
  options.showing = {false, {}};
  std::jthread ender([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    bench.stop.set();
  });
  TableSource source(bench.table);
  const auto report = run_migration(source, *chosen_accounts(source, bench.mapping, {}), options, bench.stop);
  EXPECT_EQ(report.accounts.at(0).error, "stopped");
  EXPECT_EQ(bench.table.fetches, 0);
  EXPECT_EQ(bench.site.items(), 0u);
}

TEST(Target, is_checked_before_use) {
  const struct {
    const char* url;
    bool insecure;
    bool good;
  } cases[] = {
      {"https://mail.example.org", false, true},
      {"https://mail.example.org:8443", false, true},
      {"http://mail.example.org", false, false},
      {"https://mail.example.org/x", false, false},
      {"https://", false, false},
      {"https://mail.example.org", true, false},
      {"https://localhost:1", true, true},
      {"https://127.0.0.1:1", true, true},
      {"https://[::1]:1", true, true},
      {"https://localhost.example.org", true, false},
  };
  for (const auto& c : cases) {
    TargetOptions options;
    options.url = c.url;
    options.token = "t";
    options.insecure = c.insecure;
    EXPECT_EQ(check_target(options).has_value(), c.good) << c.url;
  }
}

}  // namespace
}  // namespace kontor::migrate
