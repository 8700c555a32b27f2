// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads the contents of neighbouring items together: two scans in the place of two look-ups for each of them.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "groupware/content.h"
#include "groupware/layer.h"
#include "store/blobs.h"

namespace kontor::groupware {

// The contents of the first of `ids`: of at least one, and of few enough to hold them in memory. Null: that one is to
// be looked up by itself, which also says what is wrong with it. Rights are not asked.
std::vector<std::shared_ptr<const Content>> read_content_run(Layer& layer, store::Blobs& blobs, TenantId tenant,
                                                             std::span<const ItemId> ids);

}  // namespace kontor::groupware
