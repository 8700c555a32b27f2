// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/log.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kLessonsAtOnce = 50;
constexpr std::chrono::days kOldestLesson{7};
constexpr std::chrono::seconds kFirstLessonPause{10}, kLongestPause{600};
constexpr std::uint64_t kLargestLesson = 10 << 20;
const std::string kLessons = "kontor_filter_lessons_total",
                  kLessonsHelp = "Messages moved to or from junk that rspamd was told of";

}  // namespace

Trainer::Trainer(const FilterOptions& options, groupware::Accounts& accounts, const directory::Directory& directory,
                 const Clock& clock)
    : options_(options),
      accounts_(accounts),
      directory_(directory),
      clock_(clock),
      service_(1, 1 << 20),
      junk_(kLessons, kLessonsHelp, {{"as", "junk"}}),
      good_(kLessons, kLessonsHelp, {{"as", "good"}}),
      failed_(kLessons, kLessonsHelp, {{"as", "failed"}}),
      pause_(kFirstLessonPause),
      janitor_([this](AccountId account) { return slice(account); }) {}

void Trainer::start() {
  accounts_.on_lessons([this](AccountId account) { janitor_.add(account); });
}

void Trainer::stop() {
  accounts_.on_lessons({});
  janitor_.stop();
}

void Trainer::try_again() {
  const auto now = std::chrono::steady_clock::now();
  std::set<AccountId> ready;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.empty() || now < next_try_) return;
    ready.swap(waiting_);
    next_try_ = now + pause_;
    pause_ = std::min(2 * pause_, kLongestPause);
  }
  for (const AccountId account : ready) janitor_.add(account);
}

Result<void> Trainer::teach(const groupware::Reader& reader, const groupware::Lesson& lesson,
                            const std::string& owner) {
  if (lesson.at + kOldestLesson < clock_.now()) return {};
  const auto content = reader.content(lesson.item);
  if (!content && content.error().code == Errc::not_found) return {};  // it was removed meanwhile
  if (!content) return std::unexpected(content.error());
  if ((*content)->size() > kLargestLesson) return {};
  HttpCall call;
  call.url = options_.train + (options_.train.ends_with('/') ? "" : "/") + (lesson.is_junk ? "learnspam" : "learnham");
  call.timeout = std::chrono::seconds(30);
  call.headers = {"Content-Type: message/rfc822", "Deliver-To: " + header_value(owner)};
  if (!options_.train_password_file.empty()) {
    std::ifstream in(options_.train_password_file);
    std::string password;
    if (!std::getline(in, password)) return fail(Errc::unavailable, "the file with rspamd's password cannot be read");
    call.headers.push_back("Password: " + header_value(password));
  }
  call.body = {(*content)->size(),
               [&](std::uint64_t offset, std::size_t length) { return (*content)->read(offset, length); }};
  TRY(const HttpAnswerOf answer, service_.post(call));
  // It has learned that before; older ones say so with 404.
  const bool is_known = answer.status == 208 || answer.body.find("already learned") != std::string::npos;
  if (answer.status != 200 && !is_known && (answer.status >= 500 || answer.status == 401 || answer.status == 403))
    return fail(Errc::unavailable, fmt::format("rspamd answers with status {}", answer.status));
  const bool is_taught = answer.status == 200 || is_known;
  (is_taught ? lesson.is_junk ? junk_ : good_ : failed_).add();
  log::info("filter.lesson", {{"owner", owner},
                              {"item", lesson.item.value},
                              {"as", lesson.is_junk ? "junk" : "good"},
                              {"status", answer.status},
                              {"said", is_taught ? "" : header_value(answer.body).substr(0, 200)}});
  return {};
}

Result<bool> Trainer::slice(AccountId id) {
  TRY(const std::vector<groupware::Lesson> lessons, accounts_.lessons(id, kLessonsAtOnce));
  if (lessons.empty()) return false;
  TRY(const auto account, accounts_.open(id));
  TRY(const directory::Principal owner, directory_.by_account(id));
  std::vector<groupware::Lesson> done;
  Result<void> state;
  {
    TRY(const auto reader, account->read(groupware::Caller::system()));
    for (const groupware::Lesson& lesson : lessons) {
      state = teach(*reader, lesson, owner.primary_address());
      if (!state) break;
      done.push_back(lesson);
    }
  }
  if (!done.empty()) TRY_VOID(accounts_.forget_lessons(id, done));
  std::lock_guard lock(mutex_);
  if (!done.empty()) pause_ = kFirstLessonPause;
  if (!state) {
    waiting_.insert(id);
    return std::unexpected(state.error());
  }
  return lessons.size() == kLessonsAtOnce;
}

}  // namespace kontor::transport
