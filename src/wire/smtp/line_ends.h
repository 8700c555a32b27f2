// SPDX-License-Identifier: AGPL-3.0-or-later
// CR and LF that stand alone. RFC 5321 section 2.3.8 forbids them: servers that take one for a line's end, beside
// servers that do not, can be made to see two messages where the other sees one.
#pragma once

#include <string>
#include <string_view>

namespace kontor::wire::smtp {

class LineEnds {
 public:
  // Pieces of any size. Copies them to `out`; with `repairs`, every CR or LF that stands alone becomes CRLF.
  explicit LineEnds(bool repairs) : repairs_(repairs) {}
  void feed(std::string_view bytes, std::string& out);
  void finish(std::string& out);

  // Whether there was one that stood alone. After finish().
  bool has_bare() const { return has_bare_; }

 private:
  bool repairs_;
  bool has_cr_ = false;  // it came, and is not in `out` yet
  bool has_bare_ = false;
};

}  // namespace kontor::wire::smtp
