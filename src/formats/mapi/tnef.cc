// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/tnef.h"

#include <fmt/core.h>

#include <chrono>

#include "formats/mapi/code_page.h"
#include "formats/mapi/tags.h"
#include "formats/mapi/tnef_properties.h"

namespace kontor::mapi {
namespace {

constexpr std::uint32_t kTnefMark = 0x223E9F78;
constexpr std::uint8_t kMessageLevel = 1;
constexpr std::uint8_t kAttachmentLevel = 2;
constexpr std::int32_t kTnefByValue = 1;
constexpr std::int32_t kTnefEmbedded = 5;
constexpr std::int32_t kOle = 6;

// [MS-OXTNEF] section 2.1.3.3: those that are read.
enum class Attribute : std::uint32_t {
  from = 0x00008000,
  subject = 0x00018004,
  date_sent = 0x00038005,
  date_received = 0x00038006,
  message_class = 0x00078008,
  body = 0x0002800C,
  attach_data = 0x0006800F,
  attach_title = 0x00018010,
  attach_created = 0x00038012,
  attach_modified = 0x00038013,
  attach_transport_name = 0x00069001,
  attach_begin = 0x00069002,
  properties = 0x00069003,
  recipients = 0x00069004,
  attach_properties = 0x00069005,
  code_page = 0x00069007,
};

std::uint16_t sum_of(std::string_view bytes) {
  std::uint32_t sum = 0;
  for (const char c : bytes) sum += static_cast<unsigned char>(c);
  return static_cast<std::uint16_t>(sum);
}

// Seven numbers, of which the last is the weekday; in UTC.
std::optional<Value> read_tnef_date(std::string_view bytes) {
  using namespace std::chrono;
  Cursor in(bytes);
  const year y{in.u16()};
  const month m{in.u16()};
  const day d{in.u16()};
  const auto hour = in.u16();
  const auto minute = in.u16();
  const auto second = in.u16();
  // Later ones than are written in four digits are more ticks than can be counted.
  const bool is_day = y >= year{1601} && y <= year{9999} && (y / m / d).ok();
  if (in.is_short() || !is_day || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const Instant at = sys_days(y / m / d) + hours(hour) + minutes(minute) + seconds(second);
  return Value::of_time(ticks_of_instant(at));
}

class TnefReader {
 public:
  TnefReader(TnefBudget& budget, std::vector<std::string>& damages, std::size_t depth)
      : budget_(budget), damages_(damages), depth_(depth) {}

  Result<Message> read(std::string_view bytes) {
    Cursor in(bytes);
    if (in.u32() != kTnefMark) return fail(Errc::invalid, "This is no TNEF.");
    in.u16();
    while (in.left() > 0) {
      const std::uint8_t level = in.u8();
      const std::uint32_t id = in.u32();
      const std::uint32_t size = in.u32();
      if (in.is_short() || size > in.left() || (level != kMessageLevel && level != kAttachmentLevel)) {
        damaged("The TNEF breaks off.");
        break;
      }
      const std::string_view data = in.take(size);
      if (in.u16() != sum_of(data)) damaged(fmt::format("Attribute 0x{:08X} of the TNEF has a wrong check sum.", id));
      if (level == kMessageLevel) {
        TRY_VOID(take_of_message(static_cast<Attribute>(id), data));
      } else {
        TRY_VOID(take_of_attachment(static_cast<Attribute>(id), data));
      }
    }
    return std::move(message_);
  }

 private:
  void damaged(std::string text) {
    if (damages_.size() < kMostDamages) damages_.push_back(std::move(text));
  }

  // What properties say counts more than what attributes say, whichever comes first.
  static void set_missing(Properties& properties, const Tag& tag, std::optional<Value> value) {
    if (value && !properties.has(tag)) properties.set(tag, *std::move(value));
  }
  static void merge(Properties& into, const Properties& from) {
    for (const auto& [key, value] : from.all()) into.set(key, value);
  }

  Value text(std::string_view bytes) const {
    while (bytes.ends_with('\0')) bytes.remove_suffix(1);
    return Value::of_text(decode_page(bytes, code_page_));
  }

  Result<TnefList> list(Cursor& in) {
    TRY(TnefList found, read_tnef_list(in, code_page_, budget_));
    if (found.is_damaged) damaged("A list of properties of the TNEF breaks off.");
    return found;
  }

  Result<void> take_of_message(Attribute id, std::string_view data) {
    Properties& properties = message_.properties;
    switch (id) {
      case Attribute::code_page:
        code_page_ = Cursor(data).u32();
        break;
      case Attribute::message_class:
        set_missing(properties, tag::kMessageClass, text(data));
        break;
      case Attribute::subject:
        set_missing(properties, tag::kSubject, text(data));
        break;
      case Attribute::body:
        set_missing(properties, tag::kBody, text(data));
        break;
      case Attribute::date_sent:
        set_missing(properties, tag::kClientSubmitTime, read_tnef_date(data));
        break;
      case Attribute::date_received:
        set_missing(properties, tag::kMessageDeliveryTime, read_tnef_date(data));
        break;
      case Attribute::from:
        take_sender(data);
        break;
      case Attribute::properties: {
        Cursor in(data);
        TRY(const TnefList found, list(in));
        merge(properties, found.properties);
        break;
      }
      case Attribute::recipients:
        return take_recipients(data);
      default:
        break;  // the same is said by properties, or is of the transport that carried it
    }
    return {};
  }

  // A TRP ([MS-OXTNEF] section 2.1.3.3.7): a name, and an address behind its type and a colon.
  void take_sender(std::string_view data) {
    Cursor in(data);
    in.u32();
    const std::uint16_t name_size = in.u16();
    const std::uint16_t address_size = in.u16();
    const std::string_view name = in.take(name_size);
    const std::string_view address = in.take(address_size);
    if (in.is_short()) return damaged("The sender in the TNEF breaks off.");
    set_missing(message_.properties, tag::kSenderName, text(name));
    const std::size_t colon = address.find(':');
    if (colon == std::string_view::npos) return;
    set_missing(message_.properties, tag::kSenderAddressType, text(address.substr(0, colon)));
    set_missing(message_.properties, tag::kSenderEmailAddress, text(address.substr(colon + 1)));
  }

  Result<void> take_recipients(std::string_view data) {
    Cursor in(data);
    const std::uint32_t count = in.u32();
    for (std::uint32_t i = 0; i < count && in.left() > 0; ++i) {
      if (message_.recipients.size() >= budget_.limits.recipients)
        return fail(Errc::too_large, "The TNEF has too many recipients.");
      TRY(TnefList found, list(in));
      message_.recipients.push_back(std::move(found.properties));
      if (found.is_damaged) break;
    }
    return {};
  }

  Result<void> take_of_attachment(Attribute id, std::string_view data) {
    if (id == Attribute::attach_begin || message_.attachments.empty()) {
      if (message_.attachments.size() >= budget_.limits.attachments)
        return fail(Errc::too_large, "The TNEF has too many attachments.");
      message_.attachments.emplace_back();
    }
    Attachment& attachment = message_.attachments.back();
    Properties& properties = attachment.properties;
    switch (id) {
      case Attribute::attach_begin:
        properties.set(tag::kAttachMethod, Value::of(Cursor(data).u16() == 2 ? kOle : kTnefByValue));
        break;
      case Attribute::attach_data:
        set_missing(properties, tag::kAttachDataBinary, Value::of_bytes(std::string(data)));
        break;
      case Attribute::attach_title:
        set_missing(properties, tag::kAttachFilename, text(data));
        break;
      case Attribute::attach_transport_name:
        set_missing(properties, tag::kAttachTransportName, text(data));
        break;
      case Attribute::attach_created:
        set_missing(properties, tag::kCreationTime, read_tnef_date(data));
        break;
      case Attribute::attach_modified:
        set_missing(properties, tag::kLastModificationTime, read_tnef_date(data));
        break;
      case Attribute::attach_properties:
        return take_attachment_properties(data, attachment);
      default:
        break;
    }
    return {};
  }

  Result<void> take_attachment_properties(std::string_view data, Attachment& attachment) {
    Cursor in(data);
    TRY(const TnefList found, list(in));
    merge(attachment.properties, found.properties);
    if (found.object.empty()) return {};
    if (found.is_message && is_tnef(found.object)) {
      if (depth_ + 1 >= budget_.limits.depth) return fail(Errc::too_large, "Messages in the TNEF nest too deeply.");
      TRY(Message inner, TnefReader(budget_, damages_, depth_ + 1).read(found.object));
      attachment.embedded.clear();
      attachment.embedded.push_back(std::move(inner));
      attachment.properties.set(tag::kAttachMethod, Value::of(kTnefEmbedded));
    } else {
      attachment.properties.set(tag::kAttachDataBinary, Value::of_bytes(std::string(found.object)));
    }
    return {};
  }

  TnefBudget& budget_;
  std::vector<std::string>& damages_;
  std::size_t depth_;
  std::int64_t code_page_ = 1252;
  Message message_;
};

}  // namespace

bool is_tnef(std::string_view bytes) { return Cursor(bytes).u32() == kTnefMark; }

Result<ReadTnef> read_tnef(std::string_view bytes, const TnefLimits& limits) {
  TnefBudget budget{limits};
  ReadTnef found;
  TRY(found.message, TnefReader(budget, found.damages, 0).read(bytes));
  return found;
}

}  // namespace kontor::mapi
