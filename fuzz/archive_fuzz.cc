// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
#include <zstd.h>

#include <string>
#include <variant>

#include "formats/archive/reader.h"

namespace {

// Whatever is accepted must print and parse to itself, and content must have its announced size.
void read_all(const std::string& bytes) {
  using namespace kontor;
  bool given = false;
  archive::Reader reader([&]() -> Result<std::string> {
    if (given) return std::string();
    given = true;
    return bytes;
  });
  for (;;) {
    auto record = reader.next();
    if (!record) return;
    if (const auto* item = std::get_if<archive::Item>(&*record)) {
      auto again = archive::parse_item(archive::to_json(*item));
      check(again && *again == *item, "an item survives printing");
      std::uint64_t size = 0;
      bool whole = item->content != archive::Item::Content::bytes;
      while (!whole) {
        auto piece = reader.content();
        if (!piece) return;
        size += piece->size();
        whole = piece->empty();
      }
      check(item->content != archive::Item::Content::bytes || size == item->size, "content has its size");
      for (;;) {
        const auto index = reader.next_attachment();
        if (!index) return;
        if (!*index) break;
        size = 0;
        for (auto piece = reader.content(); !piece || !piece->empty(); piece = reader.content()) {
          if (!piece) return;
          size += piece->size();
        }
        check(size == item->attachments.at(**index).size, "an attachment has its size");
      }
    } else if (const auto* folder = std::get_if<archive::Folder>(&*record)) {
      auto again = archive::parse_folder(archive::to_json(*folder));
      check(again && *again == *folder, "a folder survives printing");
    } else if (const auto* end = std::get_if<archive::AccountEnd>(&*record)) {
      auto again = archive::parse_account_end(archive::to_json(*end));
      check(again && *again == *end, "an account's end survives printing");
    } else if (const auto* settings = std::get_if<archive::Settings>(&*record)) {
      auto again = archive::parse_settings(archive::to_json(*settings));
      check(again && *again == *settings, "settings survive printing");
    } else if (const auto* principal = std::get_if<archive::Principal>(&*record)) {
      auto again = archive::parse_principal(archive::to_json(*principal));
      check(again && *again == *principal, "a principal survives printing");
    } else if (std::holds_alternative<archive::ArchiveEnd>(*record)) {
      return;
    }
  }
}

}  // namespace

// The first byte chooses: the rest is a compressed stream, or a tar stream to be compressed, or one record.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 3 == 0) {
    read_all(bytes);
  } else if (data[0] % 3 == 1) {
    std::string packed(ZSTD_compressBound(bytes.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 1));
    read_all(packed);
  } else {
    using namespace kontor::archive;
    if (const auto hash = hash_of_attachment_uri(bytes))
      kontor::check(attachment_uri(*hash) == bytes, "a hash has one name");
    if (auto item = parse_item(bytes)) {
      auto again = parse_item(to_json(*item));
      kontor::check(again && *again == *item, "an item survives printing");
    }
    if (auto settings = parse_settings(bytes)) {
      auto again = parse_settings(to_json(*settings));
      kontor::check(again && *again == *settings, "settings survive printing");
    }
    if (auto folder = parse_folder(bytes)) {
      auto again = parse_folder(to_json(*folder));
      kontor::check(again && *again == *folder, "a folder survives printing");
    }
    if (auto listing = parse_listing(bytes)) {
      auto again = parse_listing(to_json(*listing));
      kontor::check(again && *again == *listing, "a listing survives printing");
    }
  }
  return 0;
}
