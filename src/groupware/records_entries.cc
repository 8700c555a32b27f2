// SPDX-License-Identifier: AGPL-3.0-or-later
// The records of items of other kinds than mail.
#include "base/bytes.h"
#include "groupware/flat_record.h"
#include "groupware/records.h"
#include "groupware/records_generated.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kEtagBytes = 16;

}  // namespace

std::string encode(const NamedRecord& named) {
  flatbuffers::FlatBufferBuilder builder(128);
  flat::ByteVector hash = flat::write_bytes(builder, named.hash);
  flat::ByteVector redacted_hash = flat::write_bytes(builder, named.redacted_hash);
  flat::ByteVector bare_hash = flat::write_bytes(builder, named.bare_hash);
  return flat::finished(
      builder, fb::CreateNamed(builder, named.uid.value, named.item.value, static_cast<std::uint8_t>(named.kind),
                               named.size, hash, static_cast<std::uint8_t>(named.privacy), named.redacted_size,
                               redacted_hash, named.bare_size, bare_hash));
}

Result<NamedRecord> decode_named(std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Named* table, flat::root<fb::Named>(aligned, "a name"));
  NamedRecord named;
  named.uid = Uid(table->uid());
  named.item = ItemId(table->item());
  named.kind = static_cast<Kind>(table->kind());
  named.size = table->size();
  named.hash = flat::read_bytes(table->hash());
  named.privacy = static_cast<Privacy>(table->privacy());
  named.redacted_size = table->redacted_size();
  named.redacted_hash = flat::read_bytes(table->redacted_hash());
  named.bare_size = table->bare_size();
  named.bare_hash = flat::read_bytes(table->bare_hash());
  return named;
}

std::string encode(const Facts& facts) {
  flatbuffers::FlatBufferBuilder builder(512);
  const auto string = [&](const std::string& value) {
    return value.empty() ? flatbuffers::Offset<flatbuffers::String>() : builder.CreateString(value);
  };
  const auto uid = string(facts.uid), summary = string(facts.summary), status = string(facts.status);
  const auto organizer = string(facts.organizer), problem = string(facts.problem);
  flatbuffers::Offset<flat::StringVector> emails;
  if (!facts.emails.empty()) emails = builder.CreateVectorOfStrings(facts.emails);
  flatbuffers::Offset<flat::StringVector> attachments;
  if (!facts.attachments.empty()) attachments = builder.CreateVectorOfStrings(facts.attachments);
  flatbuffers::Offset<flatbuffers::Vector<const fb::Span*>> alarm_spans;
  if (!facts.alarm_spans.empty()) {
    std::vector<fb::Span> spans;
    for (const AlarmSpan& one : facts.alarm_spans)
      spans.emplace_back(one.first.time_since_epoch().count(), one.last.time_since_epoch().count());
    alarm_spans = builder.CreateVectorOfStructs(spans);
  }
  fb::FactsBuilder table(builder);
  table.add_component(static_cast<std::uint8_t>(facts.component));
  table.add_uid(uid);
  table.add_summary(summary);
  table.add_status(status);
  table.add_organizer(organizer);
  table.add_emails(emails);
  table.add_privacy(static_cast<std::uint8_t>(facts.privacy));
  table.add_has_time(facts.has_time());
  table.add_is_endless(facts.has_time() && !facts.last);
  table.add_first(facts.first.value_or(Instant()).time_since_epoch().count());
  table.add_last(facts.last.value_or(Instant()).time_since_epoch().count());
  table.add_is_recurring(facts.is_recurring);
  table.add_is_floating(facts.is_floating);
  table.add_is_zoned(facts.is_zoned);
  table.add_is_transparent(facts.is_transparent);
  table.add_has_attendees(facts.has_attendees);
  table.add_has_alarms(facts.has_alarms);
  table.add_has_email_alarms(facts.has_email_alarms);
  table.add_is_group(facts.is_group);
  table.add_has_next_alarm(facts.next_alarm.has_value());
  table.add_next_alarm(facts.next_alarm.value_or(Instant()).time_since_epoch().count());
  table.add_problem(problem);
  table.add_has_next_shown_alarm(facts.next_shown_alarm.has_value());
  table.add_next_shown_alarm(facts.next_shown_alarm.value_or(Instant()).time_since_epoch().count());
  table.add_attachments(attachments);
  table.add_alarm_spans(alarm_spans);
  return flat::finished(builder, table.Finish());
}

Result<Facts> decode_facts(std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Facts* table, flat::root<fb::Facts>(aligned, "what is known of an item"));
  const auto instant = [](std::int64_t at) { return Instant(std::chrono::seconds(at)); };
  Facts facts;
  facts.component = static_cast<Facts::Component>(table->component());
  facts.uid = flat::text(table->uid());
  facts.summary = flat::text(table->summary());
  facts.status = flat::text(table->status());
  facts.organizer = flat::text(table->organizer());
  if (table->emails())
    for (const auto* email : *table->emails()) facts.emails.push_back(flat::text(email));
  facts.privacy = static_cast<Privacy>(table->privacy());
  if (table->has_time()) facts.first = instant(table->first());
  if (table->has_time() && !table->is_endless()) facts.last = instant(table->last());
  facts.is_recurring = table->is_recurring();
  facts.is_floating = table->is_floating();
  facts.is_zoned = table->is_zoned();
  facts.is_transparent = table->is_transparent();
  facts.has_attendees = table->has_attendees();
  facts.has_alarms = table->has_alarms();
  facts.has_email_alarms = table->has_email_alarms();
  facts.is_group = table->is_group();
  if (table->has_next_alarm()) facts.next_alarm = instant(table->next_alarm());
  if (table->has_next_shown_alarm()) facts.next_shown_alarm = instant(table->next_shown_alarm());
  facts.problem = flat::text(table->problem());
  if (table->attachments())
    for (const auto* id : *table->attachments()) facts.attachments.push_back(flat::text(id));
  if (table->alarm_spans())
    for (const fb::Span* one : *table->alarm_spans())
      facts.alarm_spans.push_back({instant(one->first()), instant(one->last())});
  return facts;
}

std::string encode(const OwnRecord& own) {
  flatbuffers::FlatBufferBuilder builder(512);
  const auto text = builder.CreateString(own.text);
  const flat::ByteVector hash = flat::write_bytes(builder, own.hash);
  const auto seconds = [](const std::optional<Instant>& at) {
    return at.value_or(Instant()).time_since_epoch().count();
  };
  return flat::finished(builder,
                        fb::CreateOwnParts(builder, text, own.size, hash, own.has_alarms, own.has_email_alarms,
                                           own.is_transparent, own.next_alarm.has_value(), seconds(own.next_alarm),
                                           own.next_shown_alarm.has_value(), seconds(own.next_shown_alarm)));
}

Result<OwnRecord> decode_own(std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::OwnParts* table, flat::root<fb::OwnParts>(aligned, "what a guest has of his own"));
  OwnRecord own;
  own.text = flat::text(table->text());
  own.size = table->size();
  own.hash = flat::read_bytes(table->hash());
  own.has_alarms = table->has_alarms();
  own.has_email_alarms = table->has_email_alarms();
  own.is_transparent = table->is_transparent();
  if (table->has_next_alarm()) own.next_alarm = Instant(std::chrono::seconds(table->next_alarm()));
  if (table->has_next_shown_alarm()) own.next_shown_alarm = Instant(std::chrono::seconds(table->next_shown_alarm()));
  return own;
}

NamedRecord make_named(const ItemRecord& item, const Filing& filing) {
  return {filing.uid,
          item.id,
          item.kind,
          item.size,
          item.hash.substr(0, kEtagBytes),
          item.privacy,
          item.redacted_size,
          item.redacted_hash.substr(0, kEtagBytes),
          item.bare_size,
          item.bare_hash.substr(0, kEtagBytes)};
}

std::string etag_of(std::string_view hash) { return '"' + to_hex(hash.substr(0, kEtagBytes)) + '"'; }

}  // namespace kontor::groupware
