// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/tnef_properties.h"

#include <bit>
#include <optional>
#include <vector>

#include "formats/mapi/code_page.h"

namespace kontor::mapi {
namespace {

constexpr std::uint16_t kObject = 0x000D;
constexpr std::uint16_t kNarrowText = 0x001E;
constexpr std::uint16_t kFirstNamed = 0x8000;
constexpr Guid kMessageInterface = Guid::of(0x00020307, 0, 0, 0xC000000000000046);

std::string_view without_nuls(std::string_view text, std::size_t unit) {
  while (text.size() >= unit && text.substr(text.size() - unit) == std::string_view("\0\0", unit))
    text.remove_suffix(unit);
  return text;
}

class TnefListReader {
 public:
  TnefListReader(Cursor& in, std::int64_t code_page, TnefBudget& budget)
      : in_(in), code_page_(code_page), budget_(budget) {}

  Result<TnefList> read() {
    const std::uint32_t count = in_.u32();
    for (std::uint32_t i = 0; i < count && !in_.is_short() && !list_.is_damaged; ++i) {
      if (++budget_.properties > budget_.limits.properties)
        return fail(Errc::too_large, "The TNEF has too many properties.");
      TRY_VOID(read_property());
    }
    list_.is_damaged = list_.is_damaged || in_.is_short();
    return std::move(list_);
  }

 private:
  Result<void> read_property() {
    const std::uint16_t code = in_.u16();
    Tag tag{.id = in_.u16()};
    std::string name;
    if (tag.id >= kFirstNamed) read_name(tag, name);
    if (in_.is_short()) return {};
    const auto type = static_cast<std::uint16_t>(code & ~kMultiple);
    const bool is_multiple = (code & kMultiple) != 0;
    const bool is_sized = type == kObject || type == kNarrowText || type == static_cast<std::uint16_t>(Type::text) ||
                          type == static_cast<std::uint16_t>(Type::binary);
    const std::uint32_t count = is_multiple || is_sized ? in_.u32() : 1;
    if (count > in_.left()) {  // every value takes some bytes
      list_.is_damaged = true;
      return {};
    }
    budget_.values += count;
    if (budget_.values > budget_.limits.values) return fail(Errc::too_large, "The TNEF has too many values.");
    if (type == kObject)
      read_objects(count);
    else if (is_sized)
      read_sized(tag, type, is_multiple, count);
    else
      read_fixed(tag, static_cast<Type>(type), is_multiple, count);
    return {};
  }

  void read_name(Tag& tag, std::string& name) {
    tag.set = in_.guid();
    if (in_.u32() == 0) {
      tag.id = in_.u32();
      return;
    }
    name = utf8_of_utf16le(without_nuls(sized(), 2));
    tag.id = 0;
    tag.name = name;
  }

  // A length, so many bytes, and padding to four.
  std::string_view sized() {
    const std::string_view bytes = in_.take(in_.u32());
    in_.take(std::min(in_.left(), (4 - bytes.size() % 4) % 4));
    return bytes;
  }

  void read_objects(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count && !in_.is_short(); ++i) {
      const std::string_view bytes = sized();
      if (bytes.size() < 16 || !list_.object.empty()) continue;
      list_.is_message = Guid::of_bytes(bytes) == kMessageInterface;
      list_.object = bytes.substr(16);
    }
  }

  void read_sized(const Tag& tag, std::uint16_t type, bool is_multiple, std::uint32_t count) {
    std::vector<std::string> values;
    for (std::uint32_t i = 0; i < count && !in_.is_short(); ++i) {
      const std::string_view bytes = sized();
      if (in_.is_short()) return;
      if (type == kNarrowText)
        values.push_back(decode_page(without_nuls(bytes, 1), code_page_));
      else if (type == static_cast<std::uint16_t>(Type::text))
        values.push_back(utf8_of_utf16le(without_nuls(bytes, 2)));
      else
        values.emplace_back(bytes);
    }
    const Type as = type == static_cast<std::uint16_t>(Type::binary) ? Type::binary : Type::text;
    if (is_multiple)
      set(tag, as, std::move(values));
    else if (!values.empty())
      set(tag, as, std::move(values.front()));
  }

  void read_fixed(const Tag& tag, Type type, bool is_multiple, std::uint32_t count) {
    switch (type) {
      case Type::int16:
      case Type::boolean:
        return collect<std::int64_t>(tag, type, is_multiple, count, [&] {
          const auto value = static_cast<std::int16_t>(in_.u16());
          in_.u16();
          return std::int64_t{value};
        });
      case Type::int32:
      case Type::error:
        return collect<std::int64_t>(tag, type, is_multiple, count, [&] { return std::int64_t{in_.i32()}; });
      case Type::int64:
      case Type::currency:
      case Type::time:
        return collect<std::int64_t>(tag, type, is_multiple, count,
                                     [&] { return static_cast<std::int64_t>(in_.u64()); });
      case Type::float32:
        return collect<double>(tag, type, is_multiple, count, [&] { return double{std::bit_cast<float>(in_.u32())}; });
      case Type::float64:
      case Type::app_time:
        return collect<double>(tag, type, is_multiple, count, [&] { return std::bit_cast<double>(in_.u64()); });
      case Type::guid:
        return collect<Guid>(tag, type, is_multiple, count, [&] { return in_.guid(); });
      default:  // of unknown length: nothing behind it can be found
        list_.is_damaged = true;
    }
  }

  template <class T>
  void collect(const Tag& tag, Type type, bool is_multiple, std::uint32_t count, auto&& one) {
    std::vector<T> values;
    for (std::uint32_t i = 0; i < count && !in_.is_short(); ++i) values.push_back(one());
    if (in_.is_short()) return;
    if (is_multiple)
      set(tag, type, std::move(values));
    else if (!values.empty())
      set(tag, type, values.front());
  }

  void set(const Tag& tag, Type type, Value::Data data) {
    if (!tag.is_named() && (tag.id == 0 || tag.id >= kFirstNamed)) {  // a name without the set that it is of
      list_.is_damaged = true;
      return;
    }
    if (auto value = Value::make(type, std::move(data))) list_.properties.set(tag, *std::move(value));
  }

  Cursor& in_;
  std::int64_t code_page_;
  TnefBudget& budget_;
  TnefList list_;
};

}  // namespace

Result<TnefList> read_tnef_list(Cursor& in, std::int64_t code_page, TnefBudget& budget) {
  return TnefListReader(in, code_page, budget).read();
}

}  // namespace kontor::mapi
