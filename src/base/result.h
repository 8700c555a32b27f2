// SPDX-License-Identifier: AGPL-3.0-or-later
// What an operation returns when its caller can decide what to do about failure. Failures that end a session or the
// process (peer gone, deadline passed, broken invariant) are thrown instead.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace kontor {

// One closed list for the whole server; every protocol maps it to its own words in exactly one place.
enum class Errc : std::uint8_t {
  not_found,    // it does not exist, or this caller may not know that it does
  exists,       // the name or address is taken
  denied,       // visible, but not allowed
  over_quota,   // storing it would exceed a quota
  too_large,    // exceeds a limit that is not a quota
  invalid,      // the request can never succeed as asked
  conflict,     // lost a race or too far behind; reading again and repeating may succeed
  unavailable,  // a subsystem is down or the disk is full; try again later
  corrupt,      // stored data failed its checks
};

std::string_view name(Errc code);

struct Error {
  Error(Errc code_, std::string text_) : code(code_), text(std::move(text_)) {}

  Errc code;
  std::string text;  // one sentence for a person; safe to show to the client
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string text) {
  return std::unexpected(Error(code, std::move(text)));
}

// Thrown by KONTOR_CHECK: a bug or memory corruption, never something that input can cause.
[[noreturn]] void check_failed(const char* what, const char* file, int line);

inline void check(bool holds, const char* what, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!holds) [[unlikely]]
    check_failed(what, file, line);
}

}  // namespace kontor

#define KONTOR_CAT2(a, b) a##b
#define KONTOR_CAT(a, b) KONTOR_CAT2(a, b)
#define KONTOR_TRY_IMPL(tmp, leave, decl, ...)             \
  auto tmp = __VA_ARGS__;                                  \
  if (!tmp) leave std::unexpected(std::move(tmp).error()); \
  decl = *std::move(tmp)
#define KONTOR_CHECKED_IMPL(tmp, leave, ...) \
  if (auto tmp = __VA_ARGS__; !tmp) leave std::unexpected(std::move(tmp).error())

// TRY(auto x, f());   takes the value of a Result, or returns its error. TRY_VOID(f()); does so for Result<void>.
#define TRY(decl, ...) KONTOR_TRY_IMPL(KONTOR_CAT(try_, __LINE__), return, decl, __VA_ARGS__)
#define TRY_VOID(...) KONTOR_CHECKED_IMPL(KONTOR_CAT(try_, __LINE__), return, __VA_ARGS__)
// The same inside a coroutine.
#define CO_TRY(decl, ...) KONTOR_TRY_IMPL(KONTOR_CAT(try_, __LINE__), co_return, decl, __VA_ARGS__)
#define CO_TRY_VOID(...) KONTOR_CHECKED_IMPL(KONTOR_CAT(try_, __LINE__), co_return, __VA_ARGS__)
