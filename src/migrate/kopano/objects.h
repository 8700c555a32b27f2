// SPDX-License-Identifier: AGPL-3.0-or-later
// Messages with all that is in them, many at a time: a handful of statements for each batch, whatever it holds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/mapi/property.h"
#include "migrate/kopano/attachment_store.h"
#include "migrate/kopano/database.h"
#include "migrate/kopano/names.h"
#include "migrate/kopano/schema.h"
#include "migrate/kopano/value.h"

namespace kontor::migrate::kopano {

// Rows of hierarchy: what an object is.
enum class ObjectType : std::uint8_t { store = 1, folder = 3, message = 5, recipient = 6, attachment = 7, list = 8 };
constexpr std::uint32_t kDeletedObject = 0x400;  // in hierarchy.flags
constexpr std::uint32_t kAssociated = 0x40;

struct Tree {
  std::uint32_t id = 0;
  mapi::Message message;  // attachments have their numbers (mapi::tag::kAttachNumber): ids of their objects
  std::map<std::uint32_t, Instance> data;  // of attachments that have content, by number
  std::optional<Instance> original;        // the message as it came over SMTP or IMAP
  std::vector<std::string> damages;        // sentences: what could not be read
};

// One thread at a time; refers to what it is made of.
class ObjectReader {
 public:
  // `batch_bytes`: of properties, beyond which a batch ends.
  ObjectReader(Database& database, const Schema& schema, const Names& names, std::size_t batch_bytes)
      : database_(database), schema_(schema), values_(names), batch_bytes_(batch_bytes) {}

  // The trees of the first of these, in this order: as many as memory has room for, one at least. Those that are not
  // there (any more) are left out. `done`: how many of `ids` that was.
  Result<std::vector<Tree>> trees(const std::vector<std::uint32_t>& ids, std::size_t& done);
  Result<std::optional<Tree>> tree(std::uint32_t id);

  // Properties of single objects; only these numbers, if there are any.
  using ById = std::map<std::uint32_t, mapi::Properties>;
  Result<ById> properties(const std::vector<std::uint32_t>& ids, const std::vector<std::uint32_t>& numbers = {});

 private:
  struct Node {
    std::uint32_t id = 0, parent = 0;
    std::uint8_t type = 0;
  };
  struct Batch;
  Result<void> find_parts(Batch& batch);
  Result<void> read_properties(Batch& batch);
  Result<void> read_instances(Batch& batch);
  Result<std::optional<std::vector<Tree>>> read_batch(const std::vector<std::uint32_t>& ids, bool is_bounded);

  Database& database_;
  const Schema& schema_;
  const ValueReader values_;
  const std::size_t batch_bytes_;
};

}  // namespace kontor::migrate::kopano
