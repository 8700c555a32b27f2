// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/contact.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/digest.h"
#include "directory/address.h"

namespace kontor::directory {
namespace {

constexpr std::array<std::string_view, 6> kPhoneKinds = {"work", "mobile", "home", "fax", "pager", "other"};

constexpr std::string_view kJpegBegin = "\xff\xd8\xff";
constexpr std::string_view kJpegEnd = "\xff\xd9";
constexpr std::string_view kPngBegin = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kPngEnd = "IEND\xae\x42\x60\x82";

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

}  // namespace

std::string_view name(PhoneKind kind) { return kPhoneKinds[static_cast<std::size_t>(kind)]; }

std::optional<PhoneKind> parse_phone_kind(std::string_view text) {
  const auto* at = std::ranges::find(kPhoneKinds, text);
  if (at == kPhoneKinds.end()) return std::nullopt;
  return static_cast<PhoneKind>(at - kPhoneKinds.begin());
}

std::string_view name(PhotoType type) {
  return type == PhotoType::jpeg ? "jpeg" : type == PhotoType::png ? "png" : "none";
}

Result<Photo> recognise_photo(std::string_view bytes) {
  if (bytes.size() > kMaxPhoto)
    return fail(Errc::too_large, fmt::format("a photo can have at most {} KiB", kMaxPhoto >> 10));
  Photo photo;
  // Cameras and programs write zeros and comments behind a JPEG's end: only that it comes is asked.
  if (bytes.starts_with(kJpegBegin) && bytes.rfind(kJpegEnd) != std::string_view::npos)
    photo.type = PhotoType::jpeg;
  else if (bytes.starts_with(kPngBegin) && bytes.rfind(kPngEnd) != std::string_view::npos)
    photo.type = PhotoType::png;
  else
    return fail(Errc::invalid, "a photo must be a whole JPEG or PNG file");
  photo.size = static_cast<std::uint32_t>(bytes.size());
  photo.digest = stable_hash64(bytes);
  return photo;
}

Result<Phone> parse_phone(std::string_view text) {
  Phone phone;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    const std::string word = to_lower(trimmed(text.substr(0, colon)));
    const auto kind = parse_phone_kind(word);
    if (!kind)
      return fail(Errc::invalid, fmt::format("\"{}\" is no kind of phone; there are work, mobile, home, fax, pager "
                                             "and other",
                                             shown(word)));
    phone.kind = *kind;
    text.remove_prefix(colon + 1);
  }
  phone.number = trimmed(text);
  if (phone.number.empty()) return fail(Errc::invalid, "a phone needs a number");
  return phone;
}

std::string show(const Phone& phone) { return fmt::format("{}:{}", name(phone.kind), phone.number); }

Result<ContactDetails> checked(ContactDetails details) {
  const std::pair<std::string_view, std::string*> texts[] = {{"the title", &details.title},
                                                             {"the department", &details.department},
                                                             {"the company", &details.company},
                                                             {"the location", &details.location}};
  for (const auto& [what, text] : texts) {
    *text = trimmed(*text);
    TRY_VOID(check_label(what, *text, kMaxDetail));
  }
  if (details.phones.size() > kMaxPhones)
    return fail(Errc::invalid, fmt::format("there can be at most {} phones", kMaxPhones));
  std::vector<Phone> distinct;
  for (Phone& phone : details.phones) {
    phone.number = trimmed(phone.number);
    if (phone.number.empty()) return fail(Errc::invalid, "a phone needs a number");
    TRY_VOID(check_label("a phone's number", phone.number, kMaxPhoneNumber));
    if (std::ranges::find(distinct, phone) == distinct.end()) distinct.push_back(std::move(phone));
  }
  details.phones = std::move(distinct);
  return details;
}

}  // namespace kontor::directory
