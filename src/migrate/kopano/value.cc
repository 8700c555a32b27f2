// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/value.h"

#include <fmt/format.h>

#include <optional>

#include "formats/mapi/tags.h"
#include "formats/mime/charset.h"
#include "formats/mime/decode.h"

namespace kontor::migrate::kopano {
namespace {

using mapi::Type;
using mapi::Value;

enum Column : std::size_t { kObject, kNumber, kType, kUlong, kText, kBinary, kSize, kReal, kLong, kHigh, kLow };
constexpr std::uint16_t kText8 = 0x001E;  // which is Unicode all the same
constexpr std::size_t kRowCost = 100;     // of memory, beside the value

std::optional<Type> type_of(std::uint16_t raw) {
  switch (raw & ~mapi::kMultiple) {
    case 0x0002:
      return Type::int16;
    case 0x0003:
      return Type::int32;
    case 0x0004:
      return Type::float32;
    case 0x0005:
      return Type::float64;
    case 0x0006:
      return Type::currency;
    case 0x0007:
      return Type::app_time;
    case 0x000A:
      return Type::error;
    case 0x000B:
      return Type::boolean;
    case 0x0014:
      return Type::int64;
    case kText8:
    case 0x001F:
      return Type::text;
    case 0x0040:
      return Type::time;
    case 0x0048:
      return Type::guid;
    case 0x00FB:
      return Type::server_id;
    case 0x0102:
      return Type::binary;
    default:
      return std::nullopt;
  }
}

std::int64_t number_in(Type type, const Row& row) {
  switch (type) {
    case Type::int64:
      return row.integer(kLong);
    case Type::time:
    case Type::currency:
      return static_cast<std::int64_t>((static_cast<std::uint64_t>(row.integer(kHigh)) << 32U) |
                                       (static_cast<std::uint64_t>(row.integer(kLow)) & 0xFFFFFFFFU));
    case Type::int16:
      return static_cast<std::int16_t>(row.integer(kUlong));
    case Type::int32:
    case Type::error:
      return static_cast<std::int32_t>(row.integer(kUlong));
    default:
      return row.integer(kUlong);
  }
}

// Nothing for a GUID that is none.
std::optional<Value::Data> data_in(Type type, const Row& row) {
  switch (type) {
    case Type::float32:
    case Type::float64:
    case Type::app_time:
      return Value::Data(row.real(kReal));
    case Type::text:
      // What a conversion of character sets has broken is still a text.
      if (!mime::is_utf8(row.bytes(kText))) return Value::Data(mime::to_utf8(row.bytes(kText), "utf-8").text);
      return Value::Data(std::string(row.bytes(kText)));
    case Type::binary:
    case Type::server_id:
      return Value::Data(std::string(row.bytes(kBinary)));
    case Type::guid:
      if (row.bytes(kBinary).size() != 16) return std::nullopt;
      return Value::Data(mapi::Guid::of_bytes(row.bytes(kBinary)));
    default:
      return Value::Data(number_in(type, row));
  }
}

// Bodies and rules may be there twice, as text and as bytes: HTML and RTF are bytes, everything else with text is text.
bool is_better(const mapi::Tag& tag, Type there, Type other) {
  const bool wants_bytes = tag == mapi::tag::kHtml || tag == mapi::tag::kRtfCompressed;
  const Type wanted = wants_bytes ? Type::binary : Type::text;
  return there != wanted && other == wanted;
}

// All are of one kind; there is one at least.
template <class T>
Value::Data together(std::vector<Value::Data>& parts) {
  std::vector<T> all;
  for (Value::Data& part : parts) all.push_back(std::move(std::get<T>(part)));
  return all;
}

Value::Data all_of(std::vector<Value::Data>& parts) {
  if (std::holds_alternative<std::int64_t>(parts.front())) return together<std::int64_t>(parts);
  if (std::holds_alternative<double>(parts.front())) return together<double>(parts);
  if (std::holds_alternative<mapi::Guid>(parts.front())) return together<mapi::Guid>(parts);
  return together<std::string>(parts);
}

}  // namespace

std::string value_columns() {
  const auto bounded = [](const char* column) {
    return fmt::format("IF(LENGTH({0}) > {1}, NULL, {0})", column, kLargestValue);
  };
  return fmt::format(
      "hierarchyid, tag, type, val_ulong, {}, {}, GREATEST(IFNULL(LENGTH(val_string), 0), IFNULL(LENGTH(val_binary), "
      "0)), val_double, val_longint, val_hi, val_lo",
      bounded("val_string"), bounded("val_binary"));
}

std::size_t ValueReader::add(const Row& row, mapi::Properties& into, std::vector<std::string>& damages) const {
  const auto number = row.id(kNumber);
  const auto raw = static_cast<std::uint16_t>(row.integer(kType));
  const auto type = type_of(raw);
  const auto tag = names_.find(number);
  if (!type || !tag) {
    damages.push_back(fmt::format("Property 0x{:04X} has {}.", number, type ? "no name" : "an unknown type"));
    return kRowCost;
  }
  if (static_cast<std::size_t>(row.integer(kSize)) > kLargestValue) {
    damages.push_back(
        fmt::format("Property {} has {} bytes, which is too much.", mapi::print(*tag), row.integer(kSize)));
    return kRowCost;
  }
  auto data = data_in(*type, row);
  auto value = data ? Value::make(*type, *std::move(data)) : Result<Value>(fail(Errc::corrupt, ""));
  if (!value) {
    damages.push_back(fmt::format("Property {} has no value of its type.", mapi::print(*tag)));
    return kRowCost;
  }
  if (const Value* there = into.find(*tag); there != nullptr && !is_better(*tag, there->type(), *type)) return 0;
  if (*tag == mapi::tag::kHtml && *type == Type::text) {
    // Old data has HTML as text: bytes of a code page that is known then.
    into.set(mapi::tag::kInternetCodepage, Value::of(std::int32_t{65001}));
    value = Value::of_bytes(std::string(row.bytes(kText)));
  }
  const std::size_t size = value->bytes();
  into.set(*tag, *std::move(value));
  return size + kRowCost;
}

std::size_t ValueReader::Elements::add(const ValueReader& reader, const Row& row, mapi::Properties& into,
                                       std::vector<std::string>& damages) {
  const auto object = row.id(kObject);
  const auto number = row.id(kNumber);
  const auto type = static_cast<std::uint16_t>(row.integer(kType));
  if (object != object_ || number != number_ || type != type_) finish(reader);
  object_ = object;
  number_ = number;
  type_ = type;
  into_ = &into;
  damages_ = &damages;
  const auto known = type_of(type);
  auto data = known ? data_in(*known, row) : std::nullopt;
  const auto size = static_cast<std::size_t>(row.integer(kSize));
  if (!data || size > kLargestValue) {
    is_damaged_ = true;
    return kRowCost;
  }
  data_.push_back(*std::move(data));
  return size + kRowCost;
}

void ValueReader::Elements::finish(const ValueReader& reader) {
  if (into_ == nullptr) return;
  const auto tag = reader.names_.find(number_);
  const auto type = type_of(type_);
  if (tag && type && !data_.empty()) {
    // Before revision 69 a name may have several numbers.
    const auto* there = *tag == mapi::tag::kKeywords ? into_->texts(*tag) : nullptr;
    if (there != nullptr && *type == Type::text) data_.insert(data_.begin(), there->begin(), there->end());
    auto value = Value::make(*type, all_of(data_));
    if (value)
      into_->set(*tag, *std::move(value));
    else
      is_damaged_ = true;
  }
  if (is_damaged_ || !tag || !type)
    damages_->push_back(fmt::format("Property 0x{:04X} has values that cannot be read.", number_));
  into_ = nullptr;
  data_.clear();
  is_damaged_ = false;
}

}  // namespace kontor::migrate::kopano
