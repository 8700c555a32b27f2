// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/files/places.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>

#include "migrate/files/message_file.h"

namespace kontor::migrate {
namespace {

namespace fs = std::filesystem;

struct Known {
  std::optional<std::string> user, name, domain;
};

// Matches one path component, whose "%u", "%n" and "%d" stand for any text; the same one twice must be the same text.
bool match(std::string_view pattern, std::string_view text, Known& known) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '%' || pattern.size() < 2)
    return !text.empty() && text.front() == pattern.front() && match(pattern.substr(1), text.substr(1), known);
  const char letter = pattern[1];
  const auto rest = pattern.substr(2);
  if (letter == '%') return text.starts_with('%') && match(rest, text.substr(1), known);
  auto* slot = letter == 'u' ? &known.user : letter == 'n' ? &known.name : letter == 'd' ? &known.domain : nullptr;
  if (!slot) return false;
  for (std::size_t length = 1; length <= text.size(); ++length) {
    const auto value = text.substr(0, length);
    if (*slot && **slot != value) continue;
    auto trial = known;
    (letter == 'u' ? trial.user : letter == 'n' ? trial.name : trial.domain) = std::string(value);
    if (match(rest, text.substr(length), trial)) {
      known = std::move(trial);
      return true;
    }
  }
  return false;
}

std::optional<std::string> login_of(const Known& known) {
  if (known.user) return known.user;
  if (!known.name) return std::nullopt;
  return known.domain ? *known.name + "@" + *known.domain : *known.name;
}

void walk(const fs::path& base, const std::vector<std::string>& components, std::size_t at, const Known& known,
          std::map<std::string, std::string>& found) {
  if (at == components.size()) {
    if (auto login = login_of(known)) found.emplace(std::move(*login), base.string());
    return;
  }
  std::error_code error;
  const auto& component = components[at];
  if (!is_pattern(component)) {
    const auto next = base / component;
    if (fs::exists(next, error)) walk(next, components, at + 1, known, found);
    return;
  }
  const auto names = read_directory(base.string());
  if (!names) return;
  for (const auto& name : *names) {
    auto trial = known;
    if (!name.starts_with('.') && match(component, name, trial)) walk(base / name, components, at + 1, trial, found);
  }
}

}  // namespace

std::string target_address(const SourceUser& user, const SourceOptions& options) {
  if (!user.address.empty()) return user.address;
  if (user.login.find('@') != std::string::npos || options.default_domain.empty()) return user.login;
  return user.login + "@" + options.default_domain;
}

bool is_pattern(std::string_view path) {
  return path.find("%u") != std::string_view::npos || path.find("%n") != std::string_view::npos ||
         path.find("%d") != std::string_view::npos;
}

std::string fill_pattern(std::string_view pattern, std::string_view login) {
  const auto split = login.find('@');
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char letter = pattern[i] == '%' && i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (letter == 'u')
      out += login;
    else if (letter == 'n')
      out += login.substr(0, split);
    else if (letter == 'd')
      out += split == std::string_view::npos ? std::string_view() : login.substr(split + 1);
    else if (letter == '%')
      out += '%';
    else {
      out += pattern[i];
      continue;
    }
    ++i;
  }
  return out;
}

Result<std::vector<UserPlace>> find_places(const SourceOptions& options) {
  std::vector<UserPlace> places;
  for (const auto& user : options.users) {
    // A login is a file name here: it must not lead elsewhere.
    if (is_pattern(options.path) && (user.login.find('/') != std::string::npos || user.login.starts_with('.')))
      return fail(Errc::invalid, fmt::format("\"{}\" cannot be part of a path", user.login));
    places.push_back({user, fill_pattern(options.path, user.login)});
  }
  if (!is_pattern(options.path)) {
    if (places.size() != 1)
      return fail(Errc::invalid, fmt::format("say to whom {} belongs: exactly one user", options.path));
    return places;
  }
  if (!places.empty()) return places;
  std::vector<std::string> components;
  for (const auto& part : fs::absolute(options.path).relative_path()) components.push_back(part.string());
  std::map<std::string, std::string> found;
  walk("/", components, 0, {}, found);
  for (const auto& [login, path] : found) {
    UserPlace place;
    place.user.login = login;
    place.path = path;
    places.push_back(std::move(place));
  }
  if (places.empty()) return fail(Errc::not_found, fmt::format("there is no mail at {}", options.path));
  return places;
}

Result<std::vector<SourceAccount>> accounts_at(const SourceOptions& options) {
  TRY(const auto places, find_places(options));
  std::vector<SourceAccount> out;
  for (const auto& place : places) out.push_back({place.user.login, target_address(place.user, options)});
  return out;
}

}  // namespace kontor::migrate
