// SPDX-License-Identifier: AGPL-3.0-or-later
// Several components in one text, as they stand there.
#pragma once

#include <string_view>
#include <vector>

namespace kontor::lines {

// The outermost components of that name, from BEGIN to END with its line end, byte for byte; what stands between them
// is left out. One that does not end goes to the next BEGIN of its kind, or to the end of the text; only behind AGENT
// (vCard 2.1) one lies within another. Views into `text`, which is of a charset that has ASCII in it.
std::vector<std::string_view> slices(std::string_view text, std::string_view name);

}  // namespace kontor::lines
