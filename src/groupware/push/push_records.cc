// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/push/push_records.h"

#include "groupware/flat_record.h"
#include "groupware/records_generated.h"

namespace kontor::groupware {
namespace {

std::int64_t seconds_of(Instant at) { return at.time_since_epoch().count(); }
Instant instant_of(std::int64_t at) { return Instant(std::chrono::seconds(at)); }

flatbuffers::Offset<fb::PushSubscription> write_subscription(flatbuffers::FlatBufferBuilder& builder,
                                                             const PushSubscription& one) {
  const auto id = builder.CreateString(one.id), device = builder.CreateString(one.device);
  const auto url = builder.CreateString(one.url), code = builder.CreateString(one.code);
  const flat::ByteVector key = flat::write_bytes(builder, one.key), secret = flat::write_bytes(builder, one.secret);
  flatbuffers::Offset<flat::StringVector> types;
  if (one.types) types = builder.CreateVectorOfStrings(*one.types);
  return fb::CreatePushSubscription(builder, id, device, url, key, secret, code, seconds_of(one.created),
                                    seconds_of(one.expires), one.verified.has_value(),
                                    seconds_of(one.verified.value_or(Instant())), types, !one.types.has_value());
}

PushSubscription read_subscription(const fb::PushSubscription& table) {
  PushSubscription out;
  out.id = flat::text(table.id());
  out.device = flat::text(table.device());
  out.url = flat::text(table.url());
  out.key = flat::read_bytes(table.key());
  out.secret = flat::read_bytes(table.secret());
  out.code = flat::text(table.code());
  out.created = instant_of(table.created());
  out.expires = instant_of(table.expires());
  if (table.is_verified()) out.verified = instant_of(table.verified());
  if (table.takes_all()) return out;
  out.types.emplace();
  if (table.types())
    for (const auto* type : *table.types()) out.types->push_back(flat::text(type));
  return out;
}

}  // namespace

std::string encode(const std::vector<PushSubscription>& subscriptions) {
  flatbuffers::FlatBufferBuilder builder(1024);
  std::vector<flatbuffers::Offset<fb::PushSubscription>> all;
  for (const PushSubscription& one : subscriptions) all.push_back(write_subscription(builder, one));
  const auto vector = builder.CreateVector(all);
  return flat::finished(builder, fb::CreatePushSubscriptions(builder, vector));
}

Result<std::vector<PushSubscription>> decode_push_subscriptions(std::string_view bytes) {
  const Aligned aligned(bytes);
  TRY(const fb::PushSubscriptions* table, flat::root<fb::PushSubscriptions>(aligned, "subscriptions to push"));
  std::vector<PushSubscription> out;
  if (table->all())
    for (const fb::PushSubscription* one : *table->all()) out.push_back(read_subscription(*one));
  return out;
}

std::string encode(const PushMessage& message) {
  flatbuffers::FlatBufferBuilder builder(1024);
  const auto subscription = builder.CreateString(message.subscription), topic = builder.CreateString(message.topic);
  const auto payload = builder.CreateString(message.payload);
  return flat::finished(builder,
                        fb::CreatePushMessage(builder, subscription, topic, payload, seconds_of(message.expires),
                                              message.attempts, message.is_urgent));
}

Result<PushMessage> decode_push_message(std::string_view bytes) {
  const Aligned aligned(bytes);
  TRY(const fb::PushMessage* table, flat::root<fb::PushMessage>(aligned, "a message to a device"));
  PushMessage out;
  out.subscription = flat::text(table->subscription());
  out.topic = flat::text(table->topic());
  out.payload = flat::text(table->payload());
  out.expires = instant_of(table->expires());
  out.attempts = table->attempts();
  out.is_urgent = table->is_urgent();
  return out;
}

}  // namespace kontor::groupware
