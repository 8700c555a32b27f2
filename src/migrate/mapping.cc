// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/mapping.h"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/bytes.h"
#include "formats/archive/record.h"

namespace kontor::migrate {
namespace {

// "*" within a name, "**" across names. Work is bounded by pattern times text.
bool glob_fits(std::string_view pattern, std::string_view text) {
  std::vector<bool> now(text.size() + 1), next(text.size() + 1);
  now[0] = true;
  for (std::size_t p = 0; p < pattern.size(); ++p) {
    const bool star = pattern[p] == '*';
    const bool deep = star && p + 1 < pattern.size() && pattern[p + 1] == '*';
    for (std::size_t t = 0; t <= text.size(); ++t) {
      if (star) {
        next[t] = now[t] || (t > 0 && next[t - 1] && (deep || text[t - 1] != '/'));
      } else {
        next[t] = t > 0 && now[t - 1] && text[t - 1] == pattern[p];
      }
    }
    if (deep) ++p;
    std::swap(now, next);
  }
  return now[text.size()];
}

std::unexpected<Error> bad_mapping(const toml::node& node, std::string_view what) {
  return fail(Errc::invalid, fmt::format("mapping, line {}: {}", node.source().begin.line, what));
}

Result<std::map<std::string, std::string>> text_table(const toml::node& node, std::string_view name) {
  const auto* table = node.as_table();
  if (table == nullptr) return bad_mapping(node, fmt::format("[{}] must be a table", name));
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : *table) {
    const auto text = value.value<std::string>();
    if (!text || text->empty()) return bad_mapping(value, "a text is expected");
    out[to_lower(key.str())] = *text;
  }
  return out;
}

Result<FolderRule> folder_rule(const toml::node& node) {
  const auto* table = node.as_table();
  if (table == nullptr) return bad_mapping(node, "[[folder]] must be a table");
  FolderRule rule;
  for (const auto& [key, value] : *table) {
    const auto text = value.value<std::string>();
    if (key == "exclude" && value.is_boolean()) {
      rule.exclude = *value.value<bool>();
    } else if (key == "path" && text) {
      rule.match.path = *text;
    } else if (key == "role" && text) {
      rule.match.role = *text;
    } else if (key == "rename" && text && !text->empty()) {
      rule.rename = *text;
    } else {
      return bad_mapping(
          value, fmt::format("\"{}\" is not understood here; there are path, role, rename and exclude", key.str()));
    }
  }
  if (rule.match.path.empty() && rule.match.role.empty())
    return bad_mapping(node, "a folder rule needs a path or a role");
  if (rule.exclude == !rule.rename.empty())
    return bad_mapping(node, "a folder rule needs either rename or exclude = true");
  if (!rule.rename.empty() && rule.match.path.find('*') != std::string::npos) {
    return bad_mapping(node, "a folder is renamed by its plain path or its role, not by a pattern");
  }
  return rule;
}

Result<void> item_rules(const toml::node& node, Mapping& mapping) {
  const auto* table = node.as_table();
  if (table == nullptr) return bad_mapping(node, "[items] must be a table");
  for (const auto& [key, value] : *table) {
    if (key == "exclude_deleted" && value.is_boolean()) {
      mapping.exclude_deleted = *value.value<bool>();
    } else if (key == "largest" && value.is_integer() && *value.value<std::int64_t>() > 0) {
      mapping.largest_item = static_cast<std::uint64_t>(*value.value<std::int64_t>());
    } else {
      return bad_mapping(
          value, fmt::format("\"{}\" is not understood here; there are exclude_deleted and largest", key.str()));
    }
  }
  return {};
}

// Whether `path` is `above` or lies below it.
bool lies_below(const std::vector<std::string>& path, const std::vector<std::string>& above) {
  if (path.size() < above.size()) return false;
  for (std::size_t i = 0; i < above.size(); ++i) {
    if (!iequals(path[i], above[i])) return false;
  }
  return true;
}

}  // namespace

std::string join_path(const std::vector<std::string>& path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0) out += '/';
    for (const char c : path[i]) {
      if (c == '/' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::vector<std::string> split_path(std::string_view text) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      out.back() += text[++i];
    } else if (text[i] == '/') {
      out.emplace_back();
    } else {
      out.back() += text[i];
    }
  }
  std::erase(out, "");
  return out;
}

bool FolderSelector::fits(const std::vector<std::string>& folder_path, std::string_view folder_role) const {
  if (!role.empty() && role != folder_role) return false;
  return path.empty() || glob_fits(to_lower(path), to_lower(join_path(folder_path)));
}

std::string Mapping::address(std::string_view source) const {
  auto name = to_lower(source);
  if (const auto found = users.find(name); found != users.end()) return to_lower(found->second);
  auto at = name.rfind('@');
  if (at == std::string::npos) {
    if (default_domain.empty()) return name;
    at = name.size();
    name += '@' + to_lower(default_domain);
    if (const auto found = users.find(name); found != users.end()) return to_lower(found->second);
  }
  const auto domain = domains.find(name.substr(at + 1));
  if (domain != domains.end()) name = name.substr(0, at + 1) + to_lower(domain->second);
  return name;
}

Destination Mapping::destination(const std::vector<std::string>& path, std::string_view role) const {
  for (const auto& rule : folders) {
    if (rule.exclude) {
      // What lies below an excluded folder stays behind with it, where the rule names a path.
      bool fits = rule.match.fits(path, role);
      for (std::size_t n = 1; !fits && n < path.size() && rule.match.role.empty(); ++n) {
        fits = rule.match.fits({path.begin(), path.begin() + static_cast<std::ptrdiff_t>(n)}, "");
      }
      if (fits) return {true, path};
      continue;
    }
    if (!rule.match.role.empty()) {
      if (rule.match.fits(path, role)) return {false, split_path(rule.rename)};
      continue;
    }
    const auto above = split_path(rule.match.path);
    if (!lies_below(path, above)) continue;
    auto out = split_path(rule.rename);
    out.insert(out.end(), path.begin() + static_cast<std::ptrdiff_t>(above.size()), path.end());
    return {false, std::move(out)};
  }
  return {false, path};
}

std::vector<std::vector<std::string>> Mapping::subscriptions(const std::vector<std::vector<std::string>>& paths) const {
  std::vector<std::vector<std::string>> out;
  std::size_t bytes = 0;
  for (const auto& path : paths) {
    auto to = destination(path, "");
    if (to.is_excluded || to.path.empty() || to.path.size() > archive::kMaxPath) continue;
    bytes += join_path(to.path).size() + 20;
    if (out.size() >= archive::kMaxSubscriptions || bytes > archive::kMaxRecord / 4) break;
    out.push_back(std::move(to.path));
  }
  return out;
}

Result<Mapping> parse_mapping(std::string_view text) {
  const auto parsed = toml::parse(text);
  if (!parsed) {
    return fail(Errc::invalid, fmt::format("mapping, line {}: {}", parsed.error().source().begin.line,
                                           std::string(parsed.error().description())));
  }
  Mapping mapping;
  for (const auto& [key, value] : parsed.table()) {
    if (key == "users") {
      TRY(mapping.users, text_table(value, "users"));
    } else if (key == "domains") {
      TRY(mapping.domains, text_table(value, "domains"));
    } else if (key == "default_domain" && value.is_string()) {
      mapping.default_domain = *value.value<std::string>();
    } else if (key == "items") {
      TRY_VOID(item_rules(value, mapping));
    } else if (key == "folder" && value.is_array()) {
      for (const auto& element : *value.as_array()) {
        TRY(auto rule, folder_rule(element));
        mapping.folders.push_back(std::move(rule));
      }
    } else {
      return bad_mapping(
          value, fmt::format("\"{}\" is not understood; there are users, domains, default_domain, [[folder]] and items",
                             key.str()));
    }
  }
  return mapping;
}

}  // namespace kontor::migrate
