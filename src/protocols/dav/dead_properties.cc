// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/dead_properties.h"

#include <map>

#include "base/bytes.h"
#include "base/digest.h"
#include "wire/xml/parse.h"
#include "wire/xml/print.h"

namespace kontor::dav {
namespace {

// Of an item the name stands in the key; an annotation's name has not that much room.
constexpr std::string_view kItemPrefix = "dav.property.";
constexpr std::string_view kFolderPrefix = "/shared/dav/property/";
constexpr std::string_view kHomePrefix = "/shared/dav/home/";

std::string item_key(const xml::Name& name) { return std::string(kItemPrefix) + "{" + name.space + "}" + name.local; }

// Where properties of a collection are kept. A home that is no folder has its own with its default one, which is always
// there.
struct Keeping {
  FolderId folder;
  std::string_view prefix;

  std::string key(const xml::Name& name) const {
    return std::string(prefix) + to_hex(sha256(name.space + " " + name.local)).substr(0, 40);
  }
};

std::optional<Keeping> keeping(const Resource& resource, const groupware::FolderTable& folders) {
  if (resource.folder) return Keeping{resource.folder->id, kFolderPrefix};
  if (resource.what != Resource::What::home) return std::nullopt;
  const auto usual = folders.by_role(resource.space == Space::contacts ? groupware::FolderRole::contacts
                                                                       : groupware::FolderRole::calendar);
  if (!usual || resource.space == Space::files) return std::nullopt;
  return Keeping{usual->id, kHomePrefix};
}

std::string as_text(const xml::Element& element) {
  std::string out;
  xml::Printer printer(out, {});
  printer.element(element);
  return out;
}

void take(std::string_view text, std::vector<xml::Element>& out) {
  if (auto element = xml::parse(text)) out.push_back(*std::move(element));
}

}  // namespace

Outcome<std::vector<xml::Element>> dead_properties(Context& context, const Resource& resource) {
  std::vector<xml::Element> out;
  if (resource.what == Resource::What::item) {
    TRY(const groupware::Item* item, resource.item(context));
    for (auto at = item->properties.lower_bound(std::string(kItemPrefix));
         at != item->properties.end() && at->first.starts_with(kItemPrefix); ++at)
      take(at->second, out);
  } else if (resource.account && resource.is_there()) {
    TRY(const auto reader, context.reader(*resource.account));
    const auto kept = keeping(resource, *reader->folders());
    if (!kept || !(reader->rights(kept->folder) & groupware::right::kRead)) return out;
    TRY(const auto annotations, reader->annotations(kept->folder));
    for (const auto& [entry, value] : annotations)
      if (entry.starts_with(kept->prefix)) take(value, out);
  }
  return out;
}

Outcome<void> set_dead_properties(groupware::Transaction& transaction, const Resource& resource,
                                  const std::vector<const wire::dav::PropertyChange*>& changes, xml::Name& at_fault) {
  std::map<std::string, std::string> of_item;
  for (const wire::dav::PropertyChange* change : changes) {
    at_fault = change->property.name;
    const std::string text = change->is_removal ? std::string() : as_text(change->property);
    if (text.size() > kLargestDeadProperty) return deny(507, "the property is too large");
    if (resource.what == Resource::What::item) {
      of_item[item_key(at_fault)] = text;
      continue;
    }
    const auto kept = keeping(resource, *transaction.folders());
    if (!kept) return deny(403, "nothing can be kept here");
    // To remove what is not there is no fault (RFC 4918 section 14.23).
    TRY_VOID(transaction.annotate(kept->folder, kept->key(at_fault),
                                  change->is_removal ? std::nullopt : std::optional(text)));
  }
  if (!of_item.empty()) TRY_VOID(transaction.set_properties(resource.entry->item, of_item));
  return {};
}

Outcome<void> copy_dead_properties(const groupware::Reader& reader, FolderId from, groupware::Transaction& transaction,
                                   FolderId to) {
  TRY(const auto annotations, reader.annotations(from));
  for (const auto& [entry, value] : annotations)
    if (entry.starts_with(kFolderPrefix)) TRY_VOID(transaction.annotate(to, entry, value));
  return {};
}

}  // namespace kontor::dav
