// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/message_part.h"

#include <algorithm>

namespace kontor::imap {
namespace {

constexpr std::uint64_t kFilteredHeader = 1 << 20;

// RFC 5092 section 5: bytes from an offset, to the end if no length is given.
Extent cut_url(Extent extent, const wire::imap::MessageUrl& url) {
  const std::uint64_t skip = std::min<std::uint64_t>(url.offset.value_or(0), extent.size);
  const std::uint64_t rest = extent.size - skip;
  return {extent.offset + skip, url.length ? std::min<std::uint64_t>(*url.length, rest) : rest};
}

Result<ItemId> find_message(const groupware::Reader& reader, FolderId id, const wire::imap::MessageUrl& url) {
  TRY(const auto folder, reader.folder(id));
  if (url.uid_validity && folder->uid_validity.value != *url.uid_validity)
    return fail(Errc::not_found, "the folder has another UIDVALIDITY");
  TRY(const auto view, reader.view(id));
  const auto position = view->find(Uid(url.uid));
  if (!position) return fail(Errc::not_found, "there is no such message");
  return view->at(*position).item;
}

}  // namespace

Result<MessagePart> find_message_part(groupware::Account& account, const groupware::Caller& caller, FolderId folder,
                                      const wire::imap::MessageUrl& url) {
  TRY(const auto reader, account.read(caller));
  TRY(const ItemId item, find_message(*reader, folder, url));
  MessagePart part;
  TRY(part.body.content, reader->content(item));
  std::string summary;
  const mime::fb::Entity* top = nullptr;
  if (needs_structure(url.section)) {
    TRY(summary, reader->summary(item));
    top = flatbuffers::GetRoot<mime::fb::Summary>(summary.data())->top();
  }
  const auto extent = find_section(top, part.body.content->size(), url.section);
  if (!extent) return fail(Errc::not_found, "the message has no such part");
  if (filters_header(url.section)) {
    if (extent->size > kFilteredHeader) return fail(Errc::too_large, "the header is too large to be filtered");
    TRY(const auto header, part.body.content->read(extent->offset, static_cast<std::size_t>(extent->size)));
    const std::string filtered = filter_header(header, url.section);
    const Extent wanted = cut_url({0, filtered.size()}, url);
    part.text = filtered.substr(wanted.offset, wanted.size);
    return part;
  }
  part.body.source = cut_url(*extent, url);
  part.body.size = part.body.source.size;
  return part;
}

}  // namespace kontor::imap
