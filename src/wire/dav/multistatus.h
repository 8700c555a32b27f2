// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes DAV:multistatus and DAV:error: RFC 4918 sections 13 and 16, RFC 6578 section 6.4.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/dav/names.h"
#include "wire/dav/refusal.h"
#include "wire/xml/print.h"

namespace kontor::wire::dav {

// Writes to the end of a string, which the caller may send and empty between two responses.
class Multistatus {
 public:
  explicit Multistatus(std::string& out);

  // A resource with its properties: begin(), one propstat a status, end(). `path` is not encoded yet.
  void begin(std::string_view path);
  void begin_propstat();
  // For the properties, between begin_propstat() and end_propstat().
  xml::Printer& printer() { return printer_; }
  void end_propstat(unsigned status, std::optional<xml::NameView> precondition = {});
  void end();

  // A resource with one status: what a member that is gone looks like, or one that could not be changed.
  void status(std::string_view path, unsigned status, std::optional<xml::NameView> precondition = {},
              std::string_view why = {});

  // Once, at the end. `sync_token`: of a sync-collection.
  void finish(std::string_view sync_token = {});

 private:
  void status_line(unsigned status);
  void error(std::optional<xml::NameView> precondition);

  xml::Printer printer_;
};

// The body that tells which precondition did not hold; with the hrefs that it is about, not encoded yet.
std::string error_body(xml::NameView precondition, const std::vector<std::string>& paths = {});

}  // namespace kontor::wire::dav
