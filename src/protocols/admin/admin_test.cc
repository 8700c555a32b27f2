// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/admin/admin.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/log.h"
#include "net/script_stream.h"
#include "store/memory.h"

namespace kontor::admin {
namespace {

// A store with the tenant acme, its domain example.org, and a domain of another tenant.
struct Office {
  Office() {
    log::configure(log::Level::off, log::Form::text, "");
    run("tenant.add", R"({"name": "acme"})");
    run("domain.add", R"({"name": "example.org", "tenant": "acme"})");
    run("tenant.add", R"({"name": "umbrella"})");
    run("domain.add", R"({"name": "umbrella.example", "tenant": "umbrella"})");
  }
  // The answer, or {"error": "code"}.
  boost::json::value run(std::string_view verb, std::string_view arguments) {
    auto answer = admin.run(verb, arguments);
    if (!answer) return boost::json::object{{"error", name(answer.error().code)}};
    return boost::json::parse(*answer);
  }

  FakeClock clock{Instant(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<store::Engine> engine = store::open_memory();
  std::unique_ptr<directory::Directory> directory =
      *directory::Directory::open(*engine, clock, {.memory_kib = 64, .passes = 1});
  std::unique_ptr<groupware::Accounts> accounts = groupware::Accounts::make(*engine, *directory, clock);
  Admin admin{*directory, *accounts, {}, clock};
};

struct Call {
  const char* verb;
  const char* arguments;
  const char* contains;  // a part of the answer as it is printed; {"error":"..."} for failures
  const char* why;
};

void run_all(Office& office, std::span<const Call> calls) {
  for (const Call& call : calls) {
    std::string got = boost::json::serialize(office.run(call.verb, call.arguments));
    EXPECT_NE(got.find(call.contains), std::string::npos)
        << call.verb << " " << call.arguments << ": " << call.why << "\n  got " << got;
  }
}

TEST(Admin, RemovedItemsComeBack) {
  Office office;
  office.run("user.add", R"({"address": "ada@example.org"})");
  const auto account = *office.accounts->open(office.directory->by_address("ada@example.org")->account());
  const auto inbox = account->folders()->by_role(groupware::FolderRole::inbox)->id;
  const auto stager = office.accounts->stage(account->tenant());
  ASSERT_TRUE(stager->write("From: Ben <ben@example.net>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nx\r\n"));
  groupware::NewItem item;
  item.content = *stager->finish();
  ASSERT_TRUE(account->update(groupware::Caller::system(), [&](groupware::Transaction& t) -> Result<void> {
    TRY(const auto added, t.add(inbox, item));
    return t.remove(inbox, added.uid);
  }));
  const Call calls[] = {
      {"folder.recover.list", R"({"address": "ada@example.org"})",
       "\"folder\":\"INBOX\",\"from\":\"Ben <ben@example.net>\",\"subject\":\"Gr\u00fc\u00dfe\"", "what it was"},
      {"folder.recover.list", R"({"address": "ada@example.org", "since": "2h"})", R"("total":1)", "removed just now"},
      {"folder.recover.list", R"({"address": "ada@example.org", "until": "2h"})", R"("total":0)", "not before"},
      {"folder.recover.list", R"({"address": "ada@example.org", "since": "2024-01-01"})", R"("total":0)", "by date"},
      {"folder.recover.list", R"({"address": "ada@example.org", "since": "soon"})", R"({"error":"invalid"})", ""},
      {"folder.recover.list", R"({"address": "ada@example.org", "folder": "Nowhere"})", R"({"error":"not_found"})", ""},
      {"folder.recover.restore", R"({"address": "ada@example.org"})", R"({"error":"invalid"})", "not all by mistake"},
      {"folder.recover.restore", R"({"address": "ada@example.org", "subject": "x"})", R"("restored":0)", "none such"},
      {"folder.recover.restore", R"({"address": "ada@example.org", "items": ["1"]})", R"("restored":1)", "by number"},
      {"folder.recover.list", R"({"address": "ada@example.org"})", R"("total":0)", "it is back"},
      {"folder.recover.purge", R"({"address": "ada@example.org", "all": true})", R"({"purged":0})", "nothing there"},
  };
  run_all(office, calls);
  EXPECT_EQ(account->folders()->find(inbox)->total, 1u);
}

TEST(Admin, ContactDetails) {
  Office office;
  const Call calls[] = {
      {"user.add", R"({"address": "ada@example.org", "name": "Ada", "title": "Head", "phones": ["+44 20 1"]})",
       R"("title":"Head","department":"","company":"","location":"","phones":["work:+44 20 1"],"hidden":false,"photo":null)",
       "as she is made"},
      {"user.set", R"({"address": "ada@example.org", "department": "Mills", "phones": ["mobile:2", "home:3"]})",
       R"("title":"Head","department":"Mills","company":"","location":"","phones":["mobile:2","home:3"])",
       "phones as a whole, others one by one"},
      {"user.set", R"({"address": "ada@example.org", "title": null, "phones": ["none"], "hidden": true})",
       R"("title":"","department":"Mills","company":"","location":"","phones":[],"hidden":true)", "taken away"},
      {"user.set", R"({"address": "ada@example.org", "phones": ["moon:1"]})", R"({"error":"invalid"})", "no such kind"},
      {"user.set", R"({"address": "ada@example.org", "photo": "/9j/4P/Z"})", R"("photo":"jpeg, 6 bytes")", "a photo"},
      {"user.set", R"({"address": "ada@example.org", "name": "Ada L"})", R"("photo":"jpeg, 6 bytes")", "it stays"},
      {"user.set", R"({"address": "ada@example.org", "photo": "R0lGODlh"})", R"({"error":"invalid"})", "no JPEG"},
      {"user.set", R"({"address": "ada@example.org", "photo": "%"})", R"({"error":"invalid"})", "no base64"},
      {"user.set", R"({"address": "ada@example.org", "photo": null})", R"("photo":null)", "none any more"},
      {"group.add", R"({"address": "team@example.org", "hidden": true})", R"("hidden":true)", "also groups"},
      {"resource.add", R"({"address": "room@example.org", "location": "2nd floor", "photo": "/9j/4P/Z"})",
       R"("location":"2nd floor","phones":[],"hidden":false,"photo":"jpeg, 6 bytes")", "and rooms"},
      {"user.add", R"({"address": "ben@example.org", "photo": "R0lGODlh"})", R"({"error":"invalid"})", "no JPEG"},
      {"user.show", R"({"address": "ben@example.org"})", R"({"error":"not_found"})", "so he was not made"},
  };
  run_all(office, calls);
}

TEST(Admin, Booking) {
  Office office;
  const Call calls[] = {
      {"user.add", R"({"address": "ada@example.org"})", "ada@example.org", "who approves"},
      {"resource.add", R"({"address": "room@example.org"})",
       R"("booking":"automatic","series":"yes","conflicts":0,"window_days":0,"longest_minutes":0,"hours":[],"zone":"","approvers":[])",
       "as it begins"},
      {"resource.set",
       R"({"address": "room@example.org", "series": "no", "conflicts": 2, "hours": ["mon-fri 08:00-18:00"],
        "zone": "Europe/Berlin"})",
       R"("series":"no","conflicts":2,"window_days":0,"longest_minutes":0,"hours":["mon-fri 08:00-18:00"],"zone":"Europe/Berlin")",
       "what is said"},
      {"resource.set", R"({"address": "room@example.org", "booking": "approval"})", R"({"error":"invalid"})",
       "nobody is there who approves"},
      {"resource.set",
       R"({"address": "room@example.org", "booking": "approval", "add_approvers": ["ada@example.org"]})",
       R"("approvers":["ada@example.org"])", "now there is"},
      {"resource.set", R"({"address": "room@example.org", "hours": ["always"], "window_days": 30})",
       R"("window_days":30,"longest_minutes":0,"hours":[])", "no hours any more"},
      {"resource.set", R"({"address": "room@example.org", "hours": ["day and night"]})", R"({"error":"invalid"})", ""},
      {"resource.set", R"({"address": "room@example.org", "zone": "Mars/Olympus"})", R"({"error":"invalid"})", ""},
      {"resource.set", R"({"address": "room@example.org", "booking": "never"})", R"({"error":"invalid"})", ""},
      {"user.set", R"({"address": "ada@example.org", "booking": "manual"})", R"({"error":"invalid"})", "of people not"},
  };
  run_all(office, calls);
}

TEST(Admin, RightsOnFolders) {
  Office office;
  const Call calls[] = {
      {"user.add", R"({"address": "ada@example.org"})", "ada@example.org", "somebody"},
      {"user.add", R"({"address": "eve@umbrella.example"})", "eve@umbrella.example", "somebody elsewhere"},
      {"group.add", R"({"address": "team@example.org", "add_members": ["ada@example.org"]})", "team@example.org", ""},
      {"user.add", R"({"address": "ben@example.org", "add_send_on_behalf": ["team@example.org"]})",
       R"("send_on_behalf":["team@example.org"])", "who may send for him"},
      {"folder.rights.show", R"({"address": "ben@example.org"})",
       R"([{"folder":"Calendar","who":"everyone","kind":"everyone","rights":"","free_busy":"times","private":false}])",
       "none yet but to ask when he is busy"},
      {"folder.rights.set", R"({"address": "ben@example.org", "folder": "INBOX", "who": "team@example.org",
        "rights": ["reader"]})",
       R"("rights":"lr","free_busy":"details")", "a word"},
      {"folder.rights.set", R"({"address": "ben@example.org", "folder": "INBOX", "who": "everyone",
        "rights": ["l", "free-busy"]})",
       R"("who":"everyone","kind":"everyone","rights":"l","free_busy":"times")", "letters and a word"},
      {"folder.rights.set", R"({"address": "ben@example.org", "folder": "INBOX", "who": "ada@example.org",
        "rights": ["lrQ"]})",
       R"({"error":"invalid"})", "no such right"},
      {"folder.rights.set", R"({"address": "ben@example.org", "folder": "INBOX", "who": "ben@example.org",
        "rights": ["reader"]})",
       R"({"error":"invalid"})", "the owner has them all"},
      {"folder.rights.set", R"({"address": "ben@example.org", "folder": "INBOX", "who": "eve@umbrella.example",
        "rights": ["reader"]})",
       R"({"error":"invalid"})", "of another tenant"},
      {"folder.rights.set", R"({"address": "ben@example.org", "folder": "Nowhere", "who": "everyone",
        "rights": ["reader"]})",
       R"({"error":"not_found"})", "no such folder"},
      {"folder.rights.set", R"({"address": "team@example.org", "folder": "INBOX", "who": "everyone",
        "rights": ["reader"]})",
       R"({"error":"invalid"})", "a group has no folders"},
      {"folder.rights.show", R"({"address": "ben@example.org", "folder": "INBOX"})", R"("who":"team@example.org")",
       "both are there"},
      {"folder.rights.remove", R"({"address": "ben@example.org", "folder": "INBOX", "who": "team@example.org"})", "[",
       ""},
      {"folder.rights.remove", R"({"address": "ben@example.org", "folder": "INBOX", "who": "everyone"})", "[", ""},
      {"folder.rights.show", R"({"address": "ben@example.org", "folder": "INBOX"})", "[]", "none any more"},
      {"shared.add", R"({"address": "desk@example.org", "add_members": ["ada@example.org"],
        "add_readers": ["team@example.org"]})",
       R"("members":["ada@example.org","team@example.org"],"readers":["team@example.org"],"managers":[])", "roles"},
      {"shared.set", R"({"address": "desk@example.org", "add_managers": ["team@example.org"]})",
       R"("readers":[],"managers":["team@example.org"])", "one role each"},
      {"shared.set", R"({"address": "desk@example.org", "remove_members": ["team@example.org"]})",
       R"("members":["ada@example.org"],"readers":[],"managers":[])", "no member, no role"},
      {"check", "{}", R"("clean":true)", "all of it is sound"},
  };
  run_all(office, calls);
}

TEST(Admin, TenantsAndDomains) {
  Office office;
  const Call calls[] = {
      {"tenant.add", R"({"name": "acme"})", R"({"error":"exists"})", "the name is taken"},
      {"tenant.add", R"({})", R"({"error":"invalid"})", "no name"},
      {"tenant.add", R"({"name": 7})", R"({"error":"invalid"})", "a name is a text"},
      {"tenant.add", R"({"name": "x", "colour": "red"})", R"({"error":"invalid"})",
       "an argument that it does not take"},
      {"tenant.add", R"([])", R"({"error":"invalid"})", "no object"},
      {"tenant.add", R"({"name":)", R"({"error":"invalid"})", "no JSON"},
      {"tenant.show", R"({"name": "nobody"})", R"({"error":"not_found"})", ""},
      {"tenant.set", R"({"name": "acme"})", R"({"error":"invalid"})", "nothing to set"},
      {"tenant.set", R"({"name": "acme", "default_quota": "5G", "recoverable_days": 0})",
       R"("default_quota":5368709120,"recoverable_days":0)", "a size as text"},
      {"tenant.set",
       R"({"name": "acme", "metadata": ["/Shared/Comment=Ask the desk", "/shared/admin=mailto:a@b.org"]})",
       R"("metadata":{"/shared/admin":"mailto:a@b.org","/shared/comment":"Ask the desk"})",
       "annotations of the server"},
      {"tenant.set", R"({"name": "acme", "metadata": ["/shared/comment="]})",
       R"("metadata":{"/shared/admin":"mailto:a@b.org"})", "no value: it goes"},
      {"tenant.set", R"({"name": "acme", "metadata": ["/private/comment=x"]})", R"({"error":"invalid"})", "not shared"},
      {"tenant.set", R"({"name": "acme", "metadata": ["/shared/admin=desk"]})", R"({"error":"invalid"})", "no URI"},
      {"tenant.set", R"({"name": "acme", "default_quota": -1})", R"({"error":"invalid"})", "negative"},
      {"tenant.set", R"({"name": "acme", "status": "asleep"})", R"({"error":"invalid"})", "no such status"},
      {"tenant.list", "", R"("name":"acme","status":"active","default_quota":5368709120)",
       "no arguments are no JSON at all"},
      {"tenant.remove", R"({"name": "acme"})", R"({"error":"conflict"})", "it has a domain still"},
      {"domain.add", R"({"name": "example.org", "tenant": "umbrella"})", R"({"error":"exists"})", "one tenant only"},
      {"domain.add", R"({"name": "example.net", "tenant": "nobody"})", R"({"error":"not_found"})", ""},
      {"domain.list", R"({"tenant": "acme"})", R"([{"id":)", ""},
      {"domain.set", R"({"name": "example.org", "subaddressing": false})", R"("subaddressing":false)", ""},
      {"domain.set", R"({"name": "example.org", "catch_all": "nobody@example.org"})", R"({"error":"not_found"})", ""},
      {"domain.remove", R"({"name": "umbrella.example"})", R"({"removed":"umbrella.example"})", ""},
      {"tenant.remove", R"({"name": "umbrella"})", R"({"removed":"umbrella"})", "it is empty now"},
  };
  run_all(office, calls);
}

TEST(Admin, PrincipalsOfEveryKind) {
  Office office;
  const Call calls[] = {
      {"user.add", R"({"address": "Ada@example.org", "name": "Ada", "password": "secret", "quota": "5G"})",
       R"("address":"ada@example.org")", ""},
      {"user.add", R"({"address": "ada@example.org"})", R"({"error":"exists"})", ""},
      {"user.add", R"({"address": "ada@elsewhere.example"})", R"({"error":"invalid"})", "no such domain"},
      {"user.add", R"({"address": "ben@example.org", "status": "inactive", "add_addresses": ["b@example.org"]})",
       R"("addresses":["ben@example.org","b@example.org"],"name":"","tenant":"acme","status":"inactive")", ""},
      {"user.show", R"({"address": "ada@example.org"})",
       R"("quota":5368709120,"quota_messages":0,"protocols":["all"],"roles":[],"groups":[],"used":0,"items":0)", ""},
      {"user.set", R"({"address": "ada@example.org", "quota": null})",
       R"("own_quota":null,"quota":0,"quota_messages":0)", "back to the tenant's default"},
      {"user.set",
       R"({"address": "ada@example.org", "status": "suspended", "protocols": ["imap"], "roles": ["helpdesk"]})",
       R"("protocols":["imap"],"roles":["helpdesk"])", ""},
      {"user.set", R"({"address": "ada@example.org", "protocols": ["telnet"]})", R"({"error":"invalid"})", ""},
      {"user.set",
       R"({"address": "ada@example.org", "add_addresses": ["countess@example.org"], "primary": "countess@example.org"})",
       R"("address":"countess@example.org","addresses":["countess@example.org","ada@example.org"])", ""},
      {"user.set", R"({"address": "ada@example.org", "add_addresses": ["ben@example.org"]})", R"({"error":"exists"})",
       "another's address"},
      {"user.set", R"({"address": "ada@example.org", "add_addresses": ["ada@umbrella.example"]})", R"({"error":)",
       "another tenant's domain"},
      {"user.set", R"({"address": "ben@example.org", "remove_addresses": ["ben@example.org", "b@example.org"]})",
       R"({"error":"invalid"})", "the last one"},
      {"group.add", R"({"address": "team@example.org", "add_members": ["ada@example.org", "ben@example.org"]})",
       R"("members":["countess@example.org","ben@example.org"])", ""},
      {"group.add", R"({"address": "list@example.org", "add_members": ["nobody@example.org"]})",
       R"({"error":"not_found"})", ""},
      {"group.show", R"({"address": "list@example.org"})", R"({"error":"not_found"})", "a failed add leaves nothing"},
      {"group.set", R"({"address": "team@example.org", "remove_members": ["ben@example.org"]})",
       R"("members":["countess@example.org"])", ""},
      {"user.show", R"({"address": "ada@example.org"})", R"("groups":["team@example.org"])", ""},
      {"user.show", R"({"address": "team@example.org"})", R"({"error":"not_found"})", "it is a group"},
      {"resource.add", R"({"address": "hall@example.org", "kind": "room"})", R"("kind":"room")", ""},
      {"resource.add", R"({"address": "x@example.org", "kind": "user"})", R"({"error":"invalid"})", ""},
      {"shared.add", R"({"address": "info@example.org", "add_members": ["ada@example.org"]})", R"("kind":"shared")",
       ""},
      {"user.list", R"({"domain": "example.org"})", R"([{"id")", ""},
      {"user.remove", R"({"address": "ben@example.org"})", R"({"removed":"ben@example.org"})", ""},
      {"user.show", R"({"address": "b@example.org"})", R"({"error":"not_found"})", ""},
      {"user.preferences", R"({"address": "ada@example.org"})", R"("signatures":[])", ""},
      {"user.preferences", R"({"address": "team@example.org"})", R"({"error":"invalid"})", "groups set nothing"},
      {"folder.list", R"({"address": "ada@example.org"})", R"("path":"INBOX","role":"inbox")", ""},
      {"folder.list", R"({"address": "team@example.org"})", R"({"error":"invalid"})", "groups have no folders"},
      {"status", "", R"("running":false,"tenants":2,"domains":2)", ""},
      {"check", R"({"read_content": true})", R"("clean":true)", ""},
      {"no.such", "", R"({"error":"not_found"})", ""},
  };
  run_all(office, calls);
}

TEST(Admin, Passwords) {
  Office office;
  office.run("user.add", R"({"address": "ada@example.org"})");
  auto may_log_in = [&](std::string_view password) {
    return office.directory->authenticate("ada@example.org", password, directory::Protocol::imap).has_value();
  };
  EXPECT_FALSE(may_log_in(""));
  const Call calls[] = {
      {"user.passwd", R"({"address": "ada@example.org"})", R"({"error":"invalid"})", "no password"},
      {"user.passwd", R"({"address": "ada@example.org", "password": ""})", R"({"error":"invalid"})", "an empty one"},
      {"user.passwd", R"({"address": "ada@example.org", "password": "a", "password_hash": "b"})",
       R"({"error":"invalid"})", "both"},
      {"user.passwd", R"({"address": "ada@example.org", "password_hash": "{NOPE}x"})", R"({"error":"invalid"})",
       "an unknown form"},
      {"user.passwd", R"({"address": "ada@example.org", "password": "secret"})", R"({"changed":"ada@example.org"})",
       ""},
      {"user.add", R"({"address": "ben@example.org", "password_hash": "{NOPE}x"})", R"({"error":"invalid"})", ""},
      {"user.show", R"({"address": "ben@example.org"})", R"({"error":"not_found"})", "nothing was made"},
  };
  run_all(office, calls);
  EXPECT_TRUE(may_log_in("secret"));

  // base64 of sha1("other")
  office.run("user.passwd", R"({"address": "ada@example.org", "password_hash": "{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI="})");
  EXPECT_FALSE(may_log_in("secret"));
  EXPECT_TRUE(may_log_in("other"));

  auto made =
      office.run("user.app-password.add", R"({"address": "ada@example.org", "label": "phone", "protocols": ["imap"]})");
  std::string secret(made.at("secret").as_string());
  EXPECT_TRUE(may_log_in(secret));
  std::string listed =
      boost::json::serialize(office.run("user.app-password.list", R"({"address": "ada@example.org"})"));
  EXPECT_NE(listed.find("phone"), std::string::npos);
  EXPECT_EQ(listed.find(secret), std::string::npos);
  boost::json::object removal{{"address", "ada@example.org"}, {"id", made.at("id")}};
  office.run("user.app-password.remove", boost::json::serialize(removal));
  EXPECT_FALSE(may_log_in(secret));
}

TEST(Admin, VerbsOfOthers) {
  Office office;
  office.admin.add("echo", false, [](std::string_view text) -> Result<std::string> { return std::string(text); });
  EXPECT_EQ(office.admin.run("echo", "[1]").value(), "[1]");
}

TEST(Admin, OverHttp) {
  Office office;
  auto workers = std::make_unique<Workers>(2);
  net::TestServer server(net::http_session(routes(office.admin, *workers), 1 << 20));
  auto ask = [&](const std::string& method, const std::string& verb, const std::string& body) {
    net::ScriptPeer peer = server.connect();
    peer.send(method + " /admin/v1/" + verb + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
    return peer.receive_all();
  };
  EXPECT_TRUE(ask("POST", "tenant.show", R"({"name": "acme"})").starts_with("HTTP/1.1 200 "));
  std::string missing = ask("POST", "tenant.show", R"({"name": "nobody"})");
  EXPECT_TRUE(missing.starts_with("HTTP/1.1 404 ")) << missing;
  EXPECT_TRUE(missing.ends_with(R"({"error":{"code":"not_found","text":"There is no tenant nobody"}})")) << missing;
  EXPECT_TRUE(ask("GET", "tenant.list", "").starts_with("HTTP/1.1 405 "));
  EXPECT_TRUE(ask("POST", "tenant.add", R"({"name": "acme"})").starts_with("HTTP/1.1 409 "));
  EXPECT_TRUE(ask("POST", "nothing", "").starts_with("HTTP/1.1 404 "));
  // Sessions end, then the workers, then the runtime, whose loop a worker may just be leaving.
  server.stop();
  workers.reset();
}

}  // namespace
}  // namespace kontor::admin
