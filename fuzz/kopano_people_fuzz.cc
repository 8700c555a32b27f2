// SPDX-License-Identifier: AGPL-3.0-or-later
// links: migrate
#include <string>

#include "migrate/kopano/address_book.h"
#include "migrate/kopano/ldap_client.h"
#include "migrate/kopano/ldap_words.h"

// Files of people and Kopano's ldap.cfg are taken, or refused with a sentence; names of directories have one form.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontor;
  using namespace kontor::migrate::kopano;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto people = parse_people(text)) {
    AddressBook book;
    book.tell(*people);
    for (const auto& person : book.all())
      for (const DirectoryName& member : person->members) check(book.by_directory_name(member), "members are known");
  } else {
    check(!people.error().text.empty(), "what is refused is named");
  }
  LdapWords words;
  const ReadText read = [&](const std::string& path) -> Result<std::string> {
    if (path.ends_with("gone")) return fail(Errc::not_found, "gone");
    return text;
  };
  // Files that include themselves end.
  if (read_ldap_cfg("/etc/ldap.cfg", read, words)) check(!url_of(words).empty(), "there is an address");
  const auto lineage = lineage_of_dn(text);
  if (!lineage.empty()) check(lineage_of_dn(lineage.front()).front() == lineage.front(), "one form");
  return 0;
}
