// SPDX-License-Identifier: AGPL-3.0-or-later
// Administration of import tokens: the verbs import-token.add, .list and .remove.
#pragma once

#include <string>

#include "protocols/admin/admin.h"

namespace kontor::app {

void add_import_tokens(admin::Admin& admin, const std::string& file);

}  // namespace kontor::app
