// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/maildir/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>

#include "migrate/files/message_file.h"
#include "migrate/maildir/control_files.h"
#include "migrate/maildir/message_name.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kLargestUidList = 512u << 20;
constexpr int kMostRescans = 5;
constexpr std::size_t kFewestForDoubt = 20;
constexpr std::int64_t kHour = 3600;

std::int64_t modified_ns(const std::string& path) {
  const auto facts = file_facts(path);
  return facts ? facts->modified_ns : 0;
}

// The files by base name. Read new before cur, for messages move that way only; and again while cur changes under the
// reader, for a file renamed at the wrong moment is missed by readdir.
Result<std::map<std::string, std::vector<std::string>>> read_names(const std::string& path) {
  std::map<std::string, std::vector<std::string>> files;
  for (int round = 0; round < kMostRescans; ++round) {
    const auto before = modified_ns(path + "/cur");
    files.clear();
    for (const char* part : {"new", "cur"}) {
      const auto names = read_directory(path + "/" + part);
      if (!names && names.error().code != Errc::not_found) return std::unexpected(names.error());
      if (!names) continue;
      for (const auto& name : *names)
        if (name.front() != '.')
          files[std::string(parse_message_name(name).base)].push_back(fmt::format("{}/{}", part, name));
    }
    if (modified_ns(path + "/cur") == before) break;
  }
  return files;
}

// Files that share a base name are one message seen twice while it moved, unless all are still there and differ.
std::vector<std::pair<std::string, FileFacts>> present_files(const std::string& path,
                                                             const std::vector<std::string>& files) {
  std::vector<std::pair<std::string, FileFacts>> out;
  // From the last: cur before new, and of those in cur the one with more flags.
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    const auto facts = file_facts(path + "/" + *file);
    if (facts && facts->is_regular) {
      const bool is_known = std::any_of(out.begin(), out.end(), [&](const auto& other) {
        return other.second.inode == facts->inode || other.second.size == facts->size;
      });
      if (!is_known) out.emplace_back(*file, *facts);
    } else if (!facts && facts.error().code != Errc::not_found) {
      // It is there and cannot be looked at: reading it will say why.
      out.emplace_back(*file, FileFacts());
    }
  }
  return out;
}

MaildirMessage make_message(const std::string& base, std::size_t nth, const std::string& file, const FileFacts& facts) {
  MaildirMessage message;
  message.key = nth == 1 ? base : fmt::format("{}#{}", base, nth);
  message.file = file;
  message.is_seen_by_place = file.starts_with("cur/");
  message.letters = message.is_seen_by_place ? parse_message_name(file).letters : std::string_view();
  message.size = facts.size;
  message.modified_ns = facts.modified_ns;
  return message;
}

UidList read_uid_list(const MaildirPlace& place, const SourceFolder& folder) {
  for (const char* name : {"dovecot-uidlist", "courierimapuiddb"}) {
    const auto path = control_file(place, folder, name);
    if (path.empty()) continue;
    if (const auto text = read_small_file(path, kLargestUidList)) return parse_uid_list(*text);
  }
  return {};
}

void set_uids(MaildirScan& scan, const UidList& list) {
  for (auto& message : scan.messages) {
    const auto found = list.messages.find(message.key);
    if (found == list.messages.end()) continue;
    message.uid = found->second.uid;
    message.pop3_uidl = found->second.pop3_uidl;
    message.pop3_order = found->second.pop3_order;
    message.guid = found->second.guid;
  }
  scan.uid_validity = list.uid_validity;
  // Not listed ones come last, in the order in which a server would number them: of arrival, as the names tell.
  std::sort(scan.messages.begin(), scan.messages.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const MaildirMessage& m) {
      const auto delivered = parse_message_name(m.key).delivered.value_or(Instant{});
      return std::tuple(m.uid == 0, m.uid, delivered.time_since_epoch().count(), std::string_view(m.key));
    };
    return rank(a) < rank(b);
  });
  if (list.uid_validity == 0) return;
  auto next = list.uid_next;
  for (auto& message : scan.messages)
    if (message.uid == 0) message.uid = next++;
  scan.uid_next = next;
}

bool have_doubtful_times(const std::vector<MaildirMessage>& messages) {
  std::vector<FileTimes> times;
  for (const auto& message : messages) {
    const auto delivered = parse_message_name(message.key).delivered;
    times.push_back({message.modified_ns / 1'000'000'000, delivered ? delivered->time_since_epoch().count() : 0});
  }
  return are_times_doubtful(times);
}

}  // namespace

// A copy that lost the times gives all files the time of copying. But a lot of mail may really come within an hour, and
// then the names, which hold the time of delivery, agree with the files.
bool are_times_doubtful(const std::vector<FileTimes>& files) {
  if (files.size() < kFewestForDoubt) return false;
  std::vector<std::int64_t> modified;
  std::size_t confirmed = 0;
  for (const auto& file : files) {
    modified.push_back(file.modified);
    if (file.delivered != 0 && std::abs(file.modified - file.delivered) <= kHour) ++confirmed;
  }
  if (confirmed * 2 >= files.size()) return false;
  std::sort(modified.begin(), modified.end());
  const auto most = files.size() * 9 / 10 + 1;
  for (std::size_t i = 0; i + most <= modified.size(); ++i)
    if (modified[i + most - 1] - modified[i] <= kHour) return true;
  return false;
}

Result<MaildirScan> scan_maildir(const MaildirPlace& place, const SourceFolder& folder) {
  const auto path = maildir_path(place.root, folder);
  // Control files before messages: a message that is delivered meanwhile is then a new one, not a lost one.
  const auto list = read_uid_list(place, folder);
  TRY_VOID(file_facts(path));
  TRY(const auto names, read_names(path));
  MaildirScan scan;
  for (const auto& [base, files] : names) {
    std::size_t nth = 0;
    for (const auto& [file, facts] : present_files(path, files))
      scan.messages.push_back(make_message(base, ++nth, file, facts));
  }
  set_uids(scan, list);
  scan.times_are_doubtful = have_doubtful_times(scan.messages);
  if (const auto keywords = control_file(place, folder, "dovecot-keywords"); !keywords.empty())
    if (const auto text = read_small_file(keywords, 1u << 20)) {
      scan.keywords.resize(26);
      for (auto& [index, name] : parse_keyword_file(*text)) scan.keywords[index] = name;
    }
  return scan;
}

Result<std::unordered_map<std::string, std::string>> locate_messages(const MaildirPlace& place,
                                                                     const SourceFolder& folder) {
  const auto path = maildir_path(place.root, folder);
  TRY(const auto names, read_names(path));
  std::unordered_map<std::string, std::string> out;
  for (const auto& [base, files] : names) {
    // Only names that are there twice need a look at the files.
    if (files.size() == 1) {
      out.emplace(base, files.front());
      continue;
    }
    std::size_t nth = 0;
    for (const auto& [file, facts] : present_files(path, files))
      out.emplace(make_message(base, ++nth, file, facts).key, file);
  }
  return out;
}

MaildirStamp maildir_stamp(const MaildirPlace& place, const SourceFolder& folder) {
  const auto path = maildir_path(place.root, folder);
  MaildirStamp stamp;
  std::int64_t newest = 0;
  const auto add = [&](const std::string& one) {
    const auto facts = file_facts(one);
    stamp.text += facts ? fmt::format(" {}.{}", facts->modified_ns, facts->is_directory ? 0 : facts->size) : " -";
    if (facts) newest = std::max(newest, facts->modified_ns);
  };
  add(path + "/new");
  add(path + "/cur");
  for (const char* name : {"dovecot-uidlist", "courierimapuiddb", "dovecot-keywords"}) {
    const auto file = control_file(place, folder, name);
    add(file.empty() ? path + "/" + name : file);
  }
  const auto now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
  stamp.is_settled = now.count() - newest > 2'000'000'000;
  return stamp;
}

}  // namespace kontor::migrate
