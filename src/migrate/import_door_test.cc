// SPDX-License-Identifier: AGPL-3.0-or-later
// Who may import, and how the client is told.
#include <gtest/gtest.h>

#include <fstream>

#include "migrate/migration_bench.h"
#include "net/client_socket.h"

namespace kontor::migrate {
namespace {

TEST(Migration, is_let_in_only_with_all_it_needs) {
  Bench bench;
  bench.site.listen({*net::parse_network("127.0.0.0/8")});
  const auto error_with = [&](const std::function<void(TargetOptions&)>& change, const std::string& address) {
    auto options = bench.site.target();
    change(options);
    Target target(options);
    const auto got = target.folders(address, "table:test");
    return got ? std::string() : got.error().text;
  };
  EXPECT_EQ(error_with([](auto&) {}, "ada@example.org"), "");
  EXPECT_NE(error_with([](auto& o) { o.token += "x"; }, "ada@example.org").find("token is not known"),
            std::string::npos);
  EXPECT_NE(error_with([](auto& o) { o.ca_file.clear(); }, "ada@example.org").find("certificate"), std::string::npos);
  EXPECT_EQ(error_with(
                [](auto& o) {
                  o.ca_file.clear();
                  o.insecure = true;
                },
                "ada@example.org"),
            "");
  bench.table.accounts["nobody"] = {};
  const auto report = bench.run();
  EXPECT_FALSE(report.is_clean());
  EXPECT_NE(report.accounts.at(1).error.find("no user nobody@example.org"), std::string::npos);
}

TEST(Migration, refuses_addresses_that_are_not_listed) {
  Bench bench;
  bench.site.listen({*net::parse_network("192.0.2.0/24")});
  Target target(bench.site.target());
  const auto got = target.account("ada@example.org");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::denied);
}

TEST(Migration, is_not_taken_in_the_clear) {
  Bench bench;
  bench.site.listen({}, net::TlsMode::none);
  net::ClientOptions options;
  options.host = "127.0.0.1";
  options.port = bench.site.port();
  auto socket = net::ClientSocket::connect(options);
  ASSERT_TRUE(socket) << socket.error().text;
  ASSERT_TRUE(
      (*socket)->write("GET /import/v1/accounts/ada@example.org HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                       "Authorization: Bearer " +
                       bench.site.target().token + "\r\n\r\n"));
  std::string answer(4000, '\0');
  std::size_t size = 0;
  for (;;) {
    const auto got = (*socket)->read_some(std::span(answer).subspan(size));
    if (!got || *got == 0) break;
    size += *got;
  }
  answer.resize(size);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403")) << answer;
  EXPECT_NE(answer.find("TLS"), std::string::npos);
}

TEST(Migration, keeps_active_accounts_alone) {
  Bench bench;
  bench.site.add_user("live@example.org", directory::Status::active);
  bench.site.listen();
  bench.table.accounts = {{"live", {table_folder({"INBOX"}, 2)}}};
  EXPECT_NE(bench.run().accounts.at(0).error.find("is active"), std::string::npos);
  EXPECT_EQ(bench.site.items("live@example.org"), 0u);
}

TEST(Target, is_checked_before_use) {
  const struct {
    const char* url;
    bool insecure;
    bool good;
  } cases[] = {
      {"https://mail.example.org", false, true},
      {"https://mail.example.org:8443", false, true},
      {"http://mail.example.org", false, false},
      {"https://mail.example.org/x", false, false},
      {"https://", false, false},
      {"https://mail.example.org", true, false},
      {"https://localhost:1", true, true},
      {"https://127.0.0.1:1", true, true},
      {"https://[::1]:1", true, true},
      {"https://localhost.example.org", true, false},
  };
  for (const auto& c : cases) {
    TargetOptions options;
    options.url = c.url;
    options.token = "t";
    options.insecure = c.insecure;
    EXPECT_EQ(check_target(options).has_value(), c.good) << c.url;
  }
}

}  // namespace
}  // namespace kontor::migrate
