// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: the import side of a server on loopback, a source in memory, and runs from one to the other.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/workers.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "migrate/dump.h"
#include "migrate/verify.h"
#include "net/http_server.h"
#include "net/runtime.h"
#include "protocols/import/server.h"
#include "protocols/import/tokens.h"
#include "store/memory.h"

namespace kontor::migrate {

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

inline TableItem table_item(std::uint32_t uid, const std::string& text, std::size_t padding = 0) {
  TableItem out;
  out.item.key = "9:" + std::to_string(uid);
  out.item.uid = uid;
  out.item.flags = uid % 2;
  out.item.date = InternalDate(Instant(std::chrono::seconds(1'600'000'000 + uid)), 120);
  out.content = "Subject: " + text + "\r\n\r\n" + std::string(padding, 'x') + "\r\n";
  out.item.announced_size = out.content.size();
  return out;
}

inline TableFolder table_folder(std::vector<std::string> path, std::uint32_t count, std::string role = "") {
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
  // What `source` gives for an archive; the bytes come into `into`.
  Result<RunReport> dump(Source& source, std::string& into) {
    return dump_accounts(
        source, *chosen_accounts(source, mapping, {}), mapping, 1,
        [&](std::string_view piece) -> Result<void> {
          into += piece;
          return {};
        },
        stop);
  }
  ImportSite site;
  Table table;
  bool create_users = false;
  Mapping mapping;
  Stop stop;
};

}  // namespace kontor::migrate
