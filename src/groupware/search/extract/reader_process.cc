// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/extract/reader_process.h"

#include <sys/wait.h>

#include <csignal>

namespace kontor::groupware {
namespace {

using document::Frame;
using document::FrameReader;
using document::Tag;

constexpr std::size_t kAnswerPiece = 64 << 10;

}  // namespace

Result<std::unique_ptr<ReaderProcess>> ReaderProcess::start(const std::vector<std::string>& command,
                                                            std::size_t largest_answer, Deadline until) {
  TRY(ChildProcess child, ChildProcess::start(command, {}));
  std::unique_ptr<ReaderProcess> process(new ReaderProcess(std::move(child), largest_answer));
  const auto hello = process->receive(until);
  if (!hello) return fail(Errc::unavailable, command.front() + " does not start: " + hello.error().text);
  if (hello->tag != Tag::ready)
    return fail(Errc::unavailable, command.front() + " cannot lock itself in: " + hello->body);
  return process;
}

ReaderProcess::Answer ReaderProcess::ask(std::string_view document, Deadline until) {
  ++documents_;
  Answer answer;
  if (process_.send(document::frame_head(Tag::document, document.size()), until) && process_.send(document, until)) {
    auto frame = receive(until);
    if (frame && frame->tag != Tag::ready && frame->tag != Tag::document) {
      answer.frame = std::move(*frame);
      return answer;
    }
  }
  answer.end = end(until);
  return answer;
}

// One frame and nothing behind it: nobody asked for more.
Result<Frame> ReaderProcess::receive(Deadline until) {
  FrameReader reader(largest_answer_);
  std::string piece(kAnswerPiece, '\0');
  while (!reader.is_complete()) {
    const auto size = process_.receive(piece, until);
    if (!size) return fail(Errc::unavailable, "no answer in time");
    if (*size == 0) return fail(Errc::unavailable, "the process has ended");
    TRY(const std::size_t used, reader.feed(std::string_view(piece).substr(0, *size)));
    if (used != *size) return fail(Errc::invalid, "more than one answer");
  }
  return reader.take();
}

ReaderProcess::End ReaderProcess::end(Deadline until) {
  const bool is_late = std::chrono::steady_clock::now() >= until;
  const int status = process_.end();
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return is_late || signal == SIGPROF || signal == SIGALRM || signal == SIGXCPU ? End::late : End::crashed;
}

}  // namespace kontor::groupware
