// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/mbox/folders.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.h"
#include "migrate/files/message_file.h"
#include "migrate/names/folder_name.h"
#include "migrate/names/roles.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kDeepestMbox = 32;
using Seen = std::set<std::pair<std::uint64_t, std::uint64_t>>;

bool ends_with(std::string_view name, std::string_view end) {
  return name.size() > end.size() && iequals(name.substr(name.size() - end.size()), end);
}

std::string_view stem(std::string_view name) {
  return ends_with(name, ".mbox") ? name.substr(0, name.size() - 5) : name;
}

bool is_mbox(const std::string& path) {
  const auto head = read_head(path, 64);
  if (!head) return false;
  const auto start = head->find_first_not_of("\r\n");
  return start != std::string::npos && head->compare(start, 5, "From ") == 0;
}

// Mork indexes, settings and the like lie beside the mailboxes.
bool is_never_mbox(std::string_view name) {
  for (const char* end :
       {".msf", ".dat", ".json", ".html", ".sqlite", ".lock", ".log", ".db", ".mab", ".xml", ".js", ".ini"})
    if (ends_with(name, end)) return true;
  return name.front() == '.';
}

class Walk {
 public:
  Walk(std::string root, NameEncoding names) : root_(std::move(root)), names_(names) {}

  Result<std::vector<SourceFolder>> run() {
    TRY(const auto listed, read_directory(root_));
    visit("", {}, listed, 0);
    return std::move(out_);
  }

 private:
  void visit(const std::string& below, const std::vector<std::string>& path, const std::vector<std::string>& listed,
             std::size_t level) {
    const std::set<std::string, std::less<>> siblings(listed.begin(), listed.end());
    std::map<std::vector<std::string>, std::size_t> by_path;
    for (const auto& name : listed) {
      if (is_never_mbox(name)) continue;
      const auto key = below.empty() ? name : below + "/" + name;
      const auto facts = file_facts(root_ + "/" + key);
      if (!facts) continue;
      if (!facts->is_directory) {
        // Thunderbird keeps empty folders as empty files with an index or children.
        const bool is_empty_folder =
            facts->size == 0 && (siblings.contains(name + ".msf") || siblings.contains(name + ".sbd"));
        if (facts->is_regular && (is_empty_folder || is_mbox(root_ + "/" + key))) add(key, path, stem(name));
      } else if (level < kDeepestMbox && seen_.insert({facts->device, facts->inode}).second) {
        const auto inside = read_directory(root_ + "/" + key);
        if (inside) descend(key, path, name, *inside, level);
      }
    }
  }

  void descend(const std::string& key, const std::vector<std::string>& path, const std::string& name,
               const std::vector<std::string>& inside, std::size_t level) {
    if (ends_with(name, ".mbox") && std::find(inside.begin(), inside.end(), "mbox") != inside.end() &&
        is_mbox(root_ + "/" + key + "/mbox")) {
      add(key + "/mbox", path, stem(name));
      return;
    }
    const auto shown =
        ends_with(name, ".sbd") ? std::string_view(name).substr(0, name.size() - 4) : std::string_view(name);
    auto child = path;
    child.push_back(decode_folder_name(shown, names_).text);
    visit(key, child, inside, level + 1);
  }

  void add(const std::string& key, const std::vector<std::string>& path, std::string_view name) {
    SourceFolder folder;
    folder.key = key;
    auto decoded = decode_folder_name(name, names_);
    folder.path = path;
    folder.path.push_back(path.empty() && iequals(decoded.text, "INBOX") ? "INBOX" : decoded.text);
    folder.name_was_rewritten = decoded.was_rewritten;
    out_.push_back(std::move(folder));
  }

  std::string root_;
  NameEncoding names_;
  Seen seen_;
  std::vector<SourceFolder> out_;
};

SourceFolder single_file(const std::string& root, std::string_view login, NameEncoding names) {
  const auto slash = root.rfind('/');
  const auto name = slash == std::string::npos ? root : root.substr(slash + 1);
  SourceFolder folder;
  folder.key = ".";
  const bool is_inbox = name == login || name == login.substr(0, login.find('@')) || iequals(stem(name), "inbox") ||
                        iequals(name, "mbox");
  auto decoded = decode_folder_name(is_inbox ? "INBOX" : stem(name), names);
  folder.path = {decoded.text};
  folder.name_was_rewritten = decoded.was_rewritten;
  return folder;
}

// What Gmail's own labels mean, in the languages that Takeout writes them in; lower case.
enum class Meaning : std::uint8_t { own, inbox, archived, unread, opened, starred, important, category };

Meaning meaning_of(const std::string& lower) {
  static const std::map<std::string_view, Meaning> kWords{{"inbox", Meaning::inbox},
                                                          {"posteingang", Meaning::inbox},
                                                          {"boîte de réception", Meaning::inbox},
                                                          {"recibidos", Meaning::inbox},
                                                          {"posta in arrivo", Meaning::inbox},
                                                          {"archived", Meaning::archived},
                                                          {"archiviert", Meaning::archived},
                                                          {"messages archivés", Meaning::archived},
                                                          {"archivados", Meaning::archived},
                                                          {"unread", Meaning::unread},
                                                          {"ungelesen", Meaning::unread},
                                                          {"non lus", Meaning::unread},
                                                          {"no leídos", Meaning::unread},
                                                          {"da leggere", Meaning::unread},
                                                          {"opened", Meaning::opened},
                                                          {"geöffnet", Meaning::opened},
                                                          {"ouvert", Meaning::opened},
                                                          {"abiertos", Meaning::opened},
                                                          {"aperti", Meaning::opened},
                                                          {"starred", Meaning::starred},
                                                          {"markiert", Meaning::starred},
                                                          {"suivis", Meaning::starred},
                                                          {"destacados", Meaning::starred},
                                                          {"speciali", Meaning::starred},
                                                          {"important", Meaning::important},
                                                          {"wichtig", Meaning::important},
                                                          {"importants", Meaning::important},
                                                          {"importantes", Meaning::important},
                                                          {"importanti", Meaning::important}};
  if (const auto found = kWords.find(lower); found != kWords.end()) return found->second;
  for (const char* start :
       {"category ", "category: ", "kategorie: ", "kategorie ", "catégorie\u00a0: ", "catégorie : ", "categoría: "})
    if (lower.starts_with(start)) return Meaning::category;
  return Meaning::own;
}

std::vector<std::string> label_path(std::string_view label) {
  SourceFolder folder;
  set_path(folder, label, "/", NameEncoding::utf8);
  return folder.path;
}

}  // namespace

LabelPlace place_labels(const std::vector<std::string>& labels, bool has_status, SourceItem& item) {
  bool is_unread = false, is_inbox = false;
  std::map<std::string, std::string, std::less<>> by_role;
  std::vector<std::string> own;
  for (const auto& label : labels) {
    const auto meaning = meaning_of(to_lower(label));
    if (meaning == Meaning::inbox) is_inbox = true;
    if (meaning == Meaning::unread) is_unread = true;
    if (meaning == Meaning::starred) item.flags |= 4;
    if (meaning == Meaning::important) item.keywords.emplace_back("$Important");
    if (meaning != Meaning::own) continue;
    if (const auto role = role_of_name(label); !role.empty())
      by_role.emplace(role, label);
    else
      own.push_back(label);
  }
  if (!is_unread && !has_status) item.flags |= 1;
  if (by_role.contains("drafts")) item.flags |= 8;
  LabelPlace place;
  const auto in_role = [&](const char* role) {
    const auto found = by_role.find(role);
    if (found == by_role.end() || !place.path.empty()) return;
    place.path = label_path(found->second);
    place.role = role;
  };
  in_role("trash");
  in_role("junk");
  in_role("drafts");
  if (place.path.empty() && is_inbox) place = {{"INBOX"}, "inbox", true};
  in_role("sent");
  std::size_t first_keyword = 0;
  if (place.path.empty() && !own.empty()) place.path = label_path(own[first_keyword++]);
  if (place.path.empty()) place = {{"Archive"}, "archive", false};
  for (std::size_t i = first_keyword; i < own.size(); ++i) item.keywords.push_back(own[i]);
  return place;
}

Result<std::vector<SourceFolder>> find_mbox_folders(const std::string& root, std::string_view login,
                                                    NameEncoding names) {
  TRY(const auto facts, file_facts(root));
  if (!facts.is_directory) return std::vector<SourceFolder>{single_file(root, login, names)};
  return Walk(root, names).run();
}

}  // namespace kontor::migrate
