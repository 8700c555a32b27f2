// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/dav/multistatus_reader.h"

#include <charconv>
#include <utility>

#include "wire/dav/names.h"

namespace kontor::wire::dav {
namespace {

constexpr std::size_t kMostNodesOfOne = 100'000;

void take_propstat(const xml::Element& propstat, ResourceStatus& out) {
  const xml::Element* status = propstat.child(dav("status"));
  const unsigned code = status != nullptr ? parse_status_line(status->own_text()) : 200;
  for (const xml::Element* prop : propstat.children(dav("prop")))
    for (const xml::Element* one : prop->children()) {
      if (code >= 200 && code < 300)
        out.properties.push_back(*one);
      else
        out.refused.push_back(one->name);
    }
}

}  // namespace

const xml::Element* ResourceStatus::property(xml::NameView name) const {
  for (const xml::Element& one : properties)
    if (one.is(name)) return &one;
  return nullptr;
}

std::string ResourceStatus::text(xml::NameView name) const {
  const xml::Element* one = property(name);
  return one != nullptr ? one->own_text() : std::string();
}

MultistatusReader::MultistatusReader(Take take, std::size_t most_bytes_of_one)
    : take_(std::move(take)),
      reader_([this](const xml::Element& element) { return child(element); },
              {.depth = 64, .nodes = kMostNodesOfOne, .bytes = most_bytes_of_one}) {}

Result<void> MultistatusReader::child(const xml::Element& element) {
  if (reader_.root() != xml::Name(dav("multistatus"))) return fail(Errc::invalid, "The answer is no multistatus.");
  if (element.is(dav("sync-token"))) sync_token_ = element.own_text();
  if (!element.is(dav("response"))) return {};
  ResourceStatus out;
  std::vector<std::string> hrefs;
  for (const xml::Element* one : element.children()) {
    if (one->is(dav("href"))) hrefs.push_back(one->own_text());
    if (one->is(dav("status"))) out.status = parse_status_line(one->own_text());
    if (one->is(dav("propstat"))) take_propstat(*one, out);
  }
  for (std::size_t i = 0; i + 1 < hrefs.size(); ++i) {
    ResourceStatus copy = out;
    copy.href = std::move(hrefs[i]);
    TRY_VOID(take_(std::move(copy)));
  }
  if (hrefs.empty()) return {};
  out.href = std::move(hrefs.back());
  return take_(std::move(out));
}

Result<void> MultistatusReader::finish() {
  TRY_VOID(reader_.finish());
  if (reader_.root() != xml::Name(dav("multistatus"))) return fail(Errc::invalid, "The answer is no multistatus.");
  return {};
}

unsigned parse_status_line(std::string_view line) {
  const auto blank = line.find(' ');
  if (!line.starts_with("HTTP/") || blank == std::string_view::npos) return 0;
  unsigned code = 0;
  const auto digits = line.substr(blank + 1, 3);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code);
  return error == std::errc{} && end == digits.data() + 3 && code >= 100 ? code : 0;
}

std::string whole_text(const xml::Element& element) {
  std::string out;
  for (const xml::Element& one : element.content) out += one.text;
  return out;
}

}  // namespace kontor::wire::dav
