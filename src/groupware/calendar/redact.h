// SPDX-License-Identifier: AGPL-3.0-or-later
// What of a confidential item those see who may not read it: when it takes place, and that it does.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "formats/lines/component.h"

namespace kontor::groupware {

constexpr std::string_view kRedactedSummary = "Busy";

// The same bytes for the same calendar, always.
std::string redact(const lines::Component& calendar);
// Errors: what reading gives.
Result<std::string> redact(std::string_view bytes);

}  // namespace kontor::groupware
