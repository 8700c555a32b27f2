// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/job.h"

#include <exception>

#include "base/log.h"

namespace kontor::importing {
namespace {

// What is held goes out when it reaches one of these: a line stays far below archive::kMaxAnswerLine.
constexpr std::size_t kHeldNames = 200;
constexpr std::size_t kHeldBytes = 64 << 10;
constexpr std::size_t kHeldFolders = 1000;

}  // namespace

Result<void> AnswerLines::note(const archive::Answer& answer) {
  auto& sum = held_for(answer);
  sum.counts.add(answer.counts);
  total_.add(answer.counts);
  quarantined_ += answer.quarantined.size();
  if (!answer.note.empty()) sum.note = answer.note;
  for (const auto& one : answer.quarantined) {
    held_for(answer).quarantined.push_back(one);
    TRY_VOID(hold(one.key.size() + one.reason.size()));
  }
  for (const auto& one : answer.damaged) {
    held_for(answer).damaged.push_back(one);
    TRY_VOID(hold(one.key.size() + one.reason.size()));
  }
  for (const auto& key : answer.needed) {
    held_for(answer).needed.push_back(key);
    TRY_VOID(hold(key.size()));
  }
  return held_.size() >= kHeldFolders ? flush() : Result<void>();
}

archive::Answer& AnswerLines::held_for(const archive::Answer& answer) {
  auto& sum = held_[answer.account + '\n' + answer.folder];
  sum.account = answer.account;
  sum.folder = answer.folder;
  return sum;
}

Result<void> AnswerLines::hold(std::size_t bytes) {
  held_bytes_ += bytes;
  return ++held_names_ >= kHeldNames || held_bytes_ >= kHeldBytes ? flush() : Result<void>();
}

Result<void> AnswerLines::flush() {
  for (const auto& [folder, answer] : held_) TRY_VOID(lines_.write(archive::to_line(answer)));
  held_.clear();
  held_names_ = held_bytes_ = 0;
  return {};
}

Result<void> AnswerLines::finish(const Error* error) {
  TRY_VOID(flush());
  archive::Answer last;
  last.account = address_;
  last.done = error == nullptr;
  if (error != nullptr) last.error = *error;
  return lines_.write(archive::to_line(last));
}

void Job::run(const std::function<void()>& leave) {
  Result<void> done;
  try {
    done = import();
  } catch (const std::exception& e) {
    log::error("import.failed", {{"account", options_.only_address}, {"error", e.what()}});
    done = fail(Errc::unavailable, "the import met an internal error; the server's log has more");
  }
  pipe_.abandon();
  // Without its last line the answer has broken off, which the other side sees.
  const auto told = answers_.finish(done ? nullptr : &done.error());
  const auto& total = answers_.total();
  log::info("import.segment", {{"account", options_.only_address},
                               {"copied", total.copied},
                               {"updated", total.updated},
                               {"moved", total.moved},
                               {"removed", total.removed},
                               {"quarantined", answers_.quarantined()},
                               {"error", !done  ? done.error().text
                                         : told ? ""
                                                : told.error().text}});
  leave();
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

bool Job::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return ended_; });
}

Result<void> Job::import() {
  archive::Reader reader([this] { return pipe_.pull(); });
  Importer importer(accounts_, directory_, options_,
                    [this](const archive::Answer& answer) { return answers_.note(answer); });
  return importer.run(reader);
}

}  // namespace kontor::importing
