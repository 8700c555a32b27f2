// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/archive/members.h"

#include "base/bytes.h"
#include "formats/archive/record.h"
#include "formats/mime/charset.h"

namespace kontor::archive {
namespace {

constexpr const char* kFlagNames[] = {"\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted"};

bool to_text_of(const boost::json::value& value, std::string& out, std::size_t limit) {
  if (value.is_string()) {
    out.assign(value.as_string().data(), value.as_string().size());
    return out.size() <= limit;
  }
  if (!value.is_object() || value.as_object().size() != 1) return false;
  const auto* inner = value.as_object().if_contains("base64");
  if (inner == nullptr || !inner->is_string()) return false;
  auto bytes = from_base64(std::string_view(inner->as_string().data(), inner->as_string().size()));
  if (!bytes || bytes->size() > limit) return false;
  out = std::move(*bytes);
  return true;
}

}  // namespace

boost::json::value text_value(std::string_view text) {
  if (mime::is_utf8(text)) return boost::json::string(text);
  return boost::json::object{{"base64", to_base64(text)}};
}

Result<Members> Members::parse(std::string_view text, std::string_view what) {
  if (text.size() > kMaxRecord) return fail(Errc::invalid, fmt::format("the {} record is too long", what));
  boost::json::parse_options options;
  options.max_depth = 8;
  boost::system::error_code error;
  auto value = boost::json::parse(boost::json::string_view(text), error, {}, options);
  if (error) return fail(Errc::invalid, fmt::format("the {} record is no sound JSON: {}", what, error.message()));
  if (!value.is_object()) return fail(Errc::invalid, fmt::format("the {} record is no JSON object", what));
  return of(value.as_object(), what);
}

Members Members::of(const boost::json::object& object, std::string_view what) {
  Members members;
  members.object_ = object;
  members.what_ = what;
  return members;
}

const boost::json::value* Members::take(const char* name) {
  const auto* value = object_.if_contains(name);
  if (value != nullptr) taken_.insert(name);
  return value;
}

void Members::complain(const char* name, const char* expected) {
  if (problem_.empty()) problem_ = fmt::format("the {} record's \"{}\" must be {}", what_, name, expected);
}

void Members::need(bool holds, const char* name, const char* expected) {
  if (!holds) complain(name, expected);
}

void Members::number(const char* name, std::uint64_t& out, std::uint64_t limit) {
  const auto* value = take(name);
  if (value == nullptr) return;
  std::uint64_t got = 0;
  if (value->is_uint64()) {
    got = value->get_uint64();
  } else if (value->is_int64() && value->get_int64() >= 0) {
    got = static_cast<std::uint64_t>(value->get_int64());
  } else {
    return complain(name, "a whole number within its limits");
  }
  if (got > limit) return complain(name, "a whole number within its limits");
  out = got;
}

void Members::number(const char* name, std::uint32_t& out) {
  std::uint64_t wide = out;
  number(name, wide, UINT32_MAX);
  out = static_cast<std::uint32_t>(wide);
}

void Members::flag(const char* name, bool& out) {
  const auto* value = take(name);
  if (value == nullptr) return;
  if (!value->is_bool()) return complain(name, "true or false");
  out = value->as_bool();
}

void Members::text(const char* name, std::string& out, std::size_t limit) {
  const auto* value = take(name);
  if (value != nullptr && !to_text_of(*value, out, limit)) complain(name, "a text within its limits");
}

void Members::texts(const char* name, std::vector<std::string>& out, std::size_t count, std::size_t limit) {
  const auto* value = take(name);
  if (value == nullptr) return;
  if (!value->is_array() || value->as_array().size() > count) return complain(name, "a list of texts");
  for (const auto& element : value->as_array()) {
    if (!to_text_of(element, out.emplace_back(), limit)) return complain(name, "a list of texts within their limits");
  }
}

void Members::text_map(const char* name, std::map<std::string, std::string>& out, std::size_t count,
                       std::size_t limit) {
  const auto* value = take(name);
  if (value == nullptr) return;
  if (!value->is_object() || value->as_object().size() > count) return complain(name, "an object of texts");
  for (const auto& member : value->as_object()) {
    const std::string key(member.key());
    if (key.empty() || key.size() > 200 || !to_text_of(member.value(), out[key], limit)) {
      return complain(name, "an object of texts within their limits");
    }
  }
}

Result<void> Members::finish() {
  if (problem_.empty() && taken_.size() < object_.size()) {
    for (const auto& member : object_) {
      if (taken_.contains(std::string(member.key()))) continue;
      problem_ = fmt::format("the {} record has the unknown member \"{}\"", what_, std::string(member.key()));
      break;
    }
  }
  if (!problem_.empty()) return fail(Errc::invalid, problem_);
  return {};
}

boost::json::array flag_names(std::uint8_t flags) {
  boost::json::array out;
  for (std::size_t i = 0; i < std::size(kFlagNames); ++i) {
    if ((flags & (1u << i)) != 0) out.push_back(boost::json::string(kFlagNames[i]));
  }
  return out;
}

void take_flags(Members& members, std::uint8_t& flags) {
  std::vector<std::string> names;
  members.texts("flags", names, std::size(kFlagNames), 20);
  for (const auto& name : names) {
    const auto* found = std::find(std::begin(kFlagNames), std::end(kFlagNames), name);
    members.need(found != std::end(kFlagNames), "flags", "known flags");
    if (found != std::end(kFlagNames)) flags |= static_cast<std::uint8_t>(1u << (found - std::begin(kFlagNames)));
  }
}

}  // namespace kontor::archive
