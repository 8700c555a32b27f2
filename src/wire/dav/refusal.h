// SPDX-License-Identifier: AGPL-3.0-or-later
// Why a request of WebDAV is refused: RFC 4918 section 16.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "base/result.h"
#include "wire/xml/element.h"

namespace kontor::wire::dav {

struct Refusal {
  unsigned status = 400;
  std::string why;                        // a sentence, for a person
  std::optional<xml::Name> precondition;  // that did not hold: goes into the answer's DAV:error
};

template <class T>
using Parsed = std::expected<T, Refusal>;

inline std::unexpected<Refusal> refuse(std::string why, unsigned status = 400) {
  return std::unexpected(Refusal{status, std::move(why), std::nullopt});
}
inline std::unexpected<Refusal> refuse(xml::NameView precondition, std::string why, unsigned status = 403) {
  return std::unexpected(Refusal{status, std::move(why), xml::Name(precondition)});
}

}  // namespace kontor::wire::dav
