// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/kept.h"

#include <bit>
#include <span>

#include "formats/mapi/cursor.h"

namespace kontor::mapi {
namespace {

constexpr std::string_view kMark = "KMP1";
constexpr std::uint8_t kNamedById = 1;
constexpr std::uint8_t kNamedByText = 2;

void put_text(std::string_view text, std::string& out) {
  append_le32(out, text.size());
  out += text;
}

void put_one(std::int64_t value, std::string& out) { append_le(out, static_cast<std::uint64_t>(value)); }
void put_one(double value, std::string& out) { append_le(out, std::bit_cast<std::uint64_t>(value)); }
void put_one(const std::string& value, std::string& out) { put_text(value, out); }
void put_one(const Guid& value, std::string& out) { out += value.view(); }

template <class T>
void put_data(const T& one, std::string& out) {
  put_one(one, out);
}
template <class T>
void put_data(const std::vector<T>& many, std::string& out) {
  append_le32(out, many.size());
  for (const T& one : many) put_one(one, out);
}

void put_tag(const Tag& tag, std::string& out) {
  if (!tag.is_named()) {
    out += '\0';
    append_le32(out, tag.id);
    return;
  }
  out += static_cast<char>(tag.name.empty() ? kNamedById : kNamedByText);
  out += tag.set.view();
  if (tag.name.empty())
    append_le32(out, tag.id);
  else
    put_text(tag.name, out);
}

class KeptReader {
 public:
  KeptReader(std::string_view bytes, const Limits& limits) : in_(bytes), limits_(limits) {}

  Result<Properties> read() {
    Properties found;
    if (in_.left() == 0) return found;
    if (in_.take(kMark.size()) != kMark) return fail(Errc::corrupt, "These are no kept properties.");
    while (in_.left() > 0) {
      if (found.size() >= limits_.properties) return fail(Errc::too_large, "There are too many kept properties.");
      TRY(const Tag tag, read_tag());
      TRY(Value value, read_value());
      if (found.has(tag)) return fail(Errc::corrupt, "A kept property is there twice.");
      found.set(tag, std::move(value));
    }
    return found;
  }

 private:
  static std::unexpected<Error> cut_off() { return fail(Errc::corrupt, "Kept properties break off."); }

  Result<Tag> read_tag() {
    Tag tag;
    const std::uint8_t form = in_.u8();
    if (form > kNamedByText) return fail(Errc::corrupt, "A kept property has a name of an unknown form.");
    if (form != 0) tag.set = in_.guid();
    if (form == kNamedByText)
      tag.name = in_.take(in_.u32());
    else
      tag.id = in_.u32();
    if (in_.is_short()) return cut_off();
    if (form != 0 && (!tag.is_named() || (form == kNamedByText && tag.name.empty())))
      return fail(Errc::corrupt, "A kept property has no name.");
    return tag;
  }

  Result<Value> read_value() {
    const std::uint16_t code = in_.u16();
    const Type type = static_cast<Type>(code & ~kMultiple);
    TRY(Value::Data data, read_data(type, (code & kMultiple) != 0));
    if (in_.is_short()) return cut_off();
    auto value = Value::make(type, std::move(data));
    if (!value) return fail(Errc::corrupt, std::move(value).error().text);
    return value;
  }

  Result<Value::Data> read_data(Type type, bool is_multiple) {
    switch (type) {
      case Type::float32:
      case Type::float64:
      case Type::app_time:
        return read_as<double>(is_multiple, [&] { return std::bit_cast<double>(in_.u64()); });
      case Type::text:
      case Type::binary:
      case Type::server_id:
        return read_as<std::string>(is_multiple, [&] { return std::string(in_.take(in_.u32())); });
      case Type::guid:
        return read_as<Guid>(is_multiple, [&] { return in_.guid(); });
      default:
        return read_as<std::int64_t>(is_multiple, [&] { return static_cast<std::int64_t>(in_.u64()); });
    }
  }

  template <class T>
  Result<Value::Data> read_as(bool is_multiple, auto&& one) {
    if (!is_multiple) return Value::Data(T(one()));
    const std::uint32_t count = in_.u32();
    if (count > limits_.values) return fail(Errc::too_large, "A kept property has too many values.");
    std::vector<T> many;
    for (std::uint32_t i = 0; i < count; ++i) {
      many.push_back(one());
      if (in_.is_short()) return cut_off();
    }
    return Value::Data(std::move(many));
  }

  Cursor in_;
  const Limits& limits_;
};

}  // namespace

std::string keep(const Properties& properties) {
  if (properties.empty()) return {};
  std::string out(kMark);
  for (const auto& [key, value] : properties.all()) {
    put_tag(key, out);
    append_le(out, static_cast<std::uint16_t>(static_cast<std::uint16_t>(value.type()) |
                                              (value.is_multiple() ? kMultiple : 0)));
    std::visit([&](const auto& data) { put_data(data, out); }, value.data());
  }
  return out;
}

Result<Properties> read_kept(std::string_view bytes, const Limits& limits) { return KeptReader(bytes, limits).read(); }

}  // namespace kontor::mapi
