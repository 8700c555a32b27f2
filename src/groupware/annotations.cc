// SPDX-License-Identifier: AGPL-3.0-or-later
// Annotations of folders and of the account (RFC 5464): shared by all who may read there, or one caller's own.
#include <algorithm>

#include "base/bytes.h"
#include "groupware/keys.h"
#include "groupware/transaction.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kLongestEntry = 255;
constexpr std::size_t kMostAnnotations = 100;  // of a folder, for each owner
constexpr std::size_t kAnnotationBytes = 64 << 10;

// The owner under whom an entry is kept, and its name there. Shared ones have none (0).
struct AnnotationPlace {
  PrincipalId owner;
  std::string_view name;
};
Result<AnnotationPlace> place_of(std::string_view entry, const Caller& caller) {
  if (entry.size() > kLongestEntry) return fail(Errc::invalid, "the name of the annotation is too long");
  if (entry.starts_with(kSharedAnnotation))
    return AnnotationPlace{PrincipalId(), entry.substr(kSharedAnnotation.size())};
  if (entry.starts_with(kPrivateAnnotation) && caller.principal)
    return AnnotationPlace{caller.principal, entry.substr(kPrivateAnnotation.size())};
  return fail(Errc::invalid, "annotations are shared or private");
}

}  // namespace

Result<void> AccountTransaction::annotate(FolderId id, const std::string& entry,
                                          const std::optional<std::string>& value) {
  TRY(const AnnotationPlace place, place_of(entry, caller_));
  if (id) {
    TRY_VOID(may(id, place.owner ? right::kRead : right::kRead | right::kWriteFlags));
  } else if (!ownership_.is_full || !place.owner) {
    return fail(Errc::denied, "you may not annotate that");
  }
  const std::string prefix = key::annotations(id, place.owner);
  const std::string key = prefix + std::string(place.name);
  if (value) {
    if (value->size() > kLargestAnnotation) return fail(Errc::too_large, "the annotation is too large");
    std::size_t count = 1, bytes = value->size() + place.name.size();
    TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view other, std::string_view kept) {
      if (other == key) return true;
      ++count;
      bytes += other.size() - prefix.size() + kept.size();
      return true;
    }));
    if (count > kMostAnnotations || bytes > kAnnotationBytes)
      return fail(Errc::over_quota, "there are too many annotations");
    layer_.put(key, *value);
  } else {
    layer_.erase(key);
  }
  layer_.log.touched.insert(id);  // 0 = the account
  return {};
}

Result<void> AccountTransaction::drop_annotations(FolderId id) {
  const std::string prefix = key::annotations_of(id);
  std::vector<std::string> keys;
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  }));
  for (std::string& key : keys) layer_.erase(std::move(key));
  return {};
}

}  // namespace kontor::groupware
