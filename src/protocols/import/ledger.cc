// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/ledger.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/archive/record.h"

namespace kontor::importing {
namespace {

constexpr char kMarkVersion = 1;
constexpr char kWideMarkVersion = 2;  // with what only kinds other than mail have; mail is noted as ever
constexpr char kHeldMarkVersion = 3;  // and with the hash of what is held here

void put_text(std::string& out, std::string_view text) {
  append_be32(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

void put_texts(std::string& out, const std::map<std::string, std::string>& texts) {
  append_be32(out, static_cast<std::uint32_t>(texts.size()));
  for (const auto& [name, value] : texts) {
    put_text(out, name);
    put_text(out, value);
  }
}

// Takes values off the front; `sound` turns false when they run out.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}
  std::string_view bytes(std::size_t count) {
    if (rest_.size() < count) sound_ = false;
    if (!sound_) return {};
    const auto out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  std::uint8_t byte() {
    const auto b = bytes(1);
    return sound_ ? static_cast<std::uint8_t>(b[0]) : 0;
  }
  std::uint32_t be32() {
    const auto b = bytes(4);
    return sound_ ? read_be32(b) : 0;
  }
  std::uint64_t be64() {
    const auto b = bytes(8);
    return sound_ ? read_be64(b) : 0;
  }
  std::string text() { return std::string(bytes(be32())); }
  std::map<std::string, std::string> texts() {
    std::map<std::string, std::string> out;
    for (auto count = be32(); count > 0 && sound_; --count) {
      auto name = text();
      out[std::move(name)] = text();
    }
    return out;
  }
  bool at_end() const { return sound_ && rest_.empty(); }
  bool sound() const { return sound_; }

 private:
  std::string_view rest_;
  bool sound_ = true;
};

}  // namespace

std::uint64_t folder_code(std::string_view folder_key) { return stable_hash64(folder_key); }

std::string folder_mark_key(std::uint64_t code) {
  std::string out = "F";
  append_be64(out, code);
  return out;
}

std::string item_mark_prefix(std::uint64_t code) {
  std::string out = "I";
  append_be64(out, code);
  return out;
}

std::string item_mark_key(std::uint64_t code, std::string_view item_key) {
  return item_mark_prefix(code).append(item_key);
}

std::string vanished_prefix(std::string_view hash) { return std::string("V").append(hash); }

std::string vanished_key(std::string_view hash, std::uint64_t code, std::string_view item_key) {
  auto out = vanished_prefix(hash);
  append_be64(out, code);
  return out.append(item_key);
}

std::string bounded_trait(std::string_view name) { return archive::bounded_key(name); }
std::string trait_key(std::string_view name) { return name.empty() ? "T" : "T" + bounded_trait(name); }
std::string script_key(std::string_view name) { return "Y" + std::string(name); }
std::string subscription_key(std::string_view path) { return path.empty() ? "S" : "S" + archive::bounded_key(path); }

std::string encode(const FolderMark& mark) {
  std::string out(1, mark.traits.empty() ? kMarkVersion : kWideMarkVersion);
  put_text(out, mark.key);
  append_be64(out, mark.target.value);
  append_be32(out, mark.uid_validity);
  out += static_cast<char>((mark.subscribed ? 1 : 0) | (mark.is_gone ? 2 : 0));
  append_be64(out, mark.items);
  put_text(out, mark.state);
  if (!mark.traits.empty()) put_texts(out, mark.traits);
  return out;
}

Result<FolderMark> decode_folder_mark(std::string_view bytes) {
  Unpacker in(bytes);
  FolderMark mark;
  const auto version = static_cast<char>(in.byte());
  const bool known = version == kMarkVersion || version == kWideMarkVersion;
  mark.key = in.text();
  mark.target = FolderId(in.be64());
  mark.uid_validity = in.be32();
  const auto bits = in.byte();
  mark.subscribed = (bits & 1) != 0;
  mark.is_gone = (bits & 2) != 0;
  mark.items = in.be64();
  mark.state = in.text();
  if (version == kWideMarkVersion) mark.traits = in.texts();
  if (!known || !in.at_end()) return fail(Errc::corrupt, "the ledger's record of a folder is damaged");
  return mark;
}

std::string encode(const ItemMark& mark) {
  const bool is_held = !mark.held.empty();
  const bool is_wide = is_held || !mark.name.empty() || !mark.fingerprint.empty();
  std::string out(1, is_held ? kHeldMarkVersion : is_wide ? kWideMarkVersion : kMarkVersion);
  append_be64(out, mark.folder.value);
  out += static_cast<char>(mark.flags);
  out += static_cast<char>(mark.is_vanished ? 1 : 0);
  append_be64(out, static_cast<std::uint64_t>(mark.date.at.time_since_epoch().count()));
  append_be32(out, static_cast<std::uint32_t>(static_cast<std::int32_t>(mark.date.zone_minutes)));
  append_be64(out, mark.size);
  put_text(out, mark.hash);
  append_be32(out, static_cast<std::uint32_t>(mark.keywords.size()));
  for (const auto& keyword : mark.keywords) put_text(out, keyword);
  put_texts(out, mark.properties);
  if (is_wide) {
    put_text(out, mark.name);
    put_text(out, mark.fingerprint);
  }
  if (is_held) put_text(out, mark.held);
  return out;
}

Result<ItemMark> decode_item_mark(std::string_view bytes) {
  Unpacker in(bytes);
  ItemMark mark;
  const auto version = static_cast<char>(in.byte());
  const bool is_wide = version == kWideMarkVersion || version == kHeldMarkVersion;
  const bool known = version == kMarkVersion || is_wide;
  mark.folder = FolderId(in.be64());
  mark.flags = in.byte();
  mark.is_vanished = (in.byte() & 1) != 0;
  const auto at = static_cast<std::int64_t>(in.be64());
  const auto zone = static_cast<std::int32_t>(in.be32());
  mark.date = InternalDate(Instant(std::chrono::seconds(at)), static_cast<std::int16_t>(zone));
  mark.size = in.be64();
  mark.hash = in.text();
  for (auto count = in.be32(); count > 0 && in.sound(); --count) mark.keywords.push_back(in.text());
  mark.properties = in.texts();
  if (is_wide) {
    mark.name = in.text();
    mark.fingerprint = in.text();
  }
  if (version == kHeldMarkVersion) mark.held = in.text();
  if (!known || !in.at_end()) return fail(Errc::corrupt, "the ledger's record of an item is damaged");
  return mark;
}

std::optional<ItemPlace> place_of_item(std::string_view key) {
  if (key.size() < 10 || key[0] != 'I') return std::nullopt;
  return ItemPlace{read_be64(key.substr(1)), std::string(key.substr(9))};
}

std::optional<ItemPlace> place_of_vanished(std::string_view key) {
  if (key.size() < 42 || key[0] != 'V') return std::nullopt;
  return ItemPlace{read_be64(key.substr(33)), std::string(key.substr(41))};
}

Result<std::optional<FolderMark>> find_folder(const groupware::Reader& reader, const std::string& source,
                                              std::uint64_t code) {
  TRY(auto entry, reader.ledger(source, folder_mark_key(code)));
  if (!entry) return std::nullopt;
  TRY(auto mark, decode_folder_mark(entry->fingerprint));
  return mark;
}

Result<std::optional<KnownItem>> find_item(const groupware::Reader& reader, const std::string& source,
                                           std::uint64_t code, std::string_view item_key) {
  TRY(auto entry, reader.ledger(source, item_mark_key(code, item_key)));
  if (!entry) return std::nullopt;
  TRY(auto mark, decode_item_mark(entry->fingerprint));
  return KnownItem{entry->item, std::move(mark)};
}

}  // namespace kontor::importing
