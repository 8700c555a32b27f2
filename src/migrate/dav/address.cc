// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/dav/address.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

#include "base/bytes.h"
#include "migrate/dav/client.h"

namespace kontor::migrate {
namespace {

struct FreeCurlUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// Some servers write blanks and letters of other languages as they are.
std::string with_escapes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_sound =
        byte > 0x20 && byte < 0x7f && std::string_view("<>\"{}|\\^`").find(c) == std::string_view::npos;
    if (is_sound)
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string host_of(const std::string& text) {
  const std::unique_ptr<CURLU, FreeCurlUrl> url(curl_url());
  char* host = nullptr;
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK ||
      curl_url_get(url.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK)
    return {};
  auto out = to_lower(host);
  curl_free(host);
  return out;
}

bool is_ip_address(std::string_view host) { return host.ends_with(']') || (host.back() >= '0' && host.back() <= '9'); }

// "example.org" of "dav.example.org" and of "example.org".
std::string_view domain_of(std::string_view host) {
  const auto dot = host.find('.');
  const bool has_more = dot != std::string_view::npos && host.find('.', dot + 1) != std::string_view::npos;
  return has_more ? host.substr(dot + 1) : host;
}

}  // namespace

bool may_log_in_at(const std::string& origin, const std::string& url) {
  if (url == origin || url.starts_with(origin + "/")) return true;
  const auto host = host_of(url), named = host_of(origin);
  if (!url.starts_with("https://") || host.empty() || named.empty()) return false;
  if (host == named || is_ip_address(named)) return host == named;
  const auto domain = domain_of(named);
  return host == domain || host.ends_with("." + std::string(domain));
}

std::string dav_origin(const SourceOptions& options) {
  const auto& name = options.server_name.empty() ? options.host : options.server_name;
  const bool is_secure = options.tls != SourceTls::none;
  const auto host = name.contains(':') ? "[" + name + "]" : name;
  const std::uint16_t usual = is_secure ? 443 : 80;
  const auto port = options.port == 0 || options.port == usual ? std::string() : fmt::format(":{}", options.port);
  return fmt::format("{}://{}{}", is_secure ? "https" : "http", host, port);
}

DavLogin dav_login(const SourceUser& user, const SourceOptions& options) {
  DavLogin out;
  if (options.master_user.empty()) {
    out.name = user.login;
    out.password = user.password;
    out.token = !user.token.empty() ? user.token : user.password.empty() ? options.token : "";
  } else if (options.master_style == MasterStyle::authzid) {
    out.name = options.master_user;
    out.password = options.master_password;
  } else {
    out.name = fmt::format("{}{}{}", user.login, options.master_separator, options.master_user);
    out.password = options.master_password;
  }
  return out;
}

Result<std::string> resolve_url(const std::string& base, std::string_view reference) {
  const std::unique_ptr<CURLU, FreeCurlUrl> url(curl_url());
  check(url != nullptr, "curl gives a URL");
  const auto escaped = with_escapes(reference);
  char* text = nullptr;
  if (curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK ||
      curl_url_set(url.get(), CURLUPART_URL, escaped.c_str(), 0) != CURLUE_OK ||
      curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0) != CURLUE_OK ||
      curl_url_get(url.get(), CURLUPART_URL, &text, CURLU_NO_DEFAULT_PORT) != CURLUE_OK)
    return fail(Errc::invalid, fmt::format("\"{}\" is no place on a server", reference.substr(0, 200)));
  std::string out(text);
  curl_free(text);
  if (!out.starts_with("https://") && !out.starts_with("http://"))
    return fail(Errc::invalid, fmt::format("\"{}\" is no place on a server of HTTP", reference.substr(0, 200)));
  return out;
}

std::string path_of_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    const auto slash = url.find('/', scheme + 3);
    url = slash == std::string_view::npos ? "/" : url.substr(slash);
  }
  url = url.substr(0, url.find_first_of("?#"));
  std::string out;
  for (std::size_t i = 0; i < url.size(); ++i) {
    const int high = url[i] == '%' && i + 2 < url.size() ? hex_digit(url[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(url[i + 2]) : -1;
    const char decoded = static_cast<char>(high * 16 + low);
    if (low < 0) {
      out += url[i];
    } else {
      out += decoded == '/' ? std::string("%2F") : std::string(1, decoded);
      i += 2;
    }
  }
  return out;
}

}  // namespace kontor::migrate
