// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: transcripts of sessions (tests/transcripts), read and compared alike for all protocols. Each protocol's
// player says what its words do.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/tls.h"

namespace kontor::net {

template <class T>
T must_have(Result<T> result) {
  if (!result) throw std::runtime_error(std::string(name(result.error().code)) + ": " + result.error().text);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// \r \n \t \0 \\ and \xHH are bytes; any other backslash is one.
inline std::string unescape(std::string_view text) {
  static const std::map<char, char> kLetters = {{'r', '\r'}, {'n', '\n'}, {'t', '\t'}, {'0', '\0'}, {'\\', '\\'}};
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto letter = text[i] == '\\' && i + 1 < text.size() ? kLetters.find(text[i + 1]) : kLetters.end();
    if (letter != kLetters.end()) {
      out += letter->second;
      ++i;
    } else if (text.substr(i, 2) == "\\x") {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 2, 2)), nullptr, 16));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// "1S..: text": a connection's number (1 where there is none), a word and a text, and the lines "| ..." below it.
struct TranscriptStep {
  std::size_t line = 0;
  int connection = 1;
  std::string word;
  std::string text;
  std::string block;
  bool has_block = false;
};

// "= title", its settings "key: value", its steps.
struct TranscriptScenario {
  std::string setting(const std::string& key) const {
    const auto found = settings.find(key);
    return found == settings.end() ? "" : found->second;
  }
  std::uint64_t number(const std::string& key, std::uint64_t standard) const {
    return setting(key).empty() ? standard : std::stoull(setting(key));
  }

  std::string title;
  std::map<std::string, std::string> settings;
  std::vector<TranscriptStep> steps;
};

inline std::vector<TranscriptScenario> read_transcript(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<TranscriptScenario> scenarios;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '=') {
      scenarios.emplace_back().title = line.substr(2);
      continue;
    }
    auto& now = scenarios.back();
    if (line[0] == '|') {
      now.steps.back().block += unescape(line.size() > 2 ? std::string_view(line).substr(2) : "") + "\r\n";
      now.steps.back().has_block = true;
      continue;
    }
    const auto colon = line.find(':');
    const std::string head = line.substr(0, colon);
    std::string rest = colon == std::string::npos || colon + 2 > line.size() ? "" : line.substr(colon + 2);
    if (std::islower(static_cast<unsigned char>(head[0])) != 0) {
      now.settings[head] = rest;
      continue;
    }
    const auto word_at = head.find_first_not_of("0123456789");
    TranscriptStep step;
    step.line = number;
    if (word_at > 0) step.connection = std::stoi(head.substr(0, word_at));
    step.word = head.substr(word_at);
    step.text = std::move(rest);
    now.steps.push_back(std::move(step));
  }
  return scenarios;
}

// Lines against patterns. "<*>" is any text, an unknown "${name}" a word that is remembered.
class TranscriptPatterns {
 public:
  // Known ${variables} put in.
  std::string expand(std::string text) const {
    for (const auto& [name, value] : variables_) {
      const std::string mark = "${" + name + "}";
      for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark))
        text.replace(at, mark.size(), value);
    }
    return text;
  }

  bool matches(std::string_view line, const std::string& pattern) {
    const std::string wanted = expand(pattern);
    std::map<std::string, std::string> learned;
    std::size_t at = 0, pos = 0;
    std::string open;  // the wildcard before the present literal piece: "" none, "*" any, else a variable
    while (true) {
      const auto any = wanted.find("<*>", pos);
      const auto variable = wanted.find("${", pos);
      const auto next = std::min(any, variable);
      const bool is_last = next == std::string::npos;
      const std::string piece = unescape(wanted.substr(pos, is_last ? next : next - pos));
      std::size_t found = at;
      if (open.empty()) {
        if (line.substr(at, piece.size()) != piece) return false;
      } else {
        found = is_last ? (line.size() >= at + piece.size() && line.ends_with(piece) ? line.size() - piece.size()
                                                                                     : std::string::npos)
                        : line.find(piece, at);
        if (found == std::string::npos) return false;
        const std::string value(line.substr(at, found - at));
        if (open != "*") {
          if (value.empty() || value.find_first_of(" ()[]") != std::string::npos) return false;
          learned[open] = value;
        }
      }
      at = found + piece.size();
      if (is_last) break;
      if (next == any) {
        open = "*";
        pos = next + 3;
      } else {
        const auto close = wanted.find('}', next);
        open = wanted.substr(next + 2, close - next - 2);
        pos = close + 1;
      }
    }
    if (at != line.size()) return false;
    variables_.insert(learned.begin(), learned.end());
    return true;
  }

 private:
  std::map<std::string, std::string> variables_;
};

// A certificate for "localhost", made once for each process.
inline Certificate transcript_certificate() {
  const auto folder = std::filesystem::temp_directory_path() / ("kontor-transcript-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  Certificate files{folder / "cert.pem", folder / "key.pem"};
  must_have(make_self_signed(files, "localhost"));
  return files;
}

// The transcripts of one protocol, in the order of their names.
inline std::vector<std::filesystem::path> transcripts(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".txt") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace kontor::net
