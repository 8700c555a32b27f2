// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/webapp.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/bytes.h"
#include "formats/mapi/mailbox.h"

namespace kontor::migrate::kopano {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostJson = std::size_t{8} << 20;
constexpr std::size_t kDeepestJson = 40;
constexpr std::size_t kMostDisplay = 300;
constexpr std::size_t kLongestDisplay = 4096;
constexpr std::size_t kMostListed = 500;
constexpr const char* kWhole = "settings of WebApp";
constexpr std::string_view kSafeSenders = "webapp.contexts.mail.safe_senders_list";

const json::value* at_path(const json::value* value, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) {
    if (value == nullptr || !value->is_object()) return nullptr;
    value = value->get_object().if_contains(name);
  }
  return value;
}

std::string text_at(const json::value& object, std::string_view name) {
  const json::value* value = at_path(&object, {name});
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag_at(const json::value& object, std::string_view name) {
  const json::value* value = at_path(&object, {name});
  return value != nullptr && value->is_bool() && value->get_bool();
}

// Ids are numbers or texts; 0 and false are none.
std::string id_text(const json::value* value) {
  if (value == nullptr) return {};
  std::string out;
  if (value->is_string()) out = std::string(value->get_string());
  if (value->is_int64() || value->is_uint64()) out = json::serialize(*value);
  if (value->is_double()) out = fmt::format("{:.0f}", value->get_double());
  return out == "0" ? std::string() : out;
}

std::string colour_of(std::string_view text) {
  const std::string lower = to_lower(text);
  const bool is_colour = lower.size() == 7 && lower[0] == '#' && from_hex(std::string_view(lower).substr(1));
  return is_colour ? lower : std::string();
}

class WebAppReader {
 public:
  WebAppReader(const WebAppWorld& world, archive::Settings& settings, std::vector<SettingLoss>& losses)
      : world_(world), settings_(settings), losses_(losses) {}

  void read(const json::value& document) {
    const json::value* all = at_path(&document, {"settings"});
    const json::value* old = at_path(all, {"zarafa", "v1"});
    const json::value* fresh = at_path(all, {"kopano"});
    if (const json::value* main = at_path(old, {"main"})) {
      const std::string language = language_of_locale(text_at(*main, "language"));
      if (!language.empty()) settings_.language = language;
    }
    read_signatures(at_path(old, {"contexts", "mail", "signatures"}));
    read_identities(at_path(old, {"contexts", "mail", "sendas"}));
    for (const json::value* list :
         {at_path(fresh, {"main", "categories"}), at_path(old, {"main", "categories"}), at_path(old, {"categories"})})
      read_categories(list);
    read_shared_stores(at_path(old, {"contexts", "hierarchy", "shared_stores"}));
    read_safe_senders(at_path(old, {"contexts", "mail", "safe_senders_list"}));
    if (const json::value* main = at_path(old, {"main"})) read_display("webapp.main", *main, 0);
    if (const json::value* contexts = at_path(old, {"contexts"})) read_display("webapp.contexts", *contexts, 0);
    if (const json::value* main = at_path(fresh, {"main"})) read_display("webapp.kopano", *main, 0);
  }

 private:
  void read_signatures(const json::value* signatures) {
    const json::value* all = at_path(signatures, {"all"});
    if (all == nullptr || !all->is_object()) return;
    auto& out = settings_.signatures.emplace();
    for (const auto& [id, one] : all->get_object()) {
      if (!one.is_object() || std::string_view(id).empty()) continue;
      const std::string name = text_at(one, "name");
      if (out.size() == kMostListed || std::string_view(id).size() > archive::kMaxSettingName) {
        losses_.push_back({"the signature " + name, "there are too many"});
        continue;
      }
      out.push_back({std::string(id), name, text_at(one, "content"), flag_at(one, "isHTML")});
    }
    const auto known = [&](std::string id) {
      return std::ranges::find(out, id, &archive::Signature::id) == out.end() ? std::string() : id;
    };
    settings_.new_signature = known(id_text(at_path(signatures, {"new_message"})));
    settings_.reply_signature = known(id_text(at_path(signatures, {"replyforward_message"})));
  }

  // The first is the user's own; others that the user may send as are chosen when a message is written.
  void read_identities(const json::value* others) {
    auto& out = settings_.identities.emplace();
    if (mapi::is_address(world_.owner_address))
      out.push_back(
          {"main", world_.owner_name, world_.owner_address, "", settings_.new_signature, settings_.reply_signature});
    if (others == nullptr || !others->is_array()) return;
    for (const json::value& one : others->get_array()) {
      if (!one.is_object() || out.size() == kMostListed) continue;
      std::string address = text_at(one, "email_address");
      if (!mapi::is_address(address)) address = text_at(one, "smtp_address");
      if (!mapi::is_address(address)) continue;
      const std::string id = "sendas." + to_lower(address).substr(0, 200);
      const bool is_new = std::ranges::none_of(
          out, [&](const archive::Identity& other) { return other.id == id || iequals(other.address, address); });
      if (is_new) out.push_back({id, text_at(one, "display_name"), address, "", "", ""});
    }
  }

  void read_categories(const json::value* list) {
    if (list == nullptr || !list->is_array()) return;
    if (!settings_.categories) settings_.categories.emplace();
    for (const json::value& one : list->get_array()) {
      if (!one.is_object()) continue;
      const std::string name = text_at(one, "name");
      const bool is_new = !name.empty() && std::ranges::none_of(*settings_.categories, [&](const auto& other) {
        return iequals(other.name, name);
      });
      if (!is_new) continue;
      if (settings_.categories->size() == kMostListed) {
        losses_.push_back({"the category " + name, "there are too many"});
        continue;
      }
      settings_.categories->push_back({name, colour_of(text_at(one, "color")), flag_at(one, "quickAccess")});
    }
  }

  // {"bruno": {"calendar": {...}}}: other mailboxes that are shown, or some of their folders.
  void read_shared_stores(const json::value* stores) {
    if (stores == nullptr || !stores->is_object()) return;
    if (!settings_.favourites) settings_.favourites.emplace();
    for (const auto& [login, folders] : stores->get_object()) {
      const auto address = world_.address_of_login ? world_.address_of_login(login) : std::nullopt;
      if (!address || address->empty()) {
        losses_.push_back({fmt::format("the opened mailbox of {}", std::string_view(login)), "nobody has that name"});
        continue;
      }
      std::string what;
      if (folders.is_object())
        for (const auto& [kind, about] : folders.get_object())
          if (what.size() + kind.size() < archive::kMaxSettingName - 2)
            what += (what.empty() ? "" : ", ") + std::string(std::string_view(kind));
      if (settings_.favourites->size() < kMostListed) settings_.favourites->push_back({"", *address, what});
    }
  }

  // Of whom WebApp loads pictures from elsewhere: nothing about junk. An object's values are a list as well.
  void read_safe_senders(const json::value* list) {
    json::array senders;
    const auto add = [&](const json::value& one) {
      if (one.is_string() && !one.get_string().empty()) senders.push_back(one);
    };
    if (list != nullptr && list->is_array())
      for (const json::value& one : list->get_array()) add(one);
    if (list != nullptr && list->is_object())
      for (const auto& [key, one] : list->get_object()) add(one);
    if (senders.empty()) return;
    std::string text = json::serialize(senders);
    if (text.size() > archive::kMaxSettingText)
      losses_.push_back({"the senders whose pictures WebApp loads", "the list is too long"});
    else
      settings_.display[std::string(kSafeSenders)] = std::move(text);
  }

  // Single values, by their paths. What is carried otherwise is left out.
  void read_display(const std::string& path, const json::value& value, int depth) {
    if (path.ends_with(".signatures") || path.ends_with(".categories") || path.ends_with(".shared_stores") ||
        path.ends_with(".sendas") || path.ends_with(".language") || path.ends_with(".thumbnail_photo") ||
        path == kSafeSenders)
      return;
    if (value.is_object()) {
      if (depth < 8)
        for (const auto& [name, inner] : value.get_object())
          read_display(path + "." + std::string(std::string_view(name)), inner, depth + 1);
      return;
    }
    if (value.is_null() || settings_.display.size() == kMostDisplay) return;
    std::string text = value.is_string() ? std::string(value.get_string()) : json::serialize(value);
    if (path.size() > 200 || text.empty() || text.size() > kLongestDisplay) return;
    settings_.display[path] = std::move(text);
  }

  const WebAppWorld& world_;
  archive::Settings& settings_;
  std::vector<SettingLoss>& losses_;
};

}  // namespace

std::string language_of_locale(std::string_view locale) {
  std::string out(locale.substr(0, locale.find_first_of(".@")));
  std::ranges::replace(out, '_', '-');
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool is_sound =
      out.size() >= 2 && out.size() <= 20 && is_letter(out[0]) && is_letter(out[1]) &&
      std::ranges::all_of(out, [&](char c) { return is_letter(c) || c == '-' || (c >= '0' && c <= '9'); });
  return is_sound ? out : std::string();
}

void take_webapp_settings(std::string_view text, const WebAppWorld& world, archive::Settings& settings,
                          std::vector<SettingLoss>& losses) {
  if (text.size() > kMostJson) {
    losses.push_back({kWhole, "they are too large to be read"});
    return;
  }
  json::value document;
  if (!text.empty()) {
    json::parse_options options;
    options.max_depth = kDeepestJson;
    boost::system::error_code error;
    document = json::parse(json::string_view(text), error, {}, options);
    if (error) {
      losses.push_back({kWhole, "they are no sound JSON: " + error.message()});
      document = nullptr;
    }
  }
  WebAppReader(world, settings, losses).read(document);
}

}  // namespace kontor::migrate::kopano
