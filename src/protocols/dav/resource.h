// SPDX-License-Identifier: AGPL-3.0-or-later
// What a path leads to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/principal.h"
#include "groupware/account.h"
#include "protocols/dav/context.h"
#include "protocols/dav/path.h"

namespace kontor::dav {

class Special;

struct Resource {
  enum class What : std::uint8_t {
    root,        // /dav/
    principals,  // /dav/principals/
    principal,   // /dav/principals/<address>/
    homes,       // /dav/calendars/ and the like
    home,        // of a principal; of files it is a collection where the principal has files
    collection,  // a folder
    item,
    special,  // a family's own: `special` is set
    absent,   // a name that nothing has; `folder` is the one that it would be in, if there is one
  };

  What what = What::absent;
  Space space = Space::none;
  std::string path;                           // decoded; collections end with "/"
  std::optional<directory::Principal> owner;  // from the address on
  std::shared_ptr<groupware::Account> account;
  std::shared_ptr<const groupware::Folder> folder;  // the collection, or the one that the item or absent name is in
  std::optional<groupware::Entry> entry;            // of an item
  std::string name;                                 // the last segment
  bool is_in_home = false;                          // absent: a collection could be made there
  std::shared_ptr<const Special> special;

  bool is_collection() const;
  bool is_there() const { return what != What::absent; }
  // The kind of the folder; mail if there is none.
  groupware::Kind kind() const { return folder ? folder->kind : groupware::Kind::mail; }

  // Read once, when first asked for. Errors: 404 (gone meanwhile).
  Outcome<const groupware::Item*> item(Context& context) const;
  // right:: bits of the caller on the folder; 0 without one.
  std::uint32_t rights(Context& context) const;

  mutable std::optional<groupware::Item> read_item;
};

// A resource that is no folder or item of an account: an inbox, the address book of the directory.
class Special {
 public:
  virtual ~Special() = default;

  virtual bool is_collection() const = 0;
  virtual std::string display_name() const { return {}; }
  // Types beside DAV:collection.
  virtual std::vector<xml::NameView> types() const { return {}; }
  // Of collections: what is in it, until `visit` returns false; and one of them by its name. `self` is the collection's
  // resource: fill `path` with self.path + name.
  virtual Outcome<void> members(Context&, const Resource&, const std::function<bool(Resource)>&) const { return {}; }
  virtual Outcome<std::optional<Resource>> member(Context&, const Resource&, const std::string&) const {
    return std::nullopt;
  }
  // Of what can be read by GET. Quoted; empty: none.
  virtual std::string etag() const { return {}; }
  virtual std::string content_type() const { return {}; }
  virtual std::optional<Instant> modified() const { return {}; }
  virtual Outcome<std::string> content(Context&) const { return deny(405, "there is nothing to read here"); }
  // The same of what may be large, and its Content-Disposition. Null: as content() says.
  virtual Outcome<std::shared_ptr<const groupware::Content>> stream(Context&) const { return nullptr; }
  virtual std::string disposition() const { return {}; }
  // Of a collection that can be synchronized: its state, and what changed since one. `since` is empty for the first
  // time. Nothing: it cannot be.
  struct News {
    std::string state;
    std::vector<Resource> changed;
    std::vector<std::string> gone;  // names
  };
  virtual Outcome<std::optional<std::string>> state(Context&, const Resource&) const { return std::nullopt; }
  // Errors: 403 valid-sync-token.
  virtual Outcome<News> news(Context&, const Resource&, const std::string&) const {
    return deny(wire::dav::dav("supported-report"), "this collection cannot be synchronized");
  }
};

// For tables: what a row applies to.
struct Scope {
  std::uint32_t whats = 0;     // bits of on()
  std::uint32_t kinds = ~0U;   // bits of of(): matters for collections, items and absent names
  std::uint32_t spaces = ~0U;  // bits of in()
  bool is_of_mounts = false;   // only others' collections that show in the caller's home
  bool covers(const Resource& resource) const;
};
template <class... W>
constexpr std::uint32_t on(W... whats) {
  return ((1U << static_cast<unsigned>(whats)) | ...);
}
template <class... K>
constexpr std::uint32_t of(K... kinds) {
  return ((1U << static_cast<unsigned>(kinds)) | ...);
}
template <class... S>
constexpr std::uint32_t in(S... spaces) {
  return ((1U << static_cast<unsigned>(spaces)) | ...);
}
constexpr std::uint32_t kOnAll =
    on(Resource::What::root, Resource::What::principals, Resource::What::principal, Resource::What::homes,
       Resource::What::home, Resource::What::collection, Resource::What::item, Resource::What::special);
constexpr std::uint32_t kOfCalendars = of(groupware::Kind::calendar, groupware::Kind::tasks, groupware::Kind::notes);

// What the path leads to, `absent` where nothing is. Errors: 404 (no such principal, or nothing there is for this
// caller), 400.
Outcome<Resource> find(Context& context, std::string_view path);
// From an href of a body or header, which may be a URI. Errors: as find; 502 (another host).
Outcome<Resource> find_href(Context& context, std::string_view href);

// What is directly in a collection, home, ..., until `visit` returns false. Reads entries only.
Outcome<void> members(Context& context, const Resource& collection, const std::function<bool(Resource)>& visit);
// As members, of the folders of files in a folder alone.
Outcome<void> collections_in(Context& context, const Resource& collection, const std::function<bool(Resource)>& visit);
// As members, of a folder's items alone: at most `most` of them, from those on whose names follow `after`, in the order
// of names. The last one's name; nothing if there are no more.
Outcome<std::optional<std::string>> items_after(Context& context, const Resource& collection, const std::string& after,
                                                std::size_t most, const std::function<bool(Resource)>& visit);

// The resources of a folder and of one of its entries, for families that find them by queries. Nothing for a folder
// that the caller may not see or that is not shown over DAV.
std::optional<Resource> resource_of(Context& context, const directory::Principal& owner,
                                    const std::shared_ptr<groupware::Account>& account, FolderId folder);
Resource item_of(const Resource& collection, const groupware::Entry& entry);

// The last segment of a folder's path in its home.
std::string segment_of(const groupware::FolderTable& folders, const groupware::Folder& folder);
constexpr const char* kNameProperty = "dav.name";         // of a folder: that segment
constexpr const char* kDisplayName = "dav.displayname";   // of a folder, where the name is taken
constexpr const char* kContentType = "dav.content-type";  // of an item: as it was PUT
// Of a folder of files: the modseq before which its path was another one.
constexpr const char* kRenamed = "dav.renamed";
std::string principal_path(const directory::Principal& principal);
std::string home_path(Space space, const directory::Principal& principal);

}  // namespace kontor::dav
