// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/threads.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "groupware/keys.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kIds = 12;
// Of the items that name one id; a flood of messages with the same one must not cost more and more.
constexpr int kKin = 64;

std::vector<std::uint64_t> id_hashes(const mime::Summarized& mail) {
  std::vector<std::uint64_t> hashes;
  if (!mail.message_id.empty()) hashes.push_back(stable_hash64(mail.message_id));
  // The oldest reference names the thread's root, the newest ones its near kin.
  const std::vector<std::string>& references = mail.references;
  if (!references.empty()) hashes.push_back(stable_hash64(references.front()));
  for (std::size_t i = references.size(); i > 1 && hashes.size() < kIds; --i)
    hashes.push_back(stable_hash64(references[i - 1]));
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  return hashes;
}

std::string thread_value(ThreadId thread, std::uint64_t subject) {
  std::string value;
  append_be64(value, thread.value);
  append_be64(value, subject);
  return value;
}

}  // namespace

Result<void> join_thread(Layer& layer, const mime::Summarized& mail, ItemRecord& item) {
  item.thread_keys = id_hashes(mail);
  std::uint64_t subject = stable_hash64(mail.base_subject);
  ThreadId thread(item.id.value);
  for (std::uint64_t hash : item.thread_keys) {
    std::string prefix = key::threads(hash);
    int seen = 0;
    // One is enough: all that share an id and a subject are in one thread already, as far as they can be.
    TRY_VOID(layer.scan(prefix, key::end(prefix), [&](std::string_view, std::string_view value) {
      if (++seen > kKin) return false;
      if (value.size() != 16 || read_be64(value.substr(8)) != subject) return true;
      thread = std::min(thread, ThreadId(read_be64(value)));
      return false;
    }));
  }
  item.thread = thread;
  for (std::uint64_t hash : item.thread_keys) layer.put(key::thread(hash, item.id), thread_value(thread, subject));
  return {};
}

Result<void> join_thread_of(Layer& layer, const ItemRecord& original, ItemRecord& copy) {
  copy.thread = original.thread;
  copy.thread_keys = original.thread_keys;
  for (std::uint64_t hash : copy.thread_keys) {
    TRY(std::optional<std::string> value, layer.get(key::thread(hash, original.id)));
    if (value) layer.put(key::thread(hash, copy.id), *std::move(value));
  }
  return {};
}

void leave_thread(Layer& layer, const ItemRecord& item) {
  for (std::uint64_t hash : item.thread_keys) layer.erase(key::thread(hash, item.id));
}

}  // namespace kontor::groupware
