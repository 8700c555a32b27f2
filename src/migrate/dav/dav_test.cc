// SPDX-License-Identifier: AGPL-3.0-or-later
// Servers of DAV as they are: each test's server answers as one of them does.
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "migrate/dav/address.h"
#include "migrate/dav/client.h"
#include "migrate/dav/source.h"
#include "net/http_server.h"
#include "net/runtime.h"

namespace kontor::migrate {
namespace {

using Answer = std::function<net::HttpResponse(const net::HttpRequest&, const std::string& body)>;

Task<net::HttpResponse> answer_request(const Answer* answer, net::HttpRequest request, net::HttpBody& body) {
  auto text = co_await body.read_all(1 << 20);
  co_return (*answer)(request, text.value_or(""));
}

class OddServer {
 public:
  explicit OddServer(Answer answer) : answer_(std::move(answer)) {
    net::ListenerOptions listener;
    listener.name = "dav";
    listener.endpoints = {*net::parse_endpoint("127.0.0.1:0")};
    listener.tls = net::TlsMode::none;
    net::HttpRoute route;
    route.prefix = "/";
    route.handler = [this](net::HttpRequest request, net::HttpBody& body) {
      const std::lock_guard lock(mutex_);
      ++asked_[request.method + " " + request.path];
      return answer_request(&answer_, std::move(request), body);
    };
    const auto ends = runtime_.listen(listener, net::http_session({route}, 1 << 20), "");
    EXPECT_TRUE(ends);
    port = ends->front().port;
  }
  ~OddServer() { runtime_.stop(std::chrono::milliseconds(2000)); }
  OddServer(const OddServer&) = delete;
  OddServer& operator=(const OddServer&) = delete;

  int asked(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return asked_[what];
  }
  SourceOptions options(SourceKind kind = SourceKind::caldav, const std::string& path = "/cal/") const {
    SourceOptions out;
    out.kind = kind;
    out.host = "127.0.0.1";
    out.port = port;
    out.tls = SourceTls::none;
    out.path = path;
    SourceUser user;
    user.login = "ada";
    user.password = "secret";
    out.users.push_back(user);
    return out;
  }

  std::uint16_t port = 0;

 private:
  const Answer answer_;
  std::mutex mutex_;
  std::map<std::string, int> asked_;
  net::TlsContexts tls_;
  net::Limits limits_{net::LimitOptions()};
  net::Runtime runtime_{1, tls_, limits_};
};

net::HttpResponse plain(unsigned status, std::string text = {}) {
  net::HttpResponse out;
  out.status = status;
  out.body = std::move(text);
  return out;
}

net::HttpResponse multistatus(const std::string& inner) {
  auto out = plain(207, R"(<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"
      xmlns:CS="http://calendarserver.org/ns/">)" +
                            inner + "</multistatus>");
  out.content_type = "application/xml";
  return out;
}

std::string response(const std::string& href, const std::string& properties) {
  return "<response><href>" + href + "</href><propstat><prop>" + properties +
         "</prop><status>HTTP/1.1 200 OK</status></propstat></response>";
}

std::string gone(const std::string& href, const std::string& status = "404 Not Found") {
  return "<response><href>" + href + "</href><status>HTTP/1.1 " + status + "</status></response>";
}

const std::string kCalendarType = "<resourcetype><collection/><C:calendar/></resourcetype>";

struct DavListed {
  std::vector<SourceItem> items;
  FolderPass pass;
};

struct DavUser {
  explicit DavUser(const SourceOptions& options) : source(*open_dav_source(options)) {}
  Result<std::vector<SourceFolder>> folders() {
    TRY(session, source->open({"ada", "ada"}));
    return session->folders();
  }
  Result<DavListed> list(const SourceFolder& folder, const FolderState& state = "") const {
    DavListed out;
    TRY(out.pass, session->list(folder, state, [&](const SourceItem& item) -> Result<void> {
      out.items.push_back(item);
      return {};
    }));
    return out;
  }
  Result<std::string> fetch(const SourceFolder& folder, const SourceItem& item) const {
    std::string out;
    TRY_VOID(session->fetch(folder, item, [&](std::string_view piece) -> Result<void> {
      out += piece;
      return {};
    }));
    return out;
  }
  std::unique_ptr<Source> source;
  std::unique_ptr<SourceSession> session;
};

TEST(DavAddress, ResolvesWhatServersWrite) {
  struct Case {
    const char *base, *reference, *want;
  };
  const Case cases[] = {
      {"https://h/a/b/", "/c d/\xc3\xbc", "https://h/c%20d/%C3%BC"},
      {"https://h/a/b/", "x.ics", "https://h/a/b/x.ics"},
      {"https://h/a/b/", "https://p01.h:443/c/", "https://p01.h/c/"},
      {"https://h/a/", "/c%2Fd/", "https://h/c%2Fd/"},
      {"http://[::1]:5232/a/", "../b/", "http://[::1]:5232/b/"},
      {"https://h/a/", "mailto:x@y", ""},
      {"https://h/a/", "file:///etc/passwd", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(resolve_url(c.base, c.reference).value_or(""), c.want) << c.reference;
  EXPECT_EQ(path_of_url("https://h:1/a%20b/%C3%BC%2fc?x#y"), "/a b/\xc3\xbc%2Fc");
  EXPECT_EQ(path_of_url("https://h"), "/");
  EXPECT_EQ(path_of_url("/100%"), "/100%");
}

TEST(DavAddress, SaysWhereTheLoginMayBeSent) {
  struct Case {
    const char *origin, *url;
    bool may;
  };
  const Case cases[] = {
      {"https://caldav.example.org", "https://caldav.example.org/x", true},
      {"https://caldav.example.org", "http://caldav.example.org/x", false},
      {"https://caldav.example.org", "https://caldav.example.org:8443/x", true},
      {"https://caldav.example.org", "https://p42.example.org/x", true},
      {"https://caldav.example.org", "https://example.org/x", true},
      {"https://caldav.example.org", "https://elsewhere.org/x", false},
      {"https://caldav.example.org", "https://badexample.org/x", false},
      {"https://caldav.example.org", "https://caldav.example.org@elsewhere.org/x", false},
      {"https://example.org", "https://dav.example.org/x", true},
      {"https://example.org", "https://other.org/x", false},
      {"https://10.0.0.1", "https://9.0.0.1/x", false},
      {"http://127.0.0.1:80", "http://127.0.0.1:81/x", false},
      {"http://127.0.0.1:80", "https://127.0.0.1/x", true},
  };
  for (const auto& c : cases) EXPECT_EQ(may_log_in_at(c.origin, c.url), c.may) << c.origin << " " << c.url;
}

TEST(DavAddress, SaysWhoLogsIn) {
  SourceOptions options;
  options.host = "h";
  EXPECT_EQ(dav_origin(options), "https://h");
  options.port = 8443;
  options.server_name = "dav.example.org";
  EXPECT_EQ(dav_origin(options), "https://dav.example.org:8443");
  SourceUser user;
  user.login = "ada";
  user.password = "own";
  EXPECT_EQ(dav_login(user, options).password, "own");
  options.master_user = "root";
  options.master_password = "master";
  EXPECT_EQ(dav_login(user, options).name, "ada*root");
  options.master_style = MasterStyle::authzid;
  EXPECT_EQ(dav_login(user, options).name, "root");
}

TEST(DavSource, GoesFromThePlaceThatIsKnownToTheHome) {
  OddServer server([](const net::HttpRequest& request, const std::string&) {
    if (request.path == "/.well-known/caldav") {
      auto out = plain(301);
      out.headers.emplace_back("Location", "/dav");
      return out;
    }
    if (request.path == "/dav")
      return multistatus(response("/dav/", "<current-user-principal><href>/p/ada/</href></current-user-principal>"));
    if (request.path == "/p/ada/")
      return multistatus(response("/p/ada/", "<C:calendar-home-set><href>/home/</href></C:calendar-home-set>"));
    if (request.path != "/home/" || request.header("depth") != "1") return plain(404);
    return multistatus(
        response("/home/", "<resourcetype><collection/></resourcetype>") +
        response("/home/inbox/",
                 "<resourcetype><collection/><C:schedule-inbox/></resourcetype>"
                 "<C:schedule-default-calendar-URL><href>/home/b/</href></C:schedule-default-calendar-URL>") +
        response("/home/a/", kCalendarType + "<displayname>A/1</displayname>") +
        response("/home/b/", kCalendarType + "<displayname>B</displayname><owner><href>/p/ada</href></owner>") +
        response("/home/shared/", kCalendarType + "<owner><href>/p/ben/</href></owner>"));
  });
  DavUser user(server.options(SourceKind::caldav, ""));
  const auto folders = user.folders();
  ASSERT_TRUE(folders) << folders.error().text;
  ASSERT_EQ(folders->size(), 2u) << "what is another's stays behind";
  EXPECT_EQ((*folders)[0].path, SourcePath{"A\xe2\x88\x95"
                                           "1"});
  EXPECT_EQ((*folders)[1].role, "calendar");
  EXPECT_EQ((*folders)[1].key, "/home/b/");
  EXPECT_EQ((*folders)[1].properties.at("dav.name"), "b");
}

// A server without sync-collection, with change tags; names percent-encoded in its own way.
TEST(DavSource, ListsByTagsWhereThereIsNothingBetter) {
  std::string tag = "1";
  OddServer server([&](const net::HttpRequest& request, const std::string& body) {
    if (request.method == "REPORT" && body.contains("sync-collection")) return plain(501);
    if (request.header("depth") == "0")
      return multistatus(response("/cal/", kCalendarType + "<CS:getctag>" + tag + "</CS:getctag>"));
    return multistatus(response("/cal/", kCalendarType) + response("/cal/%61%40b.ics", "<getetag>W/\"1\"</getetag>") +
                       response("http://elsewhere/cal/\xc3\xbc x.ics",
                                "<getetag>\"2\"</getetag><getcontentlength>7</getcontentlength>") +
                       response("/cal/sub/", "<resourcetype><collection/></resourcetype>") + gone("/cal/g.ics") +
                       response("/other/x.ics", "<getetag>\"3\"</getetag>"));
  });
  DavUser user(server.options());
  const auto folders = user.folders();
  ASSERT_TRUE(folders) << folders.error().text;
  const auto first = user.list((*folders)[0]);
  ASSERT_TRUE(first) << first.error().text;
  ASSERT_EQ(first->items.size(), 2u);
  EXPECT_EQ(first->items[0].key, "a@b.ics");
  EXPECT_EQ(first->items[0].fingerprint, "W/\"1\"");
  EXPECT_EQ(first->items[1].key, "\xc3\xbc x.ics");
  EXPECT_FALSE(first->pass.is_delta);
  const auto second = user.list((*folders)[0], first->pass.state);
  EXPECT_TRUE(second->pass.unchanged);
  tag = "2";
  const auto again = user.folders();
  EXPECT_EQ(user.list((*again)[0], first->pass.state)->items.size(), 2u);
}

TEST(DavSource, FollowsTokensAndTheirEnds) {
  int part = 0;
  OddServer server([&](const net::HttpRequest& request, const std::string& body) {
    if (request.method == "PROPFIND")
      return multistatus(response("/cal/", kCalendarType + "<sync-token>t9</sync-token>"));
    if (body.contains("<D:sync-token>old</D:sync-token>"))
      return plain(403, "<error xmlns='DAV:'><valid-sync-token/></error>");
    if (body.contains("<D:sync-token>t9</D:sync-token>"))
      return multistatus(response("/cal/c.ics", "<getetag>\"4\"</getetag>") + gone("/cal/a.ics") +
                         "<sync-token>t10</sync-token>");
    if (body.contains("<D:sync-token>t10</D:sync-token>")) return multistatus("<sync-token>t10</sync-token>");
    // All, in two parts.
    if (part++ % 2 == 0)
      return multistatus(response("/cal/a.ics", "<getetag>\"1\"</getetag>") +
                         gone("/cal/", "507 Insufficient Storage") + "<sync-token>half</sync-token>");
    return multistatus(response("/cal/b.ics", "<getetag>\"2\"</getetag>") + "<sync-token>t9</sync-token>");
  });
  DavUser user(server.options());
  const auto folders = user.folders();
  ASSERT_TRUE(folders) << folders.error().text;
  const auto all = user.list((*folders)[0]);
  ASSERT_TRUE(all) << all.error().text;
  EXPECT_EQ(all->items.size(), 2u);
  EXPECT_FALSE(all->pass.is_delta);
  const auto delta = user.list((*folders)[0], all->pass.state);
  ASSERT_TRUE(delta);
  EXPECT_TRUE(delta->pass.is_delta);
  ASSERT_EQ(delta->items.size(), 1u);
  EXPECT_EQ(delta->items[0].key, "c.ics");
  EXPECT_EQ(delta->pass.vanished, std::vector<std::string>{"a.ics"});
  EXPECT_TRUE(user.list((*folders)[0], delta->pass.state)->pass.unchanged);
  const auto lost = user.list((*folders)[0], "dav1 token old");
  ASSERT_TRUE(lost);
  EXPECT_FALSE(lost->pass.is_delta) << "a token that the server forgot: all is listed";
  EXPECT_EQ(lost->items.size(), 2u);
}

TEST(DavSource, WhatCannotBeToldOfHasNotVanished) {
  std::string last = gone("/cal/gone.ics");
  OddServer server([&](const net::HttpRequest& request, const std::string&) {
    if (request.header("depth") == "0") return multistatus(response("/cal/", kCalendarType));
    return multistatus(response("/cal/a.ics", "<getetag>\"1\"</getetag>") +
                       gone("/cal/b.ics", "500 Internal Server Error") + last);
  });
  DavUser user(server.options());
  const auto folders = user.folders();
  ASSERT_TRUE(folders) << folders.error().text;
  const auto listed = user.list((*folders)[0]);
  ASSERT_TRUE(listed) << listed.error().text;
  ASSERT_EQ(listed->items.size(), 2u);
  EXPECT_EQ(listed->items[1].key, "b.ics");
  last = gone("/cal/", "507 Insufficient Storage");
  EXPECT_FALSE(user.list((*folders)[0])) << "only a part of it";
}

SourceItem dav_item(const std::string& key) {
  SourceItem item;
  item.key = key;
  return item;
}

TEST(DavSource, FetchesManyAtOnceAndAloneWhatDoesNotCome) {
  OddServer server([](const net::HttpRequest& request, const std::string& body) {
    if (request.method == "PROPFIND") return multistatus(response("/cal/", kCalendarType));
    if (request.method == "GET" && request.path == "/cal/alone.ics") return plain(200, "BEGIN:VCALENDAR\nX:alone\n");
    if (request.method == "GET") return plain(request.path == "/cal/secret.ics" ? 403 : 404, "<b>no</b> way");
    if (!body.contains("calendar-multiget")) return plain(400);
    return multistatus(
        response("/cal/a%20b.ics",
                 "<C:calendar-data>\n  BEGIN:VCALENDAR\nX:&lt;a&gt;&#13;\nEND:VCALENDAR\n  </C:calendar-data>") +
        response("/cal/b.ics", "<C:calendar-data><![CDATA[BEGIN:VCALENDAR\r\nX:b]]></C:calendar-data>") +
        gone("/cal/gone.ics"));
  });
  DavUser user(server.options());
  const auto folder = (*user.folders())[0];
  std::vector<SourceItem> items;
  for (const char* key : {"a b.ics", "b.ics", "gone.ics", "alone.ics", "secret.ics"}) items.push_back(dav_item(key));
  user.session->announce(folder, items);
  EXPECT_EQ(user.fetch(folder, items[0]).value_or(""), "BEGIN:VCALENDAR\r\nX:<a>\r\nEND:VCALENDAR\r\n");
  EXPECT_EQ(user.fetch(folder, items[1]).value_or(""), "BEGIN:VCALENDAR\r\nX:b");
  EXPECT_EQ(user.fetch(folder, items[2]).error().code, Errc::not_found);
  EXPECT_EQ(user.fetch(folder, items[3]).value_or(""), "BEGIN:VCALENDAR\r\nX:alone\r\n");
  const auto secret = user.fetch(folder, items[4]);
  EXPECT_EQ(secret.error().code, Errc::invalid);
  EXPECT_NE(secret.error().text.find("403 Forbidden: no way"), std::string::npos) << secret.error().text;
}

TEST(DavSource, BringsManagedAttachmentsOfItsOwnServer) {
  std::string origin;
  bool is_there = true;
  const auto event = [&] {
    const std::string here = origin + "/files/1/a%20b.txt";
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:p\r\nBEGIN:VEVENT\r\nUID:u\r\nATTACH;MANAGED-ID=1:" + here +
           "\r\nATTACH;MANAGED-ID=1;FILENAME=again.txt:" + here + "\r\nATTACH:" + here +
           "\r\nATTACH;MANAGED-ID=2;FILENAME=gone:" + origin +
           "/gone\r\nATTACH;MANAGED-ID=3:https://other.example/x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
  };
  OddServer server([&](const net::HttpRequest& request, const std::string&) {
    if (request.method == "PROPFIND") return multistatus(response("/cal/", kCalendarType));
    if (request.path == "/cal/e.ics") return plain(200, event());
    if (request.path == "/gone") return plain(410);
    return is_there ? plain(200, "the file") : plain(500, "not now");
  });
  origin = "http://127.0.0.1:" + std::to_string(server.port);
  DavUser user(server.options());
  const auto folder = (*user.folders())[0];
  std::string text;
  std::vector<std::string> files;
  const auto fetch = [&] {
    text.clear();
    files.clear();
    return user.session->fetch_with_files(
        folder, dav_item("e.ics"),
        [&](std::string_view piece) -> Result<void> {
          text += piece;
          return {};
        },
        [&](const auto& give) -> Result<TakenFile> {
          std::string bytes;
          TRY_VOID(give([&](std::string_view piece) -> Result<void> {
            bytes += piece;
            return {};
          }));
          files.push_back(bytes);
          return TakenFile{"ni:///taken", bytes.size()};
        });
  };
  ASSERT_TRUE(fetch());
  EXPECT_EQ(files, std::vector<std::string>{"the file"}) << "once";
  EXPECT_NE(text.find("ATTACH;FILENAME=a b.txt;SIZE=8:ni:///taken\r\nATTACH;FILENAME=again.txt;SIZE=8:ni:///taken\r\n"
                      "ATTACH:" +
                      origin),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("MANAGED-ID=2;FILENAME=gone:" + origin + "/gone"), std::string::npos) << text;
  EXPECT_NE(text.find("MANAGED-ID=3:https://other.example/x"), std::string::npos);
  EXPECT_EQ(user.session->losses().size(), 1u);
  is_there = false;
  const auto later = fetch();
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, Errc::invalid) << "the item waits for what may come";
  EXPECT_NE(later.error().text.find("a b.txt"), std::string::npos) << later.error().text;
}

TEST(DavSource, DoesWithoutMultiget) {
  OddServer server([](const net::HttpRequest& request, const std::string& body) {
    if (request.method == "PROPFIND") return multistatus(response("/cal/", kCalendarType));
    if (request.method == "REPORT") {
      // One content that XML cannot say.
      if (body.contains("bell.ics"))
        return multistatus(response("/cal/bell.ics", "<C:calendar-data>BEGIN:\x07</C:calendar-data>"));
      return plain(405);
    }
    return plain(200, "BEGIN:" + request.path + "\r\n");
  });
  DavUser user(server.options());
  const auto folder = (*user.folders())[0];
  const std::vector<SourceItem> broken{dav_item("bell.ics"), dav_item("x.ics")},
      more{dav_item("y.ics"), dav_item("z.ics")};
  for (const auto& some : {broken, more, more}) {
    user.session->announce(folder, some);
    for (const auto& item : some) EXPECT_EQ(user.fetch(folder, item).value_or(""), "BEGIN:/cal/" + item.key + "\r\n");
  }
  EXPECT_EQ(server.asked("REPORT /cal/"), 2) << "not asked again once it said that it has none";
}

TEST(DavSource, WaitsWhereItIsAskedTo) {
  OddServer server([](const net::HttpRequest&, const std::string&) {
    auto out = plain(503);
    out.headers.emplace_back("Retry-After", "7");
    return out;
  });
  DavUser user(server.options());
  const auto folders = user.folders();
  ASSERT_FALSE(folders);
  EXPECT_EQ(folders.error().code, Errc::unavailable);
  EXPECT_EQ(suggested_back_off(folders.error()), std::chrono::milliseconds(7000));
}

TEST(DavSource, IsNotLedAstray) {
  std::string location;
  OddServer server([&](const net::HttpRequest&, const std::string&) {
    auto out = plain(302);
    out.headers.emplace_back("Location", location);
    return out;
  });
  for (const char* to : {"http://elsewhere.example/cal/", "file:///etc/passwd", "/cal/"}) {
    location = to;
    DavUser user(server.options());
    EXPECT_FALSE(user.folders()) << to;
  }
  EXPECT_LT(server.asked("PROPFIND /cal/"), 20) << "round in circles only for a while";
}

TEST(DavSource, TellsNobodyElseThePassword) {
  OddServer other([](const net::HttpRequest&, const std::string&) { return plain(404); });
  const auto there = "http://127.0.0.1:" + std::to_string(other.port) + "/p/";
  OddServer server([&](const net::HttpRequest&, const std::string&) {
    return multistatus(response(
        "/cal/", "<current-user-principal><href>" + there + "</href></current-user-principal><resourcetype/>"));
  });
  DavUser user(server.options());
  const auto folders = user.folders();
  ASSERT_FALSE(folders);
  EXPECT_EQ(folders.error().code, Errc::denied);
  EXPECT_EQ(other.asked("PROPFIND /p/"), 0);
}

TEST(DavSource, SaysNoToWhatMakesNoSense) {
  const auto bad = [](auto change) {
    SourceOptions options;
    options.kind = SourceKind::caldav;
    options.host = "h";
    SourceUser user;
    user.login = "ada";
    user.password = "x";
    options.users.push_back(user);
    change(options);
    return !open_dav_source(options);
  };
  EXPECT_FALSE(bad([](SourceOptions&) {}));
  EXPECT_TRUE(bad([](SourceOptions& o) { o.host.clear(); }));
  EXPECT_TRUE(bad([](SourceOptions& o) { o.users.clear(); }));
  EXPECT_TRUE(bad([](SourceOptions& o) { o.users[0].password.clear(); }));
  EXPECT_TRUE(bad([](SourceOptions& o) { o.tls = SourceTls::starttls; }));
  EXPECT_TRUE(bad([](SourceOptions& o) {
    o.path = "/%u/";
    o.users[0].login = "../ben";
  }));
}

TEST(DavSource, ReadsTreesOfFiles) {
  OddServer server([](const net::HttpRequest& request, const std::string& body) {
    if (request.method == "GET") return plain(200, "bare\nlines\n");
    const bool lists_items = body.contains("getetag");
    const std::string directory = "<resourcetype><collection/></resourcetype>";
    if (request.path == "/files/")
      return multistatus(
          response("/files/", directory) + response("/files/a%20dir", directory) +
          response("/files/x.bin", lists_items ? "<getetag>\"e\"</getetag><getcontentlength>11</getcontentlength>"
                                                 "<getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</getlastmodified>"
                                               : "<resourcetype/>"));
    if (request.path == "/files/a dir/") return multistatus(response("/files/a%20dir/", directory));
    return plain(404);
  });
  DavUser user(server.options(SourceKind::webdav, "/files"));
  const auto folders = user.folders();
  ASSERT_TRUE(folders) << folders.error().text;
  ASSERT_EQ(folders->size(), 2u);
  EXPECT_EQ((*folders)[0].role, "files");
  EXPECT_EQ((*folders)[1].path, (SourcePath{"Files", "a dir"}));
  const auto listed = user.list((*folders)[0]);
  ASSERT_TRUE(listed) << listed.error().text;
  ASSERT_EQ(listed->items.size(), 1u);
  EXPECT_EQ(listed->items[0].date.at.time_since_epoch().count(), 784111777);
  EXPECT_EQ(listed->items[0].announced_size, 11u);
  EXPECT_EQ(user.fetch((*folders)[0], listed->items[0]).value_or(""), "bare\nlines\n");
}

}  // namespace
}  // namespace kontor::migrate
