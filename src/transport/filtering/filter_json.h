// SPDX-License-Identifier: AGPL-3.0-or-later
// The JSON that HTTP endpoints and programs speak: what they are told of a message, and what they answer.
// docs/plugins.md is its description.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "transport/filtering/content_filter.h"

namespace kontor::transport {

// One line, without its end. `size`: of the message.
std::string filter_envelope(const FilterRequest& request, std::uint64_t size);

// Errors: invalid (with what is wrong), too_large. `spool_folder`: for a new message; `largest`: of it.
Result<FilterAnswer> read_filter_answer(std::string_view json, const std::string& spool_folder, std::uint64_t largest);

}  // namespace kontor::transport
