// SPDX-License-Identifier: AGPL-3.0-or-later
// The answers about annotations: of GETMETADATA and of LIST's METADATA option.
#pragma once

#include <map>
#include <string>

#include "directory/directory.h"
#include "groupware/account.h"
#include "wire/imap/metadata_request.h"

namespace kontor::imap {

struct MetadataLine {
  std::string text;            // "(/shared/comment "x" /private/comment NIL)"; empty if there is nothing to tell
  std::uint64_t left_out = 0;  // the size of the largest value that was too long
};

// What of `present` is asked for. Entries that are named and not there are NIL (RFC 5464 section 4.2).
MetadataLine print_metadata(const std::map<std::string, std::string>& present,
                            const wire::imap::GetMetadataRequest& request);

// The server's annotations: those that administrators set for the tenant, which nobody changes by IMAP, and what the
// account has of its own. Blocks. Errors: as Reader::annotations.
Result<std::map<std::string, std::string>> server_annotations(const directory::Directory& directory,
                                                              const groupware::Account& account,
                                                              const groupware::Reader& reader);

}  // namespace kontor::imap
