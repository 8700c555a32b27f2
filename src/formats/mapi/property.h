// SPDX-License-Identifier: AGPL-3.0-or-later
// MAPI's property model ([MS-OXCDATA] section 2.11, [MS-OXPROPS]): what items of Exchange, Outlook, Kopano and Zarafa
// are made of. The values are plain data, the same whoever wrote them: a database, a TNEF stream, a PST.
//
// 1. A property is known by its name: an id below 0x8000, or an id or text within a property set. Numbers that one
//    store or file gave to its named properties end in the reader of that store or file.
// 2. All text is UTF-8: PtypString8 does not occur, its readers know the code page and decode.
// 3. A value's data is of the kind its type asks for; a Value of another kind cannot be made.
#pragma once

#include <boost/container/flat_map.hpp>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/mapi/guid.h"

namespace kontor::mapi {

enum class Type : std::uint16_t {
  int16 = 0x0002,
  int32 = 0x0003,
  float32 = 0x0004,
  float64 = 0x0005,
  currency = 0x0006,  // ten-thousandths
  app_time = 0x0007,  // days since 1899-12-30
  error = 0x000A,
  boolean = 0x000B,
  int64 = 0x0014,
  text = 0x001F,
  time = 0x0040,  // 100 ns since 1601-01-01 UTC
  guid = 0x0048,
  server_id = 0x00FB,
  binary = 0x0102,
};
constexpr std::uint16_t kMultiple = 0x1000;  // added to the type of what has several values

// A property's name, referring to the text of who made it.
struct Tag {
  constexpr bool is_named() const { return set != Guid(); }

  std::uint32_t id = 0;
  Guid set{};             // all zero: `id` is a property id below 0x8000
  std::string_view name;  // within `set`, instead of `id`
};
// Names of PS_PUBLIC_STRINGS and PS_INTERNET_HEADERS are compared without regard to case ([MS-OXPROPS] section 1.3.2;
// writers vary).
std::strong_ordering operator<=>(const Tag& a, const Tag& b);
bool operator==(const Tag& a, const Tag& b);
// "0x0037", "{00062002-...}:0x8208", "{...}:Keywords".
std::string print(const Tag& tag);

class Value {
 public:
  using Data = std::variant<std::int64_t, double, std::string, Guid, std::vector<std::int64_t>, std::vector<double>,
                            std::vector<std::string>, std::vector<Guid>>;

  bool operator==(const Value&) const = default;

  static Value of(bool value) { return {Type::boolean, std::int64_t{value ? 1 : 0}}; }
  static Value of(std::int32_t value) { return {Type::int32, std::int64_t{value}}; }
  static Value of_text(std::string text) { return {Type::text, std::move(text)}; }
  static Value of_bytes(std::string bytes) { return {Type::binary, std::move(bytes)}; }
  static Value of_time(std::int64_t ticks) { return {Type::time, ticks}; }
  static Value of_texts(std::vector<std::string> texts) { return {Type::text, std::move(texts)}; }
  // Several values where `data` is a vector. Errors: invalid, when the type wants data of another kind, text is not
  // UTF-8, or a number is out of the type's range.
  static Result<Value> make(Type type, Data data);

  Type type() const { return type_; }
  bool is_multiple() const { return data_.index() >= kFirstMultiple; }
  const Data& data() const { return data_; }
  std::size_t bytes() const;  // what it takes, roughly

 private:
  static constexpr std::size_t kFirstMultiple = 4;

  Value(Type type, Data data) : type_(type), data_(std::move(data)) {}

  Type type_;
  Data data_;
};

// What a store of properties may hold; more is refused, not cut.
struct Limits {
  std::size_t properties = 10'000;
  std::size_t value_bytes = std::size_t{512} << 20;
  std::size_t values = 1'000'000;  // of one property
};

// The properties of one object. Plain value; what refers into it holds until the next set() or remove().
class Properties {
 public:
  struct Key {
    operator Tag() const { return {id, set, name}; }

    std::uint32_t id = 0;
    Guid set;
    std::string name;
  };
  struct Less {
    using is_transparent = void;
    bool operator()(const Tag& a, const Tag& b) const { return a < b; }
  };
  using Map = boost::container::flat_map<Key, Value, Less>;

  bool operator==(const Properties& other) const;

  void set(const Tag& tag, Value value);
  void remove(const Tag& tag);
  const Value* find(const Tag& tag) const;
  bool has(const Tag& tag) const { return find(tag) != nullptr; }

  // Each gives nothing for what is absent or of another kind.
  std::optional<std::int64_t> integer(const Tag& tag) const;  // also of booleans, times and errors
  bool boolean(const Tag& tag) const;                         // anything but zero: some stores count there
  std::optional<double> number(const Tag& tag) const;         // of integers too
  const std::string* text(const Tag& tag) const;
  const std::string* bytes(const Tag& tag) const;
  const std::vector<std::string>* texts(const Tag& tag) const;
  const std::vector<std::string>* blobs(const Tag& tag) const;
  std::optional<Guid> guid(const Tag& tag) const;
  std::optional<Instant> time(const Tag& tag) const;  // nothing for 1601 and the far ends that mean "none" too
  // The text, "" if there is none.
  std::string_view text_or_empty(const Tag& tag) const;
  // The first of `tags` that is there and not empty; "" if none is.
  std::string_view first_text(std::initializer_list<Tag> tags) const;

  const Map& all() const { return map_; }
  bool empty() const { return map_.empty(); }
  std::size_t size() const { return map_.size(); }

 private:
  Map map_;
};

struct Attachment;

// An item: its own properties, those of its recipients (in order), and its attachments.
struct Message {
  bool operator==(const Message&) const = default;

  Properties properties;
  std::vector<Properties> recipients;
  std::vector<Attachment> attachments;
};

struct Attachment {
  bool operator==(const Attachment&) const = default;

  Properties properties;
  std::vector<Message> embedded;  // the message in it, where it is one: at most one
};

// Nothing for what no Instant is meant by: 1601-01-01 and 4501-01-01 ([MS-OXPROPS]: not set), or out of four-digit
// years.
std::optional<Instant> instant_of_ticks(std::int64_t ticks);
std::int64_t ticks_of_instant(Instant at);

}  // namespace kontor::mapi
