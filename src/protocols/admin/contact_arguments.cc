// SPDX-License-Identifier: AGPL-3.0-or-later
// What people may know of a principal: title, phones and the like, and its photo.
#include <fmt/format.h>

#include "base/bytes.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {

std::span<const std::string_view> contact_arguments() {
  static constexpr std::string_view kNames[] = {"title",  "department", "company", "location",
                                                "phones", "hidden",     "photo"};
  return kNames;
}

Result<void> change_contact(const Arguments& arguments, directory::Principal& principal) {
  directory::ContactDetails details = principal.details();
  const std::pair<std::string_view, std::string*> texts[] = {{"title", &details.title},
                                                             {"department", &details.department},
                                                             {"company", &details.company},
                                                             {"location", &details.location}};
  for (const auto& [name, text] : texts) {
    TRY(auto given, arguments.optional_text(name));
    if (arguments.find(name)) *text = given.value_or("");
  }
  TRY(const auto phones, arguments.texts("phones"));
  if (arguments.find("phones")) details.phones.clear();
  for (const std::string& text : phones) {
    if (text == "none") continue;
    TRY(directory::Phone phone, directory::parse_phone(text));
    details.phones.push_back(std::move(phone));
  }
  TRY(const auto is_hidden, arguments.flag("hidden"));
  if (is_hidden) principal.is_hidden = *is_hidden;
  TRY(details, directory::checked(std::move(details)));
  principal.set_details(std::move(details));
  return {};
}

Result<std::optional<std::string>> read_photo(const Arguments& arguments) {
  if (!arguments.find("photo")) return std::nullopt;
  TRY(const auto text, arguments.optional_text("photo"));
  if (!text || text->empty()) return std::string();
  auto bytes = from_base64(*text);
  if (!bytes) return fail(Errc::invalid, "\"photo\" must be a JPEG or PNG file in base64");
  TRY_VOID(directory::recognise_photo(*bytes));
  return std::move(*bytes);
}

void show_contact(const directory::Principal& principal, json::object& out) {
  const directory::ContactDetails& details = principal.details();
  out["title"] = details.title;
  out["department"] = details.department;
  out["company"] = details.company;
  out["location"] = details.location;
  json::array phones;
  for (const directory::Phone& phone : details.phones) phones.emplace_back(show(phone));
  out["phones"] = std::move(phones);
  out["hidden"] = principal.is_hidden;
  json::value& photo = out["photo"];
  if (principal.photo.type != directory::PhotoType::none)
    photo = fmt::format("{}, {} bytes", name(principal.photo.type), principal.photo.size);
}

}  // namespace kontor::admin
