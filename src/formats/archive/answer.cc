// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/archive/answer.h"

#include <charconv>

#include "base/bytes.h"
#include "formats/archive/members.h"
#include "formats/archive/record.h"

namespace kontor::archive {
namespace {

namespace json = boost::json;

// Every count by name, so that printing, parsing and adding agree.
constexpr struct {
  const char* name;
  std::uint64_t Counts::* member;
} kCounts[] = {
    {"copied", &Counts::copied},
    {"bytes", &Counts::bytes},
    {"present", &Counts::present},
    {"updated", &Counts::updated},
    {"moved", &Counts::moved},
    {"vanished", &Counts::vanished},
    {"removed", &Counts::removed},
    {"kept", &Counts::kept},
    {"uids_changed", &Counts::uids_changed},
    {"names_rewritten", &Counts::names_rewritten},
};

constexpr Errc kCodes[] = {Errc::not_found, Errc::exists,   Errc::denied,      Errc::over_quota, Errc::too_large,
                           Errc::invalid,   Errc::conflict, Errc::unavailable, Errc::corrupt};

std::string answer_line(const json::object& object) { return json::serialize(object) + "\n"; }

// Bytes that would disturb a line of words.
std::string escape_key(std::string_view key) {
  std::string out;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '%') {
      out += c;
    } else {
      out += fmt::format("%{:02x}", byte);
    }
  }
  return out;
}

std::optional<std::string> unescape_key(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += *byte;
    i += 2;
  }
  return out;
}

json::array named_list(const std::vector<Quarantined>& items) {
  json::array list;
  for (const auto& one : items)
    list.push_back(json::object{{"key", text_value(one.key)}, {"reason", text_value(one.reason)}});
  return list;
}

Result<void> take_named(Members& members, const char* name, std::vector<Quarantined>& out) {
  const auto* list = members.take(name);
  if (list == nullptr) return {};
  const auto bad = [&] {
    return fail(Errc::invalid, fmt::format("the answer's \"{}\" must be a list of objects", name));
  };
  if (!list->is_array()) return bad();
  for (const auto& element : list->as_array()) {
    if (!element.is_object()) return bad();
    auto one = Members::of(element.as_object(), "answer");
    auto& named = out.emplace_back();
    one.text("key", named.key, kMaxKey);
    one.text("reason", named.reason, 4000);
    TRY_VOID(one.finish());
  }
  return {};
}

}  // namespace

void Counts::add(const Counts& other) {
  for (const auto& count : kCounts) this->*count.member += other.*count.member;
}

bool Answer::is_silent() const {
  return counts == Counts() && quarantined.empty() && damaged.empty() && different.empty() && needed.empty() &&
         note.empty() && !error && !done;
}

std::string to_line(const Answer& answer) {
  json::object out;
  if (!answer.account.empty()) out["account"] = text_value(answer.account);
  if (!answer.folder.empty()) out["folder"] = text_value(answer.folder);
  for (const auto& count : kCounts) {
    if (answer.counts.*count.member != 0) out[count.name] = answer.counts.*count.member;
  }
  if (!answer.quarantined.empty()) out["quarantined"] = named_list(answer.quarantined);
  if (!answer.damaged.empty()) out["damaged"] = named_list(answer.damaged);
  if (!answer.different.empty()) out["different"] = named_list(answer.different);
  if (!answer.needed.empty()) out["needed"] = text_array(answer.needed);
  if (!answer.note.empty()) out["note"] = text_value(answer.note);
  if (answer.error) {
    out["error"] =
        json::object{{"code", json::string(name(answer.error->code))}, {"text", text_value(answer.error->text)}};
  }
  if (answer.done) out["done"] = true;
  return answer_line(out);
}

Result<Answer> parse_answer(std::string_view line) {
  TRY(auto members, Members::parse(line, "answer"));
  Answer out;
  members.text("account", out.account, 320);
  members.text("folder", out.folder, kMaxKey);
  for (const auto& count : kCounts) members.number(count.name, out.counts.*count.member, INT64_MAX);
  members.texts("needed", out.needed, 100'000, kMaxKey);
  members.text("note", out.note, 4000);
  members.flag("done", out.done);
  TRY_VOID(take_named(members, "quarantined", out.quarantined));
  TRY_VOID(take_named(members, "damaged", out.damaged));
  TRY_VOID(take_named(members, "different", out.different));
  if (const auto* error = members.take("error")) {
    if (!error->is_object()) return fail(Errc::invalid, "the answer's \"error\" must be an object");
    auto one = Members::of(error->as_object(), "answer");
    std::string code, text;
    one.text("code", code, 40);
    one.text("text", text, 4000);
    TRY_VOID(one.finish());
    out.error = Error(Errc::unavailable, text);
    for (const auto known : kCodes) {
      if (name(known) == code) out.error->code = known;
    }
  }
  TRY_VOID(members.finish());
  return out;
}

std::string to_line(const LedgerFolder& folder) {
  return answer_line({{"key", text_value(folder.key)},
                      {"uid_validity", folder.uid_validity},
                      {"items", folder.items},
                      {"state", to_base64(folder.state)},
                      {"gone", folder.is_gone}});
}

Result<LedgerFolder> parse_ledger_folder(std::string_view line) {
  TRY(auto members, Members::parse(line, "ledger's folder"));
  LedgerFolder out;
  std::string state;
  members.text("key", out.key, kMaxKey);
  members.number("uid_validity", out.uid_validity);
  members.number("items", out.items, INT64_MAX);
  members.text("state", state, kMaxState * 4 / 3 + 4);
  members.flag("gone", out.is_gone);
  TRY_VOID(members.finish());
  out.state = from_base64(state).value_or("");
  return out;
}

std::string to_line(const DigestLine& digest) {
  return fmt::format("{} {:x}{}\n", escape_key(digest.key), digest.state, digest.is_vanished ? " v" : "");
}

Result<DigestLine> parse_digest_line(std::string_view line) {
  const auto bad = [] { return fail(Errc::invalid, "the importer's digest is not understood"); };
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  DigestLine out;
  if (line.ends_with(" v")) {
    out.is_vanished = true;
    line.remove_suffix(2);
  }
  const auto blank = line.find(' ');
  if (blank == std::string_view::npos) return bad();
  auto key = unescape_key(line.substr(0, blank));
  const auto number = line.substr(blank + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out.state, 16);
  if (!key || error != std::errc() || end != number.data() + number.size()) return bad();
  out.key = std::move(*key);
  return out;
}

std::string to_line(const TargetItem& item) {
  json::object out{{"key", text_value(item.key)}, {"uid", item.uid},   {"flags", flag_names(item.flags)},
                   {"date", to_text(item.date)},  {"size", item.size}, {"sha256", to_hex(item.sha256)}};
  if (!item.keywords.empty()) out["keywords"] = text_array(item.keywords);
  if (item.is_removed) out["removed"] = true;
  if (item.is_elsewhere) out["elsewhere"] = true;
  if (item.is_vanished) out["vanished"] = true;
  if (!item.fault.empty()) out["fault"] = text_value(item.fault);
  if (!item.name.empty()) out["name"] = text_value(item.name);
  if (item.attachments != 0) out["attachments"] = item.attachments;
  return answer_line(out);
}

Result<TargetItem> parse_target_item(std::string_view line) {
  TRY(auto members, Members::parse(line, "verification"));
  TargetItem out;
  std::string date, digest;
  members.text("key", out.key, kMaxKey);
  members.number("uid", out.uid);
  take_flags(members, out.flags);
  members.texts("keywords", out.keywords, kMaxKeywords * 5, 1000);
  members.text("date", date, 40);
  members.number("size", out.size, INT64_MAX);
  members.text("sha256", digest, 64);
  members.flag("removed", out.is_removed);
  members.flag("elsewhere", out.is_elsewhere);
  members.flag("vanished", out.is_vanished);
  members.text("fault", out.fault, 4000);
  members.text("name", out.name, kMaxItemName);
  members.number("attachments", out.attachments, INT64_MAX);
  TRY_VOID(members.finish());
  TRY(out.date, parse_date(date));
  out.sha256 = from_hex(digest).value_or("");
  return out;
}

std::string to_line(const TargetAccount& account) {
  return answer_line({{"address", text_value(account.address)},
                      {"status", text_value(account.status)},
                      {"used", account.used},
                      {"limit", account.limit},
                      {"items", account.items}});
}

Result<TargetAccount> parse_target_account(std::string_view line) {
  TRY(auto members, Members::parse(line, "account's"));
  TargetAccount out;
  members.text("address", out.address, 320);
  members.text("status", out.status, 40);
  members.number("used", out.used, INT64_MAX);
  members.number("limit", out.limit, INT64_MAX);
  members.number("items", out.items, INT64_MAX);
  TRY_VOID(members.finish());
  return out;
}

}  // namespace kontor::archive
