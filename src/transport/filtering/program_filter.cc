// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/program_filter.h"

#include "transport/filtering/filter_json.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kProgramPiece = 64 << 10;

}  // namespace

ProgramFilter::ProgramFilter(FilterStep step, std::string spool_folder)
    : step_(std::move(step)),
      spool_folder_(std::move(spool_folder)),
      label_(step_.label()),
      command_{step_.target},
      processes_(step_.at_once) {
  command_.insert(command_.end(), step_.arguments.begin(), step_.arguments.end());
}

Result<std::string> ProgramFilter::converse(ProgramProcess& process, const FilterRequest& request,
                                            const FilterMessage& message) {
  const auto until = std::chrono::steady_clock::now() + step_.timeout;
  ++process.messages;
  TRY_VOID(process.send(filter_envelope(request, message.size()) + "\n", until));
  for (std::uint64_t at = 0; at < message.size();) {
    TRY(const std::string piece, message.read(at, kProgramPiece));
    if (piece.empty()) return fail(Errc::unavailable, "the message could not be read");
    TRY_VOID(process.send(piece, until));
    at += piece.size();
  }
  return process.read_line(static_cast<std::size_t>(step_.largest * 2 + (1 << 20)), until);
}

Result<FilterAnswer> ProgramFilter::ask(const FilterRequest& request, const FilterMessage& message) {
  auto place = processes_.enter(step_.timeout);
  if (!place) return fail(Errc::unavailable, "the program is busy");
  if (place.thing && (!place.thing->is_waiting() || place.thing->messages >= kMostMessages)) place.thing.reset();
  if (!place.thing) {
    TRY(place.thing, ProgramProcess::start(command_, step_.memory));
  }
  auto line = converse(*place.thing, request, message);
  Result<FilterAnswer> answer =
      line ? read_filter_answer(*line, spool_folder_, step_.largest + (1 << 20)) : std::unexpected(line.error());
  if (!answer) place.thing.reset();
  return answer;
}

}  // namespace kontor::transport
