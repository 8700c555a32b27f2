// SPDX-License-Identifier: AGPL-3.0-or-later
// The tenant's list of people as an address book that can be read: /dav/contacts/<own address>/directory/.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "directory/principal.h"
#include "formats/vcard/card.h"
#include "protocols/dav/resource.h"

namespace kontor::dav {

// The address book itself.
class DirectoryCollection final : public Special {
 public:
  static constexpr const char* kName = "directory";

  bool is_collection() const override { return true; }
  std::string display_name() const override { return "Directory"; }
  std::vector<xml::NameView> types() const override;
  Outcome<void> members(Context& context, const Resource& self,
                        const std::function<bool(Resource)>& visit) const override;
  Outcome<std::optional<Resource>> member(Context& context, const Resource& self,
                                          const std::string& name) const override;
  Outcome<std::optional<std::string>> state(Context& context, const Resource& self) const override;
  Outcome<News> news(Context& context, const Resource& self, const std::string& since) const override;
};

// A card in it. By GET it comes in version 3.0, which all clients know, unless another one is asked for.
class DirectoryCard final : public Special {
 public:
  explicit DirectoryCard(directory::Principal principal) : principal_(std::move(principal)) {}

  bool is_collection() const override { return false; }
  std::string etag() const override;
  std::string content_type() const override { return "text/vcard; charset=utf-8"; }
  Outcome<std::string> content(Context& context) const override;

  // With its photo, in version 4.0.
  vcard::Component card(Context& context) const;

 private:
  directory::Principal principal_;
};

Resource directory_card(const Resource& book, directory::Principal principal);
// The caller's own way to the book.
std::string directory_path(Context& context);

// For the family's table.
Outcome<std::optional<Resource>> find_directory(Context& context, const Resource& home, const std::string& name);
Outcome<> list_directory(Context& context, const Resource& home, const std::function<bool(Resource)>& visit);

}  // namespace kontor::dav
