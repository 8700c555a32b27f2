// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/upload.h"

#include "base/digest.h"

namespace kontor::migrate {
namespace {

constexpr std::uint64_t kSegmentRecords = 5000;
constexpr int kSendAttempts = 6;

}  // namespace

struct Upload::Segment {
  Segment() : writer([this](std::string_view bytes) { return bytes_of.write(bytes); }) {}
  archive::Spool bytes_of;
  archive::Writer writer;
  std::set<std::uint32_t> described;
  std::uint64_t records = 0;
};

Upload::Upload(const TargetOptions& target, std::string address, std::string source, Bandwidth& bandwidth, Stop& stop,
               TakeAnswer take)
    : address_(std::move(address)),
      source_(std::move(source)),
      bandwidth_(bandwidth),
      stop_(stop),
      take_(std::move(take)),
      target_(target) {}

Upload::~Upload() {
  if (under_way_.valid()) under_way_.wait();
}

Result<void> Upload::open() {
  if (segment_) return {};
  segment_ = std::make_shared<Segment>();
  return segment_->writer.account({address_, source_});
}

Result<void> Upload::use(std::uint32_t folder) {
  TRY_VOID(open());
  ++segment_->records;
  if (!segment_->described.insert(folder).second) return {};
  return segment_->writer.folder(folders_.at(folder));
}

Result<void> Upload::folder(const archive::Folder& folder) {
  folders_[folder.number] = folder;
  return use(folder.number);
}

Result<void> Upload::listing(std::uint32_t folder, archive::Listing::Kind kind, const std::vector<std::string>& keys,
                             bool last) {
  TRY_VOID(use(folder));
  return segment_->writer.listing(folder, kind, keys, last);
}

Result<void> Upload::item(archive::Item item, archive::Spool* content, const archive::AttachedBytes* attached) {
  TRY_VOID(use(item.folder));
  TRY_VOID(segment_->writer.item(std::move(item), content, attached));
  const bool is_full = segment_->writer.bytes_out() >= segment_bytes_ || segment_->records >= kSegmentRecords;
  return is_full ? send({}) : Result<void>();
}

Result<void> Upload::pass(const archive::Pass& pass) {
  TRY_VOID(use(pass.folder));
  return segment_->writer.pass(pass);
}

Result<void> Upload::settings(const archive::Settings& settings) {
  TRY_VOID(open());
  return segment_->writer.settings(settings);
}

Result<void> Upload::flush_with(const archive::AccountEnd& end) {
  if (segment_) TRY_VOID(send(end));
  return settle();
}

Result<void> Upload::finish(const archive::AccountEnd& end) {
  TRY_VOID(open());
  return flush_with(end);
}

Result<void> Upload::send(const archive::AccountEnd& end) {
  TRY_VOID(segment_->writer.end_account(end));
  TRY_VOID(segment_->writer.finish());
  TRY_VOID(settle());
  under_way_ = std::async(std::launch::async, [this, segment = std::move(segment_)] {
    return deliver(target_, address_, segment, bandwidth_, stop_);
  });
  segment_.reset();
  return {};
}

Result<void> Upload::settle() {
  if (!under_way_.valid()) return {};
  auto sent = under_way_.get();
  for (const auto& answer : sent.answers) take_(answer);
  segment_bytes_ = segment_size(sent.bytes, sent.took);
  return sent.done;
}

Upload::Sent Upload::deliver(Target& target, const std::string& address, std::shared_ptr<Segment> segment,
                             Bandwidth& bandwidth, Stop& stop) {
  Sent sent;
  for (int attempt = 1;; ++attempt) {
    std::vector<archive::Answer> answers;
    const auto began = std::chrono::steady_clock::now();
    sent.done = target.send(address, segment->bytes_of, bandwidth, stop, answers);
    sent.bytes = segment->bytes_of.size();
    sent.took = std::chrono::steady_clock::now() - began;
    // What an attempt that failed in the end had made durable is "present" to the next one: counted once, as copied.
    for (auto& answer : answers) {
      for (auto& earlier : sent.answers) {
        if (earlier.folder != answer.folder) continue;
        const auto again =
            std::min(earlier.counts.copied + earlier.counts.moved + earlier.counts.present + earlier.counts.updated,
                     answer.counts.present);
        answer.counts.present -= again;
      }
    }
    sent.answers.insert(sent.answers.end(), std::make_move_iterator(answers.begin()),
                        std::make_move_iterator(answers.end()));
    const bool again =
        !sent.done && (sent.done.error().code == Errc::unavailable || sent.done.error().code == Errc::conflict);
    if (!again || attempt >= kSendAttempts || !stop.wait(back_off(attempt, random_u64()))) return sent;
  }
}

}  // namespace kontor::migrate
