// SPDX-License-Identifier: AGPL-3.0-or-later
// "tag=value; tag=value" of DKIM's signatures and keys. RFC 6376 section 3.2.
// For dkim_*.cc.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::transport {

using DkimTags = std::map<std::string, std::string, std::less<>>;

// Values without white space at their ends, else as they came. Nothing if it is
// no such list, or a tag comes twice.
std::optional<DkimTags> parse_dkim_tags(std::string_view text);

// The tag's value, or `otherwise`.
std::string tag_or(const DkimTags& tags, std::string_view name, std::string_view otherwise);
// "a : b:c" by its colons, lower case.
std::vector<std::string> split_colons(std::string_view text);
std::string without_white_space(std::string_view text);

// The field without the value of its tag b (section 3.5).
std::string without_signature(std::string_view raw_field);

}  // namespace kontor::transport
