// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/imported_rules.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "formats/archive/settings.h"
#include "groupware/rules/rule_list.h"
#include "groupware/rules/scripts.h"
#include "protocols/import/ledger.h"

namespace kontor::importing {
namespace {

using groupware::Caller;

template <class Kind>
bool is_a(const sieve::Rule& rule) {
  return std::holds_alternative<Kind>(rule.what);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

// Puts the folders' names where their marks stand. False: one of them is not here.
class FolderNames {
 public:
  FolderNames(const groupware::Reader& reader, const std::string& source) : reader_(reader), source_(source) {}

  Result<bool> put(std::string& text, bool is_script) {
    static const std::string kBegins = [] {
      std::string mark = archive::folder_mark("");
      mark.pop_back();
      return mark;
    }();
    for (std::size_t at = 0; (at = text.find(kBegins, at)) != std::string::npos;) {
      const auto end = text.find('}', at);
      if (end == std::string::npos) return false;
      const auto key = text.substr(at + kBegins.size(), end - at - kBegins.size());
      TRY(const auto mark, find_folder(reader_, source_, folder_code(key)));
      std::string path = mark ? reader_.folders()->path(mark->target) : std::string();
      if (path.empty()) return false;
      if (is_script) path = escaped(path);
      text.replace(at, end + 1 - at, path);
      at += path.size();
    }
    return true;
  }

  Result<bool> put(sieve::Rule& rule) {
    if (auto* text = std::get_if<sieve::TextRule>(&rule.what)) return put(text->text, true);
    auto* filter = std::get_if<sieve::FilterRule>(&rule.what);
    if (!filter) return true;
    for (auto& action : filter->actions) {
      TRY(const bool is_here, put(action.value, false));
      if (!is_here) return false;
    }
    return true;
  }

 private:
  const groupware::Reader& reader_;
  const std::string& source_;
};

// Nothing: it runs here.
std::optional<std::string> fault_here(const sieve::Rule& rule, const std::vector<std::string>& requires_more) {
  sieve::Rule enabled = rule;
  enabled.is_enabled = true;
  const auto compiled = groupware::compile_script(sieve::print({{enabled}, requires_more}), groupware::kServerSends);
  if (compiled.program) return std::nullopt;
  return compiled.faults.empty() ? "it is unsound" : compiled.faults.front().text;
}

std::string shown_name(const sieve::Rule& rule) {
  return is_a<sieve::OutOfOfficeRule>(rule) ? "out-of-office" : "the rule \"" + rule.name + "\"";
}

}  // namespace

std::string print_rules(const std::vector<sieve::Rule>& rules) { return sieve::to_json(sieve::RuleList{rules, {}}); }

Result<std::optional<ImportedRules>> imported_rules(const std::string& text, const groupware::Reader& reader,
                                                    const std::string& source,
                                                    std::vector<archive::Quarantined>& damaged) {
  ImportedRules out;
  auto list = sieve::rules_of_json(text);
  if (!list) {
    damaged.push_back({"rules", "they cannot be read, and stay as they are here: " + list.error().text});
    return std::nullopt;
  }
  FolderNames names(reader, source);
  out.requires_more = list->requires_more;
  for (sieve::Rule& rule : list->rules) {
    TRY(const bool has_folders, names.put(rule));
    const auto fault = has_folders ? fault_here(rule, list->requires_more)
                                   : std::optional<std::string>("a folder that it files into did not come along");
    if (fault)
      damaged.push_back({shown_name(rule), *fault});
    else if (is_a<sieve::JunkRule>(rule))
      damaged.push_back({shown_name(rule), "lists of senders come by themselves"});
    else if (!is_a<sieve::OutOfOfficeRule>(rule))
      out.others.push_back(std::move(rule));
    else if (!out.out_of_office)
      out.out_of_office = std::move(rule);
  }
  return std::optional(std::move(out));
}

Result<RulesHere> rules_here(const groupware::Reader& reader) {
  RulesHere out;
  auto list = groupware::account_rules(reader);
  // Somebody's own script in place of rules is something that was changed here.
  if (!list && list.error().code == Errc::conflict)
    list = sieve::RuleList{{{"", true, sieve::TextRule{list.error().text}}}, {}};
  if (!list) return std::unexpected(list.error());
  for (sieve::Rule& rule : list->rules) {
    if (is_a<sieve::IncludeRule>(rule)) continue;
    if (is_a<sieve::OutOfOfficeRule>(rule) && !out.out_of_office)
      out.out_of_office = std::move(rule);
    else if (is_a<sieve::JunkRule>(rule) && !out.junk)
      out.junk = std::move(rule);
    else
      out.others.push_back(std::move(rule));
  }
  return out;
}

bool is_sender(const std::string& entry) {
  return sieve::rules_of_json(sieve::to_json({{{"", true, sieve::JunkRule{{entry}, {}}}}, {}})).has_value();
}

namespace {

// The lists stand before all other rules: nobody on them gets an answer.
void put_senders(const RuleChange& change, sieve::RuleList& list) {
  if (!sieve::find_rule<sieve::JunkRule>(list))
    list.rules.insert(list.rules.begin(), sieve::Rule{"", true, sieve::JunkRule()});
  change.change_senders(*sieve::find_rule<sieve::JunkRule>(list));
  std::erase_if(list.rules, [](const sieve::Rule& rule) {
    const auto* junk = std::get_if<sieve::JunkRule>(&rule.what);
    return junk && junk->always.empty() && junk->never.empty();
  });
}

}  // namespace

Result<void> put_rules(groupware::Account& account, const RuleChange& change) {
  return groupware::change_rules(
      account, Caller::system(), groupware::kServerSends, [&](sieve::RuleList& list) -> Result<void> {
        if (change.changes_out_of_office) {
          const auto at = std::ranges::find_if(list.rules, is_a<sieve::OutOfOfficeRule>);
          if (at != list.rules.end()) list.rules.erase(at);
          if (change.out_of_office) list.rules.insert(list.rules.begin(), *change.out_of_office);
        }
        if (change.change_senders) put_senders(change, list);
        if (!change.others) return {};
        std::vector<sieve::Rule> first, last;
        bool has_answer = false, has_senders = false;
        for (sieve::Rule& rule : list.rules) {
          const bool is_answer = is_a<sieve::OutOfOfficeRule>(rule) && !std::exchange(has_answer, true);
          const bool has_lists = is_a<sieve::JunkRule>(rule) && !std::exchange(has_senders, true);
          if (is_answer || has_lists)
            first.push_back(std::move(rule));
          else if (is_a<sieve::IncludeRule>(rule))
            last.push_back(std::move(rule));
        }
        list.rules = std::move(first);
        list.rules.insert(list.rules.end(), change.others->begin(), change.others->end());
        list.rules.insert(list.rules.end(), std::make_move_iterator(last.begin()), std::make_move_iterator(last.end()));
        for (const std::string& name : change.requires_more)
          if (std::ranges::find(list.requires_more, name) == list.requires_more.end())
            list.requires_more.push_back(name);
        return {};
      });
}

}  // namespace kontor::importing
