// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/filter_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/bytes.h"
#include "transport/filtering/http_call.h"

namespace kontor::transport {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostFilterActions = 1000;

// What an envelope says may be any bytes; JSON is UTF-8.
std::string utf8_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    bool is_good = length > 0 && lead < 0xf5 && i + length <= text.size();
    for (std::size_t j = 1; is_good && j < length; ++j)
      is_good = (static_cast<unsigned char>(text[i + j]) & 0xc0) == 0x80;
    // Neither overlong, nor a surrogate, nor beyond U+10FFFF: what reads it may refuse the whole line.
    const unsigned next = is_good && length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f) || (lead == 0xf0 && next < 0x90) ||
        (lead == 0xf4 && next > 0x8f))
      is_good = false;
    if (is_good)
      out += text.substr(i, length);
    else
      out += '?';
    i += is_good ? length : 1;
  }
  return out;
}

// What one action says.
class ActionReader {
 public:
  ActionReader(const json::object& action, FilterAnswer& into) : action_(action), into_(into) {}

  Result<void> read(const std::string& spool_folder, std::uint64_t largest) {
    TRY(const std::string what, needed("action"));
    if (what == "accept") return {};
    if (what == "junk") return verdict(FilterVerdict::junk);
    if (what == "quarantine") return verdict(FilterVerdict::quarantine);
    if (what == "discard") return verdict(FilterVerdict::discard);
    if (what == "reject") return refuse(FilterVerdict::reject);
    if (what == "tempfail") return refuse(FilterVerdict::tempfail);
    if (what == "add_header") return header(HeaderChange::What::add);
    if (what == "insert_header") return header(HeaderChange::What::insert);
    if (what == "change_header") return header(HeaderChange::What::change);
    if (what == "remove_header") return header(HeaderChange::What::remove);
    if (what == "add_recipient") return addresses(into_.add_recipients);
    if (what == "remove_recipient") return addresses(into_.remove_recipients);
    if (what == "change_sender") return change_sender();
    if (what == "file") {
      TRY(into_.folder, needed("folder"));
      return {};
    }
    if (what == "redirect") {
      TRY_VOID(addresses(into_.add_recipients));
      const json::value* keep = action_.if_contains("keep");
      if (!keep || !keep->is_bool() || !keep->get_bool()) into_.remove_recipients.emplace_back(kEveryRecipient);
      return {};
    }
    if (what == "replace") return replace(spool_folder, largest);
    return fail(Errc::invalid, fmt::format("the filter's action \"{}\" is unknown", header_value(what)));
  }

 private:
  std::string text(std::string_view key) const {
    const json::value* value = action_.if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  }
  Result<std::string> needed(std::string_view key) const {
    std::string value = text(key);
    if (value.empty()) return fail(Errc::invalid, fmt::format("an action of the filter lacks \"{}\"", key));
    return value;
  }
  std::int64_t number(std::string_view key, std::int64_t standard) const {
    const json::value* value = action_.if_contains(key);
    return value && value->is_int64() ? value->get_int64() : standard;
  }

  Result<void> verdict(FilterVerdict verdict) {
    if (verdict < into_.verdict) return {};
    into_.verdict = verdict;
    into_.reason = header_value(text("reason"));
    return {};
  }

  Result<void> refuse(FilterVerdict kind) {
    if (kind < into_.verdict) return {};
    TRY_VOID(verdict(kind));
    into_.reply = wire::smtp::Reply();
    into_.reply.code = static_cast<int>(std::clamp<std::int64_t>(number("code", 0), 0, 999));
    into_.reply.enhanced = header_value(text("status"));
    into_.reply.lines.push_back(header_value(text("text")));
    return {};
  }

  Result<void> header(HeaderChange::What what) {
    HeaderChange change;
    change.what = what;
    TRY(change.name, needed("name"));
    change.value = text("value");
    const std::int64_t standard = what == HeaderChange::What::change ? 1 : 0;
    change.index = static_cast<std::int32_t>(std::clamp<std::int64_t>(number("index", standard), -10'000, 10'000));
    if (!is_sound(change)) return fail(Errc::invalid, "the filter wants a header field that cannot be");
    into_.headers.push_back(std::move(change));
    return {};
  }

  Result<void> addresses(std::vector<std::string>& into) const {
    const json::value* list = action_.if_contains("address");
    if (list && list->is_string()) into.emplace_back(list->get_string());
    if (list && list->is_array())
      for (const json::value& one : list->get_array())
        if (one.is_string()) into.emplace_back(one.get_string());
    return list ? Result<void>() : fail(Errc::invalid, "an action of the filter lacks \"address\"");
  }

  Result<void> change_sender() {
    const json::value* address = action_.if_contains("address");
    if (!address || !address->is_string()) return fail(Errc::invalid, "an action of the filter lacks \"address\"");
    into_.sender = std::string(address->get_string());
    return {};
  }

  Result<void> replace(const std::string& spool_folder, std::uint64_t largest) {
    TRY(const std::string encoded, needed("message"));
    const auto bytes = from_base64(encoded);
    if (!bytes) return fail(Errc::invalid, "the filter's new message is not in base64");
    auto spool = std::make_shared<SpooledBody>(spool_folder, largest);
    std::string lines;
    lines.reserve(bytes->size());
    for (std::size_t i = 0; i < bytes->size(); ++i) {
      const char c = (*bytes)[i];
      if (c == '\n' && (i == 0 || (*bytes)[i - 1] != '\r')) lines += '\r';
      lines += c;
      if (c == '\r' && (i + 1 == bytes->size() || (*bytes)[i + 1] != '\n')) lines += '\n';
    }
    TRY_VOID(spool->write(lines));
    into_.message = std::move(spool);
    return {};
  }

  const json::object& action_;
  FilterAnswer& into_;
};

}  // namespace

std::string filter_envelope(const FilterRequest& request, std::uint64_t size) {
  json::array recipients;
  for (const std::string& one : request.recipients) recipients.emplace_back(utf8_text(one));
  json::object out{{"version", 1},
                   {"stage", name(request.stage)},
                   {"id", request.id},
                   {"server", request.hostname},
                   {"ip", request.ip ? json::value(net::to_string(*request.ip)) : json::value()},
                   {"port", request.port},
                   {"helo", utf8_text(request.helo)},
                   {"tls", request.tls},
                   {"login", utf8_text(request.login)},
                   {"tenant", utf8_text(request.tenant)},
                   {"sender", utf8_text(request.sender)},
                   {"recipients", std::move(recipients)},
                   {"authentication", utf8_text(request.authentication)},
                   {"is_author_proven", request.is_author_proven},
                   {"is_junk", request.is_junk},
                   {"size", size}};
  return json::serialize(out);
}

Result<FilterAnswer> read_filter_answer(std::string_view text, const std::string& spool_folder, std::uint64_t largest) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return fail(Errc::invalid, "the filter's answer is no JSON object");
  const json::value* actions = parsed.get_object().if_contains("actions");
  if (!actions || !actions->is_array()) return fail(Errc::invalid, "the filter's answer has no \"actions\"");
  if (actions->get_array().size() > kMostFilterActions) return fail(Errc::too_large, "the filter wants too much");
  FilterAnswer answer;
  for (const json::value& one : actions->get_array()) {
    if (!one.is_object()) return fail(Errc::invalid, "an action of the filter is no object");
    TRY_VOID(ActionReader(one.get_object(), answer).read(spool_folder, largest));
  }
  return answer;
}

}  // namespace kontor::transport
