// SPDX-License-Identifier: AGPL-3.0-or-later
// One account's way to the target: records gather into archives of bounded size ("segments"), each of which is whole in
// itself and sent while the next one fills. A segment that breaks off is sent again: the importer drops what it has.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "formats/archive/writer.h"
#include "migrate/target.h"

namespace kontor::migrate {

class Upload {
 public:
  using TakeAnswer = std::function<void(const archive::Answer&)>;
  // `take` is called on the thread that uses this object.
  Upload(const TargetOptions& target, std::string address, std::string source, Bandwidth& bandwidth, Stop& stop,
         TakeAnswer take);
  ~Upload();

  // Describes a folder: it is sent with each segment that says something of it, and once at least.
  Result<void> folder(const archive::Folder& folder);
  Result<void> listing(std::uint32_t folder, archive::Listing::Kind kind, const std::vector<std::string>& keys,
                       bool last);
  Result<void> item(archive::Item item, archive::Spool* content, const archive::AttachedBytes* attached = nullptr);
  Result<void> pass(const archive::Pass& pass);
  // After all else, since they name folders.
  Result<void> settings(const archive::Settings& settings);
  // Sends what there is and waits for all answers.
  Result<void> flush() { return flush_with({}); }
  // The same, and ends the account.
  Result<void> finish(const archive::AccountEnd& end);

 private:
  struct Segment;
  struct Sent {
    std::vector<archive::Answer> answers;
    Result<void> done;
    std::uint64_t bytes = 0;  // of the last attempt, and how long it took
    std::chrono::steady_clock::duration took{};
  };
  Result<void> open();
  Result<void> use(std::uint32_t folder);
  Result<void> flush_with(const archive::AccountEnd& end);
  Result<void> send(const archive::AccountEnd& end);
  Result<void> settle();
  static Sent deliver(Target& target, const std::string& address, std::shared_ptr<Segment> segment,
                      Bandwidth& bandwidth, Stop& stop);

  const std::string address_, source_;
  Bandwidth& bandwidth_;
  Stop& stop_;
  TakeAnswer take_;
  Target target_;
  std::map<std::uint32_t, archive::Folder> folders_;
  std::shared_ptr<Segment> segment_;
  std::uint64_t segment_bytes_ = 4 << 20;  // compressed; by how fast the last one went
  std::future<Sent> under_way_;
};

}  // namespace kontor::migrate
