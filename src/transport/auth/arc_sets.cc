// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/arc_sets.h"

#include <charconv>
#include <optional>

#include "base/bytes.h"
#include "transport/auth/dkim_tags.h"

namespace kontor::transport {
namespace {

std::optional<std::size_t> parse_arc_instance(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0 || number > kMostArcSets)
    return std::nullopt;
  return number;
}

// i= of ARC-Message-Signature and ARC-Seal; of ARC-Authentication-Results it is what comes first.
std::optional<std::size_t> arc_instance_of(const DkimHead::Field& field) {
  const std::string_view value = arc_value(field.raw);
  if (field.name == "arc-authentication-results") {
    const std::string first = without_white_space(value.substr(0, value.find(';')));
    return first.starts_with("i=") ? parse_arc_instance(std::string_view(first).substr(2)) : std::nullopt;
  }
  const auto tags = parse_dkim_tags(value);
  return tags ? parse_arc_instance(tag_or(*tags, "i", "")) : std::nullopt;
}

}  // namespace

std::string_view arc_value(std::string_view raw) { return raw.substr(raw.find(':') + 1); }

bool is_arc_field(const DkimHead::Field& field) {
  return field.name == "arc-seal" || field.name == "arc-message-signature" ||
         field.name == "arc-authentication-results";
}

std::string arc_status(const ArcSet& set) {
  const auto tags = parse_dkim_tags(arc_value(set.seal));
  return tags ? to_lower(tag_or(*tags, "cv", "")) : std::string();
}

// Section 5.2, steps 1 to 3.
std::expected<std::vector<ArcSet>, std::string> collect_arc_sets(const DkimHead& head) {
  std::vector<ArcSet> sets;
  for (const DkimHead::Field& field : head.fields()) {
    if (!is_arc_field(field)) continue;
    const auto instance = arc_instance_of(field);
    if (!instance) return std::unexpected("a field of ARC has no instance");
    if (sets.size() < *instance) sets.resize(*instance);
    ArcSet& set = sets[*instance - 1];
    std::string_view& place = field.name == "arc-seal"                ? set.seal
                              : field.name == "arc-message-signature" ? set.message
                                                                      : set.results;
    if (!place.empty()) return std::unexpected("a field of ARC is there twice");
    place = field.raw;
  }
  for (const ArcSet& set : sets)
    if (set.seal.empty() || set.message.empty() || set.results.empty())
      return std::unexpected("a set of ARC is not whole");
  return sets;
}

void append_arc_set(const ArcSet& set, std::string& into) {
  for (const std::string_view raw : {set.results, set.message, set.seal})
    into += canonical_field(raw, DkimForm::relaxed);
}

}  // namespace kontor::transport
