// SPDX-License-Identifier: AGPL-3.0-or-later
// links: migrate
#include <string>

#include "formats/archive/record.h"
#include "migrate/kopano/webapp.h"
#include "migrate/settings_record.h"

// Whatever somebody's settings are, what goes into an archive can be read from it again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontor;
  migrate::SourceSettings read;
  migrate::kopano::WebAppWorld world{"Ada", "ada@example.org", [](std::string_view login) {
                                       return login.starts_with('x') ? std::nullopt
                                                                     : std::optional<std::string>("ben@example.org");
                                     }};
  migrate::kopano::take_webapp_settings({reinterpret_cast<const char*>(data), size}, world, read.settings, read.losses);
  const auto packed = migrate::pack_settings(std::move(read), migrate::Mapping());
  const std::string json = archive::to_json(packed.settings);
  check(json.size() <= archive::kMaxRecord, "settings fit a record");
  const auto again = archive::parse_settings(json);
  check(again && *again == packed.settings, "settings come back as they were packed");
  return 0;
}
