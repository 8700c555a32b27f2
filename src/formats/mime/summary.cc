// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/summary.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/content.h"
#include "formats/mime/decode.h"
#include "formats/mime/fields.h"
#include "formats/mime/header.h"
#include "formats/mime/summary_generated.h"

namespace kontor::mime {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using Text = Offset<flatbuffers::String>;

constexpr std::size_t kMaxReferences = 20;
constexpr std::size_t kReadReferences = 10'000;
constexpr std::size_t kMaxReplies = 10;  // of In-Reply-To

Text text_if(FlatBufferBuilder& builder, bool present, const std::string& text) {
  return present ? builder.CreateString(text) : Text();
}
Text text_if_any(FlatBufferBuilder& builder, const std::string& text) { return text_if(builder, !text.empty(), text); }

template <class Table, class Value, class Make>
Offset<flatbuffers::Vector<Offset<Table>>> list_of(FlatBufferBuilder& builder, const std::vector<Value>& values,
                                                   Make make) {
  if (values.empty()) return 0;
  std::vector<Offset<Table>> offsets;
  offsets.reserve(values.size());
  for (const Value& value : values) offsets.push_back(make(value));
  return builder.CreateVector(offsets);
}

auto put_texts(FlatBufferBuilder& builder, const std::vector<std::string>& texts) {
  return list_of<flatbuffers::String>(builder, texts,
                                      [&](const std::string& text) { return builder.CreateString(text); });
}

auto put_params(FlatBufferBuilder& builder, const std::vector<Param>& params) {
  return list_of<fb::Param>(builder, params, [&](const Param& param) {
    const auto name = builder.CreateString(param.name);
    return fb::CreateParam(builder, name, builder.CreateString(param.value));
  });
}

auto put_addresses(FlatBufferBuilder& builder, const std::vector<Address>& addresses) {
  return list_of<fb::Address>(builder, addresses, [&](const Address& address) {
    const auto name = text_if_any(builder, address.name);
    const auto route = text_if_any(builder, address.route);
    const auto mailbox = text_if_any(builder, address.mailbox);
    const auto host = text_if_any(builder, address.host);
    return fb::CreateAddress(builder, name, route, mailbox, host, address.is_group_start, address.is_group_end);
  });
}

Offset<fb::Envelope> put_envelope(FlatBufferBuilder& builder, const Envelope& envelope) {
  const auto date = text_if(builder, envelope.has_date, envelope.date);
  const auto subject = text_if(builder, envelope.has_subject, envelope.subject);
  const auto from = put_addresses(builder, envelope.from);
  // The same list thrice is kept once: a table may be referred to from several places.
  const auto sender = envelope.sender == envelope.from ? from : put_addresses(builder, envelope.sender);
  const auto reply_to = envelope.reply_to == envelope.from ? from : put_addresses(builder, envelope.reply_to);
  const auto to = put_addresses(builder, envelope.to);
  const auto cc = put_addresses(builder, envelope.cc);
  const auto bcc = put_addresses(builder, envelope.bcc);
  const auto in_reply_to = text_if(builder, envelope.has_in_reply_to, envelope.in_reply_to);
  const auto message_id = text_if(builder, envelope.has_message_id, envelope.message_id);
  return fb::CreateEnvelope(builder, date, subject, from, sender, reply_to, to, cc, bcc, in_reply_to, message_id);
}

Offset<fb::Entity> put_entity(FlatBufferBuilder& builder, const Entity& entity) {
  const auto type = builder.CreateString(entity.type);
  const auto subtype = builder.CreateString(entity.subtype);
  const auto params = put_params(builder, entity.params);
  const auto id = text_if_any(builder, entity.id);
  const auto description = text_if_any(builder, entity.description);
  const auto encoding = text_if_any(builder, entity.encoding);
  const auto md5 = text_if_any(builder, entity.md5);
  const auto disposition = text_if_any(builder, entity.disposition);
  const auto disposition_params = put_params(builder, entity.disposition_params);
  const auto languages = put_texts(builder, entity.languages);
  const auto location = text_if_any(builder, entity.location);
  const auto parts =
      list_of<fb::Entity>(builder, entity.parts, [&](const Entity& part) { return put_entity(builder, part); });
  const auto message = entity.message ? put_entity(builder, *entity.message) : Offset<fb::Entity>();
  const auto envelope = entity.envelope ? put_envelope(builder, *entity.envelope) : Offset<fb::Envelope>();
  return fb::CreateEntity(builder, entity.header_offset, entity.header_size, entity.body_offset, entity.body_size,
                          entity.body_lines, type, subtype, params, id, description, encoding, md5, disposition,
                          disposition_params, languages, location, parts, message, envelope, entity.is_multipart());
}

enum class Container : std::uint8_t { none, alternative, related, other };

Container container_of(const Entity& entity) {
  if (same_name(entity.subtype, "alternative")) return Container::alternative;
  return same_name(entity.subtype, "related") ? Container::related : Container::other;
}

bool is_attachment(const Entity& part, Container container) {
  if (same_name(part.disposition, "attachment")) return true;
  const bool is_text = same_name(part.type, "text");
  if (is_text && container == Container::none) return false;
  const bool is_body_text = is_text && (same_name(part.subtype, "plain") || same_name(part.subtype, "html") ||
                                        same_name(part.subtype, "enriched"));
  if (container == Container::alternative) return false;
  if (is_body_text) return filename(part).has_value();
  const bool is_signature = same_name(part.type, "application") &&
                            (same_name(part.subtype, "pgp-signature") || same_name(part.subtype, "pkcs7-signature") ||
                             same_name(part.subtype, "x-pkcs7-signature") || same_name(part.subtype, "pgp-encrypted"));
  if (is_signature) return false;
  return part.id.empty() && !(container == Container::related && !part.location.empty());
}

bool has_attachment(const Entity& entity, Container container) {
  if (!entity.is_multipart()) {
    if (same_name(entity.type, "multipart")) return false;  // one without parts: its text is all there is
    return is_attachment(entity, container);
  }
  return std::ranges::any_of(entity.parts,
                             [&](const Entity& part) { return has_attachment(part, container_of(entity)); });
}

struct References {
  std::vector<std::string> ids;
  std::uint8_t replies = 0;  // so many at the end stand in In-Reply-To only
};

// Each once; of too many the first, which names the thread, and the latest.
std::vector<std::string> thin_out(std::vector<std::string> ids, std::size_t most) {
  std::vector<std::string> kept;
  if (ids.empty()) return kept;
  kept.push_back(std::move(ids.front()));
  std::vector<std::string> latest;
  for (std::size_t i = ids.size(); i-- > 1 && latest.size() < most - 1;)
    if (ids[i] != kept.front() && std::ranges::find(latest, ids[i]) == latest.end())
      latest.push_back(std::move(ids[i]));
  kept.insert(kept.end(), std::make_move_iterator(latest.rbegin()), std::make_move_iterator(latest.rend()));
  return kept;
}

References references_of(std::string_view header) {
  References found;
  std::vector<std::string> replies;
  if (const auto raw = find_field(header, "in-reply-to"))
    replies = thin_out(parse_message_ids(*raw, kMaxReferences), kMaxReplies);
  if (const auto raw = find_field(header, "references"))
    found.ids = thin_out(parse_message_ids(*raw, kReadReferences), kMaxReferences - replies.size());
  for (std::string& id : replies) {
    if (std::ranges::find(found.ids, id) != found.ids.end()) continue;
    found.ids.push_back(std::move(id));
    found.replies++;
  }
  return found;
}

std::string lower_utf8(std::string_view text) {
  std::string out;
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    for (const char c : text) out.push_back(lower(c));
    return out;
  }
  icu::StringByteSink<std::string> sink(&out);
  UErrorCode error = U_ZERO_ERROR;
  icu::CaseMap::utf8ToLower("", 0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink, nullptr,
                            error);
  return out;
}

// Whether a search in the header for a Message-ID would find the envelope's, and no other.
bool has_plain_message_id(const Entity& entity, std::string_view header) {
  if (!entity.envelope) return false;
  bool is_plain = true;
  std::size_t fields = 0;
  each_field(header, [&](const Field& field) {
    if (field.name.size() != 10 || !iequals(field.name, "message-id")) return true;
    is_plain = ++fields == 1 && decode_header(unfold(field.value)) == entity.envelope->message_id;
    return is_plain;
  });
  return is_plain && entity.envelope->has_message_id == (fields == 1);
}

}  // namespace

Summarized summarize(const Entity& entity, std::string_view header, const std::optional<std::string>& preview) {
  Summarized result;
  if (entity.envelope) {
    const Envelope& envelope = *entity.envelope;
    if (envelope.has_date) result.date = parse_date(envelope.date);
    const BaseSubject base = base_subject(decode_header(envelope.subject));
    result.base_subject = lower_utf8(base.text);
    result.is_reply = base.is_reply;
    const auto ids = parse_message_ids(envelope.message_id, 1);
    if (!ids.empty()) result.message_id = ids.front();
  }
  References references = references_of(header);
  result.references = std::move(references.ids);

  FlatBufferBuilder builder(2048);
  const auto top = put_entity(builder, entity);
  const auto subject = text_if_any(builder, result.base_subject);
  const auto message_id = text_if_any(builder, result.message_id);
  const auto reference_texts = put_texts(builder, result.references);
  const auto text = text_if(builder, preview.has_value(), preview.value_or(""));
  const InternalDate date = result.date.value_or(InternalDate());
  builder.Finish(fb::CreateSummary(builder, top, date.at.time_since_epoch().count(), date.zone_minutes,
                                   result.date.has_value(), subject, message_id, reference_texts,
                                   has_attachment(entity, Container::none), text, references.replies,
                                   has_plain_message_id(entity, header)));
  result.summary.assign(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  return result;
}

bool is_sound_summary(std::string_view bytes) {
  constexpr std::size_t kMaxDepth = 2048;
  constexpr std::size_t kMaxTables = 4'000'000;
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), kMaxDepth,
                                 kMaxTables);
  return fb::VerifySummaryBuffer(verifier);
}

}  // namespace kontor::mime
