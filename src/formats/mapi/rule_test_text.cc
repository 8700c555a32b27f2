// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/rule_test_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/bytes.h"
#include "formats/mapi/tags.h"
#include "formats/mime/charset.h"

namespace kontor::mapi {
namespace {

using sieve::Condition;
using AskKind = Restriction::Kind;
using AskMatch = Restriction::Match;
using AskRelation = Restriction::Relation;

constexpr std::uint32_t kRecipientTable = 0x0E12;

std::string list_of(const std::vector<std::string>& texts) {
  if (texts.size() == 1) return quote_for_sieve(texts[0]);
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + quote_for_sieve(text);
  return out + "]";
}

SieveTest leaf(std::string text, std::set<std::string> needs = {}) {
  SieveTest out;
  out.text = std::move(text);
  out.needs = std::move(needs);
  return out;
}

SieveTest negated(SieveTest test) {
  SieveTest out;
  out.form = SieveTest::Form::none;
  out.parts.push_back(std::move(test));
  return out;
}

constexpr std::string_view kHows[] = {":contains", ":is", ":matches"};

std::string_view how_text(Condition::How how) { return kHows[static_cast<std::size_t>(how)]; }

// "*" and "?" as themselves.
std::string as_pattern(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

struct Wanted {
  Condition::How how = Condition::How::contains;
  std::string value;
};

// People in a field. A whole address is asked of the address, a part of it of all that is shown.
SieveTest people_test(const char* field, std::optional<Condition::What> what, const Wanted& wanted) {
  const bool is_part = wanted.how == Condition::How::contains;
  SieveTest out = leaf(fmt::format("{} {} \"{}\" {}", is_part ? "header" : "address", how_text(wanted.how), field,
                                   quote_for_sieve(wanted.value)));
  if (what) out.condition = Condition{*what, wanted.how, "", {wanted.value}, 0, false};
  if (!what && is_part) out.condition = Condition{Condition::What::header, wanted.how, field, {wanted.value}, 0, false};
  return out;
}

SieveTest receivers_test(const Wanted& wanted) {
  const bool is_part = wanted.how == Condition::How::contains;
  SieveTest out = leaf(fmt::format("{} {} [\"to\", \"cc\"] {}", is_part ? "header" : "address", how_text(wanted.how),
                                   quote_for_sieve(wanted.value)));
  out.condition = Condition{Condition::What::to, wanted.how, "", {wanted.value}, 0, false};
  return out;
}

SieveTest header_test(const std::string& field, const Wanted& wanted) {
  SieveTest out =
      leaf(fmt::format("header {} {} {}", how_text(wanted.how), quote_for_sieve(field), quote_for_sieve(wanted.value)));
  const auto what = iequals(field, "subject") ? Condition::What::subject : Condition::What::header;
  out.condition = Condition{what, wanted.how, what == Condition::What::header ? field : "", {wanted.value}, 0, false};
  return out;
}

SieveTest attachment_test() {
  return leaf("header :mime :anychild :contains \"content-disposition\" \"attachment\"", {"mime"});
}

// What is behind a search key's type and before its end: "SMTP:ADA@EXAMPLE.ORG\0".
std::string of_search_key(std::string_view bytes) {
  while (bytes.ends_with('\0')) bytes.remove_suffix(1);
  const auto colon = bytes.find(':');
  return to_lower(colon == std::string_view::npos ? bytes : bytes.substr(colon + 1));
}

class TestMaker {
 public:
  TestMaker(const RuleWorld& world, std::vector<std::string>& losses, std::string& why)
      : world_(world), losses_(losses), why_(why) {}

  std::optional<SieveTest> make(const Restriction& one) {
    switch (one.kind) {
      case AskKind::all:
      case AskKind::any:
        return joined(one);
      case AskKind::none: {
        if (one.parts.size() != 1) return cannot("a part of the condition is missing");
        auto inner = make(one.parts[0]);
        return inner ? std::optional(negated(*std::move(inner))) : std::nullopt;
      }
      case AskKind::content:
        return content(one);
      case AskKind::property:
        return property(one);
      case AskKind::bitmask:
        return bits(one);
      case AskKind::exist:
        return exists(one);
      case AskKind::size:
        return size_of_property(one);
      case AskKind::sub:
        return recipients(one);
      case AskKind::compare:
        break;
    }
    return cannot("it compares two properties");
  }

 private:
  std::nullopt_t cannot(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    return std::nullopt;
  }
  std::nullopt_t cannot_ask(const Restriction& one) {
    return cannot(fmt::format("it asks for {}, which no script can", print(Tag(one.property))));
  }
  void loses(const char* sentence) {
    if (std::ranges::find(losses_, sentence) == losses_.end()) losses_.emplace_back(sentence);
  }

  std::optional<SieveTest> joined(const Restriction& one) {
    SieveTest out;
    out.form = one.kind == AskKind::all ? SieveTest::Form::all : SieveTest::Form::any;
    for (const Restriction& part : one.parts) {
      auto test = make(part);
      if (!test) return std::nullopt;
      out.parts.push_back(*std::move(test));
    }
    if (out.parts.empty()) return always(one.kind == AskKind::all);
    if (out.parts.size() == 1) return std::move(out.parts.front());
    return out;
  }

  static SieveTest always(bool holds) {
    SieveTest out = leaf(holds ? "true" : "false");
    if (holds) out.condition = Condition{Condition::What::any, Condition::How::contains, "", {}, 0, false};
    return out;
  }

  // The text that is looked for; of bytes what their search key says.
  std::optional<Wanted> wanted_of(const Restriction& one) {
    if (!one.value) return std::nullopt;
    Wanted out;
    if (const auto* text = std::get_if<std::string>(&one.value->data()))
      out.value = one.value->type() == Type::binary ? of_search_key(*text) : *text;
    std::erase(out.value, '\r');
    // Bytes may be anything; a rule is text.
    if (out.value.empty() || out.value.find('\0') != std::string::npos || !mime::is_utf8(out.value))
      return std::nullopt;
    out.how = one.match == AskMatch::substring ? Condition::How::contains
              : one.match == AskMatch::full    ? Condition::How::is
                                               : Condition::How::matches;
    if (one.kind == AskKind::property) out.how = Condition::How::is;
    if (out.how == Condition::How::matches) out.value = as_pattern(out.value) + "*";
    if (one.kind == AskKind::content && !one.ignores_case && one.value->type() != Type::binary)
      loses("upper and lower case count the same here");
    return out;
  }

  std::optional<SieveTest> content(const Restriction& one) {
    if (!one.property.set.is_null()) return cannot_ask(one);
    if (one.property.id == tag::kMessageClass.id) return message_class(one);
    // More than one person: their names stand with ";" between them.
    if (one.property.id == 0x0E04 && one.value && one.value->data() == Value::Data(std::string(";")))
      return leaf("address :count \"gt\" :comparator \"i;ascii-numeric\" \"to\" \"1\"",
                  {"relational", "comparator-i;ascii-numeric"});
    const auto wanted = wanted_of(one);
    if (!wanted) return cannot("it looks for no text");
    return text_test(one, *wanted);
  }

  std::optional<SieveTest> text_test(const Restriction& one, const Wanted& wanted) {
    switch (one.property.id) {
      case 0x0037:  // subject
      case 0x0E1D:  // without "Re: "
      case 0x0070:  // conversation
        if (one.property.id != 0x0037 && wanted.how != Condition::How::contains)
          loses("\"Re:\" before a subject counts");
        return header_test("subject", wanted);
      case 0x1000: {
        SieveTest out =
            leaf(fmt::format("body :text {} {}", how_text(wanted.how), quote_for_sieve(wanted.value)), {"body"});
        out.condition = Condition{Condition::What::body, wanted.how, "", {wanted.value}, 0, false};
        return out;
      }
      case 0x007D:
        return transport_header(wanted);
      case 0x0042:  // names and addresses of who wrote it, and who sent it
      case 0x0065:
      case 0x5D02:
      case 0x003B:
      case 0x0C1A:
      case 0x0C1F:
      case 0x5D01:
      case 0x0C1D:
        return people_test("from", Condition::What::from, wanted);
      case 0x0E04:
        return people_test("to", std::nullopt, wanted);
      case 0x0E03:
        return people_test("cc", std::nullopt, wanted);
      case 0x1035:
        return header_test("message-id", wanted);
      case 0x1039:
        return header_test("references", wanted);
      case 0x1042:
        return header_test("in-reply-to", wanted);
      default:
        return cannot_ask(one);
    }
  }

  // "List-Id: <x>" names its field; other texts may be anywhere.
  std::optional<SieveTest> transport_header(const Wanted& wanted) {
    const auto colon = wanted.value.find(':');
    const std::string field = wanted.value.substr(0, colon);
    const bool is_field =
        colon != std::string::npos && colon > 0 && std::ranges::all_of(field, [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        });
    if (!is_field) return cannot("it looks for text anywhere among the header's fields, which no script can");
    auto rest = wanted.value.substr(colon + 1);
    rest.erase(0, std::min(rest.find_first_not_of(' '), rest.size()));
    if (rest.empty()) return leaf(fmt::format("exists {}", quote_for_sieve(field)));
    return header_test(field, {Condition::How::contains, rest});
  }

  std::optional<SieveTest> message_class(const Restriction& one) {
    const auto* text = one.value ? std::get_if<std::string>(&one.value->data()) : nullptr;
    const std::string wanted = text == nullptr ? std::string() : to_lower(*text);
    if (wanted.starts_with("ipm.schedule.meeting")) {
      loses("meeting requests and answers to them are not told apart");
      return leaf("header :mime :anychild :contenttype :is \"content-type\" \"text/calendar\"", {"mime"});
    }
    if (wanted.starts_with("report."))
      return leaf("header :mime :contenttype :is \"content-type\" \"multipart/report\"", {"mime"});
    const bool is_any_mail =
        (wanted == "ipm" || wanted == "ipm.note") && one.kind == AskKind::content && one.match != AskMatch::full;
    if (is_any_mail) return always(true);
    return cannot(fmt::format("it asks for messages of the class {}", wanted));
  }

  std::optional<SieveTest> property(const Restriction& one) {
    if (!one.property.set.is_null() || !one.value) return cannot_ask(one);
    const auto* number = std::get_if<std::int64_t>(&one.value->data());
    const bool is_equal = one.relation == AskRelation::equal;
    if (one.relation == AskRelation::unequal) {
      Restriction same = one;
      same.relation = AskRelation::equal;
      auto test = property(same);
      return test ? std::optional(negated(*std::move(test))) : std::nullopt;
    }
    switch (one.property.id) {
      case 0x0E08:
        return number ? size_test(one.relation, *number) : cannot_ask(one);
      case 0x0E06:
      case 0x0039:
        return number ? time_test(one.relation, *number) : cannot_ask(one);
      default:
        break;
    }
    if (!is_equal) return cannot_ask(one);
    if (number != nullptr) return number_test(one, *number);
    if (one.property.id == tag::kMessageClass.id) return message_class(one);
    const auto* text = std::get_if<std::string>(&one.value->data());
    if (text != nullptr && text->empty() && (one.property.id == 0x0E03 || one.property.id == 0x0E04))
      return negated(leaf(one.property.id == 0x0E03 ? "exists \"cc\"" : "exists \"to\""));
    const auto wanted = wanted_of(one);
    return wanted ? text_test(one, *wanted) : cannot_ask(one);
  }

  std::optional<SieveTest> number_test(const Restriction& one, std::int64_t number) {
    switch (one.property.id) {
      case 0x0017:
        return importance(number);
      case 0x0036:
        return sensitivity(number);
      case 0x0E1B:
        return number != 0 ? attachment_test() : negated(attachment_test());
      case 0x0057:
        return to_me("\"to\"", number != 0);
      case 0x0058:
        return to_me("\"cc\"", number != 0);
      case 0x0059:
        return to_me("[\"to\", \"cc\"]", number != 0);
      default:
        return cannot_ask(one);
    }
  }

  static SieveTest importance(std::int64_t level) {
    const auto is = [](const char* word, const char* first, const char* second) {
      return leaf(
          fmt::format("anyof (header :is \"importance\" \"{}\", header :matches \"x-priority\" [\"{}*\", "
                      "\"{}*\"])",
                      word, first, second));
    };
    if (level == 2) return is("high", "1", "2");
    if (level == 0) return is("low", "4", "5");
    SieveTest out;
    out.form = SieveTest::Form::all;
    out.parts.push_back(negated(is("high", "1", "2")));
    out.parts.push_back(negated(is("low", "4", "5")));
    return out;
  }

  std::optional<SieveTest> sensitivity(std::int64_t level) {
    static constexpr const char* kWords[] = {"", "personal", "private", "company-confidential"};
    if (level < 0 || level > 3) return cannot("it asks for an unknown sensitivity");
    if (level == 0)
      return negated(leaf("header :is \"sensitivity\" [\"personal\", \"private\", \"company-confidential\"]"));
    return header_test("sensitivity", {Condition::How::is, kWords[level]});
  }

  std::optional<SieveTest> to_me(const char* fields, bool is_wanted) {
    if (world_.own_addresses.empty()) return cannot("it asks for the user's own addresses, which are not known");
    SieveTest out = leaf(fmt::format("address :is {} {}", fields, list_of(world_.own_addresses)));
    if (std::string_view(fields).starts_with('['))
      out.condition = Condition{Condition::What::to, Condition::How::is, "", world_.own_addresses, 0, false};
    return is_wanted ? out : negated(std::move(out));
  }

  std::optional<SieveTest> size_test(AskRelation relation, std::int64_t bytes) {
    if (bytes < 0) return cannot("it asks for a size below nothing");
    const auto over = [](std::int64_t limit) {
      SieveTest out = leaf(fmt::format("size :over {}", limit));
      out.condition = Condition{
          Condition::What::size_over, Condition::How::contains, "", {}, static_cast<std::uint64_t>(limit), false};
      return out;
    };
    const auto under = [](std::int64_t limit) {
      SieveTest out = leaf(fmt::format("size :under {}", limit));
      out.condition = Condition{
          Condition::What::size_under, Condition::How::contains, "", {}, static_cast<std::uint64_t>(limit), false};
      return out;
    };
    if (relation == AskRelation::more) return over(bytes);
    if (relation == AskRelation::less) return under(bytes);
    if (relation == AskRelation::at_least) return bytes == 0 ? always(true) : over(bytes - 1);
    if (relation == AskRelation::at_most) return bytes == INT64_MAX ? always(true) : under(bytes + 1);
    return cannot("it asks for one size alone");
  }

  std::optional<SieveTest> time_test(AskRelation relation, std::int64_t ticks) {
    const auto at = instant_of_ticks(ticks);
    const char* how = relation == AskRelation::more       ? "gt"
                      : relation == AskRelation::at_least ? "ge"
                      : relation == AskRelation::less     ? "lt"
                      : relation == AskRelation::at_most  ? "le"
                                                          : nullptr;
    if (!at || how == nullptr) return cannot("it asks for one moment alone");
    const auto day = std::chrono::floor<std::chrono::days>(*at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(*at - day);
    return leaf(
        fmt::format("currentdate :zone \"+0000\" :value \"{}\" \"iso8601\" \"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}\"",
                    how, static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                    static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                    time.seconds().count()),
        {"date", "relational"});
  }

  std::optional<SieveTest> bits(const Restriction& one) {
    constexpr std::uint32_t kIsRead = 1, kHasAttachment = 0x10;
    if (!one.property.set.is_null() || one.property.id != tag::kMessageFlags.id) return cannot_ask(one);
    if (one.mask == kHasAttachment) return one.is_set ? attachment_test() : negated(attachment_test());
    if (one.mask == kIsRead) return always(!one.is_set);  // nobody has read what arrives
    return cannot_ask(one);
  }

  std::optional<SieveTest> exists(const Restriction& one) {
    if (!one.property.set.is_null()) return cannot_ask(one);
    switch (one.property.id) {
      case 0x001A:  // every message has one
      case 0x0E06:
      case 0x0E07:
      case 0x0E08:
        return always(true);
      case 0x0037:
        return leaf("exists \"subject\"");
      case 0x1035:
        return leaf("exists \"message-id\"");
      case 0x1039:
        return leaf("exists \"references\"");
      case 0x1042:
        return leaf("exists \"in-reply-to\"");
      case 0x0036:
        return leaf("exists \"sensitivity\"");
      case 0x0E03:
        return leaf("exists \"cc\"");
      case 0x0E04:
        return leaf("exists \"to\"");
      default:
        return cannot_ask(one);
    }
  }

  std::optional<SieveTest> size_of_property(const Restriction& one) {
    if (one.property.set.is_null() && one.property.id == 0x0E03 && one.bytes <= 1)
      return one.relation == AskRelation::more || one.relation == AskRelation::at_least
                 ? leaf("exists \"cc\"")
                 : negated(leaf("exists \"cc\""));
    return cannot_ask(one);
  }

  // Of the recipients: of which fields, and what their addresses or names are to be.
  std::optional<SieveTest> recipients(const Restriction& one) {
    if (one.parts.size() != 1 || !one.property.set.is_null() || one.property.id != kRecipientTable)
      return cannot("it asks what attachments are like");
    return recipient(one.parts[0], 0);
  }

  // `kind`: 0 any, else as RecipientKind.
  std::optional<SieveTest> recipient(const Restriction& one, std::int64_t kind) {
    if (one.kind == AskKind::any || one.kind == AskKind::all) {
      std::vector<const Restriction*> about;
      for (const Restriction& part : one.parts) {
        const auto* number = part.value ? std::get_if<std::int64_t>(&part.value->data()) : nullptr;
        const bool is_kind = part.kind == AskKind::property && part.property.set.is_null() &&
                             part.property.id == tag::kRecipientType.id && part.relation == AskRelation::equal;
        if (is_kind && number != nullptr && one.kind == AskKind::all)
          kind = *number & 0xff;
        else
          about.push_back(&part);
      }
      SieveTest out;
      out.form = one.kind == AskKind::all ? SieveTest::Form::all : SieveTest::Form::any;
      for (const Restriction* part : about) {
        auto test = recipient(*part, kind);
        if (!test) return std::nullopt;
        out.parts.push_back(*std::move(test));
      }
      if (out.parts.empty()) return cannot("it asks for recipients of a kind alone");
      if (out.parts.size() == 1) return std::move(out.parts.front());
      if (one.kind == AskKind::all) loses("what it asks of one recipient may here be true of several");
      return out;
    }
    if (one.kind != AskKind::content && one.kind != AskKind::property) return cannot_ask(one);
    if (one.kind == AskKind::property && one.relation != AskRelation::equal) return cannot_ask(one);
    const auto wanted = wanted_of(one);
    if (!wanted || !one.property.set.is_null()) return cannot_ask(one);
    static constexpr std::uint32_t kOfPeople[] = {0x3001, 0x3003, 0x39FE, 0x300B, 0x5FF6};
    if (std::ranges::find(kOfPeople, one.property.id) == std::end(kOfPeople)) return cannot_ask(one);
    if (kind == 0) return receivers_test(*wanted);
    if (kind == 1) return people_test("to", std::nullopt, *wanted);
    if (kind == 2) return people_test("cc", std::nullopt, *wanted);
    return cannot("it asks who got a blind copy");
  }

  const RuleWorld& world_;
  std::vector<std::string>& losses_;
  std::string& why_;
};

}  // namespace

std::string quote_for_sieve(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c != '\r' && c != '\0') out.push_back(c);
  }
  return out + "\"";
}

std::string print(const SieveTest& test) {
  if (test.form == SieveTest::Form::leaf) return test.text;
  if (test.form == SieveTest::Form::none) return "not " + print(test.parts.front());
  std::string out = test.form == SieveTest::Form::all ? "allof (" : "anyof (";
  for (const SieveTest& part : test.parts) out += (out.ends_with('(') ? "" : ", ") + print(part);
  return out + ")";
}

void gather_needs(const SieveTest& test, std::set<std::string>& out) {
  out.insert(test.needs.begin(), test.needs.end());
  for (const SieveTest& part : test.parts) gather_needs(part, out);
}

std::optional<SieveTest> sieve_test_of(const Restriction& restriction, const RuleWorld& world,
                                       std::vector<std::string>& losses, std::string& why) {
  return TestMaker(world, losses, why).make(restriction);
}

}  // namespace kontor::mapi
