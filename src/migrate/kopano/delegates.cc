// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/delegates.h"

namespace kontor::migrate::kopano {
namespace {

constexpr mapi::Tag kDelegateNames{.id = 0x6844}, kDelegateEntries{.id = 0x6845}, kDelegateFlags{.id = 0x686B};
constexpr mapi::Tag kAnswersItself{.id = 0x686D}, kDeclinesSeries{.id = 0x686E}, kDeclinesConflicts{.id = 0x686F};
constexpr std::size_t kFreeBusyPlace = 1;
constexpr std::size_t kMostDelegatesRead = 500;

}  // namespace

std::string free_busy_entry(const mapi::Properties& root, const mapi::Properties& inbox) {
  for (const auto* from : {&root, &inbox})
    if (const auto* entries = from->blobs(kFreeBusyEntries); entries != nullptr && entries->size() > kFreeBusyPlace)
      if (!(*entries)[kFreeBusyPlace].empty()) return (*entries)[kFreeBusyPlace];
  return {};
}

std::vector<archive::Delegate> delegates_of(const mapi::Properties& free_busy, const mapi::ResolveEntry& resolve,
                                            std::vector<SettingLoss>& losses) {
  std::vector<archive::Delegate> out;
  const auto* entries = free_busy.blobs(kDelegateEntries);
  const auto* names = free_busy.texts(kDelegateNames);
  const mapi::Value* flags = free_busy.find(kDelegateFlags);
  const auto* bits = flags == nullptr ? nullptr : std::get_if<std::vector<std::int64_t>>(&flags->data());
  for (std::size_t i = 0; entries != nullptr && i < entries->size() && i < kMostDelegatesRead; ++i) {
    const auto known = resolve ? resolve((*entries)[i]) : std::nullopt;
    if (!known || !mapi::is_address(known->address)) {
      const std::string name = names != nullptr && i < names->size() ? (*names)[i] : "somebody";
      losses.push_back({"the delegate " + name, "he is not in the directory any more"});
      continue;
    }
    const bool sees_private = bits != nullptr && i < bits->size() && ((*bits)[i] & 1) != 0;
    out.push_back({known->address, sees_private, false});
  }
  return out;
}

std::optional<archive::Booking> booking_of(const mapi::Properties& free_busy) {
  if (!free_busy.has(kAnswersItself)) return std::nullopt;
  archive::Booking out;
  out.answers = free_busy.boolean(kAnswersItself);
  out.takes_series = !free_busy.boolean(kDeclinesSeries);
  out.takes_conflicts = out.answers && !free_busy.boolean(kDeclinesConflicts);
  return out;
}

}  // namespace kontor::migrate::kopano
