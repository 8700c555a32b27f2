// SPDX-License-Identifier: AGPL-3.0-or-later
// A tenant's list of people as an address book: a card for each of its users, groups, rooms, things and shared
// mailboxes but those that are hidden or suspended. Nothing of it is stored: cards are made from the directory when
// they are asked for, and are of version 4.0. Whoever calls says whose tenant it is: that of the one who asks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/directory.h"
#include "formats/vcard/card.h"
#include "groupware/contacts/query.h"

namespace kontor::groupware {

// The name of a principal's card in the book, "17.vcf", and the other way round; id 0 if it is none.
std::string directory_card_name(PrincipalId id);
PrincipalId directory_card_id(std::string_view name);
// Quoted. Another one whenever the card would read otherwise, also its photo.
std::string directory_card_etag(const directory::Principal& principal);

// Thread-safe. Photos alone block.
class DirectoryBook {
 public:
  // Of a group with more members, its card names none.
  static constexpr std::size_t kMostMembers = 5'000;
  static constexpr std::size_t kMostFound = 10'000;

  explicit DirectoryBook(directory::Directory& directory) : directory_(directory) {}

  // Grows with every change of what is in the book, and only then; goes on after a restart.
  std::uint64_t revision(TenantId tenant) const { return directory_.list_revision(tenant); }
  // What is new or changed since a revision, and the names of what went; from 0 all that is there. Errors: conflict (so
  // far the book never came).
  struct Changes {
    std::uint64_t revision = 0;
    std::vector<directory::Principal> present;
    std::vector<std::string> gone;
  };
  Result<Changes> changes(TenantId tenant, std::uint64_t since) const;

  // By the card's name. Errors: not_found.
  Result<directory::Principal> find(TenantId tenant, std::string_view name) const;
  Result<directory::Principal> find(TenantId tenant, PrincipalId id) const;

  vcard::Component card(const directory::Principal& principal) const;        // without its photo
  vcard::Component whole_card(const directory::Principal& principal) const;  // reads the photo

  // In the order of their names, until `visit` returns false.
  void each(TenantId tenant, const std::function<bool(const directory::Principal&)>& visit);
  // Those in whose cards all words of the text are found, anywhere and in any case; the first `most` by name.
  struct Found {
    std::vector<directory::Principal> people;
    bool is_cut = false;  // there are more
  };
  Found search(TenantId tenant, std::string_view text, std::size_t most = kMostFound);
  // Those whose cards match. Conditions on PHOTO see whether there is one, no more.
  Found query(TenantId tenant, const CardMatcher& wanted, std::size_t most = kMostFound);

 private:
  // What is kept of each card for searches: some 250 bytes.
  struct Row {
    PrincipalId id;
    std::string name;  // folded
    std::string text;  // card_text()
  };
  struct Listing {
    std::uint64_t revision = 0;
    std::vector<std::shared_ptr<const Row>> rows;  // by name, then by id
  };

  std::shared_ptr<const Listing> listing(TenantId tenant);
  Row row_of(const directory::Principal& principal) const;
  void add_members(const directory::Principal& group, vcard::Component& card) const;
  template <class May, class Is>
  Found collect(TenantId tenant, std::size_t most, const May& may, const Is& is);

  directory::Directory& directory_;
  std::mutex mutex_;  // one listing is brought up to date at a time
  std::map<TenantId, std::shared_ptr<const Listing>> listings_;
};

}  // namespace kontor::groupware
