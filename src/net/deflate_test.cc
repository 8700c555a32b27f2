// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/deflate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/buffered.h"
#include "net/script_stream.h"

namespace kontor::net {
namespace {

std::string inflate_all(Inflater& inflater, std::string_view bytes, std::size_t piece) {
  std::string out, room(piece, '\0');
  do {
    const auto step = inflater.add(bytes.substr(0, piece), room);
    bytes.remove_prefix(step.taken);
    out.append(room, 0, step.made);
  } while (!bytes.empty() || inflater.may_hold_more());
  return out;
}

std::string sample(std::size_t size) {
  std::string text;
  for (std::uint32_t i = 0; text.size() < size; ++i) text += "* " + std::to_string(i * 7919) + " FETCH (FLAGS ())\r\n";
  return text;
}

TEST(Deflate, ComesBackWhetherItRestsOrNot) {
  const std::string text = sample(200'000);
  for (const std::size_t piece : {1u, 7u, 4096u}) {
    for (const bool rests : {false, true}) {
      Deflater deflater;
      Inflater inflater;
      std::string back;
      for (std::size_t at = 0; at < text.size(); at += 5000) {
        std::string out;
        deflater.add(std::string_view(text).substr(at, 5000), out);
        back += inflate_all(inflater, out, piece);
        if (rests) inflater.rest();
        if (rests && at % 20'000 == 0) deflater.rest();
      }
      EXPECT_EQ(back, text) << piece << (rests ? " with rests" : "");
    }
  }
}

// The history is what a rest must keep: a block that refers to what came before it.
TEST(Deflate, KeepsTheHistoryThroughARest) {
  Deflater deflater;
  Inflater inflater;
  const std::string text = sample(6000);
  std::string first, second;
  deflater.add(text, first);
  deflater.add(text, second);
  EXPECT_LT(second.size(), first.size() / 4) << "the second refers to the first";
  EXPECT_EQ(inflate_all(inflater, first, 4096), text);
  inflater.rest();
  EXPECT_EQ(inflate_all(inflater, second, 4096), text);
}

TEST(Deflate, RefusesWhatIsNone) {
  Inflater inflater;
  char room[100];
  EXPECT_THROW(inflater.add("plain text, certainly\r\n", room), Disconnected);
}

Task<void> echo(std::unique_ptr<Stream> stream) {
  Buffered io(std::move(stream));
  bool is_on = false;
  while (true) {
    auto line = co_await io.read_line(100'000'000);
    if (!line) co_return;
    if (*line == "count") {
      const auto bytes = co_await io.read_exactly(10'000'000);
      *line = std::to_string(std::count(bytes.begin(), bytes.end(), 'a'));
    }
    co_await io.write(*line + "\n");
    co_await io.flush();
    if (*line == "deflate" && !is_on) {
      is_on = true;
      co_await io.deflate();
    }
  }
}

TEST(DeflateStream, CarriesLinesBothWays) {
  TestServer server([](std::unique_ptr<Stream> stream) { return echo(std::move(stream)); });
  auto peer = server.connect();
  peer.send("plain\ndeflate\n");
  EXPECT_EQ(peer.read_line(), "plain");
  EXPECT_EQ(peer.read_line(), "deflate");
  peer.start_deflate();
  for (const std::size_t size : {1u, 1000u, 100'000u}) {
    const std::string line = [&] {
      std::string text = sample(size);
      std::erase(text, '\n');
      std::erase(text, '\r');
      return text;
    }();
    peer.send(line + "\n");
    EXPECT_EQ(peer.read_line(), line);
  }
  peer.send("one\ntwo\nthr");
  EXPECT_EQ(peer.read_line(), "one");
  EXPECT_EQ(peer.read_line(), "two");
  peer.send("ee\n");
  EXPECT_EQ(peer.read_line(), "three");
}

// A thousand to one: taken in the reader's pieces.
TEST(DeflateStream, TakesABombInPieces) {
  TestServer server([](std::unique_ptr<Stream> stream) { return echo(std::move(stream)); });
  auto peer = server.connect();
  peer.send("deflate\n");
  EXPECT_EQ(peer.read_line(), "deflate");
  peer.start_deflate();
  peer.send("count\n" + std::string(10'000'000, 'a'));
  EXPECT_EQ(peer.read_line(), "10000000");
}

TEST(DeflateStream, EndsOnPlainText) {
  TestServer server([](std::unique_ptr<Stream> stream) { return echo(std::move(stream)); });
  auto peer = server.connect();
  peer.send("deflate\n");
  EXPECT_EQ(peer.read_line(), "deflate");
  peer.send("this is not compressed at all\n");
  EXPECT_TRUE(peer.is_closed());
}

}  // namespace
}  // namespace kontor::net
