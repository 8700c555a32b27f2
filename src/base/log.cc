// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <mutex>

namespace kontor::log {
namespace {

struct State {
  std::atomic<Level> level = Level::info;
  std::atomic<Form> form = Form::text;
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger;
};

State& state() {
  static State one;
  return one;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      break;
  }
  return spdlog::level::off;
}

void append_json(std::string& out, std::string_view text) {
  out.push_back('"');
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
    } else if (c < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else {
      out.push_back(static_cast<char>(c));
    }
  }
  out.push_back('"');
}

// A value that came from outside cannot start a line or a field of its own.
void append_text(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_of(" \"=\\") == std::string_view::npos && text.find_first_not_of(' ') == 0 &&
      std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    out.append(text);
    return;
  }
  append_json(out, text);
}

}  // namespace

void configure(Level level, Form form, const std::string& file) {
  State& s = state();
  spdlog::sink_ptr sink;
  if (file.empty())
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  else
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
  auto logger = std::make_shared<spdlog::logger>("kontor", sink);
  logger->set_level(spdlog::level::debug);
  logger->flush_on(spdlog::level::debug);
  auto time = spdlog::pattern_time_type::utc;
  if (form == Form::json)
    logger->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}", time));
  else
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v", time));
  std::lock_guard lock(s.mutex);
  s.logger = std::move(logger);
  s.level = level;
  s.form = form;
}

Level level() { return state().level; }

void write(Level level, std::string_view event, Fields fields) {
  State& s = state();
  if (level < s.level.load(std::memory_order_relaxed)) return;
  std::string line;
  if (s.form.load(std::memory_order_relaxed) == Form::json) {
    line.append("\"event\":");
    append_json(line, event);
    for (const Field& field : fields) {
      line.push_back(',');
      append_json(line, field.name);
      line.push_back(':');
      append_json(line, field.value);
    }
  } else {
    line.append(event);
    for (const Field& field : fields) {
      line.push_back(' ');
      line.append(field.name);
      line.push_back('=');
      append_text(line, field.value);
    }
  }
  std::shared_ptr<spdlog::logger> logger;
  {
    std::lock_guard lock(s.mutex);
    if (!s.logger)
      s.logger = std::make_shared<spdlog::logger>("kontor", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger = s.logger;
  }
  logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace kontor::log
