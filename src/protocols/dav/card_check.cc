// SPDX-License-Identifier: AGPL-3.0-or-later
// What may become a card of an address book.
#include "base/bytes.h"
#include "protocols/dav/card.h"
#include "protocols/dav/methods.h"

namespace kontor::dav {
namespace {

using groupware::Kind;
using wire::dav::carddav;

bool is_card_type(std::string_view type) {
  std::string word = to_lower(type.substr(0, type.find(';')));
  while (!word.empty() && word.back() == ' ') word.pop_back();
  return word.empty() || word == "text/vcard" || word == "text/x-vcard" || word == "text/directory";
}

Outcome<vcard::Component> card_in(const std::string& bytes) {
  auto read = vcard::read(bytes, {}, groupware::kCardLimits);
  if (!read && read.error().code == Errc::too_large) return deny(carddav("max-resource-size"), read.error().text);
  if (!read) return deny(carddav("valid-address-data"), read.error().text);
  if (read->is_truncated) return deny(carddav("valid-address-data"), "the card has no end");
  if (read->cards.size() != 1) return deny(carddav("valid-address-data"), "there must be one card, not several");
  if (read->cards.front().all("UID").size() > 1) return deny(carddav("valid-address-data"), "a card has one UID");
  return std::move(read->cards.front());
}

std::unexpected<Problem> uid_conflict(const std::string& path, std::string why) {
  Problem problem(wire::dav::Refusal{409, std::move(why), xml::Name(carddav("no-uid-conflict"))});
  problem.paths = {path};
  return std::unexpected(std::move(problem));
}

}  // namespace

Outcome<> check_card(Context& context, const Change& change) {
  const Resource& target = change.target;
  if (change.what == Change::What::remove || !change.bytes || !target.folder || target.kind() != Kind::contacts)
    return {};
  if (change.what == Change::What::put && !is_card_type(context.header("content-type")))
    return deny(carddav("supported-address-data"), "cards are text/vcard");
  TRY(const vcard::Component card, card_in(*change.bytes));
  const std::string uid = vcard::text(card, "UID");
  if (uid.empty()) return {};
  TRY(const auto reader, context.reader(*target.account));
  if (target.entry) {
    const auto facts = reader->facts(target.entry->item);
    if (facts && !facts->uid.empty() && facts->uid != uid && change.what == Change::What::put)
      return uid_conflict(target.path, "another card must not take this one's place");
  }
  TRY(const auto places, reader->with_uid(Kind::contacts, uid));
  for (const auto& place : places) {
    const bool is_itself = target.entry && place.item == target.entry->item;
    const bool is_source = change.what == Change::What::move && change.source && change.source->entry &&
                           place.item == change.source->entry->item;
    if (place.folder != target.folder->id || is_itself || is_source) continue;
    const auto other = reader->entry(place.folder, place.uid);
    if (other) return uid_conflict(parent_of(target.path) + other->name, "there is a card of this UID already");
  }
  return {};
}

}  // namespace kontor::dav
