// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: plays transcripts in which a step either is an exchange of lines with the server, or a word of the
// protocol's own.
#pragma once

#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/script_stream.h"
#include "net/transcript.h"

namespace kontor::net {

// The words that players share: C a line is sent, C- the bytes alone, TLS it begins, S the next line, S.. a line that
// comes some time, X the connection is closed.
inline void exchange(ScriptPeer& peer, const TranscriptStep& step) {
  if (step.word == "C") return peer.send(unescape(step.text) + "\r\n");
  if (step.word == "C-") return peer.send(unescape(step.text));
  if (step.word == "TLS") return peer.start_tls();
  if (step.word == "X") {
    if (!peer.is_closed()) throw std::runtime_error("not closed; next is: " + peer.read_line());
    return;
  }
  if (step.word != "S" && step.word != "S..") throw std::runtime_error("no such word: " + step.word);
  TranscriptPatterns patterns;
  std::string line = peer.read_line();
  while (step.word == "S.." && !patterns.matches(line, step.text)) line = peer.read_line();
  if (!patterns.matches(line, step.text)) throw std::runtime_error("expected: " + step.text + "\n  got: " + line);
}

// Plays each scenario in a world of its own, `make_world(scenario)`, by `take_step(world, step)`; a world that can be
// asked is sound at the end. One sentence for each scenario that failed.
template <class MakeWorld, class TakeStep>
std::vector<std::string> play_transcript(const std::filesystem::path& path, MakeWorld make_world, TakeStep take_step) {
  std::vector<std::string> faults;
  const auto scenarios = read_transcript(path);
  if (scenarios.empty()) faults.push_back(path.string() + " has no scenario");
  for (const TranscriptScenario& scenario : scenarios) {
    auto world = make_world(scenario);
    TranscriptStep last;
    try {
      for (const TranscriptStep& step : scenario.steps) take_step(world, last = step);
      if constexpr (requires { world.expect_sound(); }) world.expect_sound();
    } catch (const std::exception& fault) {
      faults.push_back(path.string() + ":" + std::to_string(last.line) + ", " + scenario.title + ": " + fault.what());
    }
  }
  return faults;
}

}  // namespace kontor::net
