// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/buffered.h"

#include <gtest/gtest.h>

#include "net/script_stream.h"

namespace kontor::net {
namespace {

// Reads a line, a literal by chunks up to its "." line, and counted bytes; says what it got.
Task<void> read_mixed(std::unique_ptr<Stream> stream) {
  Buffered io(std::move(stream));
  auto signal = io.stream().make_signal();
  auto line = co_await io.read_line(100);
  co_await io.write("line " + *line + "\n");
  std::string content;
  for (;;) {
    std::string_view chunk = co_await io.read_chunk(8);
    std::size_t end = chunk.find('.');
    content += chunk.substr(0, end);
    if (end == std::string_view::npos) continue;
    io.give_back(chunk.size() - end - 1);
    break;
  }
  co_await io.write("content " + content + "\n");
  std::string counted = co_await io.read_exactly(5);
  co_await io.write("counted " + counted + "\n");
  if (!io.has_input()) co_await io.flush();
  Wake wake = co_await io.wait(*signal);
  co_await io.write(wake == Wake::input ? "input\n" : "signal\n");
  bool is_skipped = co_await io.skip_line(10);
  co_await io.write(is_skipped ? "skipped\n" : "not skipped\n");
  auto last = co_await io.read_line(100);
  co_await io.write("last " + *last + "\n");
  signal->set();
  wake = co_await io.wait(*signal);
  co_await io.write(wake == Wake::input ? "input\n" : "signal\n");
  io.drop_input();
  co_await io.flush();
}

TEST(Buffered, MixesLinesChunksAndCounts) {
  const std::string expected =
      "line one\ncontent abc abcdefghijklmnop \ncounted 12345\ninput\nskipped\nlast x\nsignal\n";
  const std::string sent = "one\r\nabc abcdefghijklmnop .12345skipped\r\nx\r\n";
  for (std::size_t piece : {std::size_t{1}, std::size_t{5}, sent.size()}) {
    TestServer server(read_mixed);
    ScriptPeer peer = server.connect();
    for (std::size_t at = 0; at < sent.size(); at += piece) peer.send(sent.substr(at, piece));
    EXPECT_EQ(peer.receive_all(), expected) << piece;
  }
}

Task<void> skip_too_much(std::unique_ptr<Stream> stream) {
  Buffered io(std::move(stream));
  bool is_skipped = co_await io.skip_line(100);
  auto line = co_await io.read_line(100);
  co_await io.write((is_skipped ? "skipped " : "not skipped ") + *line);
  co_await io.flush();
}

TEST(Buffered, SkippingStopsAtItsLimit) {
  TestServer server(skip_too_much);
  ScriptPeer peer = server.connect();
  peer.send(std::string(100, 'x') + "rest\r\n");
  EXPECT_EQ(peer.receive_all(), "not skipped rest");
}

// Large and small writes keep their order, and nothing is lost when output is larger than every buffer.
Task<void> write_mixed(std::unique_ptr<Stream> stream) {
  Buffered io(std::move(stream));
  for (std::size_t i = 0; i < 200; ++i) {
    std::string small = std::to_string(i) + ",";
    std::string large(i * 500, static_cast<char>('a' + i % 26));
    co_await io.write(small);
    co_await io.write(large);
  }
  co_await io.flush();
}

TEST(Buffered, WritesKeepTheirOrder) {
  std::string expected;
  for (std::size_t i = 0; i < 200; ++i)
    expected += std::to_string(i) + "," + std::string(i * 500, static_cast<char>('a' + i % 26));
  TestServer server(write_mixed);
  ScriptPeer peer = server.connect();
  EXPECT_TRUE(peer.receive_all() == expected);
}

}  // namespace
}  // namespace kontor::net
