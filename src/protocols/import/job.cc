// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/job.h"

#include <exception>

#include "base/log.h"

namespace kontor::importing {
namespace {

constexpr std::size_t kNamesPerLine = 200;  // quarantined or needed keys: a line stays far below its limit

}  // namespace

void Job::run() {
  Result<void> done;
  try {
    done = import();
  } catch (const std::exception& e) {
    log::error("import.failed", {{"account", options_.only_address}, {"error", e.what()}});
    done = fail(Errc::unavailable, "the import met an internal error; the server's log has more");
  }
  pipe_.abandon();
  log::info("import.segment", {{"account", options_.only_address},
                               {"copied", total_.copied},
                               {"updated", total_.updated},
                               {"moved", total_.moved},
                               {"removed", total_.removed},
                               {"quarantined", quarantined_},
                               {"error", done ? "" : done.error().text}});
  for (const auto& [folder, answer] : answers_) lines_ += archive::to_line(answer);
  answers_.clear();
  archive::Answer last;
  last.account = options_.only_address;
  last.done = done.has_value();
  if (!done) last.error = done.error();
  lines_ += archive::to_line(last);
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void Job::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_; });
}

Result<void> Job::import() {
  archive::Reader reader([this] { return pipe_.pull(); });
  Importer importer(accounts_, directory_, options_, [this](const archive::Answer& answer) -> Result<void> {
    note(answer);
    return {};
  });
  return importer.run(reader);
}

void Job::note(const archive::Answer& answer) {
  auto& sum = answers_[answer.folder];
  sum.account = answer.account;
  sum.folder = answer.folder;
  sum.counts.add(answer.counts);
  total_.add(answer.counts);
  quarantined_ += answer.quarantined.size();
  if (!answer.note.empty()) sum.note = answer.note;
  const auto flush_if_long = [&] {
    if (sum.quarantined.size() + sum.needed.size() < kNamesPerLine) return;
    lines_ += archive::to_line(sum);
    sum.counts = {};
    sum.quarantined.clear();
    sum.needed.clear();
  };
  for (const auto& one : answer.quarantined) {
    sum.quarantined.push_back(one);
    flush_if_long();
  }
  for (const auto& key : answer.needed) {
    sum.needed.push_back(key);
    flush_if_long();
  }
}

}  // namespace kontor::importing
