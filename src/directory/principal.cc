// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/principal.h"

#include <array>
#include <utility>

namespace kontor::directory {
namespace {

template <class T>
using Names = std::pair<T, std::string_view>;

constexpr std::array kStatusNames = {Names<Status>{Status::active, "active"},
                                     Names<Status>{Status::inactive, "inactive"},
                                     Names<Status>{Status::suspended, "suspended"}};
constexpr std::array kKindNames = {
    Names<PrincipalKind>{PrincipalKind::user, "user"}, Names<PrincipalKind>{PrincipalKind::shared, "shared"},
    Names<PrincipalKind>{PrincipalKind::group, "group"}, Names<PrincipalKind>{PrincipalKind::room, "room"},
    Names<PrincipalKind>{PrincipalKind::equipment, "equipment"}};
constexpr std::array kRoleNames = {Names<Role>{Role::tenant_admin, "tenant_admin"},
                                   Names<Role>{Role::helpdesk, "helpdesk"}, Names<Role>{Role::auditor, "auditor"},
                                   Names<Role>{Role::server_admin, "server_admin"}};
constexpr std::array kProtocolNames = {Names<Protocol>{Protocol::imap, "imap"},
                                       Names<Protocol>{Protocol::pop3, "pop3"},
                                       Names<Protocol>{Protocol::submission, "submission"},
                                       Names<Protocol>{Protocol::managesieve, "managesieve"},
                                       Names<Protocol>{Protocol::jmap, "jmap"},
                                       Names<Protocol>{Protocol::dav, "dav"},
                                       Names<Protocol>{Protocol::eas, "eas"},
                                       Names<Protocol>{Protocol::ews, "ews"},
                                       Names<Protocol>{Protocol::web, "web"}};

template <class T, std::size_t N>
std::string_view name_in(const std::array<Names<T>, N>& names, T value) {
  for (const auto& [known, text] : names)
    if (known == value) return text;
  return "unknown";
}

template <class T, std::size_t N>
std::optional<T> parse_in(const std::array<Names<T>, N>& names, std::string_view wanted) {
  for (const auto& [value, text] : names)
    if (text == wanted) return value;
  return std::nullopt;
}

}  // namespace

const ContactDetails& Principal::details() const {
  static const ContactDetails kNone;
  return contact ? *contact : kNone;
}

void Principal::set_details(ContactDetails details) {
  contact = details == ContactDetails() ? nullptr : std::make_shared<const ContactDetails>(std::move(details));
}

std::string_view name(Status status) { return name_in(kStatusNames, status); }
std::string_view name(PrincipalKind kind) { return name_in(kKindNames, kind); }
std::string_view name(Role role) { return name_in(kRoleNames, role); }
std::string_view name(Protocol protocol) { return name_in(kProtocolNames, protocol); }
std::optional<Status> parse_status(std::string_view text) { return parse_in(kStatusNames, text); }
std::optional<PrincipalKind> parse_kind(std::string_view text) { return parse_in(kKindNames, text); }
std::optional<Role> parse_role(std::string_view text) { return parse_in(kRoleNames, text); }
std::optional<Protocol> parse_protocol(std::string_view text) { return parse_in(kProtocolNames, text); }

}  // namespace kontor::directory
