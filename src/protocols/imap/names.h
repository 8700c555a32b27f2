// SPDX-License-Identifier: AGPL-3.0-or-later
// Folder names between the wire and the core: modified UTF-7 and "/" against UTF-8 paths.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "groupware/account.h"

namespace kontor::imap {

// The path that a client means: decoded, in NFC, without a trailing delimiter, INBOX in capitals. Nothing if it cannot
// be the name of a folder.
std::optional<std::string> path_from_wire(std::string_view name);
std::string wire_from_path(std::string_view path);

bool is_inbox(std::string_view path);

// The mail folder at `path`. Errors: not_found (also what the caller may not see).
Result<std::shared_ptr<const groupware::Folder>> find_folder(const groupware::Reader& reader, std::string_view path);

// What of a folder's kind and rights shows in IMAP.
bool shows(const groupware::Reader& reader, const groupware::Folder& folder);

}  // namespace kontor::imap
