// SPDX-License-Identifier: AGPL-3.0-or-later
// What guests read of items that have alarms: calendar/own_parts.h.
#include <algorithm>

#include "base/bytes.h"
#include "groupware/keys.h"
#include "groupware/reading.h"
#include "groupware/stored_content.h"

namespace kontor::groupware {

template <class Base>
bool Reading<Base>::is_guest() const {
  if (!is_guest_) is_guest_ = !acts_for_owner(*layer_.folders(), ownership_, caller_);
  return *is_guest_;
}

template <class Base>
Result<std::optional<OwnRecord>> Reading<Base>::own_of(ItemId item) const {
  if (!is_guest()) return std::nullopt;
  TRY(const std::optional<std::string> stored, layer_.get(key::own_parts(caller_.principal, item)));
  if (!stored) return std::nullopt;
  TRY(OwnRecord own, decode_own(*stored));
  return own;
}

template <class Base>
Result<std::optional<OwnRecord>> Reading<Base>::own_of(const ItemRecord& item) const {
  if (std::ranges::find(item.guests, caller_.principal) == item.guests.end()) return std::nullopt;
  return own_of(item.id);
}

template <class Base>
Result<std::map<ItemId, OwnRecord>> Reading<Base>::all_own() const {
  std::map<ItemId, OwnRecord> out;
  if (!is_guest()) return out;
  std::optional<Error> fault;
  const std::string prefix = key::own_parts_of(caller_.principal);
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view key, std::string_view value) {
    auto own = decode_own(value);
    if (!own) {
      fault = own.error();
      return false;
    }
    own->text.clear();  // who lists them asks for ETags
    if (key.size() == prefix.size() + 8)
      out.emplace_hint(out.end(), ItemId(read_be64(key.substr(prefix.size()))), *std::move(own));
    return true;
  }));
  if (fault) return std::unexpected(*fault);
  return out;
}

template <class Base>
Result<std::shared_ptr<const Content>> Reading<Base>::as_guest(const ItemRecord& record,
                                                               std::shared_ptr<const Content> content) const {
  if (content->size() > kLargestDescribed) return content;
  TRY(const std::string bytes, content->read(0, static_cast<std::size_t>(content->size())));
  std::optional<OwnRecord> own;
  // Of what an item was before nobody keeps anything.
  if (!record.filings.empty()) {
    TRY(own, own_of(record));
  }
  auto seen = own ? seen_with(bytes, own->text, environment_.zones) : seen_without(bytes);
  return seen ? inline_content(*std::move(seen)) : content;
}

template <class Base>
Result<std::string> Reading<Base>::shared_content(ItemId id) const {
  TRY(const ItemRecord record, readable(id));
  const bool is_seen_whole = record.filings.empty() || sight_of(record) == Sight::all;
  std::shared_ptr<const Content> content;
  if (is_seen_whole && is_guest()) {
    TRY(content, stored_content_of(record));
  } else {
    TRY(content, this->content(id));
  }
  TRY(std::string bytes, content->read(0, static_cast<std::size_t>(content->size())));
  if (!is_seen_whole || record.bare_size == 0 || !is_guest()) return bytes;
  return seen_without(bytes);
}

template <class Base>
Result<std::optional<TakenApart>> Reading<Base>::take_apart(FolderId id, std::optional<Uid> present,
                                                            std::string_view bytes) const {
  TRY(const std::shared_ptr<const Folder> found, folder(id));
  if (!has_own_parts(found->kind) || !is_guest() || bytes.size() > kLargestDescribed) return std::nullopt;
  if (!present) return groupware::take_apart(bytes, nullptr, environment_.zones);
  TRY(const std::optional<RowRecord> row, layer_.row(id, *present));
  if (!row) return fail(Errc::not_found, "there is no such item");
  TRY(const ItemRecord item, readable(row->row.item));
  // Who does not see all of it cannot change it either: that is said when it is put.
  if (sight_of(item) != Sight::all || item.size > kLargestDescribed) return std::nullopt;
  TRY(const auto content, stored_content_of(item));
  TRY(const std::string stored, content->read(0, static_cast<std::size_t>(content->size())));
  TRY(TakenApart out, groupware::take_apart(bytes, &stored, environment_.zones));
  out.own.base = item.hash;
  return out;
}

template bool Reading<Reader>::is_guest() const;
template bool Reading<Transaction>::is_guest() const;
template Result<std::optional<OwnRecord>> Reading<Reader>::own_of(ItemId) const;
template Result<std::optional<OwnRecord>> Reading<Transaction>::own_of(ItemId) const;
template Result<std::optional<OwnRecord>> Reading<Reader>::own_of(const ItemRecord&) const;
template Result<std::optional<OwnRecord>> Reading<Transaction>::own_of(const ItemRecord&) const;
template Result<std::map<ItemId, OwnRecord>> Reading<Reader>::all_own() const;
template Result<std::map<ItemId, OwnRecord>> Reading<Transaction>::all_own() const;
template Result<std::shared_ptr<const Content>> Reading<Reader>::as_guest(const ItemRecord&,
                                                                          std::shared_ptr<const Content>) const;
template Result<std::shared_ptr<const Content>> Reading<Transaction>::as_guest(const ItemRecord&,
                                                                               std::shared_ptr<const Content>) const;
template Result<std::string> Reading<Reader>::shared_content(ItemId) const;
template Result<std::string> Reading<Transaction>::shared_content(ItemId) const;
template Result<std::optional<TakenApart>> Reading<Reader>::take_apart(FolderId, std::optional<Uid>,
                                                                       std::string_view) const;
template Result<std::optional<TakenApart>> Reading<Transaction>::take_apart(FolderId, std::optional<Uid>,
                                                                            std::string_view) const;

}  // namespace kontor::groupware
