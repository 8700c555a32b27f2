// SPDX-License-Identifier: AGPL-3.0-or-later
// Three-way merge of flags and keywords: what changed at the source since it was last seen is done here too; what
// changed here stays. A flag that both sides changed is the same on both.
#pragma once

#include "groupware/flags.h"

namespace kontor::importing {

groupware::FlagNames merge_flags(const groupware::FlagNames& base, const groupware::FlagNames& source,
                                 const groupware::FlagNames& target);

// The same flags, and the same keywords without regard to case and order.
bool same_flags(const groupware::FlagNames& a, const groupware::FlagNames& b);

// A keyword as IMAP can say it (RFC 9051 section 9: an atom), or empty if nothing of it is left.
std::string sound_keyword(const std::string& keyword);

}  // namespace kontor::importing
