// SPDX-License-Identifier: AGPL-3.0-or-later
// Managed attachments as an account keeps them: see calendar/attachments.h.
#include "base/bytes.h"
#include "groupware/calendar/attachments.h"
#include "groupware/keys.h"
#include "groupware/scheduling/hidden_folder.h"
#include "groupware/transaction.h"

namespace kontor::groupware {
namespace {

std::unexpected<Error> no_such_attachment() { return fail(Errc::not_found, "there is no such attachment"); }

std::string property_of(const ItemRecord& item, const char* name) {
  const auto found = item.properties.find(name);
  return found == item.properties.end() ? std::string() : found->second;
}

Result<std::optional<ItemRecord>> stored_attachment(Layer& layer, const std::string& id) {
  TRY(const std::optional<std::string> noted, layer.get(key::attachment(id)));
  if (!noted || noted->size() != 8) return std::nullopt;
  const ItemId number(read_be64(*noted));
  TRY(const std::optional<std::string> stored, layer.get(key::item(number)));
  if (!stored) return std::nullopt;
  TRY(ItemRecord item, decode_item(number, *stored));
  if (property_of(item, kAttachmentId) != id) return std::nullopt;
  return item;
}

}  // namespace

template <class Base>
Result<ItemRecord> Reading<Base>::attachment_item(const std::string& id) const {
  TRY(std::optional<ItemRecord> item, stored_attachment(layer_, id));
  if (!item) return no_such_attachment();
  if (ownership_.is_full) return *std::move(item);
  std::vector<ItemId> users;
  const std::string prefix = key::attachment_uses(id);
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view, std::string_view value) {
    if (value.size() == 8) users.push_back(ItemId(read_be64(value)));
    return true;
  }));
  for (const ItemId user : users) {
    const auto there = readable(user);
    if (there && sight_of(*there) == Sight::all) return *std::move(item);
    if (!there && there.error().code != Errc::not_found) return std::unexpected(there.error());
  }
  return no_such_attachment();
}

template <class Base>
Result<Attachment> Reading<Base>::attachment(const std::string& id) const {
  TRY(const ItemRecord item, attachment_item(id));
  return Attachment{.id = id,
                    .item = item.id,
                    .name = property_of(item, kAttachmentName),
                    .content_type = property_of(item, kAttachmentType),
                    .origin = property_of(item, kAttachmentOrigin),
                    .etag = etag_of(item.hash),
                    .hash = item.hash,
                    .size = item.size};
}

template <class Base>
Result<std::shared_ptr<const Content>> Reading<Base>::attachment_content(const std::string& id) const {
  TRY(const ItemRecord item, attachment_item(id));
  return stored_content_of(item);
}

template Result<ItemRecord> Reading<Reader>::attachment_item(const std::string&) const;
template Result<ItemRecord> Reading<Transaction>::attachment_item(const std::string&) const;
template Result<Attachment> Reading<Reader>::attachment(const std::string&) const;
template Result<Attachment> Reading<Transaction>::attachment(const std::string&) const;
template Result<std::shared_ptr<const Content>> Reading<Reader>::attachment_content(const std::string&) const;
template Result<std::shared_ptr<const Content>> Reading<Transaction>::attachment_content(const std::string&) const;

Result<FolderId> AccountTransaction::attachments_folder() {
  if (const auto there = hidden_folder(*layer_.folders(), kIsAttachments)) return there->id;
  return make_hidden_folder(*this, kAttachmentsName, kIsAttachments);
}

Result<void> AccountTransaction::attach(const NewAttachment& wanted, const AddOptions& options) {
  if (account_of_attachment(wanted.id) != ownership_.account)
    return fail(Errc::invalid, "an attachment of this account has another id");
  TRY(const auto there, layer_.get(key::attachment(wanted.id)));
  if (there) return fail(Errc::exists, "there is an attachment of this id");
  NewItem item;
  item.kind = Kind::files;
  item.content = wanted.content;
  item.name = wanted.id;
  item.properties = {{kAttachmentId, wanted.id}};
  if (!wanted.name.empty()) item.properties[kAttachmentName] = wanted.name;
  if (!wanted.content_type.empty()) item.properties[kAttachmentType] = wanted.content_type;
  if (!wanted.origin.empty()) item.properties[kAttachmentOrigin] = wanted.origin;
  // The folder is nobody's to see or to write to: what refers to the attachment says whose it is.
  AccountTransaction above(environment_,
                           ownership_of(environment_, ownership_.account, ownership_.tenant, Caller::system()),
                           Caller::system(), Layer(&layer_));
  TRY(const FolderId folder, above.attachments_folder());
  TRY(const Added added, above.add(folder, item, {.uid = {}, .ignore_quota = options.ignore_quota}));
  layer_.log.append(std::move(above.layer_.log));
  layer_.absorb(std::move(above.layer_));
  std::string number;
  append_be64(number, added.item.value);
  layer_.put(key::attachment(wanted.id), std::move(number));
  layer_.attachments.insert(wanted.id);
  return {};
}

Result<void> AccountTransaction::settle_attachments() {
  for (const std::string& id : std::exchange(layer_.attachments, {})) {
    TRY(std::optional<ItemRecord> item, stored_attachment(layer_, id));
    if (!item) continue;
    TRY(const bool is_used, layer_.any(key::attachment_uses(id)));
    if (is_used == !item->filings.empty()) continue;
    if (!is_used) {
      const Filing filing = item->filings.front();
      TRY(Filed found, filed(filing.folder, filing.uid));
      TRY_VOID(unfile(std::move(found.item), found.filing));
      continue;
    }
    const auto folder = hidden_folder(*layer_.folders(), kIsAttachments);
    if (!folder) continue;
    TRY(std::string name, name_for(item->kind, folder->id, std::string(), id));
    TRY_VOID(come_back(*std::move(item), *folder, std::move(name)));
  }
  layer_.attachments.clear();  // what came back told so
  return {};
}

}  // namespace kontor::groupware
