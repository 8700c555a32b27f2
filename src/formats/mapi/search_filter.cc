// SPDX-License-Identifier: AGPL-3.0-or-later
// Restrictions of search folders as filters of JMAP.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/bytes.h"
#include "formats/mapi/restriction.h"
#include "formats/mapi/tags.h"
#include "formats/mime/charset.h"

namespace kontor::mapi {
namespace {

namespace json = boost::json;
using AskKind = Restriction::Kind;
using AskRelation = Restriction::Relation;

json::value negated(json::value filter) {
  return json::object{{"operator", "NOT"}, {"conditions", json::array{std::move(filter)}}};
}

std::string utc_text(Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

class FilterMaker {
 public:
  explicit FilterMaker(std::string& why) : why_(why) {}

  std::optional<json::value> make(const Restriction& one) {
    switch (one.kind) {
      case AskKind::all:
      case AskKind::any:
        return joined(one);
      case AskKind::none:
        if (one.parts.size() != 1) return cannot("a part of it is missing");
        return not_of(make(one.parts[0]));
      case AskKind::content:
        return text(one);
      case AskKind::property:
        return property(one);
      case AskKind::bitmask:
        return bits(one);
      case AskKind::sub:
        return recipients(one);
      case AskKind::exist:
        if (one.property.set.is_null() && one.property.id == tag::kMessageClass.id) return json::value(json::object());
        return cannot_ask(one);
      case AskKind::compare:
      case AskKind::size:
        break;
    }
    return cannot_ask(one);
  }

 private:
  std::nullopt_t cannot(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    return std::nullopt;
  }
  std::nullopt_t cannot_ask(const Restriction& one) {
    return cannot(fmt::format("it asks for {}, which no search here can", print(Tag(one.property))));
  }
  static std::optional<json::value> not_of(std::optional<json::value> filter) {
    if (!filter) return std::nullopt;
    return negated(*std::move(filter));
  }
  static json::value has(const char* keyword, bool is_set) {
    return json::object{{is_set ? "hasKeyword" : "notKeyword", keyword}};
  }

  std::optional<json::value> joined(const Restriction& one) {
    json::array parts;
    for (const Restriction& part : one.parts) {
      auto filter = make(part);
      if (!filter) return std::nullopt;
      parts.push_back(*std::move(filter));
    }
    if (parts.size() == 1) return std::move(parts.front());
    if (parts.empty() && one.kind == AskKind::all) return json::value(json::object());
    return json::value(
        json::object{{"operator", one.kind == AskKind::all ? "AND" : "OR"}, {"conditions", std::move(parts)}});
  }

  std::optional<json::value> text(const Restriction& one) {
    const auto* value = one.value ? std::get_if<std::string>(&one.value->data()) : nullptr;
    const auto* values = one.value ? std::get_if<std::vector<std::string>>(&one.value->data()) : nullptr;
    if (values != nullptr && values->size() == 1) value = &values->front();
    if (value == nullptr || value->empty() || !mime::is_utf8(*value)) return cannot("it looks for no text");
    if (Tag(one.property) == tag::kKeywords) return json::value(json::object{{"hasKeyword", *value}});
    if (!one.property.set.is_null()) return cannot_ask(one);
    const auto asked = [&](const char* name) { return json::value(json::object{{name, *value}}); };
    switch (one.property.id) {
      case 0x0037:
      case 0x0E1D:
      case 0x0070:
        return asked("subject");
      case 0x1000:
        return asked("body");
      case 0x0042:
      case 0x0065:
      case 0x5D02:
      case 0x0C1A:
      case 0x0C1F:
      case 0x5D01:
        return asked("from");
      case 0x0E04:
        return asked("to");
      case 0x0E03:
        return asked("cc");
      case 0x0E02:
        return asked("bcc");
      case 0x001A:
        if (iequals(*value, "IPM.Note") || iequals(*value, "IPM")) return json::value(json::object());
        return cannot("it asks for messages of the class " + *value);
      default:
        return cannot_ask(one);
    }
  }

  std::optional<json::value> property(const Restriction& one) {
    const auto* number = one.value ? std::get_if<std::int64_t>(&one.value->data()) : nullptr;
    if (one.relation == AskRelation::unequal) {
      Restriction same = one;
      same.relation = AskRelation::equal;
      return not_of(property(same));
    }
    if (number == nullptr) return one.relation == AskRelation::equal ? text(one) : cannot_ask(one);
    if (!one.property.set.is_null()) return cannot_ask(one);
    const bool is_equal = one.relation == AskRelation::equal;
    switch (one.property.id) {
      case 0x0E08:
        if (*number < 0 || *number == INT64_MAX) return cannot_ask(one);
        if (one.relation == AskRelation::more) return json::value(json::object{{"minSize", *number + 1}});
        if (one.relation == AskRelation::at_least) return json::value(json::object{{"minSize", *number}});
        if (one.relation == AskRelation::less) return json::value(json::object{{"maxSize", *number}});
        if (one.relation == AskRelation::at_most) return json::value(json::object{{"maxSize", *number + 1}});
        return cannot_ask(one);
      case 0x0E06:
      case 0x0039: {
        const auto at = instant_of_ticks(*number);
        if (!at || is_equal) return cannot_ask(one);
        const bool is_after = one.relation == AskRelation::more || one.relation == AskRelation::at_least;
        return json::value(json::object{{is_after ? "after" : "before", utc_text(*at)}});
      }
      case 0x0E1B:
        if (is_equal) return json::value(json::object{{"hasAttachment", *number != 0}});
        return cannot_ask(one);
      case 0x1090:
        if (is_equal) return has("$flagged", *number == 2);
        return cannot_ask(one);
      default:
        return cannot_ask(one);
    }
  }

  std::optional<json::value> bits(const Restriction& one) {
    if (!one.property.set.is_null() || one.property.id != tag::kMessageFlags.id) return cannot_ask(one);
    if (one.mask == 0x1) return has("$seen", one.is_set);
    if (one.mask == 0x8) return has("$draft", one.is_set);
    if (one.mask == 0x10) return json::value(json::object{{"hasAttachment", one.is_set}});
    return cannot_ask(one);
  }

  std::optional<json::value> recipients(const Restriction& one) {
    if (one.parts.size() != 1 || one.property.id != 0x0E12 || !one.property.set.is_null())
      return cannot("it asks what attachments are like");
    const Restriction& inner = one.parts[0];
    const bool is_text = inner.kind == AskKind::content && inner.property.set.is_null() && inner.value &&
                         std::holds_alternative<std::string>(inner.value->data()) &&
                         mime::is_utf8(std::get<std::string>(inner.value->data()));
    if (!is_text) return cannot("it asks for more than one thing of a recipient");
    json::array fields;
    for (const char* field : {"to", "cc", "bcc"})
      fields.push_back(json::object{{field, std::get<std::string>(inner.value->data())}});
    return json::value(json::object{{"operator", "OR"}, {"conditions", std::move(fields)}});
  }

  std::string& why_;
};

}  // namespace

std::optional<std::string> filter_of(const Restriction& restriction, std::string& why) {
  const auto filter = FilterMaker(why).make(restriction);
  if (!filter) return std::nullopt;
  return json::serialize(*filter);
}

}  // namespace kontor::mapi
