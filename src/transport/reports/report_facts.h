// SPDX-License-Identifier: AGPL-3.0-or-later
// What every report to the owner of a domain says of itself.
#pragma once

#include <string>

#include "base/time.h"

namespace kontor::transport {

struct ReportFacts {
  std::string organization;  // who reports
  std::string address;       // of whom to ask; the report comes from there
  std::string contact;       // a further way to ask; may be empty
  std::string id;            // no other report of ours has it: letters, digits, dots and hyphens
  std::string domain;        // what it is about
  Instant begin{}, end{};    // of the time; `end` is the first second behind it

  std::string own_domain() const { return address.substr(address.rfind('@') + 1); }
};

}  // namespace kontor::transport
