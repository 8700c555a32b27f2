// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/queries.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/archive/answer.h"
#include "formats/archive/members.h"
#include "formats/archive/record.h"
#include "protocols/import/attached.h"
#include "protocols/import/ledger.h"
#include "protocols/import/scripts.h"

namespace kontor::importing {
namespace {

using groupware::Caller;
using groupware::LedgerEntry;

constexpr std::size_t kPiece = 64 << 10;
constexpr std::size_t kMaxQueryKeys = 20'000;
constexpr std::size_t kItemsPerPiece = 200;
constexpr std::uint64_t kBytesPerPiece = 64 << 20;

// A scan of the ledger that goes on where it stopped.
class Scan {
 public:
  Scan(std::shared_ptr<groupware::Account> account, std::string source, std::string prefix)
      : account_(std::move(account)), source_(std::move(source)), prefix_(std::move(prefix)), next_(prefix_) {}

  // Visits entries until `visit` is false, the prefix ends or all were seen. `visit` sees each entry once.
  Result<void> go_on(const std::function<bool(std::string_view, const LedgerEntry&)>& visit) {
    if (done_) return {};
    done_ = true;
    TRY(const auto reader, account_->read(Caller::system()));
    return reader->ledger_scan(source_, next_, [&](std::string_view key, const LedgerEntry& entry) {
      if (!key.starts_with(prefix_)) return false;
      if (visit(key, entry)) return true;
      next_ = std::string(key) + '\0';
      done_ = false;
      return false;
    });
  }
  bool done() const { return done_; }

 private:
  std::shared_ptr<groupware::Account> account_;
  std::string source_, prefix_, next_;
  bool done_ = false;
};

std::string digest_line(std::string_view item_key, const ItemMark& mark) {
  return archive::to_line(archive::DigestLine{
      std::string(item_key),
      archive::state_digest(mark.flags, mark.keywords, mark.properties, mark.name, mark.fingerprint),
      mark.is_vanished});
}

Result<std::string> folder_overview(Scan& scan) {
  std::string out;
  Result<void> problem;
  TRY_VOID(scan.go_on([&](std::string_view, const LedgerEntry& entry) {
    auto mark = decode_folder_mark(entry.fingerprint);
    if (!mark) {
      problem = std::unexpected(mark.error());
      return false;
    }
    out +=
        archive::to_line(archive::LedgerFolder{mark->key, mark->uid_validity, mark->items, mark->state, mark->is_gone});
    return out.size() < kPiece;
  }));
  TRY_VOID(problem);
  return out;
}

Result<std::string> folder_digest(Scan& scan, std::size_t prefix_size) {
  std::string out;
  Result<void> problem;
  TRY_VOID(scan.go_on([&](std::string_view key, const LedgerEntry& entry) {
    auto mark = decode_item_mark(entry.fingerprint);
    if (!mark) {
      problem = std::unexpected(mark.error());
      return false;
    }
    out += digest_line(key.substr(prefix_size), *mark);
    return out.size() < kPiece;
  }));
  TRY_VOID(problem);
  return out;
}

Result<std::string> vanished_hashes(Scan& scan) {
  std::string out;
  TRY_VOID(scan.go_on([&](std::string_view key, const LedgerEntry&) {
    if (key.size() > 33) out += to_hex(key.substr(1, 32)) + "\n";
    return out.size() < kPiece;
  }));
  return out;
}

Result<std::string> digest_of_keys(groupware::Account& account, const DigestQuery& query) {
  TRY(const auto reader, account.read(Caller::system()));
  const auto code = folder_code(*query.folder);
  std::string out;
  for (const auto& key : *query.keys) {
    const auto bounded = archive::bounded_key(key);
    TRY(const auto known, find_item(*reader, query.source, code, bounded));
    if (known) out += digest_line(bounded, known->mark);
  }
  return out;
}

struct Listed {
  std::string key;
  ItemId item;
  ItemMark mark;
};

Result<void> read_again(const groupware::Reader& reader, const groupware::Item& item, archive::TargetItem& line) {
  const auto facts = groupware::is_described(item.kind) ? reader.facts(item.id) : fail(Errc::not_found, "");
  if (facts && !facts->attachments.empty()) {
    TRY(auto came, as_it_came(reader, item, true));
    line.size = came.size;
    line.sha256 = std::move(came.sha256);
    line.attachments = came.attachments;
    return {};
  }
  TRY(const auto content, reader.content(item.id));
  TRY(line.sha256, hash_of_content(*content));
  return {};
}

Result<std::string> verify_some(groupware::Account& account, Scan& scan, std::size_t prefix_size, bool read_content) {
  std::vector<Listed> some;
  std::uint64_t bytes = 0;  // to be read before the next piece can go out
  Result<void> problem;
  TRY_VOID(scan.go_on([&](std::string_view key, const LedgerEntry& entry) {
    auto mark = decode_item_mark(entry.fingerprint);
    if (!mark) {
      problem = std::unexpected(mark.error());
      return false;
    }
    if (read_content) bytes += mark->size;
    some.push_back({std::string(key.substr(prefix_size)), entry.item, std::move(*mark)});
    return some.size() < kItemsPerPiece && bytes < kBytesPerPiece;
  }));
  TRY_VOID(problem);
  std::string out;
  TRY(const auto reader, account.read(Caller::system()));
  const auto keywords = reader->keywords();
  for (auto& listed : some) {
    archive::TargetItem line;
    line.key = std::move(listed.key);
    line.is_vanished = listed.mark.is_vanished;
    const auto item = reader->item(listed.item);
    if (!item || item->filings.empty()) {
      line.is_removed = true;
      out += archive::to_line(line);
      continue;
    }
    auto filing = std::find_if(item->filings.begin(), item->filings.end(),
                               [&](const auto& one) { return one.folder == listed.mark.folder; });
    line.is_elsewhere = filing == item->filings.end();
    if (line.is_elsewhere) filing = item->filings.begin();
    auto flags = keywords->spell(item->flags);
    line.uid = filing->uid.value;
    line.name = filing->name;
    line.flags = static_cast<std::uint8_t>(flags.flags | (filing->is_deleted ? groupware::kDeleted : 0));
    line.keywords = std::move(flags.keywords);
    line.date = item->internal_date;
    line.size = item->size;
    line.sha256 = item->hash;
    if (read_content) {
      const auto read = read_again(*reader, *item, line);
      if (!read) line.sha256.clear();
      if (!read) line.fault = read.error().text;
    }
    out += archive::to_line(line);
  }
  return out;
}

}  // namespace

Result<DigestQuery> parse_digest_query(std::string_view json) {
  TRY(auto members, archive::Members::parse(json, "digest's"));
  DigestQuery query;
  members.text("source", query.source, archive::kMaxSource);
  members.need(!query.source.empty(), "source", "given");
  members.flag("vanished", query.vanished);
  if (members.take("folder") != nullptr) members.text("folder", query.folder.emplace(), archive::kMaxKey);
  if (members.take("keys") != nullptr) members.texts("keys", query.keys.emplace(), kMaxQueryKeys, archive::kMaxKey);
  members.need(!query.keys || query.folder, "keys", "of a folder");
  TRY_VOID(members.finish());
  return query;
}

Pieces digest_pieces(std::shared_ptr<groupware::Account> account, DigestQuery query) {
  if (query.keys) {
    return [account = std::move(account), query = std::move(query), done = false]() mutable -> Result<std::string> {
      if (std::exchange(done, true)) return std::string();
      return digest_of_keys(*account, query);
    };
  }
  std::string prefix = query.vanished ? "V" : query.folder ? item_mark_prefix(folder_code(*query.folder)) : "F";
  const auto size = prefix.size();
  Scan scan(std::move(account), query.source, std::move(prefix));
  return [scan = std::move(scan), size, query = std::move(query)]() mutable -> Result<std::string> {
    if (query.vanished) return vanished_hashes(scan);
    return query.folder ? folder_digest(scan, size) : folder_overview(scan);
  };
}

Pieces verify_pieces(std::shared_ptr<groupware::Account> account, std::string source, std::string folder_key,
                     bool read_content) {
  if (folder_key == archive::kScriptsKey)
    return [account = std::move(account), source = std::move(source), done = false]() mutable -> Result<std::string> {
      if (std::exchange(done, true)) return std::string();
      return verify_scripts(*account, source);
    };
  auto prefix = item_mark_prefix(folder_code(folder_key));
  const auto size = prefix.size();
  Scan scan(account, std::move(source), std::move(prefix));
  return [account = std::move(account), scan = std::move(scan), size, read_content]() mutable -> Result<std::string> {
    if (scan.done()) return std::string();
    return verify_some(*account, scan, size, read_content);
  };
}

}  // namespace kontor::importing
