// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/dav/fetching.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "migrate/dav/listing.h"
#include "migrate/dav/queries.h"
#include "migrate/files/message_file.h"

namespace kontor::migrate {
namespace {

namespace dav = wire::dav;

constexpr std::uint64_t kUnknownSize = 16 << 10;              // of an item whose size is not announced
constexpr std::uint64_t kMostHeld = std::uint64_t{64} << 20;  // announced sizes are no proof

Result<std::string> with_crlf_lines(std::string_view text) {
  std::string out;
  const TakePiece take = [&](std::string_view piece) -> Result<void> {
    out += piece;
    return {};
  };
  CrlfWriter writer(LineEnds::to_crlf, take);
  TRY_VOID(writer.write(text));
  TRY_VOID(writer.finish());
  return out;
}

// Printers of XML put white space around a text; content begins with BEGIN and ends with a line end.
std::string_view content_of(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  text.remove_prefix(first);
  const auto last = text.find_last_not_of(" \t\r\n");
  const auto end = text.find('\n', last);
  return end == std::string_view::npos ? text.substr(0, last + 1) : text.substr(0, end + 1);
}

}  // namespace

void DavFetcher::announce(const DavCollection& collection, const std::vector<SourceItem>& items) {
  announced_in_ = collection.url;
  announced_ = items;
  held_.clear();
  asked_.clear();
  held_bytes_ = 0;
}

Result<void> DavFetcher::fetch(const DavCollection& collection, const SourceItem& item, const TakePiece& take) {
  if (collection.folder.kind == "files") return get(collection, item, take);
  if (announced_in_ != collection.url) announce(collection, {item});
  if (!held_.contains(item.key) && !asked_.contains(item.key)) TRY_VOID(next_batch(collection, item));
  const auto found = held_.find(item.key);
  if (found == held_.end()) return get(collection, item, take);
  const auto content = std::move(found->second);
  held_.erase(found);
  return take(content);
}

// From `first` on, as far as it was announced. What does not come is asked for alone.
Result<void> DavFetcher::next_batch(const DavCollection& collection, const SourceItem& first) {
  held_.clear();
  asked_.clear();
  held_bytes_ = 0;
  auto at = std::find_if(announced_.begin(), announced_.end(), [&](const auto& one) { return one.key == first.key; });
  if (at == announced_.end()) return {};
  while (most_at_once_ > 1) {
    std::vector<std::string> keys;
    std::uint64_t bytes = 0;
    for (auto one = at; one != announced_.end() && keys.size() < most_at_once_; ++one) {
      bytes += one->announced_size == 0 ? kUnknownSize : one->announced_size;
      if (!keys.empty() && bytes > batch_bytes_) break;
      keys.push_back(one->key);
    }
    if (keys.size() < 2) return {};
    TRY(const auto told, multiget(collection, keys));
    asked_ = {keys.begin(), keys.end()};
    if (told == Told::all) return {};
    if (told == Told::refused) most_at_once_ = 0;
    if (told == Told::too_much) most_at_once_ /= 4;
  }
  return {};
}

Result<DavFetcher::Told> DavFetcher::multiget(const DavCollection& collection, const std::vector<std::string>& keys) {
  const bool is_of_cards = collection.folder.kind == "contacts";
  const auto data = is_of_cards ? dav::carddav("address-data") : dav::caldav("calendar-data");
  const auto prefix = path_of_url(collection.url);
  std::vector<std::string> paths;
  std::unordered_map<std::string, bool> wanted;
  for (const auto& key : keys) {
    const auto url = url_of_item(collection, key);
    paths.push_back(url.substr(url.find('/', url.find("://") + 3)));
    wanted[prefix + key] = true;
  }
  const auto asked = ask(client_, {"REPORT", collection.url, "0", multiget_body(is_of_cards, paths)},
                         [&](const ResourceStatus& one) -> Result<void> {
                           TRY(const auto url, resolve_url(collection.url, one.href));
                           const auto path = path_of_url(url);
                           const auto* text = one.property(data);
                           if (text == nullptr || !wanted.contains(path) || held_bytes_ > kMostHeld) return {};
                           const auto whole = dav::whole_text(*text);
                           const auto content = content_of(whole);
                           if (content.empty()) return {};
                           TRY(auto lines, with_crlf_lines(content));
                           held_bytes_ += lines.size();
                           held_[path.substr(prefix.size())] = std::move(lines);
                           return {};
                         });
  if (!asked) {
    // One content that XML cannot say breaks the whole answer: one by one they come.
    const bool is_answer = asked.error().code == Errc::invalid || asked.error().code == Errc::too_large;
    if (!is_answer) return std::unexpected(asked.error());
    log::debug("migrate.multiget", {{"collection", collection.folder.key}, {"why", asked.error().text}});
    return Told::all;
  }
  if (asked->is_multistatus()) return Told::all;
  const auto status = asked->answer.status;
  return status == 400 || status == 413 || status == 507 || status == 500 ? Told::too_much : Told::refused;
}

Result<void> DavFetcher::get(const DavCollection& collection, const SourceItem& item, const TakePiece& take) {
  const bool is_file = collection.folder.kind == "files";
  CrlfWriter writer(is_file ? LineEnds::keep : LineEnds::to_crlf, take);
  TRY(const auto answer, client_.run({"GET", url_of_item(collection, item.key), {}, {}},
                                     [&](std::string_view piece) { return writer.write(piece); }));
  if (answer.status == 200) return writer.finish();
  if (answer.is_success())
    return fail(Errc::invalid, fmt::format("the source answers {} to the question for a content", words_of(answer)));
  return std::unexpected(error_of(answer));
}

}  // namespace kontor::migrate
