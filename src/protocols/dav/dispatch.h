// SPDX-License-Identifier: AGPL-3.0-or-later
// From a request to the handler that answers it.
#pragma once

#include <optional>

#include "protocols/dav/family.h"
#include "protocols/dav/methods.h"

namespace kontor::dav {

// What is known before the body is read.
struct Ready {
  Resource resource;
  const Method* method = nullptr;
  std::optional<PutPlan> put;
};

// Errors: what find() and plan_put() say; 405.
Outcome<Ready> prepare(Context& context);

// Once the body was taken.
Response run(Context& context, const Ready& ready);

}  // namespace kontor::dav
