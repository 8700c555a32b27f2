// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "formats/mime/charset.h"
#include "formats/sieve/rules.h"
#include "formats/sieve/rules_form.h"

namespace kontor::sieve {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostRules = 500, kMostEntries = 5000;
constexpr std::array<std::string_view, 8> kWhats = {"from", "to",        "subject",    "header",
                                                    "body", "size_over", "size_under", "any"};
constexpr std::array<std::string_view, 3> kHows = {"contains", "is", "matches"};
constexpr std::array<std::string_view, 6> kActions = {"file", "copy", "forward", "flag", "discard", "reject"};

json::array list_of(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

std::int64_t seconds_of(Instant at) { return at.time_since_epoch().count(); }

struct Writer {
  json::object& out;
  void operator()(const ForwardRule& rule) const {
    out["kind"] = "forward";
    out["addresses"] = list_of(rule.addresses);
    out["keep"] = rule.keeps_copy;
  }
  void operator()(const OutOfOfficeRule& rule) const {
    out["kind"] = "out_of_office";
    out["subject"] = rule.subject;
    out["text"] = rule.text;
    if (rule.external_text) out["external_text"] = *rule.external_text;
    if (rule.from) out["from"] = seconds_of(*rule.from);
    if (rule.until) out["until"] = seconds_of(*rule.until);
    out["days"] = rule.days;
  }
  void operator()(const JunkRule& rule) const {
    out["kind"] = "junk";
    out["never"] = list_of(rule.never);
    out["always"] = list_of(rule.always);
  }
  void operator()(const FilterRule& rule) const {
    out["kind"] = "filter";
    out["all"] = rule.needs_all;
    json::array conditions, actions;
    for (const Condition& condition : rule.conditions) {
      json::object one{{"what", kWhats.at(static_cast<std::size_t>(condition.what))}};
      if (!condition.values.empty()) {
        one["how"] = kHows.at(static_cast<std::size_t>(condition.how));
        one["values"] = list_of(condition.values);
      }
      if (!condition.field.empty()) one["field"] = condition.field;
      if (condition.bytes != 0) one["bytes"] = condition.bytes;
      if (condition.is_not) one["not"] = true;
      conditions.push_back(std::move(one));
    }
    for (const FilterAction& action : rule.actions) {
      json::object one{{"what", kActions.at(static_cast<std::size_t>(action.what))}};
      if (!action.value.empty()) one["value"] = action.value;
      actions.push_back(std::move(one));
    }
    out["conditions"] = std::move(conditions);
    out["actions"] = std::move(actions);
    out["stop"] = rule.stops;
  }
  void operator()(const IncludeRule& rule) const {
    out["kind"] = "include";
    out["script"] = rule.script;
  }
  void operator()(const TextRule& rule) const {
    out["kind"] = "sieve";
    out["text"] = rule.text;
  }
};

// Reads one object; the first thing that is wrong counts.
class Fields {
 public:
  explicit Fields(const json::object& object) : object_(object) {}

  std::string text(std::string_view name, std::string standard = {}) {
    const json::value* value = find(name);
    if (!value) return standard;
    if (!value->is_string()) return wrong(name), std::string();
    std::string text(value->get_string());
    std::erase(text, '\r');  // clients of ManageSieve change line ends as they like
    if (!mime::is_utf8(text) || text.find('\0') != std::string::npos) wrong(name);
    return text;
  }
  bool flag(std::string_view name, bool standard) {
    const json::value* value = find(name);
    if (!value) return standard;
    if (!value->is_bool()) return wrong(name), false;
    return value->get_bool();
  }
  std::uint64_t number(std::string_view name, std::uint64_t standard, std::uint64_t most) {
    const json::value* value = find(name);
    if (!value) return standard;
    const bool is_number = value->is_uint64() || (value->is_int64() && value->get_int64() >= 0);
    const std::uint64_t number = is_number ? value->to_number<std::uint64_t>() : 0;
    if (!is_number || number > most) wrong(name);
    return number;
  }
  std::optional<Instant> instant(std::string_view name) {
    if (!has(name)) return std::nullopt;
    return Instant(std::chrono::seconds(number(name, 0, 253'402'300'799ULL)));  // to the year 9999
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    for (const json::value& one : array(name)) {
      if (!one.is_string() || !mime::is_utf8(one.get_string())) {
        wrong(name);
        break;
      }
      std::erase(out.emplace_back(one.get_string()), '\r');
    }
    return out;
  }
  const json::array& array(std::string_view name) {
    static const json::array kNone;
    const json::value* value = find(name);
    if (!value) return kNone;
    if (!value->is_array() || value->get_array().size() > kMostEntries) return wrong(name), kNone;
    return value->get_array();
  }
  template <std::size_t n>
  std::size_t choice(std::string_view name, const std::array<std::string_view, n>& of) {
    const std::string given = text(name, std::string(of[0]));
    const auto found = std::ranges::find(of, given);
    if (found == of.end()) return wrong(name), 0;
    return static_cast<std::size_t>(found - of.begin());
  }
  bool has(std::string_view name) { return find(name) != nullptr; }
  const json::value* find(std::string_view name) {
    const json::value* value = object_.if_contains(name);
    return value && !value->is_null() ? value : nullptr;
  }
  void wrong(std::string_view name) {
    if (fault_.empty()) fault_ = fmt::format("\"{}\" of a rule makes no sense", name);
  }
  const std::string& fault() const { return fault_; }

 private:
  const json::object& object_;
  std::string fault_;
};

FilterRule read_filter(Fields& fields, std::string& fault) {
  FilterRule rule;
  rule.needs_all = fields.flag("all", true);
  rule.stops = fields.flag("stop", true);
  for (const json::value& one : fields.array("conditions")) {
    if (!one.is_object()) return fields.wrong("conditions"), rule;
    Fields inner(one.get_object());
    Condition& condition = rule.conditions.emplace_back();
    condition.what = static_cast<Condition::What>(inner.choice("what", kWhats));
    condition.how = static_cast<Condition::How>(inner.choice("how", kHows));
    condition.field = inner.text("field");
    condition.values = inner.texts("values");
    condition.bytes = inner.number("bytes", 0, INT64_MAX);
    condition.is_not = inner.flag("not", false);
    if (fault.empty()) fault = inner.fault();
  }
  for (const json::value& one : fields.array("actions")) {
    if (!one.is_object()) return fields.wrong("actions"), rule;
    Fields inner(one.get_object());
    FilterAction& action = rule.actions.emplace_back();
    action.what = static_cast<FilterAction::What>(inner.choice("what", kActions));
    action.value = inner.text("value");
    if (fault.empty()) fault = inner.fault();
  }
  return rule;
}

Result<Rule> read_rule(const json::object& object) {
  Fields fields(object);
  Rule rule;
  std::string fault;
  rule.name = fields.text("name");
  rule.is_enabled = fields.flag("enabled", true);
  const std::string kind = fields.text("kind");
  if (kind == "forward") {
    rule.what = ForwardRule{fields.texts("addresses"), fields.flag("keep", true)};
  } else if (kind == "out_of_office") {
    OutOfOfficeRule office;
    office.subject = fields.text("subject");
    office.text = fields.text("text");
    if (fields.has("external_text")) office.external_text = fields.text("external_text");
    office.from = fields.instant("from");
    office.until = fields.instant("until");
    office.days = static_cast<std::uint32_t>(fields.number("days", 7, 365));
    rule.what = std::move(office);
  } else if (kind == "junk") {
    rule.what = JunkRule{fields.texts("never"), fields.texts("always")};
  } else if (kind == "filter") {
    rule.what = read_filter(fields, fault);
  } else if (kind == "include") {
    rule.what = IncludeRule{fields.text("script")};
  } else if (kind == "sieve") {
    rule.what = TextRule{fields.text("text")};
  } else {
    return fail(Errc::invalid, fmt::format("There is no kind of rule \"{}\"", kind));
  }
  if (fault.empty()) fault = fields.fault();
  if (fault.empty()) fault = fault_of(rule);
  if (!fault.empty()) return fail(Errc::invalid, fault);
  return rule;
}

}  // namespace

std::string rule_to_json(const Rule& rule) {
  json::object out;
  if (!rule.name.empty()) out["name"] = rule.name;
  if (!rule.is_enabled) out["enabled"] = false;
  std::visit(Writer{out}, rule.what);
  return json::serialize(out);
}

Result<Rule> rule_of_json(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return fail(Errc::invalid, "A rule is a JSON object");
  return read_rule(value.get_object());
}

std::string to_json(const RuleList& list) {
  json::array rules;
  for (const Rule& rule : list.rules) rules.push_back(json::parse(rule_to_json(rule)));
  json::object out{{"rules", std::move(rules)}};
  if (!list.requires_more.empty()) out["require"] = list_of(list.requires_more);
  return json::serialize(out);
}

Result<RuleList> rules_of_json(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return fail(Errc::invalid, "Rules are a JSON object");
  Fields fields(value.get_object());
  RuleList list;
  list.requires_more = fields.texts("require");
  const json::array& rules = fields.array("rules");
  if (!fields.fault().empty()) return fail(Errc::invalid, fields.fault());
  if (rules.size() > kMostRules) return fail(Errc::too_large, "There are too many rules");
  for (const json::value& one : rules) {
    if (!one.is_object()) return fail(Errc::invalid, "A rule is a JSON object");
    TRY(Rule rule, read_rule(one.get_object()));
    list.rules.push_back(std::move(rule));
  }
  return list;
}

}  // namespace kontor::sieve
