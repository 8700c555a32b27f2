// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/sharing_news.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "formats/lines/component.h"
#include "protocols/dav/sharing.h"
#include "wire/dav/href.h"

namespace kontor::dav {
namespace {

using groupware::Caller;
using wire::dav::dav;
using Became = ShareNews::What;

// Annotations of the account, its owner's own; behind it: when it came, so that they stand in that order.
constexpr std::string_view kNewsPrefix = "/private/dav/notice/";
constexpr std::size_t kMostNews = 50;
constexpr std::string_view kNewsWords[] = {"changed", "withdrawn", "accepted", "declined"};

template <class T>
std::optional<T> whole_number(std::string_view text) {
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

xml::NameView state_of_news(Became what) {
  switch (what) {
    case Became::changed:
    case Became::accepted:
      return cs("invite-accepted");
    case Became::withdrawn:
      return cs("invite-deleted");
    case Became::declined:
      break;
  }
  return cs("invite-declined");
}

std::string name_of_principal(const directory::Principal& principal) {
  return principal.name.empty() ? principal.primary_address() : principal.name;
}

std::string text_of_news(const ShareNews& news, const directory::Principal& self,
                         const std::optional<directory::Principal>& other) {
  std::string text;
  xml::Printer out(text, wire::dav::kPrefixes);
  const auto href = [&](const std::string& value) { out.leaf(dav("href"), value); };
  const std::string others = other ? "mailto:" + other->primary_address() : std::string();
  out.open(cs("notification"));
  out.leaf(cs("dtstamp"), fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(news.at.time_since_epoch().count())));
  out.open(news.is_answer() ? cs("invite-reply") : cs("invite-notification"));
  if (!news.is_answer()) out.leaf(cs("uid"), news.invitation);
  href(news.is_answer() ? others : "mailto:" + self.primary_address());
  out.leaf(state_of_news(news.what));
  if (!news.is_answer()) {
    out.open(cs("access"));
    out.leaf(news.may_write ? cs("read-write") : cs("read"));
    out.close();
  }
  out.open(cs("hosturl"));
  href(wire::dav::encode_path(news.path));
  out.close();
  if (news.is_answer()) {
    out.leaf(cs("in-reply-to"), news.invitation);
  } else if (other) {
    out.open(cs("organizer"));
    href(others);
    out.leaf(cs("common-name"), name_of_principal(*other));
    out.close();
  }
  out.leaf(cs("summary"), news.summary);
  out.close();
  out.close();
  return text;
}

class NewsNotice final : public Special {
 public:
  NewsNotice(ShareNews news, std::string text) : news_(std::move(news)), text_(std::move(text)) {}

  bool is_collection() const override { return false; }
  std::string content_type() const override { return kXml; }
  std::string etag() const override { return "\"" + to_hex(sha256(text_)).substr(0, 32) + "\""; }
  std::optional<Instant> modified() const override { return news_.at; }
  Outcome<std::string> content(Context&) const override { return text_; }

  const ShareNews& told() const { return news_; }

 private:
  ShareNews news_;
  std::string text_;
};

Result<void> keep_news(groupware::Transaction& transaction, const ShareNews& news) {
  TRY(const auto present, transaction.annotations(FolderId()));
  std::vector<std::string> kept;
  for (const auto& [entry, value] : present) {
    if (!entry.starts_with(kNewsPrefix)) continue;
    const auto old = parse_news(value);
    const bool is_overtaken = !old || (old->invitation == news.invitation && old->other == news.other);
    if (!is_overtaken) kept.push_back(entry);
    if (is_overtaken) TRY_VOID(transaction.annotate(FolderId(), entry, std::nullopt));
  }
  for (std::size_t i = 0; i + kMostNews <= kept.size(); ++i)
    TRY_VOID(transaction.annotate(FolderId(), kept[i], std::nullopt));
  const std::string name = fmt::format("{:016x}-{}", static_cast<std::uint64_t>(news.at.time_since_epoch().count()),
                                       to_hex(random_bytes(8)));
  return transaction.annotate(FolderId(), std::string(kNewsPrefix) + name, print_news(news));
}

}  // namespace

std::string print_news(const ShareNews& news) {
  return fmt::format("{} {} {} {} {} {}\n{}", kNewsWords[static_cast<unsigned>(news.what)],
                     news.at.time_since_epoch().count(), news.other.value, news.may_write ? "write" : "read",
                     news.invitation, wire::dav::encode_path(news.path), news.summary);
}

std::optional<ShareNews> parse_news(std::string_view text) {
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return std::nullopt;
  const auto words = lines::split(text.substr(0, line), ' ');
  if (words.size() != 6) return std::nullopt;
  const auto* what = std::ranges::find(kNewsWords, words[0]);
  const auto at = whole_number<std::int64_t>(words[1]);
  const auto other = whole_number<std::uint64_t>(words[2]);
  const auto path = wire::dav::decode_href(words[5], "");
  if (what == std::end(kNewsWords) || !at || !other || !path || (words[3] != "read" && words[3] != "write"))
    return std::nullopt;
  ShareNews out;
  out.what = static_cast<Became>(what - std::begin(kNewsWords));
  out.at = Instant(std::chrono::seconds(*at));
  out.other = PrincipalId(*other);
  out.may_write = words[3] == "write";
  out.invitation = words[4];
  out.path = *path;
  out.summary = text.substr(line + 1);
  return out;
}

Outcome<std::vector<std::pair<std::string, ShareNews>>> own_news(Context& context) {
  std::vector<std::pair<std::string, ShareNews>> out;
  TRY(const auto account, context.account(context.user));
  TRY(const auto reader, context.reader(*account));
  TRY(const auto annotations, reader->annotations(FolderId()));
  for (const auto& [entry, value] : annotations) {
    if (!entry.starts_with(kNewsPrefix)) continue;
    if (auto news = parse_news(value)) out.emplace_back(entry.substr(kNewsPrefix.size()), *std::move(news));
  }
  return out;
}

Outcome<void> put_away_news(Context& context, const std::string& name) {
  TRY(const auto account, context.account(context.user));
  TRY_VOID(context.update(*account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    TRY_VOID(transaction.annotate(FolderId(), std::string(kNewsPrefix) + name, std::nullopt));
    return {};
  }));
  return {};
}

void tell_news(Context& context, PrincipalId whom, const ShareNews& news) {
  const auto principal = context.services.directory.principal(whom);
  if (!principal || principal->tenant != context.user.tenant || !principal->account()) return;
  const auto account = context.services.accounts.open(principal->account());
  const auto done = account ? (*account)->update(Caller::user(whom),
                                                 [&](groupware::Transaction& transaction) -> Result<void> {
                                                   return keep_news(transaction, news);
                                                 })
                            : std::unexpected(account.error());
  if (!done) log::info("dav.notice_not_kept", {{"for", whom.value}, {"why", done.error().text}});
  context.drop_readers();
}

Resource resource_of_news(Context& context, const Resource& self, const std::string& name, const ShareNews& news) {
  const auto other = context.services.directory.principal(news.other);
  Resource out;
  out.what = Resource::What::special;
  out.space = self.space;
  out.name = name + ".xml";
  out.path = self.path + out.name;
  out.owner = self.owner;
  out.special = std::make_shared<NewsNotice>(
      news, text_of_news(news, context.user, other ? std::optional(*other) : std::nullopt));
  return out;
}

const ShareNews* news_in(const Resource& resource) {
  const auto* notice = dynamic_cast<const NewsNotice*>(resource.special.get());
  return notice ? &notice->told() : nullptr;
}

}  // namespace kontor::dav
