// SPDX-License-Identifier: AGPL-3.0-or-later
// `kontor import`: an archive goes in on the server's own host, through its local socket or straight into the store.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <system_error>

#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"
#include "kontor/response.h"
#include "protocols/import/importer.h"
#include "wire/http/chunked.h"

namespace kontor::app {
namespace {

constexpr std::size_t kNamedItems = 1000;  // of those that stayed out
constexpr std::size_t kArchivePiece = 128 << 10;

// What became of the archive, by account.
class ImportSummary {
 public:
  void take(const archive::Answer& answer) {
    if (!answer.account.empty()) accounts_[answer.account].add(answer.counts);
    for (const auto& one : answer.quarantined) name_item(answer, one.key, one.reason);
    for (const auto& key : answer.needed) name_item(answer, key, "the archive has only a reference to its content");
    if (!answer.note.empty()) notes_.push_back(answer.note);
    if (answer.error) error_ = answer.error->text;
    is_done_ = is_done_ || answer.done;
  }
  void fail_with(const std::string& why) { error_ = why; }

  std::string to_json() const {
    json::array accounts, items, notes;
    for (const auto& [address, counts] : accounts_) {
      const auto stayed_out = stayed_out_.find(address);
      accounts.push_back(json::object{{"address", address},
                                      {"copied", counts.copied},
                                      {"bytes", counts.bytes},
                                      {"present", counts.present + counts.updated},
                                      {"moved", counts.moved},
                                      {"vanished", counts.vanished},
                                      {"removed", counts.removed},
                                      {"quarantined", stayed_out == stayed_out_.end() ? 0 : stayed_out->second}});
    }
    for (const auto& one : items_)
      items.push_back(
          json::object{{"address", one.account}, {"folder", one.folder}, {"key", one.key}, {"reason", one.reason}});
    for (const auto& note : notes_) notes.emplace_back(note);
    const bool is_clean = is_done_ && error_.empty() && stayed_out_.empty();
    return json::serialize(json::object{{"clean", is_clean},
                                        {"error", error_.empty() ? json::value() : json::value(error_)},
                                        {"accounts", std::move(accounts)},
                                        {"quarantined", std::move(items)},
                                        {"notes", std::move(notes)}});
  }

 private:
  struct Named {
    std::string account, folder, key, reason;
  };

  void name_item(const archive::Answer& answer, const std::string& key, const std::string& reason) {
    ++stayed_out_[answer.account];
    if (items_.size() < kNamedItems) items_.push_back({answer.account, answer.folder, key, reason});
  }

  std::map<std::string, archive::Counts> accounts_;
  std::map<std::string, std::uint64_t> stayed_out_;
  std::vector<Named> items_;
  std::vector<std::string> notes_;
  std::string error_;
  bool is_done_ = false;
};

using GivePiece = std::function<Result<std::string>()>;

bool is_set(const json::object& arguments, const char* name) { return arguments.contains(name); }

Result<int> open_archive(const json::object& arguments) {
  const auto* input = arguments.if_contains("input");
  const bool from_stdin = is_set(arguments, "stdin");
  if (from_stdin == (input != nullptr)) return fail(Errc::invalid, "give either --stdin or --input FILE");
  if (from_stdin && ::isatty(STDIN_FILENO) == 1)
    return fail(Errc::invalid, "an archive is not read from a terminal: pipe it in");
  if (from_stdin) return STDIN_FILENO;
  const std::string file(input->as_string());
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(Errc::not_found, fmt::format("cannot read {}: {}", file, std::generic_category().message(errno)));
  return fd;
}

Result<std::string> read_archive(int fd) {
  std::string piece(kArchivePiece, '\0');
  for (;;) {
    const auto got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return fail(Errc::unavailable,
                  fmt::format("cannot read the archive: {}", std::generic_category().message(errno)));
    piece.resize(static_cast<std::size_t>(got));
    return piece;
  }
}

const json::string* earlier_ledger(const json::object& arguments) {
  const auto* value = arguments.if_contains("earlier_ledger");
  return value != nullptr ? value->if_string() : nullptr;
}

std::string query_of(const json::object& arguments) {
  std::string out;
  for (const char* word : {"live", "ignore_quota", "delete_vanished", "override_threshold"})
    if (is_set(arguments, word)) out += fmt::format("{}=1&", word);
  if (is_set(arguments, "create_active"))
    out += "create_users=active&";
  else if (is_set(arguments, "create_users"))
    out += "create_users=inactive&";
  if (const auto* word = earlier_ledger(arguments)) out += "earlier_ledger=" + std::string(*word) + "&";
  return out;
}

importing::ImportOptions options_of(const json::object& arguments) {
  importing::ImportOptions options;
  const bool active = is_set(arguments, "create_active");
  options.create_users = active || is_set(arguments, "create_users");
  if (active) options.new_status = directory::Status::active;
  options.live = active || is_set(arguments, "live");
  options.ignore_quota = is_set(arguments, "ignore_quota");
  options.delete_vanished = is_set(arguments, "delete_vanished");
  options.override_threshold = is_set(arguments, "override_threshold");
  if (const auto* word = earlier_ledger(arguments))
    options.earlier_ledger = importing::parse_earlier_ledger(*word).value_or(importing::EarlierLedger::ask);
  return options;
}

// A server that refuses early is listened to, whatever could not be written any more.
Result<void> send_archive(net::ClientSocket& socket, const json::object& arguments, const GivePiece& give) {
  TRY_VOID(
      socket.write(fmt::format("POST /import/v1/archive?{} HTTP/1.1\r\nHost: kontor\r\nTransfer-Encoding: "
                               "chunked\r\nConnection: close\r\n\r\n",
                               query_of(arguments))));
  for (;;) {
    TRY(const auto piece, give());
    const auto sent =
        socket.write(piece.empty() ? std::string(wire::http::kLastChunk) : wire::http::encode_chunk(piece));
    if (piece.empty() || !sent) return {};
  }
}

Result<void> import_through_server(net::ClientSocket& socket, const json::object& arguments, const GivePiece& give,
                                   ImportSummary& summary) {
  TRY_VOID(send_archive(socket, arguments, give));
  std::string line;
  return read_response(socket, [&](std::string_view piece) -> Result<void> {
    for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
      line.append(piece.substr(0, end));
      piece.remove_prefix(end + 1);
      TRY(const auto answer, archive::parse_answer(line));
      summary.take(answer);
      line.clear();
    }
    line.append(piece);
    if (line.size() > archive::kMaxAnswerLine) return fail(Errc::unavailable, "The server's answer is malformed");
    return {};
  });
}

Result<void> import_here(House& house, const json::object& arguments, const GivePiece& give, ImportSummary& summary) {
  archive::Reader reader(give);
  importing::Importer importer(*house.accounts, *house.directory, options_of(arguments),
                               [&](const archive::Answer& answer) -> Result<void> {
                                 summary.take(answer);
                                 return {};
                               });
  TRY_VOID(importer.run(reader));
  archive::Answer end;
  end.done = true;
  summary.take(end);
  return {};
}

// The answer tells what became of each account, also where the import broke off.
Answer import_archive(const Settings& settings, const json::object& arguments) {
  const auto fd = open_archive(arguments);
  if (!fd) return {std::unexpected(fd.error()), false};
  ImportSummary summary;
  const auto conclude = [&](Result<void> done) -> Result<std::string> {
    if (!done) summary.fail_with(done.error().text);
    return summary.to_json();
  };
  const GivePiece give = [fd = *fd] { return read_archive(fd); };
  return reach(
      settings, {},
      [&](net::ClientSocket& socket) { return conclude(import_through_server(socket, arguments, give, summary)); },
      [&](House& house) { return conclude(import_here(house, arguments, give, summary)); });
}

int print_import(const json::value& answer) {
  print_table(answer.at("accounts"), {{"ACCOUNT", "address"},
                                      {"COPIED", "copied"},
                                      {"SIZE", "bytes", true},
                                      {"PRESENT", "present"},
                                      {"MOVED", "moved"},
                                      {"VANISHED", "vanished"},
                                      {"REMOVED", "removed"},
                                      {"QUARANTINED", "quarantined"}});
  for (const json::value& one : answer.at("quarantined").as_array())
    fmt::print("quarantined: {} {} {}: {}\n", cell(one.at("address")), cell(one.at("folder")), cell(one.at("key")),
               cell(one.at("reason")));
  for (const json::value& note : answer.at("notes").as_array()) fmt::print("note: {}\n", cell(note));
  if (!answer.at("error").is_null()) fmt::print(stderr, "kontor: {}\n", cell(answer.at("error")));
  return answer.at("clean").as_bool() ? kOk : kFailed;
}

}  // namespace

void add_archive_commands(CommandLine& line) {
  line.work("import", "Takes an archive of kontor-migrate in, on this host", print_import, import_archive)
      .text("--input", "input", "FILE", "Read the archive from a file")
      .flag("--stdin", "stdin", true, "Read the archive from standard input")
      .flag("--create-users", "create_users", true, "Make users that are not there, inactive")
      .flag("--create-active-users", "create_active", true, "Make users that are not there, active (implies --live)")
      .flag("--live", "live", true, "Also into active accounts")
      .flag("--ignore-quota", "ignore_quota", true, "Take items beyond the quota")
      .flag("--delete-vanished", "delete_vanished", true,
            "Remove what the source has no longer, where it is untouched here")
      .flag("--override-threshold", "override_threshold", true,
            "... also where more than 50 items and a fifth of a folder vanished")
      .text("--earlier-ledger", "earlier_ledger", "take|leave",
            "What an earlier version brought without noting the login: this login's, or another's")
      .example("kontor import --input mail.tar.zst --create-users")
      .example("kontor-migrate dump --from maildir:/var/mail/%u --stdout | ssh HOST kontor import --stdin");
}

}  // namespace kontor::app
