// SPDX-License-Identifier: AGPL-3.0-or-later
// What a tenant's people may know of one another beside names and addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::directory {

enum class PhoneKind : std::uint8_t { work, mobile, home, fax, pager, other };

struct Phone {
  bool operator==(const Phone&) const = default;

  PhoneKind kind = PhoneKind::work;
  std::string number;  // as people write it: "+49 30 1234-5"
};

struct ContactDetails {
  bool operator==(const ContactDetails&) const = default;

  std::string title, department, company, location;
  std::vector<Phone> phones;
};

enum class PhotoType : std::uint8_t { none, jpeg, png };

// What is known of a photo without reading it.
struct Photo {
  bool operator==(const Photo&) const = default;

  PhotoType type = PhotoType::none;
  std::uint32_t size = 0;
  std::uint64_t digest = 0;  // stable_hash64 of its bytes
};

constexpr std::size_t kMaxPhoto = 256 << 10;  // bytes
constexpr std::size_t kMaxDetail = 256;       // characters of a title, department, company or location
constexpr std::size_t kMaxPhones = 20;
constexpr std::size_t kMaxPhoneNumber = 64;

// By its first bytes, and those at its end. Errors: invalid (neither JPEG nor PNG), too_large.
Result<Photo> recognise_photo(std::string_view bytes);

std::string_view name(PhoneKind kind);
std::string_view name(PhotoType type);
std::optional<PhoneKind> parse_phone_kind(std::string_view text);
// "mobile:+49 170 1"; without a kind it is one at work. Errors: invalid (there is no number).
Result<Phone> parse_phone(std::string_view text);
std::string show(const Phone& phone);

// Texts without white space around them, phones without repetitions. Errors: invalid.
Result<ContactDetails> checked(ContactDetails details);

}  // namespace kontor::directory
