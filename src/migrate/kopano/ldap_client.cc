// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/ldap_client.h"

#include <fmt/format.h>
#include <ldap.h>
#include <sys/time.h>

#include <algorithm>

#include "base/bytes.h"

namespace kontor::migrate::kopano {
namespace {

constexpr ber_int_t kPage = 500;  // entries
constexpr ber_len_t kLargestAnswer = ber_len_t{64} << 20;
constexpr std::size_t kDeepestDn = 100;
constexpr const char* kSystemCertificates = "/etc/ssl/certs/ca-certificates.crt";

timeval timeval_of(std::chrono::milliseconds time) {
  timeval out{};
  out.tv_sec = static_cast<time_t>(time.count() / 1000);
  out.tv_usec = static_cast<suseconds_t>(time.count() % 1000 * 1000);
  return out;
}

Errc errc_of_ldap(int code) {
  switch (code) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_STRONG_AUTH_REQUIRED:
    case LDAP_CONFIDENTIALITY_REQUIRED:
      return Errc::denied;
    case LDAP_NO_SUCH_OBJECT:
      return Errc::not_found;
    case LDAP_FILTER_ERROR:
    case LDAP_PARAM_ERROR:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_OPERATIONS_ERROR:
    case LDAP_PROTOCOL_ERROR:
      return Errc::invalid;
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
      return Errc::too_large;
    default:
      return Errc::unavailable;
  }
}

struct FreeMessage {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
using Message = std::unique_ptr<LDAPMessage, FreeMessage>;

// Hosts that are this one, and sockets: nobody else hears what is said.
bool is_local_url(std::string_view url) {
  if (url.starts_with("ldapi:")) return true;
  const std::size_t at = url.find("://");
  const std::string_view host = at == std::string_view::npos ? url : url.substr(at + 3);
  const std::string_view name = host.substr(0, host.find_first_of(":/"));
  return name == "localhost" || name.starts_with("127.") || host.starts_with("[::1]");
}

std::vector<std::string> split_urls(std::string_view text) {
  std::vector<std::string> urls;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" ,\t"), text.size());
    if (end != 0) urls.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return urls;
}

}  // namespace

const std::vector<std::string>* LdapEntry::values(std::string_view name) const {
  const auto found = attributes.find(to_lower(name));
  return found == attributes.end() || found->second.empty() ? nullptr : &found->second;
}

std::string_view LdapEntry::value(std::string_view name) const {
  const auto* all = values(name);
  return all == nullptr ? std::string_view() : std::string_view(all->front());
}

struct LdapClient::Handle {
  Handle() = default;
  ~Handle() {
    if (ldap != nullptr) ldap_unbind_ext_s(ldap, nullptr, nullptr);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // With the library's and the server's words.
  std::unexpected<Error> error(int code, std::string_view doing) const {
    std::string text = fmt::format("the directory {}: {}: {}", url, doing, ldap_err2string(code));
    char* more = nullptr;
    if (ldap_get_option(ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, static_cast<void*>(&more)) == LDAP_OPT_SUCCESS &&
        more != nullptr) {
      if (*more != '\0') text += fmt::format(" ({})", more);
      ldap_memfree(more);
    }
    return fail(errc_of_ldap(code), text);
  }

  Result<void> connect(const LdapOptions& options);
  Result<void> secure(const LdapOptions& options, LdapTls tls);
  Result<void> log_in(const LdapOptions& options) const;
  LdapEntry read_entry(LDAPMessage* message) const;
  Result<void> read_page(int id, const LdapQuery& query, const TakeLdapEntry& take, std::string& cookie);
  std::unexpected<Error> search_error(int code, const LdapQuery& query) const {
    return error(code, fmt::format("searching for {} below \"{}\"", query.filter, query.base));
  }

  LDAP* ldap = nullptr;
  std::string url;
  std::chrono::milliseconds timeout{};
};

// What holds is what was asked for: each option that a configuration file of the system could set is set here.
Result<void> LdapClient::Handle::connect(const LdapOptions& options) {
  const bool is_known = url.starts_with("ldap://") || url.starts_with("ldaps://") || url.starts_with("ldapi:");
  if (!is_known)
    return fail(Errc::invalid, fmt::format("\"{}\" is no address of a directory: it begins with ldap://, ldaps:// or "
                                           "ldapi://",
                                           url));
  if (const int code = ldap_initialize(&ldap, url.c_str()); code != LDAP_SUCCESS)
    return fail(Errc::invalid, fmt::format("the directory {}: {}", url, ldap_err2string(code)));
  timeout = options.timeout;
  const int version = LDAP_VERSION3, no_limit = 0, never = LDAP_DEREF_NEVER;
  const timeval wait = timeval_of(timeout);
  ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  ldap_set_option(ldap, LDAP_OPT_DEREF, &never);
  ldap_set_option(ldap, LDAP_OPT_SIZELIMIT, &no_limit);
  ldap_set_option(ldap, LDAP_OPT_TIMELIMIT, &no_limit);
  ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &wait);
  ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &wait);
  Sockbuf* buffer = nullptr;
  ber_len_t largest = kLargestAnswer;
  if (ldap_get_option(ldap, LDAP_OPT_SOCKBUF, static_cast<void*>(&buffer)) == LDAP_OPT_SUCCESS && buffer != nullptr)
    ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &largest);
  LdapTls tls = options.tls;
  if (tls == LdapTls::automatic)
    tls = is_local_url(url) && !url.starts_with("ldaps:") ? LdapTls::none : LdapTls::verified;
  TRY_VOID(secure(options, tls));
  return log_in(options);
}

Result<void> LdapClient::Handle::log_in(const LdapOptions& options) const {
  if (options.login == LdapLogin::external) {
    if (!url.starts_with("ldapi:"))
      return fail(Errc::invalid,
                  fmt::format("ldap.login says \"external\", which goes over ldapi:// alone, not {}", url));
    // Empty, not absent: the identity is the one that the socket tells.
    berval none{0, const_cast<char*>("")};
    const int code = ldap_sasl_bind_s(ldap, nullptr, "EXTERNAL", &none, nullptr, nullptr, nullptr);
    return code == LDAP_SUCCESS ? Result<void>() : error(code, "logging in as the user who runs this");
  }
  if (!options.bind_dn.empty() && options.password.empty())
    return fail(Errc::invalid, fmt::format("the directory {}: there is no password for {}", url, options.bind_dn));
  berval password{static_cast<ber_len_t>(options.password.size()), const_cast<char*>(options.password.data())};
  const int code = ldap_sasl_bind_s(ldap, options.bind_dn.empty() ? nullptr : options.bind_dn.c_str(), LDAP_SASL_SIMPLE,
                                    &password, nullptr, nullptr, nullptr);
  if (code != LDAP_SUCCESS)
    return error(code, options.bind_dn.empty() ? std::string("connecting") : "logging in as " + options.bind_dn);
  return {};
}

Result<void> LdapClient::Handle::secure(const LdapOptions& options, LdapTls tls) {
  const bool is_tls_url = url.starts_with("ldaps:");
  if (tls == LdapTls::none && !is_tls_url) return {};
  if (tls == LdapTls::none)
    return fail(Errc::invalid, fmt::format("ldap.tls says \"off\", but {} is a line with TLS", url));
  const int wanted = tls == LdapTls::verified ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_ALLOW;
  const char* file = options.ca_file.empty() ? kSystemCertificates : options.ca_file.c_str();
  const int is_server = 0;
  ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &wanted);
  // Without verification nothing is read that might be missing.
  if (tls == LdapTls::verified && ldap_set_option(ldap, LDAP_OPT_X_TLS_CACERTFILE, file) != LDAP_OPT_SUCCESS)
    return fail(Errc::invalid, fmt::format("the certificates in {} cannot be used", file));
  // Takes what was set before it.
  if (ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &is_server) != LDAP_OPT_SUCCESS)
    return fail(Errc::invalid, fmt::format("the certificates in {} cannot be read", file));
  if (is_tls_url) return {};
  if (const int code = ldap_start_tls_s(ldap, nullptr, nullptr); code != LDAP_SUCCESS)
    return error(code, "StartTLS (ldap.tls says whether it is asked for, and ldap.ca_file whom to trust)");
  return {};
}

LdapClient::LdapClient(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
LdapClient::~LdapClient() = default;

Result<std::unique_ptr<LdapClient>> LdapClient::open(const LdapOptions& options) {
  Error last{Errc::invalid, "ldap.url names no directory"};
  for (const std::string& url : split_urls(options.url)) {
    auto handle = std::make_unique<Handle>();
    handle->url = url;
    const auto connected = handle->connect(options);
    if (connected) return std::unique_ptr<LdapClient>(new LdapClient(std::move(handle)));
    last = connected.error();
    if (last.code != Errc::unavailable) break;
  }
  return std::unexpected(last);
}

LdapEntry LdapClient::Handle::read_entry(LDAPMessage* message) const {
  LdapEntry entry;
  if (char* dn = ldap_get_dn(ldap, message); dn != nullptr) {
    entry.dn = dn;
    ldap_memfree(dn);
  }
  BerElement* at = nullptr;
  for (char* name = ldap_first_attribute(ldap, message, &at); name != nullptr;
       name = ldap_next_attribute(ldap, message, at)) {
    auto& into = entry.attributes[to_lower(name)];
    if (berval** values = ldap_get_values_len(ldap, message, name); values != nullptr) {
      for (berval** one = values; *one != nullptr; ++one) into.emplace_back((*one)->bv_val, (*one)->bv_len);
      ldap_value_free_len(values);
    }
    ldap_memfree(name);
  }
  if (at != nullptr) ber_free(at, 0);
  return entry;
}

// What arrives for one request; `cookie` is what asks for the next page, empty after the last.
Result<void> LdapClient::Handle::read_page(int id, const LdapQuery& query, const TakeLdapEntry& take,
                                           std::string& cookie) {
  cookie.clear();
  for (;;) {
    timeval wait = timeval_of(timeout);
    LDAPMessage* raw = nullptr;
    const int type = ldap_result(ldap, id, LDAP_MSG_ONE, &wait, &raw);
    const Message message(raw);
    if (type == 0) return fail(Errc::unavailable, fmt::format("the directory {} does not answer", url));
    if (type < 0) {
      int code = LDAP_SERVER_DOWN;
      ldap_get_option(ldap, LDAP_OPT_RESULT_CODE, &code);
      return search_error(code, query);
    }
    if (type == LDAP_RES_SEARCH_ENTRY) {
      if (auto taken = take(read_entry(message.get())); !taken) {
        ldap_abandon_ext(ldap, id, nullptr, nullptr);
        return taken;
      }
    }
    if (type != LDAP_RES_SEARCH_RESULT) continue;
    int code = LDAP_SUCCESS;
    LDAPControl** controls = nullptr;
    const int parsed = ldap_parse_result(ldap, message.get(), &code, nullptr, nullptr, nullptr, &controls, 0);
    if (LDAPControl* page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, nullptr); page != nullptr) {
      ber_int_t estimate = 0;
      berval next{};
      if (ldap_parse_pageresponse_control(ldap, page, &estimate, &next) == LDAP_SUCCESS && next.bv_val != nullptr) {
        cookie.assign(next.bv_val, next.bv_len);
        ber_memfree(next.bv_val);
      }
    }
    if (controls != nullptr) ldap_controls_free(controls);
    if (parsed != LDAP_SUCCESS) code = parsed;
    if (code != LDAP_SUCCESS) return search_error(code, query);
    return {};
  }
}

Result<void> LdapClient::search(const LdapQuery& query, const TakeLdapEntry& take) {
  LDAP* ldap = handle_->ldap;
  std::vector<char*> attributes;
  for (const std::string& name : query.attributes) attributes.push_back(const_cast<char*>(name.c_str()));
  attributes.push_back(nullptr);
  std::string cookie;
  do {
    berval from{static_cast<ber_len_t>(cookie.size()), cookie.data()};
    LDAPControl* page = nullptr;
    // Not critical: a server without pages gives all at once.
    if (const int code = ldap_create_page_control(ldap, kPage, &from, 0, &page); code != LDAP_SUCCESS)
      return handle_->search_error(code, query);
    LDAPControl* controls[] = {page, nullptr};
    int id = 0;
    const int code = ldap_search_ext(ldap, query.base.c_str(), query.is_deep ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE,
                                     query.filter.empty() ? nullptr : query.filter.c_str(), attributes.data(), 0,
                                     controls, nullptr, nullptr, LDAP_NO_LIMIT, &id);
    ldap_control_free(page);
    if (code != LDAP_SUCCESS) return handle_->search_error(code, query);
    TRY_VOID(handle_->read_page(id, query, take, cookie));
  } while (!cookie.empty());
  return {};
}

namespace {

// libldap prints some values in hexadecimal digits that it does not read itself.
bool is_readable_dn(const char* text) {
  LDAPDN parts = nullptr;
  const bool is_read = ldap_str2dn(text, &parts, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS && parts != nullptr;
  if (parts != nullptr) ldap_dnfree(parts);
  return is_read;
}

}  // namespace

std::vector<std::string> lineage_of_dn(const std::string& dn) {
  std::vector<std::string> lineage;
  LDAPDN parts = nullptr;
  if (dn.empty() || ldap_str2dn(dn.c_str(), &parts, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || parts == nullptr)
    return lineage;
  for (LDAPDN rest = parts; *rest != nullptr && lineage.size() < kDeepestDn; ++rest) {
    char* text = nullptr;
    if (ldap_dn2str(rest, &text, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || text == nullptr) break;
    const bool is_one = is_readable_dn(text);
    if (is_one) lineage.push_back(to_lower(text));
    ldap_memfree(text);
    if (!is_one) break;
  }
  ldap_dnfree(parts);
  return lineage;
}

}  // namespace kontor::migrate::kopano
