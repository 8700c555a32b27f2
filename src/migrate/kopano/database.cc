// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/database.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <charconv>
#include <mutex>

#include "base/bytes.h"

namespace kontor::migrate::kopano {
namespace {

constexpr unsigned long kLargestPacket = 1UL << 30;

Errc code_of(unsigned number) {
  switch (number) {
    case ER_ACCESS_DENIED_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
      return Errc::denied;
    case ER_BAD_DB_ERROR:
      return Errc::not_found;
    case ER_SERVER_SHUTDOWN:
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_LOCK_DEADLOCK:
    case ER_QUERY_INTERRUPTED:
    case ER_CONNECTION_KILLED:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
    case ER_NET_ERROR_ON_WRITE:
    case ER_NET_WRITE_INTERRUPTED:
    case ER_OUT_OF_RESOURCES:
      return Errc::unavailable;
    default:
      // The client library's own: connections that could not be made or broke.
      return number >= CR_MIN_ERROR && number <= CR_MAX_ERROR ? Errc::unavailable : Errc::invalid;
  }
}

bool is_this_host(const std::string& host) {
  return host.empty() || host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

struct Database::Handle {
  Handle() : mysql(mysql_init(nullptr)) {}
  ~Handle() {
    if (mysql != nullptr) mysql_close(mysql);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  std::unexpected<Error> error() const {
    return fail(code_of(mysql_errno(mysql)), fmt::format("the source's database: {}", mysql_error(mysql)));
  }
  // Statements are the same for all items: what the server has against one is never an item's own fault.
  std::unexpected<Error> trouble() const { return fail(Errc::unavailable, error().error().text); }
  Result<void> run(const std::string& sql) const {
    if (mysql_real_query(mysql, sql.data(), sql.size()) != 0) return trouble();
    return {};
  }

  MYSQL* mysql;
  bool is_busy = false;
};

std::int64_t Row::integer(std::size_t column) const {
  const std::string_view text = bytes(column);
  std::int64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc()) return value;
  std::uint64_t large = 0;
  std::from_chars(text.data(), text.data() + text.size(), large);
  return static_cast<std::int64_t>(large);
}

double Row::real(std::size_t column) const {
  const std::string_view text = bytes(column);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Database::Database(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  auto handle = std::make_unique<Handle>();
  if (handle->mysql == nullptr) return fail(Errc::unavailable, "no memory for a connection to the source's database");
  MYSQL* mysql = handle->mysql;
  const auto seconds = static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(options.timeout).count());
  mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &seconds);
  mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
  const unsigned off = 0;
  mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
  mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &kLargestPacket);
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // Looks into no configuration file: what holds is what was asked for.
  const bool has_socket = !options.socket.empty();
  auto tls = options.tls;
  if (tls == DatabaseTls::automatic)
    tls = has_socket || is_this_host(options.host) ? DatabaseTls::none : DatabaseTls::verified;
  my_bool enforce = tls != DatabaseTls::none ? 1 : 0;
  my_bool verify = tls == DatabaseTls::verified ? 1 : 0;
  mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  if (tls != DatabaseTls::none)
    mysql_ssl_set(mysql, nullptr, nullptr, options.ca_file.empty() ? nullptr : options.ca_file.c_str(),
                  options.ca_file.empty() ? "/etc/ssl/certs" : nullptr, nullptr);
  const unsigned protocol = has_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  if (mysql_real_connect(mysql, has_socket ? nullptr : options.host.c_str(), options.user.c_str(),
                         options.password.c_str(), options.name.c_str(), options.port,
                         has_socket ? options.socket.c_str() : nullptr, 0) == nullptr)
    return handle->error();
  // A session may wait for the target for long, and must see one moment all the while.
  for (const char* sql : {"SET NAMES utf8mb4", "SET SESSION wait_timeout = 604800, net_write_timeout = 3600",
                          "SET SESSION sql_mode = ''", "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"})
    TRY_VOID(handle->run(sql));
  auto begun = handle->run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
  // MariaDB and MySQL 5.5, of Zarafa's and early Kopano's days, do not know the second half.
  if (!begun && mysql_errno(mysql) == ER_PARSE_ERROR) begun = handle->run("START TRANSACTION WITH CONSISTENT SNAPSHOT");
  TRY_VOID(begun);
  return std::unique_ptr<Database>(new Database(std::move(handle)));
}

Result<void> Database::query(const std::string& sql, const TakeRow& take) {
  check(!handle_->is_busy, "the database is asked while it answers");
  TRY_VOID(handle_->run(sql));
  MYSQL* mysql = handle_->mysql;
  MYSQL_RES* answer = mysql_use_result(mysql);
  if (answer == nullptr) return mysql_errno(mysql) != 0 ? Result<void>(handle_->trouble()) : Result<void>();
  // Reads over what is left, too.
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> free(answer, mysql_free_result);
  struct Busy {
    explicit Busy(bool& flag_) : flag(flag_) { flag = true; }
    ~Busy() { flag = false; }
    bool& flag;
  } const busy(handle_->is_busy);
  const std::size_t columns = mysql_num_fields(answer);
  while (MYSQL_ROW row = mysql_fetch_row(answer)) TRY_VOID(take(Row(row, mysql_fetch_lengths(answer), columns)));
  if (mysql_errno(mysql) != 0) return handle_->trouble();
  return {};
}

Result<std::optional<std::string>> Database::value(const std::string& sql) {
  std::optional<std::string> found;
  bool is_first = true;
  TRY_VOID(query(sql, [&](const Row& row) -> Result<void> {
    if (std::exchange(is_first, false) && !row.is_null(0)) found = std::string(row.bytes(0));
    return {};
  }));
  return found;
}

std::string list_of(std::span<const std::uint32_t> ids) {
  if (ids.empty()) return "0";
  std::string out;
  for (const std::uint32_t id : ids) {
    if (!out.empty()) out += ',';
    fmt::format_to(std::back_inserter(out), "{}", id);
  }
  return out;
}

std::string literal(std::string_view bytes) { return "X'" + to_hex(bytes) + "'"; }

}  // namespace kontor::migrate::kopano
