// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// Fields make up the header; dates, ids and subjects of any text have their form.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/mime/header.h"

namespace {

using namespace kontor::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string whole;
  each_field(text, [&](const Field& field) {
    require(!field.whole.empty());
    require(field.name.find_first_of(" \t\r\n:") == std::string_view::npos);
    const auto first = find_field(text, field.name);
    require(first.has_value());
    whole += field.whole;
    return true;
  });
  require(text.starts_with(whole));

  require(unfold(text).size() <= text.size());
  if (const auto date = parse_date(text)) {
    require(date->zone_minutes > -24 * 60 && date->zone_minutes < 24 * 60);
    require(date->at.time_since_epoch() < std::chrono::hours(24 * 366 * 9000));
  }
  const auto ids = parse_message_ids(text, 20);
  require(ids.size() <= 20);
  for (const std::string& id : ids) require(id.size() > 2 && id.starts_with('<') && id.ends_with('>'));

  const BaseSubject base = base_subject(text);
  require(base.text.size() <= text.size());
  const BaseSubject again = base_subject(base.text);
  require(again.text == base.text && !again.is_reply);
  return 0;
}
