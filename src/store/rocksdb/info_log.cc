// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/rocksdb/info_log.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "base/log.h"

namespace kontor::store {
namespace {

class InfoLog final : public ::rocksdb::Logger {
 public:
  InfoLog() : ::rocksdb::Logger(::rocksdb::WARN_LEVEL) {}

  using ::rocksdb::Logger::Logv;
  void Logv(const char* format, va_list values) override { Logv(::rocksdb::WARN_LEVEL, format, values); }
  void Logv(::rocksdb::InfoLogLevel level, const char* format, va_list values) override {
    // Headers, which tell all options at each start, are above all levels.
    if (level < GetInfoLogLevel() || level >= ::rocksdb::HEADER_LEVEL) return;
    std::array<char, 1024> text;
    std::vsnprintf(text.data(), text.size(), format, values);
    if (level == ::rocksdb::WARN_LEVEL)
      log::warn("store.rocksdb", {{"text", std::string_view(text.data())}});
    else
      log::error("store.rocksdb", {{"text", std::string_view(text.data())}});
  }
};

}  // namespace

std::shared_ptr<::rocksdb::Logger> make_info_log() { return std::make_shared<InfoLog>(); }

}  // namespace kontor::store
