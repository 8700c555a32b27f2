// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/post.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/icalendar/calendar.h"
#include "groupware/scheduling/hidden_folder.h"

namespace kontor::groupware {

FolderTable::Pointer outbox_of(const FolderTable& folders) { return hidden_folder(folders, kIsOutbox); }

Result<FolderId> make_outbox(Transaction& transaction) {
  if (const auto folder = outbox_of(*transaction.folders())) return folder->id;
  return make_hidden_folder(transaction, kOutboxName, kIsOutbox);
}

NewItem post_item(const itip::Message& message, const std::string& to, const StagedContent& content) {
  NewItem item;
  item.kind = Kind::files;
  item.content = content;
  item.name = to_hex(random_bytes(16)) + ".ics";
  item.properties = {{kPostMethod, std::string(itip::name(message.method))}, {kPostFrom, message.from}, {kPostTo, to}};
  return item;
}

Result<itip::Message> read_post(const Item& item, std::string_view bytes) {
  const auto property = [&](const char* name) {
    const auto found = item.properties.find(name);
    return found == item.properties.end() ? std::string() : found->second;
  };
  auto read = icalendar::read(bytes);
  itip::Message message;
  message.from = property(kPostFrom);
  message.to = {property(kPostTo)};
  const auto method = read ? itip::method_of(read->calendars.front()) : std::nullopt;
  if (!method || message.from.empty() || message.to.front().empty())
    return fail(Errc::corrupt, "this is no scheduling message");
  message.method = *method;
  message.calendar = std::move(read->calendars.front());
  return message;
}

}  // namespace kontor::groupware
