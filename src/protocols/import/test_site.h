// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: a server's store, directory and accounts in memory, and archives of made-up mailboxes.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "directory/directory.h"
#include "formats/archive/writer.h"
#include "groupware/accounts.h"
#include "protocols/import/importer.h"
#include "store/memory.h"

namespace kontor::importing {

struct TestSite {
  TestSite() {
    directory = std::move(*directory::Directory::open(*engine, system_clock(), {1024, 1}));
    accounts = groupware::Accounts::make(*engine, *directory, system_clock());
    const auto tenant = directory->add_tenant("acme");
    EXPECT_TRUE(tenant) << (tenant ? "" : tenant.error().text);
    EXPECT_TRUE(directory->add_domain(tenant->id, "example.org"));
    add_user("ada@example.org");
  }
  void add_user(const std::string& address, directory::Status status = directory::Status::inactive,
                std::optional<std::uint64_t> quota = std::nullopt) {
    directory::NewPrincipal user;
    user.address = address;
    user.name = address;
    user.status = status;
    user.quota = quota;
    EXPECT_TRUE(directory->add_principal(user));
  }
  std::shared_ptr<groupware::Account> account(const std::string& address = "ada@example.org") {
    return *accounts->open(directory->by_address(address)->account());
  }

  std::unique_ptr<store::Engine> engine = store::open_memory();
  std::unique_ptr<directory::Directory> directory;
  std::unique_ptr<groupware::Accounts> accounts;
};

// A mailbox at a source.
struct MadeItem {
  std::string key;
  std::uint32_t uid = 0;
  std::string content;
  std::uint8_t flags = 0;
  std::vector<std::string> keywords = {};
  std::int64_t date = 1'000'000'000;
  std::string name = {}, fingerprint = {};
  std::map<std::string, std::string> kept = {};
  std::vector<std::string> attachments = {};
  std::set<std::string> known = {};  // of these, what does not come along
};
struct MadeFolder {
  archive::Folder record;
  std::vector<MadeItem> items = {};
};

inline std::string made_message(const std::string& text) {
  return "From: a@example.org\r\nSubject: " + text + "\r\n\r\n" + text + "\r\n";
}

inline archive::Folder made_folder(std::vector<std::string> path, std::uint32_t uid_validity, std::string role = "") {
  archive::Folder folder;
  for (const auto& name : path) folder.key += (folder.key.empty() ? "" : ".") + name;
  folder.path = std::move(path);
  folder.uid_validity = uid_validity;
  folder.role = std::move(role);
  return folder;
}

// A whole dump: every folder with the list of what is present, then the items with their content.
inline std::string dump_of(const std::vector<MadeFolder>& folders, const std::string& address = "ada@example.org") {
  std::string out;
  archive::Writer writer([&](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  });
  EXPECT_TRUE(writer.account({address, "test:old"}));
  std::uint32_t number = 0;
  for (auto folder : folders) {
    folder.record.number = ++number;
    EXPECT_TRUE(writer.folder(folder.record));
    std::vector<std::string> keys;
    for (const auto& item : folder.items) keys.push_back(item.key);
    EXPECT_TRUE(writer.listing(number, archive::Listing::Kind::present, keys, true));
  }
  number = 0;
  for (const auto& folder : folders) {
    ++number;
    for (const auto& made : folder.items) {
      archive::Item item;
      item.folder = number;
      item.key = made.key;
      item.uid = made.uid;
      item.flags = made.flags;
      item.keywords = made.keywords;
      item.name = made.name;
      item.fingerprint = made.fingerprint;
      item.kept = made.kept;
      item.date = InternalDate(Instant(std::chrono::seconds(made.date)), 60);
      archive::Spool spool, files;
      EXPECT_TRUE(spool.write(made.content));
      archive::AttachedBytes attached{files, {}};
      for (const std::string& bytes : made.attachments) {
        item.attachments.push_back({sha256(bytes), bytes.size(), made.known.contains(bytes)});
        attached.starts.push_back(files.size());
        EXPECT_TRUE(files.write(bytes));
      }
      EXPECT_TRUE(writer.item(item, &spool, &attached));
    }
    EXPECT_TRUE(writer.pass({number, "state", folder.items.size()}));
  }
  EXPECT_TRUE(writer.end_account({true}));
  EXPECT_TRUE(writer.finish());
  return out;
}

struct Imported {
  archive::Counts counts;
  std::vector<archive::Quarantined> quarantined;
  std::vector<std::string> needed;
  std::vector<std::string> notes;
  std::string error;
};

// Imports the first `length` bytes of an archive.
inline Imported import_archive(TestSite& site, const std::string& bytes, ImportOptions options = {},
                               std::size_t length = std::string::npos) {
  const auto part = bytes.substr(0, length);
  bool given = false;
  archive::Reader reader([&]() -> Result<std::string> {
    if (given) return std::string();
    given = true;
    return part;
  });
  Imported out;
  Importer importer(
      *site.accounts, *site.directory, std::move(options), [&](const archive::Answer& answer) -> Result<void> {
        out.counts.add(answer.counts);
        out.quarantined.insert(out.quarantined.end(), answer.quarantined.begin(), answer.quarantined.end());
        out.needed.insert(out.needed.end(), answer.needed.begin(), answer.needed.end());
        if (!answer.note.empty()) out.notes.push_back(answer.note);
        return {};
      });
  if (auto done = importer.run(reader); !done) out.error = done.error().text;
  return out;
}

}  // namespace kontor::importing
