// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/attached.h"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <map>
#include <set>

#include "base/digest.h"
#include "formats/itip/attachments.h"
#include "formats/lines/reader.h"
#include "formats/lines/writer.h"
#include "groupware/calendar/facts.h"
#include "protocols/import/collection.h"
#include "wire/dav/href.h"

namespace kontor::importing {
namespace {

using groupware::NewAttachment;

constexpr std::size_t kHashed = 256 << 10;  // bytes at once

// What makes one attachment another: the same bytes may be attached under several names.
struct AttachedFile {
  std::string hash, name, type;
  auto operator<=>(const AttachedFile&) const = default;
};
using IdsOfFiles = std::map<AttachedFile, std::string>;

Result<lines::Component> object_in(std::string_view text) {
  const lines::Limits limits{.bytes = groupware::kLargestDescribed};
  auto read = lines::read(text, {}, limits);
  if (!read) return fail(Errc::invalid, read.error().text);
  if (read->components.size() != 1 || read->is_truncated) return fail(Errc::invalid, "It is not one whole object.");
  return std::move(read->components.front());
}

Result<std::string> text_of(const groupware::Reader& reader, const groupware::Item& item) {
  if (item.size > groupware::kLargestDescribed) return fail(Errc::invalid, "it is too large to be looked at");
  TRY(const auto content, reader.content(item.id));
  TRY(auto text, content->read(0, static_cast<std::size_t>(item.size)));
  if (text.size() != item.size) return fail(Errc::corrupt, "the content is shorter than its size");
  return text;
}

// Nothing where it cannot be read: then what comes is new.
IdsOfFiles attached_to(const groupware::Reader& reader, const groupware::Item& item) {
  IdsOfFiles out;
  const auto text = text_of(reader, item);
  const auto object = text ? object_in(*text) : Result<lines::Component>(std::unexpected(text.error()));
  if (!object) return out;
  for (const std::string& id : itip::managed_ids(*object))
    if (const auto found = reader.attachment(id))
      out.emplace(AttachedFile{found->hash, found->name, found->content_type}, id);
  return out;
}

// Whole, as long as it is to be looked at; the rest is passed over.
Result<std::string> read_text(archive::Reader& archive) {
  std::string text;
  for (;;) {
    TRY(const auto piece, archive.content());
    if (piece.empty()) return text;
    if (text.size() <= groupware::kLargestDescribed) text += piece;
  }
}

std::string address_of(const AttachedSite& site, const std::string& id, std::string name) {
  std::ranges::replace(name, '/', '_');
  if (name.empty()) name = "attachment";
  return std::string(site.origin) + wire::dav::encode_path(groupware::kAttachmentsPath + id + "/" + name);
}

class AttachedStaging {
 public:
  AttachedStaging(archive::Reader& archive, const archive::Item& item, const AttachedSite& site)
      : archive_(archive), item_(item), site_(site) {}

  Result<AttachedItem> run(groupware::Kind folder, const groupware::Item* earlier) {
    TRY(std::string text, read_text(archive_));
    made_.kind = kind_of_item(folder, std::string_view(text).substr(0, kKindHead));
    auto object = object_in(text);
    if (!object) {
      refuse("its attachments cannot come: " + object.error().text);
      return std::move(made_);
    }
    if (earlier != nullptr) {
      TRY(const auto reader, site_.account.read(groupware::Caller::system()));
      earlier_ = attached_to(*reader, *earlier);
    }
    link(*object);
    TRY_VOID(stage_text(lines::write(*object)));
    if (!made_.refusal.empty()) return std::move(made_);
    TRY_VOID(stage_files());
    return std::move(made_);
  }

 private:
  void refuse(std::string why) {
    made_.refusal = std::move(why);
    made_.content.reset();
  }

  void link(lines::Component& object) {
    std::set<std::string> hashes;
    for (const archive::ItemAttachment& one : item_.attachments) hashes.insert(one.sha256);
    itip::each_attach(object, [&](lines::Property& property) {
      auto hash = archive::hash_of_attachment_uri(property.value);
      if (!hash || !hashes.contains(*hash)) return;
      const std::string id = id_of(
          {*std::move(hash), std::string(property.parameter("FILENAME")), std::string(property.parameter("FMTTYPE"))});
      property.set("MANAGED-ID", id);
      property.value = address_of(site_, id, std::string(property.parameter("FILENAME")));
      ids_.insert(id);
    });
  }

  std::string id_of(const AttachedFile& file) {
    if (const auto found = earlier_.find(file); found != earlier_.end()) return found->second;
    auto& id = fresh_[file];
    if (id.empty()) {
      id = groupware::new_attachment_id(site_.account.id());
      made_.attachments.push_back({id, {}, file.name, file.type});
      wanted_[file.hash].push_back(made_.attachments.size() - 1);
    }
    return id;
  }

  // What nobody sees to refer to an attachment would not keep it.
  Result<void> stage_text(const std::string& text) {
    const auto stager = site_.accounts.stage(site_.account.tenant(), made_.kind);
    if (const auto written = stager->write(text); !written) return refused_or(written.error());
    TRY(made_.content, stager->finish());
    const auto& description = made_.content->description;
    const bool are_seen = description && std::ranges::all_of(ids_, [&](const std::string& id) {
                            return std::ranges::binary_search(description->facts.attachments, id);
                          });
    if (!are_seen)
      refuse("its attachments cannot come: " + (description && !description->facts.problem.empty()
                                                    ? description->facts.problem
                                                    : std::string("it has too many of them")));
    return {};
  }

  Result<void> stage_files() {
    for (;;) {
      TRY(const auto index, archive_.next_attachment());
      if (!index) break;
      const auto wanted = wanted_.find(item_.attachments.at(*index).sha256);
      if (wanted == wanted_.end()) continue;
      TRY_VOID(stage_file(wanted->second));
      wanted_.erase(wanted);
      if (!made_.refusal.empty()) return {};
    }
    made_.is_needed = !wanted_.empty();
    if (made_.is_needed) made_.content.reset();
    return {};
  }

  Result<void> stage_file(const std::vector<std::size_t>& of) {
    const auto stager = site_.accounts.stage(site_.account.tenant(), groupware::Kind::files);
    for (;;) {
      TRY(const auto piece, archive_.content());
      if (piece.empty()) break;
      if (const auto written = stager->write(piece); !written) {
        const NewAttachment& first = made_.attachments[of.front()];
        return refused_or(
            Error(written.error().code, fmt::format("its attachment \"{}\": {}", first.name, written.error().text)));
      }
    }
    TRY(const auto content, stager->finish());
    for (const std::size_t one : of) made_.attachments[one].content = content;
    return {};
  }

  Result<void> refused_or(const Error& error) {
    if (error.code != Errc::too_large) return std::unexpected(error);
    refuse(error.text);
    return {};
  }

  archive::Reader& archive_;
  const archive::Item& item_;
  const AttachedSite& site_;
  IdsOfFiles earlier_, fresh_;
  std::set<std::string> ids_;
  std::map<std::string, std::vector<std::size_t>> wanted_;  // by hash: which of the attachments are still without
  AttachedItem made_;
};

}  // namespace

Result<AttachedItem> stage_attached(archive::Reader& archive, const archive::Item& item, groupware::Kind folder,
                                    const groupware::Item* earlier, const AttachedSite& site) {
  return AttachedStaging(archive, item, site).run(folder, earlier);
}

Result<AsItCame> as_it_came(const groupware::Reader& reader, const groupware::Item& item, bool reads_attachments) {
  TRY(const std::string text, text_of(reader, item));
  if (sha256(text) != item.hash) return fail(Errc::corrupt, "the content is not what its hash says");
  TRY(lines::Component object, object_in(text));
  std::map<std::string, std::string> hash_of;  // by id: instances of a series refer to the same ones
  for (const std::string& id : itip::managed_ids(object)) {
    const auto found = reader.attachment(id);
    if (!found) continue;
    std::string& hash = hash_of[id];
    hash = found->hash;
    if (!reads_attachments) continue;
    TRY(const auto content, reader.attachment_content(id));
    TRY(hash, hash_of_content(*content));
  }
  std::set<std::string> hashes;
  itip::each_attach(object, [&](lines::Property& property) {
    const auto found = hash_of.find(std::string(property.parameter("MANAGED-ID")));
    if (found == hash_of.end()) return;
    property.remove("MANAGED-ID");
    property.value = archive::attachment_uri(found->second);
    hashes.insert(found->second);
  });
  const std::string came = hashes.empty() ? text : lines::write(object);
  return AsItCame{came.size(), sha256(came), hashes.size()};
}

Result<std::string> hash_of_content(const groupware::Content& content) {
  Sha256 hash;
  for (std::uint64_t at = 0; at < content.size();) {
    TRY(const auto piece, content.read(at, kHashed));
    if (piece.empty()) return fail(Errc::corrupt, "the content is shorter than its size");
    hash.update(piece);
    at += piece.size();
  }
  return hash.finish();
}

}  // namespace kontor::importing
