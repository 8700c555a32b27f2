// SPDX-License-Identifier: AGPL-3.0-or-later
// Why a request cannot be done: the one table from errors of the core to statuses of WebDAV.
#pragma once

#include <expected>
#include <string>

#include "base/result.h"
#include "net/http_status.h"
#include "wire/dav/names.h"
#include "wire/dav/refusal.h"

namespace kontor::dav {

namespace xml = wire::xml;

// A refusal with its status and, where there is one, the precondition that did not hold. Errors of the core become one
// by themselves, so that TRY works with both.
struct Problem : wire::dav::Refusal {
  Problem(wire::dav::Refusal refusal) : wire::dav::Refusal(std::move(refusal)) {}
  Problem(unsigned status_, std::string why_) : wire::dav::Refusal{status_, std::move(why_), std::nullopt} {}
  Problem(const Error& error) : Problem(net::http_status(error.code), error.text) {
    if (error.code == Errc::over_quota) precondition = xml::Name(wire::dav::dav("quota-not-exceeded"));
  }

  std::vector<std::string> paths{};  // that the precondition is about, not encoded
};

template <class T = void>
using Outcome = std::expected<T, Problem>;

inline std::unexpected<Problem> deny(unsigned status, std::string why) {
  return std::unexpected(Problem(status, std::move(why)));
}
inline std::unexpected<Problem> deny(xml::NameView precondition, std::string why, unsigned status = 403) {
  return std::unexpected(Problem(wire::dav::Refusal{status, std::move(why), xml::Name(precondition)}));
}

}  // namespace kontor::dav
