// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/http_server.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <thread>

#include "net/script_stream.h"

namespace kontor::net {
namespace {

using namespace std::chrono_literals;

Task<HttpResponse> echo_body(HttpRequest request, HttpBody& body) {
  auto all = co_await body.read_all(4 << 20);
  HttpResponse response;
  if (!all) {
    response.status = 413;
    co_return response;
  }
  response.body = request.method + " " + request.path + " " + request.query + " " + *all;
  co_return response;
}

// Reads nothing of the body.
Task<HttpResponse> forbid(HttpRequest, HttpBody&) {
  HttpResponse response;
  response.status = 403;
  response.body = "no\n";
  response.headers.emplace_back("X-Evil", "a\r\nSet-Cookie: b");
  co_return response;
}

Task<HttpResponse> count_down(HttpRequest, HttpBody&) {
  HttpResponse response;
  response.body = "go:";
  response.more = [left = std::make_shared<int>(3)]() -> Task<std::string> {
    co_return *left == 0 ? std::string() : std::to_string((*left)--);
  };
  co_return response;
}

Task<HttpResponse> count_down_known(HttpRequest request, HttpBody& body) {
  HttpResponse response = co_await count_down(std::move(request), body);
  response.length = 6;
  co_return response;
}

Task<HttpResponse> throw_up(HttpRequest, HttpBody&) {
  throw std::logic_error("secret detail");
  co_return HttpResponse{};
}

Task<HttpResponse> no_content(HttpRequest, HttpBody&) {
  HttpResponse response;
  response.status = 204;
  co_return response;
}

constexpr std::size_t kLongText = 500'000;

// "/text/..." by its last word.
Task<HttpResponse> tell(HttpRequest request, HttpBody&) {
  HttpResponse response;
  const std::string word = request.path.substr(request.path.rfind('/') + 1);
  response.content_type = word == "picture" ? "image/png" : "application/xml; charset=utf-8";
  while (response.body.size() < 2000) response.body += "<response>" + std::to_string(response.body.size());
  if (word == "short") response.body.resize(1000);
  if (word == "strong") response.headers.emplace_back("ETag", "\"a\"");
  if (word == "weak") response.headers.emplace_back("ETag", "W/\"a\"");
  if (word == "long" || word == "streamed") {
    while (response.body.size() < kLongText) response.body += "<response>" + std::to_string(response.body.size());
  }
  if (word == "streamed") {
    auto rest = std::make_shared<std::string>(std::move(response.body));
    response.body.clear();
    response.more = [rest]() -> Task<std::string> {
      std::string piece = rest->substr(0, 1000);
      rest->erase(0, 1000);
      co_return piece;
    };
  }
  co_return response;
}

std::vector<HttpRoute> test_routes() {
  return {{"/", forbid},        {"/echo/", echo_body}, {"/exact", echo_body, {"GET", "PUT"}}, {"/count", count_down},
          {"/throw", throw_up}, {"/none", no_content}, {"/known", count_down_known}};
}

// One response; the body by its length, or by its chunks undone.
struct Answer {
  unsigned status = 0;
  std::string head;
  std::string body;
};

Answer read_answer(ScriptPeer& peer, bool is_head = false) {
  Answer out;
  out.head = peer.receive_until("\r\n\r\n");
  out.status = static_cast<unsigned>(std::stoi(out.head.substr(9, 3)));
  std::size_t length = out.head.find("Content-Length: ");
  if (is_head) return out;
  if (length != std::string::npos) {
    out.body = peer.receive_exactly(std::stoul(out.head.substr(length + 16)));
  } else if (out.head.find("Transfer-Encoding: chunked") != std::string::npos) {
    for (;;) {
      std::size_t size = std::stoul(peer.read_line(), nullptr, 16);
      std::string piece = peer.receive_exactly(size + 2);
      if (size == 0) break;
      out.body += piece.substr(0, size);
    }
  }
  return out;
}

const std::string kHost = " HTTP/1.1\r\nHost: a\r\n";

TEST(Http, AnswersOneConnectionWithManyRequests) {
  TestServer server(http_session(test_routes(), 4 << 20));
  ScriptPeer peer = server.connect();
  struct Case {
    std::string request;
    unsigned status;
    std::string body;
    const char* why;
  } cases[] = {
      {"GET /echo/x%20y?q=1" + kHost + "\r\n", 200, "GET /echo/x y q=1 ", "path and query"},
      {"POST /echo/" + kHost + "Content-Length: 5\r\n\r\nhello", 200, "POST /echo/  hello", "counted"},
      {"POST /echo/" + kHost + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 200,
       "POST /echo/  hello", "chunked"},
      {"\r\nGET /echo" + kHost + "\r\n", 403, "no\n", "an empty line before; not below /echo/"},
      {"GET /exact" + kHost + "\r\n", 200, "GET /exact  ", "exactly the prefix"},
      {"GET /exact/below" + kHost + "\r\n", 200, "GET /exact/below  ", "below the prefix"},
      {"GET /exactly" + kHost + "\r\n", 403, "no\n", "another word"},
      {"POST /exact" + kHost + "Content-Length: 3\r\n\r\nabc", 405, "This method is not for this place.\n", "method"},
      {"POST /" + kHost + "Content-Length: 3\r\n\r\nabc", 403, "no\n", "a body that nobody read"},
      {"GET /count" + kHost + "\r\n", 200, "go:321", "streamed"},
      {"GET /none" + kHost + "\r\n", 204, "", "no content"},
      {"GET http://a/echo/" + kHost + "\r\n", 200, "GET /echo/  ", "absolute form"},
  };
  for (const Case& c : cases) {
    peer.send(c.request);
    Answer answer = read_answer(peer);
    EXPECT_EQ(answer.status, c.status) << c.why;
    EXPECT_EQ(answer.body, c.body) << c.why;
    EXPECT_EQ(answer.head.find("Connection: close"), std::string::npos) << c.why;
    EXPECT_EQ(answer.head.find("\r\nSet-Cookie"), std::string::npos) << "no header from a value";
  }
  // Pipelined.
  std::string all;
  for (const Case& c : cases) all += c.request;
  peer.send(all);
  for (const Case& c : cases) EXPECT_EQ(read_answer(peer).body, c.body) << c.why;
}

TEST(Http, HeadHasTheLengthButNoBody) {
  TestServer server(http_session(test_routes(), 1000));
  ScriptPeer peer = server.connect();
  peer.send("HEAD /echo/" + kHost + "\r\nHEAD /count" + kHost + "\r\nGET /echo/" + kHost + "Connection: close\r\n\r\n");
  EXPECT_NE(read_answer(peer, true).head.find("Content-Length: 13\r\n"), std::string::npos);
  EXPECT_EQ(read_answer(peer, true).status, 200u);
  Answer last = read_answer(peer);
  EXPECT_EQ(last.body, "GET /echo/  ");
  EXPECT_NE(last.head.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(peer.is_closed());
}

TEST(Http, RefusesAndCloses) {
  TestServer server(http_session(test_routes(), 1000));
  struct Case {
    std::string request;
    unsigned status;
  } cases[] = {
      {"nonsense\r\n\r\n", 400},
      {"GET /" + kHost + "X: " + std::string(40'000, 'x') + "\r\n\r\n", 431},
      {"GET /" + std::string(9000, 'x') + kHost + "\r\n", 414},
      {"POST /echo/" + kHost + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x'), 413},
      {"POST /echo/" + kHost + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n",
       413},
      {"POST /echo/" + kHost + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST /echo/" + kHost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"GET /echo/../none" + kHost + "\r\n", 400},
      {"GET /throw" + kHost + "\r\n", 500},
  };
  for (const Case& c : cases) {
    ScriptPeer peer = server.connect();
    peer.send(c.request);
    Answer answer = read_answer(peer);
    EXPECT_EQ(answer.status, c.status) << c.request.substr(0, 60);
    EXPECT_NE(answer.head.find("Connection: close"), std::string::npos);
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  }
}

TEST(Http, AnUnroutedPathIsNotFound) {
  TestServer server(http_session({{"/only", echo_body}}, 1000));
  ScriptPeer peer = server.connect();
  peer.send("GET /other" + kHost + "\r\n");
  EXPECT_EQ(read_answer(peer).status, 404u);
}

TEST(Http, TellsTheLengthOfWhatIsStreamedWhereItIsKnown) {
  TestServer server(http_session(test_routes(), 1000));
  ScriptPeer peer = server.connect();
  peer.send("GET /known" + kHost + "\r\n");
  const Answer answer = read_answer(peer);
  EXPECT_EQ(answer.body, "go:321");
  EXPECT_NE(answer.head.find("Content-Length: 6\r\n"), std::string::npos) << answer.head;
  EXPECT_EQ(answer.head.find("chunked"), std::string::npos) << answer.head;
  ScriptPeer other = server.connect();
  other.send("HEAD /known" + kHost + "Connection: close\r\n\r\n");
  const std::string all = other.receive_all();
  EXPECT_NE(all.find("Content-Length: 6\r\n"), std::string::npos) << all;
  EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
}

TEST(Http, SpeaksWithOldClients) {
  TestServer server(http_session(test_routes(), 1000));
  ScriptPeer peer = server.connect();
  peer.send("GET /count HTTP/1.0\r\n\r\n");
  std::string all = peer.receive_all();
  EXPECT_TRUE(all.ends_with("\r\n\r\ngo:321")) << all;
  ScriptPeer keeping = server.connect();
  keeping.send("GET /exact HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /exact HTTP/1.0\r\n\r\n");
  EXPECT_NE(read_answer(keeping).head.find("Connection: keep-alive"), std::string::npos);
  EXPECT_EQ(read_answer(keeping).status, 200u);
  EXPECT_TRUE(keeping.is_closed());
}

TEST(Http, ContinuesOnlyWhenTheBodyIsWanted) {
  TestServer server(http_session(test_routes(), 1000));
  ScriptPeer wanted = server.connect();
  wanted.send("PUT /exact" + kHost + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(wanted.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wanted.send("abc");
  EXPECT_EQ(read_answer(wanted).body, "PUT /exact  abc");
  ScriptPeer unwanted = server.connect();
  unwanted.send("PUT /" + kHost + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  Answer answer = read_answer(unwanted);
  EXPECT_EQ(answer.status, 403u);
  EXPECT_NE(answer.head.find("Connection: close"), std::string::npos);
}

TEST(Http, TimeIsBounded) {
  HttpTimes times;
  times.idle = 300ms;
  times.head = 300ms;
  times.body = 300ms;
  TestServer server(http_session(test_routes(), 1000, times));
  auto begin = std::chrono::steady_clock::now();
  ScriptPeer slow_head = server.connect();
  for (char c : std::string("GET / HTT")) {  // a drop now and then does not keep it alive
    slow_head.send(std::string(1, c));
    std::this_thread::sleep_for(25ms);
  }
  EXPECT_EQ(read_answer(slow_head).status, 408u);
  ScriptPeer slow_body = server.connect();
  slow_body.send("PUT /exact" + kHost + "Content-Length: 3\r\n\r\nab");
  EXPECT_TRUE(slow_body.is_closed());
  ScriptPeer idle = server.connect();
  idle.send("GET /exact" + kHost + "\r\n");
  EXPECT_EQ(read_answer(idle).status, 200u);
  EXPECT_TRUE(idle.is_closed());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

// Sends a byte every 25 ms until the server hangs up; false if it lets that go on.
bool ends_a_trickle(ScriptPeer& peer, std::chrono::milliseconds patience) {
  for (auto begin = std::chrono::steady_clock::now(); std::chrono::steady_clock::now() - begin < patience;) {
    if (!peer.socket().write("x")) return true;
    std::this_thread::sleep_for(25ms);
  }
  return false;
}

TEST(Http, ABodyThatTricklesDoesNotHoldTheConnection) {
  HttpTimes times;
  times.body = 300ms;
  TestServer server(http_session(test_routes(), 1 << 20, times));
  struct Case {
    std::string request;
    std::chrono::seconds patience;
    const char* why;
  } cases[] = {
      {"POST /echo/" + kHost + "Content-Length: 60000\r\n\r\n", 5s, "wanted and counted"},
      {"POST /echo/" + kHost + "Transfer-Encoding: chunked\r\n\r\n1;", 5s, "a long chunk extension"},
      {"POST /" + kHost + "Content-Length: 60000\r\n\r\n", 20s, "not wanted: two seconds, and two after the answer"},
  };
  for (const Case& c : cases) {
    ScriptPeer peer = server.connect();
    peer.send(c.request);
    EXPECT_TRUE(ends_a_trickle(peer, c.patience)) << c.why;
  }
  ScriptPeer told = server.connect();
  told.send("POST /" + kHost + "Content-Length: 3\r\n\r\nab");
  Answer answer = read_answer(told);
  EXPECT_EQ(answer.status, 403u) << "the answer comes although the body does not";
  EXPECT_NE(answer.head.find("Connection: close"), std::string::npos);
}

TEST(Http, CarriesMegabytesBothWays) {
  TestServer server(http_session(test_routes(), 4 << 20));
  ScriptPeer peer = server.connect();
  std::string megabyte;
  for (unsigned i = 0; megabyte.size() < 1u << 20; ++i) megabyte += static_cast<char>(i * 2654435761u >> 24);
  for (int i = 0; i < 3; ++i) {
    peer.send("POST /echo/" + kHost + "Content-Length: 1048576\r\n\r\n" + megabyte);
    EXPECT_TRUE(read_answer(peer).body == "POST /echo/  " + megabyte);
  }
}

// Gives 64 KiB for ever, and counts.
struct Firehose {
  std::atomic<std::size_t> given = 0;
};
Task<std::string> gush(Firehose* hose) {
  hose->given += 64 << 10;
  co_return std::string(64 << 10, 'x');
}

TEST(Http, ASlowReaderHoldsTheSourceBack) {
  Firehose hose;
  auto handler = [&hose](HttpRequest, HttpBody&) -> Task<HttpResponse> {
    HttpResponse response;
    response.more = [h = &hose] { return gush(h); };
    co_return response;
  };
  TestServer server(http_session({{"/", handler}}, 0));
  ScriptPeer peer = server.connect();
  peer.send("GET /" + kHost + "\r\n");
  peer.receive_exactly(1000);
  std::size_t before = 0;
  for (int i = 0, still = 0; i < 400 && still < 20; ++i) {  // until the kernel's buffers are full
    std::this_thread::sleep_for(50ms);
    const std::size_t now = hose.given;
    still = std::exchange(before, now) == now && now > 0 ? still + 1 : 0;
  }
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(hose.given, before) << "nothing more is asked for while nobody reads";
  EXPECT_LT(before, 64u << 20);
  std::size_t target = before + (1 << 20);
  for (int i = 0; i < 1000 && hose.given < target; ++i) peer.receive_exactly(64 << 10);
  EXPECT_GE(hose.given, target) << "and it goes on when somebody does";
}

// Reads one piece, then waits to be told.
struct SlowTaker {
  std::atomic<bool> may_go_on = false;
  std::atomic<std::size_t> taken = 0;
};
Task<HttpResponse> take_slowly(HttpBody& body, SlowTaker* taker) {
  for (;;) {
    std::string piece = co_await body.read();
    if (piece.empty()) break;
    taker->taken += piece.size();
    while (!taker->may_go_on) std::this_thread::sleep_for(1ms);  // the only connection of this loop
  }
  co_return HttpResponse{};
}

TEST(Http, ASlowHandlerHoldsTheSenderBack) {
  SlowTaker taker;
  auto handler = [&taker](HttpRequest, HttpBody& body) { return take_slowly(body, &taker); };
  TestServer server(http_session({{"/", handler}}, 256 << 20));
  ScriptPeer peer = server.connect();
  std::size_t total = 64 << 20;
  std::atomic<std::size_t> sent = 0;
  std::thread sender([&] {
    peer.send("POST /" + kHost + "Content-Length: " + std::to_string(total) + "\r\n\r\n");
    std::string block(1 << 20, 'x');
    for (; sent < total; sent += block.size()) peer.send(block);
  });
  std::this_thread::sleep_for(500ms);
  EXPECT_LT(sent, total) << "what is not read waits at the client";
  EXPECT_LE(taker.taken, 16u << 10);
  taker.may_go_on = true;
  sender.join();
  EXPECT_EQ(read_answer(peer).status, 200u);
  EXPECT_EQ(taker.taken, total);
}

std::string gunzip(const std::string& bytes) {
  z_stream z{};
  if (inflateInit2(&z, 15 + 16) != Z_OK) return "broken";
  std::string out(4 << 20, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  const bool is_whole = ::inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0;
  out.resize(is_whole ? z.total_out : 0);
  inflateEnd(&z);
  return out;
}

TEST(Http, CompressesWhatIsWorthIt) {
  HttpRoute text{"/text/", tell};
  text.compresses = true;
  TestServer server(http_session({text, {"/as_it_is/", tell}}, 1000));
  ScriptPeer peer = server.connect();
  const std::string gzip = "Accept-Encoding: gzip, br\r\n";
  struct Case {
    std::string path, headers;
    bool varies, is_compressed;
    const char* why;
  } cases[] = {
      {"/text/any", gzip, true, true, "text"},
      {"/text/any", "", true, false, "not asked for"},
      {"/text/any", "Accept-Encoding: gzip;q=0\r\n", true, false, "not wanted"},
      {"/text/long", gzip, true, true, "compressed while it is sent"},
      {"/text/streamed", gzip, true, true, "a stream"},
      {"/text/streamed", "", true, false, "a stream as it is"},
      {"/text/weak", gzip, true, true, "a weak entity tag says nothing of the bytes"},
      {"/text/strong", gzip, false, false, "a strong one is of these bytes"},
      {"/text/short", gzip, false, false, "not worth it"},
      {"/text/picture", gzip, false, false, "compressed already"},
      {"/text/any", gzip + "Sec-Fetch-Site: cross-site\r\n", true, false, "sent by a page of another site"},
      {"/text/any", gzip + "Sec-Fetch-Site: same-origin\r\nOrigin: https://a\r\n", true, true, "by our own"},
      {"/text/any", gzip + "Origin: https://b\r\n", true, false, "by an old browser"},
      {"/as_it_is/any", gzip, false, false, "not on this route"},
  };
  for (const Case& c : cases) {
    peer.send("GET " + c.path + kHost + "\r\n");
    const Answer plain = read_answer(peer);
    peer.send("GET " + c.path + kHost + c.headers + "\r\n");
    const Answer answer = read_answer(peer);
    const bool is_compressed = answer.head.find("Content-Encoding: gzip\r\n") != std::string::npos;
    EXPECT_EQ(is_compressed, c.is_compressed) << c.why;
    EXPECT_EQ(answer.head.find("Vary: Accept-Encoding\r\n") != std::string::npos, c.varies) << c.why;
    EXPECT_TRUE((is_compressed ? gunzip(answer.body) : answer.body) == plain.body) << c.why;
    if (c.is_compressed) EXPECT_LT(answer.body.size(), plain.body.size() / 2) << c.why;
  }
  peer.send("HEAD /text/any" + kHost + gzip + "\r\n");
  EXPECT_EQ(read_answer(peer, true).head.find("Content-Encoding"), std::string::npos);
  peer.send("GET /text/any HTTP/1.0\r\n" + gzip + "\r\n");
  EXPECT_TRUE(peer.receive_all().find("Content-Encoding") == std::string::npos);
}

TEST(Http, AStopLetsRequestsFinishWhereTheRouteSaysSo) {
  HttpRoute finishing{"/finishing", echo_body};
  finishing.finishes = true;
  TestServer server(http_session({finishing, {"/hurried", echo_body}}, 1000));
  ScriptPeer idle = server.connect(), kept = server.connect(), cut = server.connect();
  for (ScriptPeer* peer : {&idle, &kept, &cut}) {
    peer->send("GET /finishing" + kHost + "\r\n");
    EXPECT_EQ(read_answer(*peer).status, 200u);
  }
  kept.send("PUT /finishing" + kHost + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  cut.send("PUT /hurried" + kHost + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  for (ScriptPeer* peer : {&kept, &cut}) peer->receive_until("\r\n\r\n");  // their heads are read
  std::thread stopper([&] { server.stop(10s); });
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(cut.is_closed());
  kept.send("abc");
  Answer answer = read_answer(kept);
  EXPECT_EQ(answer.body, "PUT /finishing  abc");
  EXPECT_NE(answer.head.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(kept.is_closed());
  stopper.join();
}

}  // namespace
}  // namespace kontor::net
