// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/pipe.h"

namespace kontor::importing {

bool Pipe::push(std::string bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return has_room(); });
  if (abandoned_ || broken_) return false;
  held_ += bytes.size();
  pieces_.push_back(std::move(bytes));
  changed_.notify_all();
  return true;
}

bool Pipe::try_push(std::string& bytes) {
  const std::lock_guard lock(mutex_);
  if (!has_room()) return false;
  if (abandoned_ || broken_) return true;
  held_ += bytes.size();
  pieces_.push_back(std::move(bytes));
  changed_.notify_all();
  return true;
}

void Pipe::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void Pipe::break_off() {
  const std::lock_guard lock(mutex_);
  broken_ = !closed_;
  changed_.notify_all();
}

void Pipe::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  pieces_.clear();
  held_ = 0;
  changed_.notify_all();
}

Result<std::string> Pipe::pull() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !pieces_.empty() || closed_ || broken_; });
  if (broken_) return fail(Errc::unavailable, "the connection broke off");
  if (pieces_.empty()) return std::string();
  auto piece = std::move(pieces_.front());
  pieces_.pop_front();
  held_ -= piece.size();
  changed_.notify_all();
  return piece;
}

}  // namespace kontor::importing
