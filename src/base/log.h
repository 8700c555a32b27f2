// SPDX-License-Identifier: AGPL-3.0-or-later
// The log: an event name with fields, `log::info("login.ok", {{"user", u}, {"ip", ip}})`. One line per event, text or
// JSON. Secrets never go in. Cheap when the level is off. Thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace kontor::log {

enum class Level : std::uint8_t { debug, info, warn, error, off };
enum class Form : std::uint8_t { text, json };

struct Field {
  Field(std::string_view name_, std::string_view v) : name(name_), value(v) {}
  Field(std::string_view name_, const char* v) : name(name_), value(v) {}
  Field(std::string_view name_, const std::string& v) : name(name_), value(v) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  Field(std::string_view name_, T v) : name(name_), value(std::to_string(v)) {}

  std::string_view name;
  std::string value;
};
using Fields = std::initializer_list<Field>;

// To standard error, or to `file` (append) when not empty. Called once at start and again to reopen after rotation.
void configure(Level level, Form form, const std::string& file);
Level level();

void write(Level level, std::string_view event, Fields fields);
inline void debug(std::string_view event, Fields fields = {}) { write(Level::debug, event, fields); }
inline void info(std::string_view event, Fields fields = {}) { write(Level::info, event, fields); }
inline void warn(std::string_view event, Fields fields = {}) { write(Level::warn, event, fields); }
inline void error(std::string_view event, Fields fields = {}) { write(Level::error, event, fields); }

}  // namespace kontor::log
