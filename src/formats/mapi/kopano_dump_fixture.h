// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: a mysqldump of a Kopano database as trees of properties. Takes what mysqldump writes with --hex-blob, and
// nothing else; broken dumps are none of its business.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "formats/mapi/attachment_data.h"
#include "formats/mapi/entry_id.h"
#include "formats/mapi/kopano_names.h"
#include "formats/mapi/mailbox.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi::testing {

// Of a compressed file, or one that is not; "" if there is none.
inline std::string unpacked(const std::string& path) {
  std::string out;
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return out;
  std::string piece(1 << 16, '\0');
  for (int got = 0; (got = gzread(file, piece.data(), static_cast<unsigned>(piece.size()))) > 0;)
    out.append(piece, 0, static_cast<std::size_t>(got));
  gzclose(file);
  return out;
}

class KopanoDump {
 public:
  struct Cell {
    bool is_null = true;
    std::string text;  // of numbers as they are written
    std::int64_t number() const { return std::strtoll(text.c_str(), nullptr, 10); }
  };
  using Row = std::vector<Cell>;
  struct Node {
    int type = 0, flags = 0;
    std::int64_t parent = 0;
    std::vector<std::int64_t> children;
  };

  explicit KopanoDump(const std::string& path) : text_(unpacked(path)) {
    each("names", [&](const Row& row) {
      names_[kFirstName + row[0].number()] = {static_cast<std::uint32_t>(row[1].number()), Guid::of_bytes(row[3].text),
                                              row[2].text};
    });
    each("hierarchy", [&](const Row& row) {
      Node& node = nodes_[row[0].number()];
      node.parent = row[1].number();
      node.type = static_cast<int>(row[2].number());
      node.flags = static_cast<int>(row[3].number());
    });
    for (const auto& [id, node] : nodes_)
      if (const auto parent = nodes_.find(node.parent); parent != nodes_.end()) parent->second.children.push_back(id);
    each("properties", [&](const Row& row) { take(row[0].number(), row[1].number(), row[2].number(), row, 3); });
    each("mvproperties", [&](const Row& row) { take(row[0].number(), row[2].number(), row[3].number(), row, 4); });
    each("singleinstances", [&](const Row& row) { instances_[{row[1].number(), row[2].number()}] = row[0].number(); });
    std::map<std::string, std::string> external;
    each("object", [&](const Row& row) { external[row[0].text] = row[1].text; });
    each("objectproperty", [&](const Row& row) {
      Mailbox& mailbox = people_[external[row[0].text]];
      if (row[1].text == "emailaddress") mailbox.address = row[2].text;
      if (row[1].text == "fullname") mailbox.name = row[2].text;
    });
  }

  bool empty() const { return nodes_.empty(); }
  const std::map<std::int64_t, Node>& nodes() const { return nodes_; }

  // The instance that holds an attachment's data (14081) or a message's original (26508).
  std::optional<std::int64_t> instance(std::int64_t id, std::int64_t number) const {
    const auto found = instances_.find({id, number});
    return found == instances_.end() ? std::nullopt : std::optional(found->second);
  }

  // A tree of what lies below as long as it is no folder's. Attachments know their id as PidTagAttachNumber.
  Message message(std::int64_t id) const {  // NOLINT(misc-no-recursion)
    Message made;
    made.properties = of(id);
    for (const std::int64_t child : nodes_.at(id).children) {
      const Node& node = nodes_.at(child);
      if (node.type == 6 || node.type == 8) made.recipients.push_back(of(child));
      if (node.type != 7) continue;
      Attachment& attachment = made.attachments.emplace_back();
      attachment.properties = of(child);
      attachment.properties.set(tag::kAttachNumber, *Value::make(Type::int64, child));
      for (const std::int64_t inner : node.children) attachment.embedded.push_back(message(inner));
    }
    return made;
  }

  std::string_view message_class(std::int64_t id) const {
    const auto found = properties_.find(id);
    return found == properties_.end() ? std::string_view() : found->second.text_or_empty(tag::kMessageClass);
  }

  ResolveEntry resolve() const {
    return [this](std::string_view bytes) -> std::optional<Mailbox> {
      const EntryId id = unwrap(bytes);
      const auto* entry = std::get_if<DirectoryEntry>(&id);
      const auto found = entry == nullptr ? people_.end() : people_.find(entry->external_id);
      return found == people_.end() ? std::nullopt : std::optional(found->second);
    };
  }

 private:
  static constexpr std::int64_t kFirstName = 0x8501;

  const Properties& of(std::int64_t id) const {
    static const Properties kNone;
    const auto found = properties_.find(id);
    return found == properties_.end() ? kNone : found->second;
  }

  template <typename Take>
  void each(std::string_view table, Take&& take_row) {
    const std::string head = "INSERT INTO `" + std::string(table) + "` VALUES";
    for (std::size_t at = text_.find(head); at != std::string::npos; at = text_.find(head, at)) {
      at += head.size();
      while (text_[at] != ';') {
        if (text_[at++] != '(') continue;
        Row row;
        while (text_[at - 1] != ')') row.push_back(cell(at));
        take_row(row);
      }
    }
  }

  // Leaves `at` behind the comma or bracket that follows.
  Cell cell(std::size_t& at) const {
    Cell made;
    if (text_[at] == '\'') {
      made.is_null = false;
      for (++at; text_[at] != '\'' || text_[at + 1] == '\''; ++at) {
        if (text_[at] == '\'') ++at;
        if (text_[at] != '\\') {
          made.text += text_[at];
          continue;
        }
        const char next = text_[++at];
        made.text += next == 'n' ? '\n' : next == 'r' ? '\r' : next == '0' ? '\0' : next == 'Z' ? '\x1A' : next;
      }
      at += 2;
      return made;
    }
    const std::size_t end = text_.find_first_of(",)", at);
    const std::string_view word = std::string_view(text_).substr(at, end - at);
    at = end + 1;
    if (word == "NULL") return made;
    made.is_null = false;
    made.text = word.starts_with("0x") ? from_hex(word.substr(2)).value_or("") : std::string(word);
    return made;
  }

  // Values stand from `first` on: ulong, string, binary, double, longint, hi, lo.
  void take(std::int64_t id, std::int64_t number, std::int64_t type, const Row& row, std::size_t first) {
    constexpr std::int64_t kMany = 0x1000;
    const std::int64_t one = type & ~kMany;
    const std::int64_t long_value = row[first].number();
    Value::Data data = long_value;
    Type kind = static_cast<Type>(one);
    if (one == 0x001E) {
      kind = Type::text;
      data = row[first + 1].text;
    } else if (kind == Type::binary) {
      data = row[first + 2].text;
    } else if (kind == Type::guid) {
      data = Guid::of_bytes(row[first + 2].text);
    } else if (kind == Type::float32 || kind == Type::float64 || kind == Type::app_time) {
      data = std::strtod(row[first + 3].text.c_str(), nullptr);
    } else if (kind == Type::int64) {
      data = row[first + 4].number();
    } else if (kind == Type::time || kind == Type::currency) {
      data = (row[first + 5].number() << 32) | row[first + 6].number();
    } else if (kind == Type::int32) {
      data = std::int64_t{static_cast<std::int32_t>(long_value)};
    } else if (kind == Type::int16) {
      data = std::int64_t{static_cast<std::int16_t>(long_value)};
    } else if (kind == Type::boolean) {
      data = std::int64_t{long_value != 0};
    }
    const auto tag = tag_of(static_cast<std::uint32_t>(number));
    if (!tag) return;
    Properties& into = properties_[id];
    if ((type & kMany) != 0)
      add(into, *tag, kind, std::move(data));
    else if (auto value = Value::make(kind, std::move(data)))
      into.set(*tag, *std::move(value));
  }

  static void add(Properties& into, const Tag& tag, Type kind, Value::Data data) {
    const auto more = [&]<typename T>(std::vector<T> values) {
      if (const Value* before = into.find(tag)) values = std::get<std::vector<T>>(before->data());
      values.push_back(std::get<T>(std::move(data)));
      if (auto value = Value::make(kind, std::move(values))) into.set(tag, *std::move(value));
    };
    if (kind == Type::text || kind == Type::binary)
      more(std::vector<std::string>());
    else if (std::holds_alternative<std::int64_t>(data))
      more(std::vector<std::int64_t>());
  }

  std::optional<Tag> tag_of(std::uint32_t number) const {
    if (number < 0x8000) return Tag{.id = number};
    if (const auto fixed = kopano_fixed_name(number)) return fixed;
    const auto found = names_.find(number);
    if (found == names_.end()) return std::nullopt;
    return Tag{.id = found->second.id, .set = found->second.set, .name = found->second.name};
  }

  std::string text_;
  std::map<std::int64_t, Properties::Key> names_;
  std::map<std::int64_t, Node> nodes_;
  std::map<std::int64_t, Properties> properties_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> instances_;
  std::map<std::string, Mailbox> people_;
};

}  // namespace kontor::mapi::testing
