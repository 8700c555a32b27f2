// SPDX-License-Identifier: AGPL-3.0-or-later
// What Kopano's LDAP plugin was told of a directory: its parameters ("ldap_fullname_attribute"), with the defaults that
// the plugin and the files that come with it have.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::migrate::kopano {

class LdapWords {
 public:
  // The plugin's own defaults, and those of the two files that come with Kopano ("ldap.openldap.cfg",
  // "ldap.active-directory.cfg").
  enum class Kind : std::uint8_t { plugin, openldap, active_directory };

  explicit LdapWords(Kind kind = Kind::plugin) : kind_(kind) {}
  void set_kind(Kind kind) { kind_ = kind; }

  static bool is_known(std::string_view parameter);
  // Those that are not known are left out: most say how Kopano itself works.
  void set(std::string_view parameter, std::string_view value);
  // Whether it is there, and not the default.
  bool has(std::string_view parameter) const;
  // Attributes and classes that are named after Kopano are named after Zarafa where anything that was set is.
  std::string get(std::string_view parameter) const;

 private:
  Kind kind_;
  bool is_zarafa_ = false;
  std::map<std::string, std::string, std::less<>> set_;
};

// Reads a file as Kopano does: "name = value", "#" before what is none, "!include file". A file of those that come with
// Kopano, and is not here, is known all the same. Errors: not_found (a file), invalid (a line), too_large.
using ReadText = std::function<Result<std::string>(const std::string& path)>;
Result<void> read_ldap_cfg(const std::string& path, const ReadText& read, LdapWords& into);

// The addresses of its servers, as its several parameters say.
std::string url_of(const LdapWords& words);

}  // namespace kontor::migrate::kopano
