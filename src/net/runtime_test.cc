// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/runtime.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "net/blocking.h"
#include "net/buffered.h"
#include "net/script_stream.h"
#include "net/sockets.h"

namespace kontor::net {
namespace {

using namespace std::chrono_literals;

// Answers each line with itself; "bye" ends, and a stop is announced.
Task<void> echo_lines(std::unique_ptr<Stream> stream) {
  Buffered io(std::move(stream));
  co_await io.write("hello " + io.stream().id() + "\r\n");
  bool is_stopped = false;
  try {
    for (;;) {
      if (!io.has_input()) co_await io.flush();
      auto line = co_await io.read_line(1000);
      if (!line) {
        co_await io.skip_line(1 << 20);
        co_await io.write("too long\r\n");
        continue;
      }
      if (*line == "bye") break;
      if (*line == "fail") throw std::logic_error("as asked");
      co_await io.write(*line + "\r\n");
    }
  } catch (const Cancelled&) {
    is_stopped = true;
  }
  co_await io.write(is_stopped ? "stopping\r\n" : "bye\r\n");
  co_await io.flush();
}

TEST(Runtime, EchoesPipelinedLinesAndBoundsThem) {
  TestServer server(echo_lines);
  ScriptPeer peer = server.connect();
  EXPECT_EQ(peer.read_line(), "hello test-1");
  struct Case {
    std::string sent;
    std::string expected;
    const char* why;
  } cases[] = {
      {"one\r\ntwo\r\nthree\r\n", "one\r\ntwo\r\nthree\r\n", "pipelined"},
      {"bare\n", "bare\r\n", "a bare LF ends a line"},
      {"a\rb\r\n", "a\rb\r\n", "a lone CR does not"},
      {"\r\n", "\r\n", "an empty line"},
      {std::string(1000, 'x') + "\r\n", std::string(1000, 'x') + "\r\n", "as long as the limit"},
      {std::string(1001, 'x') + "\r\nnext\r\n", "too long\r\nnext\r\n", "one more than the limit"},
      {std::string(100'000, 'x') + "\r\nnext\r\n", "too long\r\nnext\r\n", "far more than the buffer"},
  };
  for (const Case& c : cases) {
    peer.send(c.sent);
    EXPECT_EQ(peer.receive_exactly(c.expected.size()), c.expected) << c.why;
  }
  peer.send("bye\r\n");
  EXPECT_EQ(peer.receive_all(), "bye\r\n");
}

TEST(Runtime, SessionsThatThrowEndAlone) {
  TestServer server(echo_lines);
  ScriptPeer bad = server.connect();
  ScriptPeer good = server.connect();
  bad.send("fail\r\n");
  bad.read_line();
  EXPECT_TRUE(bad.is_closed());
  good.read_line();
  good.send("still here\r\n");
  EXPECT_EQ(good.read_line(), "still here");
}

TEST(Runtime, StopLetsSessionsSayFarewell) {
  TestServer server(echo_lines);
  ScriptPeer peer = server.connect();
  peer.read_line();
  auto begin = std::chrono::steady_clock::now();
  server.stop(10s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_EQ(peer.receive_all(), "stopping\r\n");
  EXPECT_EQ(server.runtime().sessions(), 0u);
}

Task<void> stuck_writer(std::unique_ptr<Stream> stream) {
  std::string much(64 << 20, 'x');
  co_await stream->write(much);
}

TEST(Runtime, StopClosesWhatOutlastsTheGrace) {
  TestServer server(stuck_writer);
  ScriptPeer peer = server.connect();
  peer.receive_exactly(1);
  auto begin = std::chrono::steady_clock::now();
  server.stop(200ms);
  auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, 200ms);
  EXPECT_LT(took, 5s);
}

TEST(Runtime, ReadsTimeOut) {
  std::promise<std::string> thrown;
  auto session = [&thrown](std::unique_ptr<Stream> stream) -> Task<void> {
    // A capture of the function object, which the listener keeps: it outlives the coroutine.
    stream->set_timeout(100ms);
    char byte = 0;
    try {
      for (;;) co_await stream->read_some({&byte, 1});
    } catch (const TimedOut& e) {
      thrown.set_value(std::string("timed out after ") + byte);
    }
  };
  TestServer server(session);
  ScriptPeer peer = server.connect();
  for (char c : std::string("abcdef")) {  // each byte starts the time anew
    std::this_thread::sleep_for(50ms);
    peer.send(std::string(1, c));
  }
  EXPECT_EQ(thrown.get_future().get(), "timed out after f");
  EXPECT_TRUE(peer.is_closed());
}

TEST(Runtime, AShorterTimeoutHoldsAlthoughALongerOneWasArmed) {
  auto session = [](std::unique_ptr<Stream> stream) -> Task<void> {
    char byte = 0;
    stream->set_timeout(1h);
    co_await stream->read_some({&byte, 1});
    stream->set_timeout(50ms);
    co_await stream->read_some({&byte, 1});
  };
  TestServer server(session);
  ScriptPeer peer = server.connect();
  std::this_thread::sleep_for(50ms);
  peer.send("x");
  auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(peer.is_closed());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST(Runtime, WritesToAPeerThatDoesNotReadTimeOut) {
  std::promise<void> timed_out;
  auto session = [&timed_out](std::unique_ptr<Stream> stream) -> Task<void> {
    stream->set_timeout(200ms);
    std::string much(64 << 20, 'x');
    try {
      co_await stream->write(much);
    } catch (const TimedOut&) {
      timed_out.set_value();
    }
  };
  TestServer server(session);
  ScriptPeer peer = server.connect();
  EXPECT_EQ(timed_out.get_future().wait_for(10s), std::future_status::ready);
}

// Counts its wakes; ends when the client sends something after `count` of them.
struct WakeCounter {
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<Signal> signal;
  int wakes = 0;
  std::atomic<int> produced = 0;
  std::atomic<int> seen = 0;
};

Task<void> count_wakes(std::unique_ptr<Stream> stream, WakeCounter* counter) {
  auto signal = stream->make_signal();
  {
    std::lock_guard lock(counter->mutex);
    counter->signal = signal;
    counter->changed.notify_all();
  }
  for (;;) {
    Wake wake = co_await stream->wait(*signal);
    if (wake == Wake::input) break;
    counter->seen = counter->produced.load();
    std::lock_guard lock(counter->mutex);
    ++counter->wakes;
    counter->changed.notify_all();
  }
  char byte = 0;
  co_await stream->read_some({&byte, 1});
  co_await stream->write(std::string_view(&byte, 1));
}

TEST(Runtime, SignalsAreNotLostUnderHammering) {
  auto counter = std::make_shared<WakeCounter>();
  TestServer server([c = counter.get()](std::unique_ptr<Stream> stream) { return count_wakes(std::move(stream), c); });
  ScriptPeer peer = server.connect();
  std::shared_ptr<Signal> signal;
  {
    std::unique_lock lock(counter->mutex);
    ASSERT_TRUE(counter->changed.wait_for(lock, 10s, [&] { return counter->signal != nullptr; }));
    signal = counter->signal;
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        ++counter->produced;
        signal->set();
        if (i % 64 == 0) std::this_thread::yield();
      }
    });
  for (std::thread& thread : threads) thread.join();
  // Whatever was produced before the last set() must have been seen.
  std::unique_lock lock(counter->mutex);
  EXPECT_TRUE(counter->changed.wait_for(lock, 10s, [&] { return counter->seen == 80'000; })) << counter->seen;
  EXPECT_LE(counter->wakes, 80'000);
  // One at a time, each wakes once.
  int before = counter->wakes;
  for (int i = 1; i <= 100; ++i) {
    lock.unlock();
    signal->set();
    lock.lock();
    ASSERT_TRUE(counter->changed.wait_for(lock, 10s, [&] { return counter->wakes >= before + i; }));
  }
  EXPECT_EQ(counter->wakes, before + 100);
  lock.unlock();
  peer.send("z");
  EXPECT_EQ(peer.receive_all(), "z");
  server.stop();
  signal->set();  // nobody is there any more
}

TEST(Runtime, ASignalMayOutliveTheRuntime) {
  std::shared_ptr<Signal> signal;
  {
    WakeCounter counter;
    TestServer server([&counter](std::unique_ptr<Stream> stream) { return count_wakes(std::move(stream), &counter); });
    ScriptPeer peer = server.connect();
    std::unique_lock lock(counter.mutex);
    ASSERT_TRUE(counter.changed.wait_for(lock, 10s, [&] { return counter.signal != nullptr; }));
    signal = counter.signal;
    lock.unlock();
    server.stop();
  }
  signal->set();
}

Task<void> pause_first(std::unique_ptr<Stream> stream) {
  co_await stream->pause(50ms);
  co_await stream->write("slept\r\n");
  co_await stream->pause(1h);
}

TEST(Runtime, PausesEndInTimeAndAtStop) {
  TestServer server(pause_first);
  ScriptPeer peer = server.connect();
  EXPECT_EQ(peer.read_line(), "slept");
  auto begin = std::chrono::steady_clock::now();
  server.stop(30s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

struct ThreadNote {
  std::promise<bool> is_good;
};

Task<void> work_elsewhere(std::unique_ptr<Stream> stream, Workers* workers, ThreadNote* note) {
  std::thread::id here = std::this_thread::get_id();
  std::thread::id there;
  std::thread::id destroyed_at;
  struct Probe {
    std::thread::id* at;
    explicit Probe(std::thread::id* at_) : at(at_) {}
    Probe(Probe&& other) noexcept : at(std::exchange(other.at, nullptr)) {}
    ~Probe() {
      if (at) *at = std::this_thread::get_id();
    }
  };
  std::move_only_function<void()> job = [&there, probe = Probe(&destroyed_at)] { there = std::this_thread::get_id(); };
  co_await run_on(*workers, std::move(job));
  bool is_good =
      there != here && there != std::thread::id() && destroyed_at == there && std::this_thread::get_id() == here;
  int sum = co_await blocking(*workers, [&] { return 20 + 22; });
  is_good = is_good && sum == 42 && std::this_thread::get_id() == here;
  try {
    co_await blocking(*workers, [&]() -> int { throw std::out_of_range("thrown there"); });
    is_good = false;
  } catch (const std::out_of_range&) {
    is_good = is_good && std::this_thread::get_id() == here;
  }
  co_await yield();
  note->is_good.set_value(is_good && std::this_thread::get_id() == here);
  co_await stream->write("done");
}

TEST(Runtime, BlockingWorkRunsOnWorkersAndComesBack) {
  Workers workers(2);
  ThreadNote note;
  auto session = [&](std::unique_ptr<Stream> stream) { return work_elsewhere(std::move(stream), &workers, &note); };
  TestServer server(session);
  ScriptPeer peer = server.connect();
  EXPECT_TRUE(note.is_good.get_future().get());
  EXPECT_EQ(peer.receive_all(), "done");
}

Task<void> commit_slowly(std::unique_ptr<Stream> stream, Workers* workers, std::atomic<bool>* is_done) {
  co_await stream->write("x");
  co_await blocking(*workers, [&] {
    std::this_thread::sleep_for(500ms);
    *is_done = true;
  });
}

TEST(Runtime, StopWaitsForWorkThatWasBegun) {
  Workers workers(1);
  std::atomic<bool> is_done = false;
  auto session = [&](std::unique_ptr<Stream> stream) { return commit_slowly(std::move(stream), &workers, &is_done); };
  TestServer server(session);
  ScriptPeer peer = server.connect();
  peer.receive_exactly(1);
  server.stop(10ms);
  EXPECT_TRUE(is_done);
}

TEST(Runtime, UnixSocketsHaveTheirModeAndReplaceStaleFiles) {
  std::string dir = testing::TempDir() + "net-unix-" + std::to_string(::getpid());
  std::filesystem::create_directories(dir);
  std::string path = dir + "/s.sock";
  TlsContexts tls;
  Limits limits({});
  ListenerOptions options;
  options.name = "unix";
  options.tls = TlsMode::none;
  options.unix_mode = 0600;
  options.endpoints = {*parse_endpoint("unix:" + path)};
  {
    Runtime runtime(1, tls, limits);
    ASSERT_TRUE(runtime.listen(options, echo_lines, ""));
    struct stat status = {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    ClientOptions client;
    client.host = "unix:" + path;
    ScriptPeer peer(client);
    EXPECT_EQ(peer.read_line(), "hello unix-1");
    auto second = runtime.listen(options, echo_lines, "");
    ASSERT_FALSE(second) << "somebody listens there";
    EXPECT_EQ(second.error().code, Errc::unavailable);
  }
  EXPECT_FALSE(std::filesystem::exists(path)) << "removed at the end";
  // What a killed server leaves.
  {
    int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(fd);
  }
  Runtime runtime(1, tls, limits);
  EXPECT_TRUE(runtime.listen(options, echo_lines, ""));
  std::string other = dir + "/file";
  std::fclose(std::fopen(other.c_str(), "w"));
  options.endpoints = {*parse_endpoint("unix:" + other)};
  EXPECT_FALSE(runtime.listen(options, echo_lines, "")) << "a file that is not a socket is left alone";
  EXPECT_TRUE(std::filesystem::exists(other));
}

TEST(Runtime, OnePortServesBothFamilies) {
  TlsContexts tls;
  Limits limits({});
  Runtime runtime(2, tls, limits);
  ListenerOptions options;
  options.name = "both";
  options.tls = TlsMode::none;
  options.endpoints = {*parse_endpoint("*:0")};
  auto at = runtime.listen(options, echo_lines, "");
  ASSERT_TRUE(at) << at.error().text;
  ClientOptions client;
  client.port = at->front().port;
  client.host = "127.0.0.1";
  EXPECT_TRUE(ScriptPeer(client).read_line().starts_with("hello"));
  if (at->front().any_family) {
    client.host = "::1";
    EXPECT_TRUE(ScriptPeer(client).read_line().starts_with("hello"));
  }
  options.endpoints = *at;
  auto again = runtime.listen(options, echo_lines, "");
  ASSERT_FALSE(again) << "the port is taken";
  EXPECT_EQ(again.error().code, Errc::unavailable);
}

TEST(Runtime, ConnectionsAboveTheLimitAreRefused) {
  LimitOptions few;
  few.connections = 2;
  TestServer server(echo_lines, TlsMode::none, {}, few);
  std::vector<Limits::Place> taken;  // what local peers have beyond the whole
  for (int i = 0; i < 200; ++i) taken.push_back(server.limits().connection(*parse_endpoint("127.0.0.1:1")));
  auto first = std::make_unique<ScriptPeer>(server.client_options());
  ScriptPeer second = server.connect();
  first->read_line();
  second.read_line();
  ScriptPeer third = server.connect();
  EXPECT_EQ(third.receive_all(), "refused\r\n");
  first.reset();
  for (int i = 0; i < 100 && server.runtime().sessions() > 1; ++i) std::this_thread::sleep_for(20ms);
  ScriptPeer fourth = server.connect();
  EXPECT_TRUE(fourth.read_line().starts_with("hello")) << "the place was given back";
}

TEST(Runtime, LackOfDescriptorsDelaysNewcomersOnly) {
  TestServer server(echo_lines);
  ScriptPeer old = server.connect();
  old.read_line();
  Endpoint endpoint = *parse_endpoint("127.0.0.1:" + std::to_string(server.port()));
  SocketAddress address = to_socket_address(endpoint);
  Fd fresh(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  int highest = ::dup(fresh.get());
  ::close(highest);
  rlimit none{static_cast<rlim_t>(highest), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(::connect(fresh.get(), address.get(), address.size), 0) << "the kernel queues it";
  std::this_thread::sleep_for(100ms);
  old.send("still here\r\n");
  EXPECT_EQ(old.read_line(), "still here");
  EXPECT_EQ(server.runtime().sessions(), 1u);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  char byte = 0;
  EXPECT_EQ(::read(fresh.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'h');
}

TEST(Runtime, EveryRunsUntilStop) {
  std::atomic<int> ticks = 0;
  TlsContexts tls;
  Limits limits({});
  Runtime runtime(1, tls, limits);
  runtime.every(1s, [&] { ++ticks; });
  for (int i = 0; i < 100 && ticks == 0; ++i) std::this_thread::sleep_for(50ms);
  EXPECT_GT(ticks, 0);
  auto begin = std::chrono::steady_clock::now();
  runtime.every(1h, [&] { ++ticks; });
  runtime.stop(1s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
}

}  // namespace
}  // namespace kontor::net
