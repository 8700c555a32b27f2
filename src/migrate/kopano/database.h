// SPDX-License-Identifier: AGPL-3.0-or-later
// A connection to the MySQL or MariaDB of a Kopano server. It can only read, and sees one moment of the database for as
// long as it is open. Only this file's implementation knows libmariadb.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::migrate::kopano {

enum class DatabaseTls : std::uint8_t {
  automatic,  // verified, but for sockets and hosts that are this one
  verified,   // the certificate must be the host's
  encrypted,  // any certificate
  none,
};

struct DatabaseOptions {
  std::string host = "localhost";
  std::uint16_t port = 3306;
  std::string socket;  // instead of host and port
  std::string name = "kopano";
  std::string user = "kopano";
  std::string password;
  DatabaseTls tls = DatabaseTls::automatic;
  std::string ca_file;                        // empty = the system's
  std::chrono::milliseconds timeout{60'000};  // of connecting and of each wait for the server
};

// One row of an answer, for as long as the callback runs. Columns by number.
class Row {
 public:
  Row(const char* const* values, const unsigned long* lengths, std::size_t count)
      : values_(values), lengths_(lengths), count_(count) {}

  bool is_null(std::size_t column) const { return column >= count_ || values_[column] == nullptr; }
  std::string_view bytes(std::size_t column) const {  // "" for NULL
    return is_null(column) ? std::string_view() : std::string_view(values_[column], lengths_[column]);
  }
  std::int64_t integer(std::size_t column) const;  // 0 for NULL
  std::uint32_t id(std::size_t column) const { return static_cast<std::uint32_t>(integer(column)); }
  double real(std::size_t column) const;

 private:
  const char* const* values_;
  const unsigned long* lengths_;
  std::size_t count_;
};

// One thread at a time.
class Database {
 public:
  // Errors: denied (the login), not_found (the database), unavailable (no connection), invalid (options).
  static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Visits the rows as they arrive; memory is one row's. `take` must not ask this database again; its errors end the
  // visit and are returned. Errors: unavailable (the connection is gone, and with it the moment, or the server refused:
  // its words).
  using TakeRow = std::function<Result<void>(const Row&)>;
  Result<void> query(const std::string& sql, const TakeRow& take);
  // The first column of the first row; nothing if there is no row, or NULL in it.
  Result<std::optional<std::string>> value(const std::string& sql);

 private:
  struct Handle;
  explicit Database(std::unique_ptr<Handle> handle);

  std::unique_ptr<Handle> handle_;
};

// "1,2,3"; "0", which no row has, where there is none.
std::string list_of(std::span<const std::uint32_t> ids);
// "X'00ff'": bytes as they may stand in a statement.
std::string literal(std::string_view bytes);

}  // namespace kontor::migrate::kopano
