// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads DAV:multistatus as servers send it, for clients: RFC 4918 section 13, RFC 6578 section 6.4.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/xml/element.h"
#include "wire/xml/parse.h"

namespace kontor::wire::dav {

// What a multistatus tells of one resource.
struct ResourceStatus {
  std::string href;                      // as sent: a path or a URI, percent-encoded or not
  unsigned status = 0;                   // of the resource as a whole; 0 = it tells properties
  std::vector<xml::Element> properties;  // those that it has (status 200)
  std::vector<xml::Name> refused;        // those that it has not, or that the caller may not see

  const xml::Element* property(xml::NameView name) const;
  std::string text(xml::NameView name) const;  // without white space around it; "" if it is not there
};

// Takes an answer in pieces and hands on one resource after another, in memory for one of them. A response with several
// DAV:hrefs (section 14.24) is handed on once for each.
class MultistatusReader {
 public:
  using Take = std::function<Result<void>(ResourceStatus)>;
  explicit MultistatusReader(Take take, std::size_t most_bytes_of_one = std::size_t{64} << 20);

  // Errors: invalid (no XML, no multistatus), too_large (one response), what `take` returned.
  Result<void> feed(std::string_view bytes) { return reader_.feed(bytes); }
  Result<void> finish();

  const std::string& sync_token() const { return sync_token_; }  // after finish(); empty if there is none

 private:
  Result<void> child(const xml::Element& element);

  Take take_;
  std::string sync_token_;
  xml::ChildReader reader_;
};

// "HTTP/1.1 404 Not Found": 404. 0 if it is no status line.
unsigned parse_status_line(std::string_view line);

// All that stands in an element, with its white space: calendar-data and address-data.
std::string whole_text(const xml::Element& element);

}  // namespace kontor::wire::dav
