// SPDX-License-Identifier: AGPL-3.0-or-later
// Which part of a name somebody can register: "example.co.uk" of "mail.example.co.uk", by the Public Suffix List.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace kontor::transport {

// Thread-safe. The list is that of the system (Debian's `publicsuffix`), or libpsl's own if that is newer or it is
// absent.
class PublicSuffixes {
 public:
  PublicSuffixes();
  ~PublicSuffixes();

  // The organizational domain of RFC 7489 section 3.2, lower case; the name itself where nobody can register above it.
  // `name` is ASCII.
  std::string organization(std::string_view name) const;

 private:
  struct List;
  std::unique_ptr<List> list_;
};

}  // namespace kontor::transport
