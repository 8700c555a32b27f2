// SPDX-License-Identifier: AGPL-3.0-or-later
// Folder names between the wire and the core: modified UTF-7 and "/" against UTF-8 paths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "groupware/account.h"

namespace kontor::imap {

// How names travel: in modified UTF-7, or as they are once the client enabled UTF-8 (RFC 6855 section 3).
enum class NameForm : std::uint8_t { mutf7, utf8 };

// The path that a client means: decoded, in NFC, without a trailing delimiter, INBOX in capitals. Nothing if it cannot
// be the name of a folder.
std::optional<std::string> path_from_wire(std::string_view name, NameForm form = NameForm::mutf7);
std::string wire_from_path(std::string_view path, NameForm form = NameForm::mutf7);

// Prints a name as an astring: what wire_from_path gave, or a path.
void append_wire_name(std::string& out, std::string_view name, NameForm form);
void append_name(std::string& out, std::string_view path, NameForm form);

// Whether a new folder may be called so: no control characters or line ends (RFC 9051 section 5.1, Net-Unicode).
bool is_net_unicode(std::string_view path);

// What the client called a folder, if that is not its name on the wire; else empty.
std::string old_name(std::string_view given, std::string_view name);

bool is_inbox(std::string_view path);

// The mail folder at `path`, if the caller may see or read it. Errors: not_found (also for what it may not know of).
Result<std::shared_ptr<const groupware::Folder>> find_folder(const groupware::Reader& reader, std::string_view path);

// Whether its kind and the caller's rights let a folder show in lists.
bool shows(const groupware::Reader& reader, const groupware::Folder& folder);

}  // namespace kontor::imap
