// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/dav/multistatus.h"

#include <fmt/format.h>

#include "wire/dav/href.h"
#include "wire/http/reason.h"

namespace kontor::wire::dav {

Multistatus::Multistatus(std::string& out) : printer_(out, kPrefixes) { printer_.open(dav("multistatus")); }

void Multistatus::begin(std::string_view path) {
  printer_.open(dav("response"));
  printer_.leaf(dav("href"), encode_path(path));
}

void Multistatus::begin_propstat() {
  printer_.open(dav("propstat"));
  printer_.open(dav("prop"));
}

void Multistatus::end_propstat(unsigned status, std::optional<xml::NameView> precondition) {
  printer_.close();
  status_line(status);
  error(precondition);
  printer_.close();
}

void Multistatus::end() { printer_.close(); }

void Multistatus::status(std::string_view path, unsigned status, std::optional<xml::NameView> precondition,
                         std::string_view why) {
  begin(path);
  status_line(status);
  error(precondition);
  if (!why.empty()) printer_.leaf(dav("responsedescription"), why);
  end();
}

void Multistatus::finish(std::string_view sync_token) {
  if (!sync_token.empty()) printer_.leaf(dav("sync-token"), sync_token);
  printer_.close();
}

void Multistatus::status_line(unsigned status) {
  printer_.leaf(dav("status"), fmt::format("HTTP/1.1 {} {}", status, http::reason(status)));
}

void Multistatus::error(std::optional<xml::NameView> precondition) {
  if (!precondition) return;
  printer_.open(dav("error"));
  printer_.leaf(*precondition);
  printer_.close();
}

std::string error_body(xml::NameView precondition, const std::vector<std::string>& paths) {
  std::string out;
  xml::Printer printer(out, kPrefixes);
  printer.open(dav("error"));
  printer.open(precondition);
  for (const std::string& path : paths) printer.leaf(dav("href"), encode_path(path));
  printer.close();
  printer.close();
  return out;
}

}  // namespace kontor::wire::dav
