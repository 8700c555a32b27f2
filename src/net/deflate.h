// SPDX-License-Identifier: AGPL-3.0-or-later
// Raw deflate (RFC 1951) for conversations (RFC 4978): the two directions, and a stream of both.
//
// Memory: a direction that rests holds no state of the compressor, and of the decompressor only what the peer may still
// refer back to, at most 32 KiB. What is inflated is made in pieces of the reader's choice and never gathered, so that
// a small input that grows without end costs its reader's limits and nothing else.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/stream.h"

namespace kontor::net {

class Deflater {
 public:
  Deflater();
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // Appends `bytes` compressed to `out`; the peer can inflate all of them (a sync flush).
  void add(std::string_view bytes, std::string& out);
  // Frees its memory. What follows does not refer to what was.
  void rest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  struct Step {
    std::size_t taken = 0;  // of `in`
    std::size_t made = 0;   // in `out`
  };
  // Inflates until `in` is used up or `out` is full. Throws Disconnected on what is no deflated data, and at its end.
  Step add(std::string_view in, std::span<char> out);
  // Whether there may be more to be had without further input: the last step filled `out`.
  bool may_hold_more() const { return may_hold_more_; }
  // Frees what can be freed. Between two blocks, where peers flush, that is all but the history.
  void rest();

 private:
  struct State;
  void wake();

  std::unique_ptr<State> state_;  // null: resting
  std::string history_;           // while resting
  bool may_hold_more_ = false;
};

// A stream whose bytes travel deflated in `inner`, from now on in both directions.
std::unique_ptr<Stream> make_deflate_stream(std::unique_ptr<Stream> inner);

}  // namespace kontor::net
