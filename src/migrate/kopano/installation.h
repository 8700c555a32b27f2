// SPDX-License-Identifier: AGPL-3.0-or-later
// All servers of an installation together: who there is, and which stores there are.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/kopano/address_book.h"
#include "migrate/kopano/config.h"
#include "migrate/kopano/stores.h"

namespace kontor::migrate::kopano {

struct InstalledStore {
  std::size_t server = 0;  // index
  Store store;
  std::string address;   // where it goes; "" if it is left out
  std::string left_out;  // why
};

// Immutable; thread-safe.
class Installation {
 public:
  // Reads every server's directory and stores, and who is in the LDAP directory. Errors: of connecting and reading.
  static Result<std::unique_ptr<const Installation>> read(const Config& config);

  const AddressBook& book() const { return book_; }
  const std::vector<InstalledStore>& stores() const { return stores_; }
  const InstalledStore* find(std::string_view guid_hex) const;
  // Sentences: what of directories and files is not understood, or refers to nobody.
  const std::vector<std::string>& remarks() const { return remarks_; }
  const std::string& server_guid(std::size_t server) const { return server_guids_[server]; }

 private:
  Result<void> read_people(const Config& config);
  void choose_addresses(const Config& config);

  AddressBook book_;
  std::vector<std::string> server_guids_;
  std::vector<std::string> remarks_;
  std::vector<InstalledStore> stores_;
};

}  // namespace kontor::migrate::kopano
