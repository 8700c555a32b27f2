// SPDX-License-Identifier: AGPL-3.0-or-later
#include "extract/serve.h"

#include <malloc.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <string>

#include "formats/document/frame.h"

namespace kontor::extract {
namespace {

using document::Frame;
using document::FrameReader;
using document::Tag;

bool write_all(int out, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto put = ::write(out, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool write_frame(int out, Tag tag, std::string_view body) {
  return write_all(out, document::frame_head(tag, body.size())) && write_all(out, body);
}

// Both timers end the process by a signal of their own. The parent watches as well; this is for the child that has lost
// its parent, and makes the time one of work, not of waiting for a processor.
void set_timers(std::chrono::seconds processor_time, std::chrono::seconds time) {
  itimerval timer{};
  timer.it_value.tv_sec = processor_time.count();
  ::setitimer(ITIMER_PROF, &timer, nullptr);
  timer.it_value.tv_sec = time.count();
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

struct Answer {
  Tag tag;
  std::string body;
};

Answer answer_to(const std::string& document, const Limits& limits) try {
  auto text = document_text(document, limits);
  if (text) return {Tag::text, std::move(*text)};
  return {Tag::invalid, std::move(text.error().text)};
} catch (const std::bad_alloc&) {
  return {Tag::too_large, "the document needs too much memory"};
} catch (const std::exception&) {
  return {Tag::invalid, "the document is broken"};
}

}  // namespace

void refuse(int out, std::string_view why) { write_frame(out, Tag::invalid, why); }

bool serve(int in, int out, const ServeLimits& limits) {
  if (!write_frame(out, Tag::ready, {})) return false;
  FrameReader reader(limits.largest);
  std::string piece(64 << 10, '\0');
  for (;;) {
    const auto got = ::read(in, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 && reader.is_empty();
    std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
    while (!bytes.empty()) {
      const auto used = reader.feed(bytes);
      if (!used) return false;
      bytes.remove_prefix(*used);
      if (!reader.is_complete()) continue;
      const Frame frame = reader.take();
      if (frame.tag != Tag::document) return false;
      set_timers(limits.processor_time, limits.time);
      const Answer answer = answer_to(frame.body, limits.document);
      set_timers(std::chrono::seconds(0), std::chrono::seconds(0));
      if (!write_frame(out, answer.tag, answer.body)) return false;
    }
    if (reader.is_empty()) ::malloc_trim(0);  // what a large document took
  }
}

}  // namespace kontor::extract
