// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mime/header.h"
#include "migrate/files/dates.h"
#include "migrate/names/item_flags.h"

namespace kontor::migrate {
namespace {

using imap_client::Condition;
using imap_client::Fetch;
using imap_client::Response;
using imap_client::Status;

constexpr std::uint32_t kMostInSet = 250;

std::uint64_t status_number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

std::uint32_t small_number(const std::string& text) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(status_number(text), UINT32_MAX));
}

void note_examined(ImapExamined& out, std::vector<std::uint32_t>& changed, Response& response) {
  if (const auto* fetch = std::get_if<Fetch>(&response.data); fetch && fetch->uid != 0) changed.push_back(fetch->uid);
  if (const auto* exists = std::get_if<imap_client::Exists>(&response.data)) out.exists = exists->count;
  if (auto* vanished = std::get_if<imap_client::Vanished>(&response.data))
    out.vanished = out.vanished.with(UidSet(std::move(vanished->uids)));
  const auto* status = std::get_if<Status>(&response.data);
  if (!status) return;
  if (status->code == "UIDVALIDITY") out.uid_validity = small_number(status->arguments);
  if (status->code == "UIDNEXT") out.uid_next = small_number(status->arguments);
  if (status->code == "HIGHESTMODSEQ") out.modseq = status_number(status->arguments);
  if (status->code == "NOMODSEQ") out.modseq = 0;
}

// All UIDs there are, as few bytes as the server can say them in.
Result<UidSet> search_uids(ImapConnection& connection, std::string_view criteria) {
  UidSet found;
  const auto collect = [&](Response& response) {
    if (auto* search = std::get_if<imap_client::Search>(&response.data)) {
      std::sort(search->numbers.begin(), search->numbers.end());
      found = found.with(make_uid_set(search->numbers));
    }
    if (auto* search = std::get_if<imap_client::ExtendedSearch>(&response.data))
      found = found.with(UidSet(std::move(search->all)));
  };
  if (connection.has("ESEARCH") || connection.has("IMAP4REV2")) {
    TRY(const auto status, connection.run(ImapCommand("UID SEARCH RETURN (ALL)").add(criteria), collect));
    if (status.condition == Condition::ok) return found;
    found = {};
  }
  TRY_VOID(connection.run_ok(ImapCommand("UID SEARCH").add(criteria), collect));
  return found;
}

class Lister {
 public:
  // Whether a set holds all UIDs that there are in the folder, or only some of them.
  enum class Which : std::uint8_t { all, some };

  Lister(ImapConnection& connection, const SourceFolder& folder, const ImapExamined& examined, std::uint32_t window,
         const VisitItem& visit)
      : connection_(connection), examined_(examined), window_(std::max(window, 1u)), visit_(visit) {
    skips_labelled_ = connection.has("X-GM-EXT-1") && folder.role == "archive";
  }

  UidSet visited() const { return make_uid_set(visited_); }
  UidSet skipped() const { return make_uid_set(skipped_); }
  // After one full list(): as digest_of_flags() of the same.
  std::string digest_of_listed() { return short_hex(digest_.finish()); }

  // Visits those of `uids` that are there, in order; with `since`, only the changed ones.
  Result<void> list(const UidSet& uids, Which which, std::uint64_t since) {
    // A server asked for changes mostly has few to tell: wider windows then.
    const auto window = which == Which::some ? std::min(window_, kMostInSet) : since == 0 ? window_ : window_ * 20;
    for (const auto& part : uids.windows(window)) {
      TRY(auto items, ask(part, which, since));
      // Some servers leave messages out now and then: ask once more for those before they count as vanished.
      if (since == 0 && items.size() < part.size()) {
        std::vector<std::uint32_t> got;
        for (const auto& [uid, fetch] : items) got.push_back(uid);
        const auto missing = part.without(make_uid_set(got));
        for (const auto& few : missing.windows(kMostInSet)) {
          TRY(auto more, ask(few, Which::some, 0));
          items.merge(more);
        }
      }
      for (auto& [uid, fetch] : items) {
        digest_.update(digest_line(uid, fetch.flags.value_or(std::vector<std::string>())));
        TRY_VOID(take(uid, fetch));
      }
    }
    return {};
  }

  // A digest of all UIDs and flags, for servers without mod-sequences.
  Result<std::string> digest_of_flags(const UidSet& uids) {
    Sha256 digest;
    for (const auto& part : uids.windows(window_ * 20)) {
      std::map<std::uint32_t, std::string> lines;
      TRY_VOID(connection_.run_ok(ImapCommand("UID FETCH").add(argument(part, Which::all)).add("(UID FLAGS)"),
                                  [&](Response& response) {
                                    auto* fetch = std::get_if<Fetch>(&response.data);
                                    if (!fetch || !part.contains(fetch->uid) || !fetch->flags) return;
                                    lines[fetch->uid] = digest_line(fetch->uid, *fetch->flags);
                                  }));
      for (const auto& [uid, line] : lines) digest.update(line);
    }
    return short_hex(digest.finish());
  }

 private:
  using Fetched = std::map<std::uint32_t, Fetch>;

  static std::string short_hex(const std::string& digest) { return to_hex(digest).substr(0, 32); }

  static std::string digest_line(std::uint32_t uid, std::vector<std::string> flags) {
    std::sort(flags.begin(), flags.end());
    auto line = std::to_string(uid);
    for (const auto& flag : flags)
      if (!iequals(flag, "\\Recent")) line += " " + flag;
    return line + "\n";
  }

  std::string attributes() const {
    std::string out = "UID FLAGS INTERNALDATE RFC822.SIZE";
    if (connection_.has("OBJECTID")) out += " EMAILID THREADID";
    if (connection_.has("SAVEDATE")) out += " SAVEDATE";
    if (connection_.has("X-GM-EXT-1")) out += " X-GM-MSGID X-GM-THRID X-GM-LABELS";
    return out;
  }

  // Servers take no endless lines: all there are between two UIDs are asked for by these two.
  static std::string argument(const UidSet& uids, Which which) {
    if (which == Which::some) return uids.text();
    return fmt::format("{}:{}", uids.ranges().front().first, uids.ranges().back().second);
  }

  Result<Fetched> ask(const UidSet& uids, Which which, std::uint64_t since) {
    Fetched items;
    ImapCommand command("UID FETCH");
    command.add(argument(uids, which)).add(fmt::format("({})", attributes()));
    if (since != 0) command.add(fmt::format("(CHANGEDSINCE {})", since));
    TRY_VOID(connection_.run_ok(command, [&](Response& response) {
      auto* fetch = std::get_if<Fetch>(&response.data);
      if (fetch && fetch->uid != 0 && uids.contains(fetch->uid)) merge(items[fetch->uid], std::move(*fetch));
    }));
    return items;
  }

  // Attributes of one message may come in several responses.
  static void merge(Fetch& into, Fetch&& fetch) {
    into.uid = fetch.uid;
    if (fetch.flags) into.flags = std::move(fetch.flags);
    if (fetch.internal_date) into.internal_date = std::move(fetch.internal_date);
    if (fetch.size) into.size = fetch.size;
    if (!fetch.labels.empty()) into.labels = std::move(fetch.labels);
    into.others.merge(fetch.others);
  }

  // Nothing else is left when a server has no date for a message, or nonsense.
  Result<void> guess_date(SourceItem& item) {
    std::string header;
    TRY_VOID(connection_.run_ok(
        ImapCommand("UID FETCH").add(std::to_string(item.uid)).add("(UID BODY.PEEK[HEADER.FIELDS (RECEIVED DATE)])"),
        [&](Response& response) {
          auto* fetch = std::get_if<Fetch>(&response.data);
          if (fetch && fetch->uid == item.uid) header = std::move(fetch->header);
        }));
    if (const auto date = date_of_header(header)) item.date = *date;
    item.date_is_guess = true;
    return {};
  }

  static bool is_label(const std::string& label) {
    return !iequals(label, "\\Important") && !iequals(label, "\\Starred");
  }

  Result<void> take(std::uint32_t uid, Fetch& fetch) {
    if (skips_labelled_ && std::any_of(fetch.labels.begin(), fetch.labels.end(), is_label)) {
      skipped_.push_back(uid);
      return {};
    }
    SourceItem item;
    item.key = item_key(examined_.uid_validity, uid);
    item.uid = uid;
    if (fetch.flags)
      for (const auto& flag : *fetch.flags) add_imap_flag(item, flag);
    item.announced_size = fetch.size.value_or(0);
    add_properties(item, fetch);
    const auto date = fetch.internal_date ? parse_internal_date(*fetch.internal_date) : std::nullopt;
    if (date) item.date = *date;
    // The epoch is how servers say that they have no date.
    if (item.date.at <= Instant(std::chrono::days(1))) TRY_VOID(guess_date(item));
    TRY_VOID(visit_(item));
    visited_.push_back(uid);
    return {};
  }

  static void add_properties(SourceItem& item, const Fetch& fetch) {
    static constexpr std::pair<const char*, const char*> kNames[] = {{"EMAILID", "imap.emailid"},
                                                                     {"THREADID", "imap.threadid"},
                                                                     {"SAVEDATE", "imap.savedate"},
                                                                     {"X-GM-MSGID", "gmail.msgid"},
                                                                     {"X-GM-THRID", "gmail.thrid"}};
    for (const auto& [attribute, property] : kNames)
      if (const auto found = fetch.others.find(attribute); found != fetch.others.end())
        item.properties[property] = found->second;
    std::string labels;
    for (const auto& label : fetch.labels) labels += (labels.empty() ? "" : "\n") + label;
    if (!labels.empty()) item.properties["gmail.labels"] = labels;
  }

  ImapConnection& connection_;
  const ImapExamined& examined_;
  std::uint32_t window_;
  const VisitItem& visit_;
  bool skips_labelled_ = false;
  std::vector<std::uint32_t> visited_, skipped_;  // ascending
  Sha256 digest_;
};

ImapFolderState state_of(const ImapExamined& examined) {
  ImapFolderState state;
  state.uid_validity = examined.uid_validity;
  state.uid_next = examined.uid_next;
  state.messages = examined.exists;
  state.modseq = examined.modseq;
  return state;
}

}  // namespace

std::string item_key(std::uint32_t uid_validity, std::uint32_t uid) { return fmt::format("{}:{}", uid_validity, uid); }

std::optional<InternalDate> parse_internal_date(std::string_view text) {
  std::string spaced(text);
  // "17-Jul-1996" to "17 Jul 1996": then it is a header's date.
  for (std::size_t i = 0, dashes = 0; i < spaced.size() && dashes < 2; ++i)
    if (spaced[i] == '-') spaced[i] = ' ', ++dashes;
  return mime::parse_date(spaced);
}

bool is_untouched(const SourceFolder& folder, const ImapFolderState& known) {
  return known.modseq != 0 && folder.uid_validity != 0 && folder.uid_validity == known.uid_validity &&
         folder.highest_modseq == known.modseq && folder.uid_next == known.uid_next &&
         folder.messages == known.messages;
}

Result<ImapExamined> examine(ImapConnection& connection, const std::string& name, const ImapFolderState* known) {
  ImapExamined out;
  std::vector<std::uint32_t> changed;
  const auto note = [&](Response& response) { note_examined(out, changed, response); };
  ImapCommand command("EXAMINE");
  command.add_string(name);
  const bool resync = connection.has("QRESYNC") && connection.has("ENABLE") && known && known->has_uids &&
                      known->modseq != 0 && known->uid_validity != 0;
  if (resync)
    command.add(fmt::format("(QRESYNC ({} {}))", known->uid_validity, known->modseq));
  else if (connection.has("CONDSTORE") || connection.has("QRESYNC"))
    command.add("(CONDSTORE)");
  TRY(const auto status, connection.run(command, note));
  if (status.condition == Condition::bad) {
    // Announced but not understood.
    out = {};
    TRY_VOID(connection.run_ok(ImapCommand("EXAMINE").add_string(name), note));
    return out;
  }
  if (status.condition != Condition::ok) return std::unexpected(ImapConnection::to_error(status));
  std::sort(changed.begin(), changed.end());
  out.changed = make_uid_set(changed);
  out.resynced = resync;
  return out;
}

namespace {

// What vanished and what changed since the known state, with the server's help as far as it goes.
Result<void> list_delta(ImapConnection& connection, const ImapExamined& examined, const ImapFolderState& known,
                        Lister& lister, ImapFolderState& state, FolderPass& pass) {
  pass.is_delta = true;
  auto present = known.uids.without(examined.vanished).with(examined.changed);
  // A resync is believed if it leaves as many messages as there are; else all UIDs are compared.
  if (examined.resynced && present.size() == examined.exists) {
    TRY_VOID(lister.list(examined.changed, Lister::Which::some, 0));
  } else {
    TRY(present, search_uids(connection, "ALL"));
    TRY_VOID(lister.list(present, Lister::Which::all, known.modseq));
  }
  const auto left = known.uids.common(present).without(lister.skipped());
  for (const auto uid : known.uids.without(left).numbers())
    pass.vanished.push_back(item_key(examined.uid_validity, uid));
  state.uids = left.with(lister.visited());
  return {};
}

}  // namespace

Result<FolderPass> list_folder(ImapConnection& connection, const SourceFolder& folder, const ImapExamined& examined,
                               const std::optional<ImapFolderState>& known, std::uint32_t window,
                               const VisitItem& visit) {
  FolderPass pass;
  auto state = state_of(examined);
  const bool is_same_folder = known && known->uid_validity == examined.uid_validity && examined.uid_validity != 0;
  const bool has_modseq = examined.modseq != 0 && is_same_folder && known->modseq != 0;
  if (has_modseq && examined.modseq == known->modseq && examined.exists == known->messages &&
      examined.uid_next == known->uid_next) {
    pass.unchanged = true;
    pass.state = print_state(*known);
    return pass;
  }
  Lister lister(connection, folder, examined, window, visit);
  if (has_modseq && known->has_uids) {
    TRY_VOID(list_delta(connection, examined, *known, lister, state, pass));
    pass.state = print_state(state);
    return pass;
  }
  TRY(const auto uids, search_uids(connection, "ALL"));
  if (examined.modseq == 0 && is_same_folder && !known->flags_digest.empty()) {
    TRY(const auto digest, lister.digest_of_flags(uids));
    if (known->flags_digest == digest) {
      pass.unchanged = true;
      pass.state = print_state(*known);
      return pass;
    }
  }
  TRY_VOID(lister.list(uids, Lister::Which::all, 0));
  state.uids = lister.visited();
  if (examined.modseq == 0) state.flags_digest = lister.digest_of_listed();
  pass.state = print_state(state);
  return pass;
}

}  // namespace kontor::migrate
