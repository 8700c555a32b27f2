// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/property.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/bytes.h"
#include "formats/mapi/tags.h"
#include "formats/mime/charset.h"

namespace kontor::mapi {
namespace {

constexpr std::int64_t kTicksPerSecond = 10'000'000;
constexpr std::int64_t kEpoch = 116'444'736'000'000'000;   // 1970-01-01
constexpr std::int64_t kNoTime = 915'151'392'000'000'000;  // 4501-01-01

std::strong_ordering compare_names(std::string_view a, std::string_view b, bool fold) {
  if (!fold) return a.compare(b) <=> 0;
  return to_lower(a).compare(to_lower(b)) <=> 0;
}

bool folds(const Guid& set) { return set == set::kPublicStrings || set == set::kInternetHeaders; }

enum class Kind : std::uint8_t { integer, real, text, bytes, guid };

std::optional<Kind> kind_of(Type type) {
  switch (type) {
    case Type::int16:
    case Type::int32:
    case Type::currency:
    case Type::error:
    case Type::boolean:
    case Type::int64:
    case Type::time:
      return Kind::integer;
    case Type::float32:
    case Type::float64:
    case Type::app_time:
      return Kind::real;
    case Type::text:
      return Kind::text;
    case Type::server_id:
    case Type::binary:
      return Kind::bytes;
    case Type::guid:
      return Kind::guid;
  }
  return std::nullopt;
}

// Written as signed or unsigned: both fit, and both are kept as the signed number.
bool normalise(Type type, std::int64_t& value) {
  switch (type) {
    case Type::boolean:
      value = value != 0 ? 1 : 0;
      return true;
    case Type::int16:
      if (value < std::numeric_limits<std::int16_t>::min() || value > std::numeric_limits<std::uint16_t>::max())
        return false;
      value = static_cast<std::int16_t>(value);
      return true;
    case Type::int32:
    case Type::error:
      if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::uint32_t>::max())
        return false;
      value = static_cast<std::int32_t>(value);
      return true;
    default:
      return true;
  }
}

bool fits(Type type, Value::Data& data) {
  const auto kind = kind_of(type);
  if (!kind) return false;
  const auto take_integers = [&](auto& values) {
    return std::ranges::all_of(values, [&](std::int64_t& value) { return normalise(type, value); });
  };
  switch (*kind) {
    case Kind::integer:
      if (auto* one = std::get_if<std::int64_t>(&data)) return normalise(type, *one);
      if (auto* many = std::get_if<std::vector<std::int64_t>>(&data)) return take_integers(*many);
      return false;
    case Kind::real:
      return std::holds_alternative<double>(data) || std::holds_alternative<std::vector<double>>(data);
    case Kind::text:
      if (auto* one = std::get_if<std::string>(&data)) return mime::is_utf8(*one);
      if (auto* many = std::get_if<std::vector<std::string>>(&data)) return std::ranges::all_of(*many, mime::is_utf8);
      return false;
    case Kind::bytes:
      return std::holds_alternative<std::string>(data) || std::holds_alternative<std::vector<std::string>>(data);
    case Kind::guid:
      return std::holds_alternative<Guid>(data) || std::holds_alternative<std::vector<Guid>>(data);
  }
  return false;
}

template <class T>
const T* data_of(const Value* value, bool is_text) {
  if (value == nullptr || (value->type() == Type::text) != is_text) return nullptr;
  return std::get_if<T>(&value->data());
}

}  // namespace

std::strong_ordering operator<=>(const Tag& a, const Tag& b) {
  if (const int order = std::memcmp(a.set.bytes.data(), b.set.bytes.data(), a.set.bytes.size()); order != 0)
    return order <=> 0;
  if (a.id != b.id || (a.name.empty() && b.name.empty())) return a.id <=> b.id;
  return compare_names(a.name, b.name, folds(a.set));
}

bool operator==(const Tag& a, const Tag& b) { return (a <=> b) == 0; }

std::string print(const Tag& tag) {
  if (!tag.is_named()) return fmt::format("0x{:04X}", tag.id);
  if (tag.name.empty()) return fmt::format("{}:0x{:04X}", print(tag.set), tag.id);
  return fmt::format("{}:{}", print(tag.set), tag.name);
}

Result<Value> Value::make(Type type, Data data) {
  if (!fits(type, data))
    return fail(Errc::invalid, fmt::format("The value is none of type 0x{:04X}.", static_cast<unsigned>(type)));
  return Value(type, std::move(data));
}

std::size_t Value::bytes() const {
  return std::visit(
      [](const auto& data) -> std::size_t {
        using T = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return data.size();
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          std::size_t sum = 0;
          for (const std::string& part : data) sum += part.size() + 4;
          return sum;
        } else if constexpr (requires { data.size(); }) {
          return data.size() * sizeof(data[0]);
        } else {
          return sizeof(data);
        }
      },
      data_);
}

bool Properties::operator==(const Properties& other) const {
  return std::ranges::equal(map_, other.map_, [](const auto& a, const auto& b) {
    return Tag(a.first) == Tag(b.first) && a.second == b.second;
  });
}

void Properties::set(const Tag& tag, Value value) {
  map_.insert_or_assign(Key{tag.name.empty() ? tag.id : 0, tag.set, std::string(tag.name)}, std::move(value));
}

void Properties::remove(const Tag& tag) {
  if (const auto found = map_.find(tag); found != map_.end()) map_.erase(found);
}

const Value* Properties::find(const Tag& tag) const {
  const auto found = map_.find(tag);
  return found == map_.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> Properties::integer(const Tag& tag) const {
  const auto* found = data_of<std::int64_t>(find(tag), false);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

bool Properties::boolean(const Tag& tag) const { return integer(tag).value_or(0) != 0; }

std::optional<double> Properties::number(const Tag& tag) const {
  if (const auto whole = integer(tag)) return static_cast<double>(*whole);
  const auto* found = data_of<double>(find(tag), false);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

const std::string* Properties::text(const Tag& tag) const { return data_of<std::string>(find(tag), true); }
const std::string* Properties::bytes(const Tag& tag) const { return data_of<std::string>(find(tag), false); }

const std::vector<std::string>* Properties::texts(const Tag& tag) const {
  return data_of<std::vector<std::string>>(find(tag), true);
}

const std::vector<std::string>* Properties::blobs(const Tag& tag) const {
  return data_of<std::vector<std::string>>(find(tag), false);
}

std::optional<Guid> Properties::guid(const Tag& tag) const {
  const auto* found = data_of<Guid>(find(tag), false);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::optional<Instant> Properties::time(const Tag& tag) const {
  const Value* found = find(tag);
  if (found == nullptr || found->type() != Type::time) return std::nullopt;
  const auto ticks = integer(tag);
  return ticks ? instant_of_ticks(*ticks) : std::nullopt;
}

std::string_view Properties::text_or_empty(const Tag& tag) const {
  const std::string* found = text(tag);
  return found == nullptr ? std::string_view() : std::string_view(*found);
}

std::string_view Properties::first_text(std::initializer_list<Tag> tags) const {
  for (const Tag& tag : tags)
    if (const std::string_view found = text_or_empty(tag); !found.empty()) return found;
  return {};
}

std::optional<Instant> instant_of_ticks(std::int64_t ticks) {
  if (ticks <= 0 || ticks >= kNoTime) return std::nullopt;
  // Towards the past, as all before 1970 must be.
  const std::int64_t since = ticks - kEpoch;
  const std::int64_t seconds =
      since >= 0 ? since / kTicksPerSecond : -((-since + kTicksPerSecond - 1) / kTicksPerSecond);
  return Instant(std::chrono::seconds(seconds));
}

std::int64_t ticks_of_instant(Instant at) { return at.time_since_epoch().count() * kTicksPerSecond + kEpoch; }

}  // namespace kontor::mapi
