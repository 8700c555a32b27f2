// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire formats base
// A body of WebDAV, and the value of an If header: what is read can be written and means the same again; no tree is
// larger than its limits.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/dav/if_header.h"
#include "wire/dav/names.h"
#include "wire/dav/properties.h"
#include "wire/dav/reports.h"
#include "wire/xml/parse.h"
#include "wire/xml/print.h"

namespace {

using namespace kontor::wire;

void must_be(bool holds) {
  if (!holds) std::abort();
}

std::string printed(const xml::Element& element) {
  std::string out;
  xml::Printer(out, dav::kPrefixes).element(element);
  return out;
}

std::size_t depth_of(const xml::Element& element) {
  std::size_t deepest = 0;
  for (const xml::Element& one : element.content) deepest = std::max(deepest, depth_of(one));
  return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto root = xml::parse(bytes)) {
    must_be(depth_of(*root) <= xml::ParseLimits().depth + 1);
    const std::string once = printed(*root);
    const auto again = xml::parse(once, {.depth = 64, .nodes = 1'000'000});
    must_be(again && printed(*again) == once);
  }
  (void)dav::parse_propfind(bytes);
  (void)dav::parse_proppatch(bytes);
  (void)dav::parse_new_collection(bytes, dav::dav("mkcol"));
  (void)dav::parse_lock_request(bytes);
  (void)dav::parse_report(bytes);
  if (const auto lists = dav::parse_if(bytes)) {
    for (const auto& list : *lists) must_be(!list.conditions.empty());
    must_be(dav::submitted_tokens(*lists).size() <= dav::kMostIfConditions);
  }
  return 0;
}
