// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/kopano_names.h"

#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

struct FixedRange {
  Guid set;
  std::uint32_t first;  // id within the set
  std::uint32_t count;
  std::uint32_t number;  // of the first
};
constexpr auto kFixedRanges = std::to_array<FixedRange>({
    {set::kAppointment, 0x8200, 0x70, 0x8000},
    {set::kTask, 0x8100, 0x40, 0x8070},
    {set::kAddress, 0x8000, 0xF0, 0x80B0},
    {set::kCommon, 0x8500, 0x100, 0x81A0},
    {set::kLog, 0x8700, 0x20, 0x82A0},
    {set::kBusinessCard, 0x8800, 0x20, 0x82C0},
    {set::kNote, 0x8B00, 0x20, 0x82E0},
    {set::kReport, 0x8D00, 0x20, 0x8300},
    {set::kRemote, 0x8F00, 0x20, 0x8320},
    {set::kMeeting, 0x0000, 0x40, 0x8340},
    {set::kKopano, 0x0002, 1, 0x8380},
});

}  // namespace

std::optional<Tag> kopano_fixed_name(std::uint32_t number) {
  for (const FixedRange& range : kFixedRanges)
    if (number >= range.number && number - range.number < range.count)
      return Tag{.id = number - range.number + range.first, .set = range.set};
  return std::nullopt;
}

std::optional<std::uint32_t> kopano_fixed_number(const Tag& tag) {
  if (!tag.name.empty()) return std::nullopt;
  for (const FixedRange& range : kFixedRanges)
    if (tag.set == range.set && tag.id >= range.first && tag.id - range.first < range.count)
      return tag.id - range.first + range.number;
  return std::nullopt;
}

}  // namespace kontor::mapi
