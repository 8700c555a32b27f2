// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "formats/mapi/attachment_data.h"
#include "formats/mapi/tags.h"

namespace kontor::migrate::kopano {
namespace {

constexpr std::size_t kBatchParts = 50'000;
constexpr std::size_t kListed = 5'000;       // ids in one statement
constexpr std::size_t kDeepest = 16;         // messages in messages
constexpr std::size_t kMostParts = 200'000;  // of a single message
constexpr std::size_t kMostBytes = std::size_t{512} << 20;
constexpr unsigned kDataNumber = 0x3701;
constexpr unsigned kOriginalNumber = 0x678C;

using Ids = std::vector<std::uint32_t>;

// Runs `work` for each part of `ids` that one statement may name.
template <class Work>
Result<void> in_parts(const Ids& ids, const Work& work) {
  for (std::size_t at = 0; at < ids.size(); at += kListed)
    TRY_VOID(work(std::span(ids).subspan(at, std::min(kListed, ids.size() - at))));
  return {};
}

}  // namespace

// What is being read: first all parts, then their properties.
struct ObjectReader::Batch {
  // Nothing has room any more; but a single message is read up to limits that are far beyond all that is sound.
  bool is_full() const { return is_bounded && (bytes > most_bytes || all.size() > kBatchParts); }
  // Whether the message takes no more; names that once.
  bool is_over(std::vector<std::string>& to) {
    if (bytes <= kMostBytes) return false;
    if (!std::exchange(is_cut, true))
      to.emplace_back("It is larger than can be: some of its properties were left out.");
    return true;
  }

  bool is_bounded = false;
  std::size_t most_bytes = 0;
  bool is_cut = false;
  Ids roots;
  std::unordered_map<std::uint32_t, std::vector<Node>> children;
  std::unordered_map<std::uint32_t, mapi::Properties> properties;
  std::unordered_map<std::uint32_t, Instance> data, originals;
  std::unordered_map<std::uint32_t, std::uint32_t> root_of;
  std::unordered_map<std::uint32_t, std::vector<std::string>> damages;  // by root
  Ids all;
  std::size_t bytes = 0;
};

Result<void> ObjectReader::find_parts(Batch& batch) {
  TRY_VOID(in_parts(batch.roots, [&](auto ids) {
    return database_.query("SELECT id FROM hierarchy WHERE type = 5 AND id IN (" + list_of(ids) + ")",
                           [&](const Row& row) -> Result<void> {
                             batch.root_of[row.id(0)] = row.id(0);
                             batch.all.push_back(row.id(0));
                             return {};
                           });
  }));
  std::erase_if(batch.roots, [&](std::uint32_t id) { return !batch.root_of.contains(id); });
  Ids messages = batch.all;
  for (std::size_t depth = 0; !messages.empty() && !batch.is_full(); ++depth) {
    Ids attachments, inner;
    const auto take = [&](Ids& next, ObjectType wanted) {
      return [&, wanted](const Row& row) -> Result<void> {
        const Node node{row.id(0), row.id(1), static_cast<std::uint8_t>(row.integer(2))};
        const std::uint32_t root = batch.root_of.at(node.parent);
        if (batch.root_of.contains(node.id) || depth >= kDeepest ||
            batch.all.size() >= kMostParts + batch.roots.size()) {
          auto& damages = batch.damages[root];
          if (damages.empty() || depth < kDeepest)
            damages.push_back(
                fmt::format("Part {} was left out: {}.", node.id,
                            batch.root_of.contains(node.id) ? "it contains itself" : "there are too many"));
          return {};
        }
        batch.root_of[node.id] = root;
        batch.children[node.parent].push_back(node);
        batch.all.push_back(node.id);
        if (node.type == static_cast<std::uint8_t>(wanted)) next.push_back(node.id);
        return {};
      };
    };
    TRY_VOID(in_parts(messages, [&](auto ids) {
      return database_.query("SELECT id, parent, type FROM hierarchy WHERE parent IN (" + list_of(ids) +
                                 ") AND type IN (6, 7, 8) ORDER BY id",
                             take(attachments, ObjectType::attachment));
    }));
    TRY_VOID(in_parts(attachments, [&](auto ids) {
      return database_.query(
          "SELECT id, parent, type FROM hierarchy WHERE parent IN (" + list_of(ids) + ") AND type = 5 ORDER BY id",
          take(inner, ObjectType::message));
    }));
    messages = std::move(inner);
  }
  return {};
}

Result<void> ObjectReader::read_properties(Batch& batch) {
  std::sort(batch.all.begin(), batch.all.end());
  const std::string columns = value_columns();
  return in_parts(batch.all, [&](auto ids) -> Result<void> {
    if (batch.is_full()) return {};
    const std::string list = list_of(ids);
    const auto full = fail(Errc::too_large, "");
    auto read = database_.query("SELECT " + columns + " FROM properties WHERE hierarchyid IN (" + list + ")",
                                [&](const Row& row) -> Result<void> {
                                  const std::uint32_t id = row.id(0);
                                  auto& damages = batch.damages[batch.root_of.at(id)];
                                  if (batch.is_over(damages)) return {};
                                  batch.bytes += values_.add(row, batch.properties[id], damages);
                                  if (batch.is_full()) return full;
                                  return {};
                                });
    if (!read && batch.is_full()) return {};
    if (!read) return read;
    ValueReader::Elements elements;
    read = database_.query("SELECT " + columns + " FROM mvproperties WHERE hierarchyid IN (" + list +
                               ") ORDER BY hierarchyid, tag, type, orderid",
                           [&](const Row& row) -> Result<void> {
                             const std::uint32_t id = row.id(0);
                             auto& damages = batch.damages[batch.root_of.at(id)];
                             if (batch.is_over(damages)) return {};
                             batch.bytes += elements.add(values_, row, batch.properties[id], damages);
                             if (batch.is_full()) return full;
                             return {};
                           });
    if (!read && batch.is_full()) return {};
    if (!read) return read;
    elements.finish(values_);
    return {};
  });
}

Result<void> ObjectReader::read_instances(Batch& batch) {
  return in_parts(batch.all, [&](auto ids) {
    return database_.query(
        fmt::format("SELECT hierarchyid, tag, instanceid, {} FROM singleinstances WHERE tag IN ({}, {}) AND "
                    "hierarchyid IN ({})",
                    schema_.has_file_names ? "filename" : "NULL", kDataNumber, kOriginalNumber, list_of(ids)),
        [&](const Row& row) -> Result<void> {
          auto& into = row.integer(1) == kDataNumber ? batch.data : batch.originals;
          into[row.id(0)] = {static_cast<std::uint64_t>(row.integer(2)), std::string(row.bytes(3))};
          return {};
        });
  });
}

namespace {

// Takes the parts together. Depth is bounded by whoever found them.
template <class Batch>
mapi::Message message_of(Batch& batch, std::uint32_t id, Tree& tree) {
  mapi::Message message;
  message.properties = std::move(batch.properties[id]);
  for (const auto& child : batch.children[id]) {
    if (child.type != static_cast<std::uint8_t>(ObjectType::attachment)) {
      message.recipients.push_back(std::move(batch.properties[child.id]));
      continue;
    }
    mapi::Attachment& attachment = message.attachments.emplace_back();
    attachment.properties = std::move(batch.properties[child.id]);
    if (auto number = mapi::Value::make(mapi::Type::int64, std::int64_t{child.id}))
      attachment.properties.set(mapi::tag::kAttachNumber, *std::move(number));
    if (const auto data = batch.data.find(child.id); data != batch.data.end()) tree.data[child.id] = data->second;
    for (const auto& inner : batch.children[child.id])
      if (attachment.embedded.empty()) attachment.embedded.push_back(message_of(batch, inner.id, tree));
  }
  return message;
}

}  // namespace

Result<std::optional<std::vector<Tree>>> ObjectReader::read_batch(const Ids& ids, bool is_bounded) {
  Batch batch;
  batch.is_bounded = is_bounded;
  batch.most_bytes = batch_bytes_;
  batch.roots = ids;
  TRY_VOID(find_parts(batch));
  if (!batch.is_full()) TRY_VOID(read_properties(batch));
  if (batch.is_full()) return std::nullopt;
  TRY_VOID(read_instances(batch));
  std::vector<Tree> trees;
  for (const std::uint32_t id : batch.roots) {
    Tree& tree = trees.emplace_back();
    tree.id = id;
    tree.message = message_of(batch, id, tree);
    tree.damages = std::move(batch.damages[id]);
    if (const auto original = batch.originals.find(id); original != batch.originals.end())
      tree.original = original->second;
  }
  return trees;
}

Result<std::vector<Tree>> ObjectReader::trees(const Ids& ids, std::size_t& done) {
  Ids some = ids;
  for (;;) {
    TRY(auto read, read_batch(some, some.size() > 1));
    done = some.size();
    if (read) return *std::move(read);
    some.resize(std::max<std::size_t>(some.size() / 4, 1));
  }
}

Result<std::optional<Tree>> ObjectReader::tree(std::uint32_t id) {
  std::size_t done = 0;
  TRY(auto found, trees({id}, done));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<ObjectReader::ById> ObjectReader::properties(const Ids& ids, const std::vector<std::uint32_t>& numbers) {
  ById found;
  std::vector<std::string> damages;
  const std::string wanted = numbers.empty() ? "" : " AND tag IN (" + list_of(numbers) + ")";
  TRY_VOID(in_parts(ids, [&](auto part) -> Result<void> {
    const std::string where = " WHERE hierarchyid IN (" + list_of(part) + ")" + wanted;
    TRY_VOID(
        database_.query("SELECT " + value_columns() + " FROM properties" + where, [&](const Row& row) -> Result<void> {
          values_.add(row, found[row.id(0)], damages);
          return {};
        }));
    ValueReader::Elements elements;
    TRY_VOID(database_.query(
        "SELECT " + value_columns() + " FROM mvproperties" + where + " ORDER BY hierarchyid, tag, type, orderid",
        [&](const Row& row) -> Result<void> {
          elements.add(values_, row, found[row.id(0)], damages);
          return {};
        }));
    elements.finish(values_);
    return {};
  }));
  return found;
}

}  // namespace kontor::migrate::kopano
