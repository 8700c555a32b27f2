// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: a Dovecot of one's own on loopback (tests/dovecot.sh), with its data in a temporary directory.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "migrate/imap/connection.h"
#include "migrate/imap/login.h"
#include "migrate/sources.h"

namespace kontor::migrate {

inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

// Users "user0" to "user9" with "pass", master user "master" with "masterpass".
class Dovecot {
 public:
  static bool is_installed() { return ::access("/usr/sbin/dovecot", X_OK) == 0; }

  // Nothing if it does not come up.
  static std::unique_ptr<Dovecot> start() {
    std::string pattern = std::filesystem::temp_directory_path() / "kontor-dovecot-XXXXXX";
    if (!::mkdtemp(pattern.data())) return nullptr;
    std::unique_ptr<Dovecot> server(new Dovecot(pattern, free_port()));
    if (std::system(fmt::format("{} start {} {} >/dev/null 2>&1", kScript, pattern, server->port_).c_str()) != 0)
      return nullptr;
    for (int i = 0; i < 100; ++i) {
      if (ImapConnection::open(server->options("user0"))) return server;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return nullptr;
  }
  ~Dovecot() {
    const bool is_stopped = std::system(fmt::format("{} stop {}", kScript, root_).c_str()) == 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    std::error_code ignored;
    if (is_stopped) std::filesystem::remove_all(root_, ignored);
  }
  Dovecot(const Dovecot&) = delete;
  Dovecot& operator=(const Dovecot&) = delete;

  std::string home(const std::string& user) const { return root_ + "/mail/" + user; }
  // After a test wrote files there.
  void give_to_server(const std::string& user) const {
    if (::geteuid() == 0 && std::system(fmt::format("chown -R mail:mail {}", home(user)).c_str()) != 0) std::abort();
  }

  SourceOptions options(const std::string& user) const {
    SourceOptions out;
    out.host = "127.0.0.1";
    out.port = port_;
    out.tls = SourceTls::none;
    out.users.resize(1);
    out.users[0].login = user;
    out.users[0].password = "pass";
    out.default_domain = "example.org";
    out.timeout = std::chrono::seconds(20);
    return out;
  }

  // For changing what the source then shows.
  std::unique_ptr<ImapConnection> client(const std::string& user) const {
    const auto how = options(user);
    auto connection = ImapConnection::open(how);
    if (!connection || !log_in(**connection, how.users[0], how)) return nullptr;
    return std::move(*connection);
  }

 private:
  static constexpr const char* kScript = KONTOR_SOURCE_DIR "/tests/dovecot.sh";
  Dovecot(std::string root, std::uint16_t port) : root_(std::move(root)), port_(port) {}
  std::string root_;
  std::uint16_t port_;
};

}  // namespace kontor::migrate
