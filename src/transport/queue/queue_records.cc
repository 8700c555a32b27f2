// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/queue/queue_records.h"

#include "base/aligned.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "transport/queue/queue_generated.h"

namespace kontor::transport::queue_record {
namespace {

using flatbuffers::FlatBufferBuilder;

template <class Table>
std::string finished(FlatBufferBuilder& builder, flatbuffers::Offset<Table> root) {
  builder.Finish(root);
  return std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

// The table lives as long as `bytes`.
template <class Table>
Result<const Table*> root(const Aligned& bytes) {
  std::string_view view = bytes.view();
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(view.data()), view.size());
  if (view.size() < sizeof(flatbuffers::uoffset_t) || !verifier.VerifyBuffer<Table>(nullptr))
    return fail(Errc::corrupt, "a record of the queue is damaged");
  return flatbuffers::GetRoot<Table>(view.data());
}

std::string text(const flatbuffers::String* s) { return s ? std::string(s->data(), s->size()) : std::string(); }

flatbuffers::Offset<flatbuffers::String> write(FlatBufferBuilder& builder, const std::string& text) {
  return text.empty() ? flatbuffers::Offset<flatbuffers::String>() : builder.CreateString(text);
}

std::int64_t seconds(Instant at) { return at.time_since_epoch().count(); }
Instant instant(std::int64_t seconds) { return Instant(std::chrono::seconds(seconds)); }

template <class Enum>
Result<Enum> value_of(std::uint8_t value, Enum last) {
  if (value > static_cast<std::uint8_t>(last)) return fail(Errc::corrupt, "a record of the queue is damaged");
  return static_cast<Enum>(value);
}

std::string key_of(char letter, std::uint64_t id) {
  std::string key(1, letter);
  append_be64(key, id);
  return key;
}

}  // namespace

std::string encode(const QueuedMessage& message) {
  FlatBufferBuilder builder(256);
  auto sender = write(builder, message.sender);
  auto cause = write(builder, message.cause);
  auto envelope_id = write(builder, message.envelope_id);
  return finished(builder, fb::CreateMessage(builder, seconds(message.arrived), sender, message.tenant.value,
                                             message.account.value, static_cast<std::uint8_t>(message.origin), cause,
                                             static_cast<std::uint8_t>(message.dsn_return), envelope_id,
                                             message.needs.utf8, message.needs.eight_bit, message.needs.binary,
                                             seconds(message.release), seconds(message.expires), message.content.value,
                                             message.size, message.recipient_count));
}

std::string encode(const QueuedRecipient& recipient) {
  FlatBufferBuilder builder(256);
  auto address = write(builder, recipient.address);
  auto original = write(builder, recipient.original);
  auto enhanced = write(builder, recipient.last.enhanced);
  auto answer = write(builder, recipient.last.text);
  auto host = write(builder, recipient.last.host);
  return finished(
      builder,
      fb::CreateRecipient(builder, address, recipient.notify.bits, original, static_cast<std::uint8_t>(recipient.state),
                          seconds(recipient.next), recipient.attempts, recipient.is_warned, seconds(recipient.settled),
                          static_cast<std::uint16_t>(recipient.last.code), enhanced, answer, host));
}

Result<QueuedMessage> decode_message(QueueId id, std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Message* table, root<fb::Message>(aligned));
  QueuedMessage message;
  message.id = id;
  message.arrived = instant(table->arrived());
  message.sender = text(table->sender());
  message.tenant = TenantId(table->tenant());
  message.account = AccountId(table->account());
  TRY(message.origin, value_of(table->origin(), Origin::tls_report));
  message.cause = text(table->cause());
  TRY(message.dsn_return, value_of(table->dsn_return(), DsnReturn::headers));
  message.envelope_id = text(table->envelope_id());
  message.needs = {.utf8 = table->utf8(), .eight_bit = table->eight_bit(), .binary = table->binary()};
  message.release = instant(table->release());
  message.expires = instant(table->expires());
  message.content = QueueContentId(table->content());
  message.size = table->size();
  message.recipient_count = table->recipients();
  return message;
}

Result<QueuedRecipient> decode_recipient(std::uint32_t index, std::string_view bytes) {
  Aligned aligned(bytes);
  TRY(const fb::Recipient* table, root<fb::Recipient>(aligned));
  QueuedRecipient recipient;
  recipient.index = index;
  recipient.address = text(table->address());
  recipient.notify.bits = table->notify();
  recipient.original = text(table->original());
  TRY(recipient.state, value_of(table->state(), RecipientState::failed));
  recipient.next = instant(table->next());
  recipient.attempts = table->attempts();
  recipient.is_warned = table->is_warned();
  recipient.settled = instant(table->settled());
  recipient.last = {.code = table->code(),
                    .enhanced = text(table->enhanced()),
                    .text = text(table->text()),
                    .host = text(table->host())};
  return recipient;
}

std::string message_key(QueueId id) { return key_of('M', id.value); }
std::string recipients_of(QueueId id) { return key_of('R', id.value); }
std::string upload_key(QueueContentId content) { return key_of('U', content.value); }

std::string once_key(std::string_view once) { return "O" + sha256(once).substr(0, 16); }

std::string once_value(Instant at) {
  std::string out;
  append_be64(out, static_cast<std::uint64_t>(at.time_since_epoch().count()));
  return out;
}

Instant once_time(std::string_view value) {
  if (value.size() != 8) return Instant();
  return Instant(std::chrono::seconds(static_cast<std::int64_t>(read_be64(value))));
}

std::string recipient_key(QueueId id, std::uint32_t index) {
  std::string key = recipients_of(id);
  append_be32(key, index);
  return key;
}

std::string piece_key(QueueContentId content, std::uint32_t number) {
  std::string key = key_of('C', content.value);
  append_be32(key, number);
  return key;
}

std::string end_of(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

std::uint64_t id_in(std::string_view key) { return key.size() < 9 ? 0 : read_be64(key.substr(1)); }
std::uint32_t index_in(std::string_view recipient) {
  return recipient.size() < 13 ? 0 : read_be32(recipient.substr(9));
}

std::uint32_t pieces_of(std::uint64_t content_size) {
  return static_cast<std::uint32_t>((content_size + kPieceBytes - 1) / kPieceBytes);
}

}  // namespace kontor::transport::queue_record
