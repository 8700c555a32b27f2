// SPDX-License-Identifier: AGPL-3.0-or-later
// Where a Kopano server keeps contents of attachments and original messages.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/kopano/database.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// One content, which many objects may share: a row of the table singleinstances.
struct Instance {
  std::uint64_t id = 0;
  std::string file;  // singleinstances.filename: of files_v2
};

// One thread at a time.
class AttachmentStore {
 public:
  virtual ~AttachmentStore() = default;
  // These are read next, and are small: a hint that many may be fetched at once. Ends what was announced before.
  virtual void announce(const std::vector<Instance>& /*instances*/) {}
  // Hands the content over in pieces. Errors: not_found (it is lost: which file), invalid (it cannot be read: why),
  // unavailable, or what `take` returned.
  virtual Result<void> read(const Instance& instance, const TakePiece& take) = 0;
};

enum class AttachmentKind : std::uint8_t { automatic, files, files_v2, database, s3 };

// A bucket of S3 or of a server that speaks as it does.
struct S3Options {
  std::string endpoint;  // "https://s3.eu-central-1.amazonaws.com"; http for what is near
  std::string bucket;
  std::string path;  // attachment_path: before the names of objects; may be empty
  std::string region = "us-east-1";
  std::string key_id, secret;        // nothing: the bucket is read without
  bool bucket_in_host = false;       // https://bucket.host/path/1, not https://host/bucket/path/1
  std::string ca_file;               // empty = the system's
  std::chrono::seconds silence{60};  // how long the server may send nothing
};

struct AttachmentOptions {
  AttachmentKind kind = AttachmentKind::automatic;  // as the database's settings tell, else by what is there
  std::string path = "/var/lib/kopano/attachments";
  // The two levels of folders of `files`: how many there are of each. 0 = as the database's settings tell, else 10, 20.
  std::uint32_t first_level = 0, second_level = 0;
  S3Options s3;
};

// `told`: the database's own word (Schema::attachments), or "". `database` must outlive it. Errors: invalid (a kind
// that cannot be read), not_found (the path).
Result<std::unique_ptr<AttachmentStore>> open_attachment_store(const AttachmentOptions& options, std::string_view told,
                                                               Database& database);

// Of both forms of files, with as many folders on both levels.
std::unique_ptr<AttachmentStore> file_store(std::string path, std::uint32_t first_level, std::uint32_t second_level);

}  // namespace kontor::migrate::kopano
