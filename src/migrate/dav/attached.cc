// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/dav/attached.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/bytes.h"
#include "formats/itip/attachments.h"
#include "formats/lines/reader.h"
#include "formats/lines/writer.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kLongestFileName = 250;

class AttachedFetch {
 public:
  AttachedFetch(DavClient& client, const TakeFile& file, std::vector<std::string>& losses)
      : client_(client), file_(file), losses_(losses) {}

  // Whether something changed.
  Result<bool> run(lines::Component& object) {
    bool is_changed = false;
    Result<void> problem;
    itip::each_attach(object, [&](lines::Property& property) {
      const bool is_managed =
          property.find("MANAGED-ID") != nullptr && property.value.starts_with(client_.origin() + "/");
      if (!problem || !is_managed) return;
      const auto taken = take(property.value);
      if (!taken) problem = std::unexpected(taken.error());
      if (!taken || !*taken) return;
      if (property.parameter("FILENAME").empty()) property.set("FILENAME", name_of(property.value));
      property.set("SIZE", std::to_string((*taken)->size));
      property.remove("MANAGED-ID");
      property.value = (*taken)->uri;
      is_changed = true;
    });
    TRY_VOID(problem);
    return is_changed;
  }

 private:
  static std::string name_of(const std::string& url) {
    const std::string path = path_of_url(url);
    return path.substr(path.rfind('/') + 1).substr(0, kLongestFileName);
  }

  // Nothing: it is gone.
  Result<std::optional<TakenFile>> take(const std::string& url) {
    if (const auto known = taken_.find(url); known != taken_.end()) return known->second;
    auto taken = file_([&](const TakePiece& take) -> Result<void> {
      TRY(const auto answer, client_.run({"GET", url, {}, {}}, take));
      if (!answer.is_success()) return std::unexpected(error_of(answer));
      return {};
    });
    const Errc code = taken ? Errc::invalid : taken.error().code;
    const bool is_gone = code == Errc::not_found || code == Errc::denied || code == Errc::too_large;
    if (!taken && !is_gone)
      return fail(code, fmt::format("its attachment \"{}\" does not come: {}", name_of(url), taken.error().text));
    std::optional<TakenFile> out;
    if (taken)
      out = *std::move(taken);
    else
      losses_.push_back(fmt::format("The attachment \"{}\" stays a link to the source, which does not give it: {}",
                                    name_of(url), taken.error().text));
    taken_.emplace(url, out);
    return out;
  }

  DavClient& client_;
  const TakeFile& file_;
  std::vector<std::string>& losses_;
  std::map<std::string, std::optional<TakenFile>> taken_;
};

}  // namespace

Result<std::string> bring_attachments(DavClient& client, std::string text, const TakeFile& file,
                                      std::vector<std::string>& losses) {
  // Names of properties begin lines, which are never folded there.
  if (text.size() > kMostAttachedText || to_upper(text).find("ATTACH") == std::string::npos) return text;
  auto read = lines::read(text);
  if (!read || read->is_truncated || read->components.size() != 1) return text;
  TRY(const bool is_changed, AttachedFetch(client, file, losses).run(read->components.front()));
  return is_changed ? lines::write(read->components.front()) : std::move(text);
}

}  // namespace kontor::migrate
