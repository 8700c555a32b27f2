// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/lines/reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "formats/lines/logical_lines.h"
#include "formats/mime/charset.h"
#include "formats/mime/decode.h"

namespace kontor::lines {
namespace {

// A line at least this long was cut by width, a shorter one by its author.
constexpr std::size_t kCutWidth = 70;

std::string decode_text(std::string_view bytes, std::string_view charset) {
  if (charset.empty() || iequals(charset, "utf-8") || iequals(charset, "us-ascii")) {
    std::string text;
    mime::append_guessed(bytes, text);
    return text;
  }
  return mime::to_utf8(bytes, charset).text;
}

// The whole text without its mark, in a superset of ASCII.
std::string whole_text(std::string_view bytes, std::string_view charset) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))
    return mime::to_utf8(bytes.substr(2), bytes[0] == '\xFF' ? "utf-16le" : "utf-16be").text;
  if (bytes.starts_with("\xEF\xBB\xBF")) return std::string(bytes.substr(3));
  // UTF-16 without a mark: no other charset has a zero behind its "B".
  if (bytes.size() > 3 && bytes[0] != 0 && bytes[1] == 0) return mime::to_utf8(bytes, "utf-16le").text;
  const bool is_plain = charset.empty() || iequals(charset, "utf-8") || iequals(charset, "us-ascii");
  return is_plain ? std::string(bytes) : mime::to_utf8(bytes, charset).text;
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

// RFC 6868 section 3.1.
std::string decode_caret(std::string_view value) {
  std::string out;
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char next = value[at] == '^' && at + 1 < value.size() ? value[at + 1] : 0;
    if (next == 'n')
      out += '\n';
    else if (next == '^')
      out += '^';
    else if (next == '\'')
      out += '"';
    else
      out += value[at];
    if (next == 'n' || next == '^' || next == '\'') ++at;
  }
  return out;
}

// Takes one parameter value off `rest`; what follows it stays: ",", ";" or ":".
std::string take_value(std::string_view& rest) {
  if (rest.starts_with('"'))
    if (const std::size_t close = rest.find('"', 1); close != std::string_view::npos) {
      std::string value = decode_caret(rest.substr(1, close - 1));
      rest.remove_prefix(close + 1);
      const std::size_t stray = std::min(rest.find_first_of(",;:"), rest.size());
      value += rest.substr(0, stray);
      rest.remove_prefix(stray);
      return value;
    }
  const std::size_t end = std::min(rest.find_first_of(",;:"), rest.size());
  std::string value = decode_caret(rest.substr(0, end));
  rest.remove_prefix(end);
  return value;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// A name as it may be written: other characters become "-".
std::string token(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) c = '-';
  return out;
}

// Without control characters; a line end becomes `line_end`.
std::string clean_text(std::string_view text, std::string_view line_end) {
  std::string out;
  for (const char c : text) {
    if (c == '\n')
      out += line_end;
    else if (!is_control(c))
      out += c;
  }
  return out;
}

// `line` is a content line by is_content_line(). Nothing if no colon ends the parameters, or if they are too many.
// `parts`: parameters and their values are added.
std::optional<Property> parse_property(std::string_view line, const Limits& limits, std::size_t& parts) {
  Property property;
  const std::size_t name_end = line.find_first_of(";:");
  std::string_view name = trim(line.substr(0, name_end));
  if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos) {
    property.group = token(name.substr(0, dot));
    name.remove_prefix(dot + 1);
  }
  if (name.empty()) return std::nullopt;
  property.name = token(name);
  std::string_view rest = line.substr(name_end);
  while (rest.starts_with(';')) {
    rest.remove_prefix(1);
    const std::size_t end = rest.find_first_of("=;:");
    if (end == std::string_view::npos || property.parameters.size() == limits.parameters) return std::nullopt;
    Parameter parameter{.name = token(trim(rest.substr(0, end)))};
    rest.remove_prefix(end);
    bool more = rest.starts_with('=');
    if (++parts > limits.parts) return std::nullopt;
    while (more) {
      if (++parts > limits.parts) return std::nullopt;
      rest.remove_prefix(1);
      parameter.values.push_back(take_value(rest));
      more = rest.starts_with(',');
    }
    if (!parameter.name.empty()) property.parameters.push_back(std::move(parameter));
  }
  if (!rest.starts_with(':')) return std::nullopt;
  property.value = rest.substr(1);
  return property;
}

// Quoted-printable of vCard 2.1 and vCalendar 1.0; then bytes to text.
void decode_property(Property& property) {
  const std::string charset(property.parameter("CHARSET"));
  bool is_quoted = false;
  std::erase_if(property.parameters, [&](const Parameter& p) {
    const bool names = (p.values.empty() && iequals(p.name, "QUOTED-PRINTABLE")) ||
                       (iequals(p.name, "ENCODING") && !p.values.empty() && iequals(p.values[0], "QUOTED-PRINTABLE"));
    is_quoted = is_quoted || names;
    return names || iequals(p.name, "CHARSET");
  });
  if (is_quoted) {
    std::string bytes;
    mime::BodyDecoder decoder(mime::TransferEncoding::quoted_printable);
    decoder.feed(property.value, bytes);
    decoder.finish(bytes);
    property.value = std::move(bytes);
  }
  property.value = clean_text(decode_text(property.value, charset), "\\n");
  for (Parameter& p : property.parameters)
    for (std::string& value : p.values) value = clean_text(decode_text(value, charset), "\n");
}

class ComponentReader {
 public:
  explicit ComponentReader(const Limits& limits) : limits_(limits) {}

  Result<Read> run(std::string_view text) {
    LogicalLines lines(text);
    std::size_t width = 0;  // of the physical line before
    while (const auto line = lines.next()) {
      number_ = lines.number();
      TRY_VOID(take(*line, width));
      width = lines.last_width();
    }
    while (!open_.empty()) {
      repair(fmt::format("END:{} is missing", open_.back().name));
      read_.is_truncated = true;
      close();
    }
    if (read_.components.empty())
      return fail(Errc::invalid, "line 1: no BEGIN line: this is neither a calendar nor a card.");
    return std::move(read_);
  }

 private:
  Result<void> take(std::string_view line, std::size_t width_before) {
    std::string clean;
    if (std::ranges::any_of(line, is_control)) {
      std::ranges::remove_copy_if(line, std::back_inserter(clean), is_control);
      line = clean;
      repair("control characters were removed");
    }
    std::optional<Property> property = is_content_line(line) ? parse_property(line, limits_, parts_) : std::nullopt;
    if (parts_ > limits_.parts) return too_many("parameters and values of them", limits_.parts);
    if (!property) return keep(line, width_before);
    if (property->is("BEGIN")) return begin(*property);
    if (property->is("END")) return end(*property);
    if (open_.empty()) {
      repair("a line outside of all components was left out");
      return {};
    }
    if (++properties_ > limits_.properties) return too_many("properties", limits_.properties);
    decode_property(*property);
    open_.back().properties.push_back(std::move(*property));
    return {};
  }

  // A line that is no property: what a program cut without a blank before it, or text with bare line ends in it.
  Result<void> keep(std::string_view line, std::size_t width_before) {
    if (open_.empty()) {
      if (!trim(line).empty()) repair("a line outside of all components was left out");
      return {};
    }
    std::vector<Property>& before = open_.back().properties;
    const std::string text = decode_text(line, {});
    if (!before.empty() && width_before >= kCutWidth) {
      before.back().value += text;
      repair("a line that is no property was joined with the one before");
    } else if (!before.empty() && takes_lines(before.back())) {
      before.back().value += "\\n" + escape(text);
      repair("a line that is no property was taken as text of the one before");
    } else {
      if (++properties_ > limits_.properties) return too_many("properties", limits_.properties);
      before.push_back({.name = std::string(kUnreadable), .value = escape(text)});
      repair("a line that is no property was kept aside");
    }
    return {};
  }

  static bool takes_lines(const Property& property) {
    for (const std::string_view name : {"DESCRIPTION", "SUMMARY", "COMMENT", "LOCATION", "NOTE", "LABEL", "X-ALT-DESC"})
      if (property.is(name)) return true;
    return false;
  }

  Result<void> begin(const Property& property) {
    if (open_.size() == limits_.depth)
      return fail(Errc::too_large,
                  fmt::format("line {}: more than {} components inside each other.", number_, limits_.depth));
    if (++components_ > limits_.components) return too_many("components", limits_.components);
    Component component;
    component.name = decode_text(trim(property.value), {});
    if (component.name.empty()) return fail(Errc::invalid, fmt::format("line {}: BEGIN of nothing.", number_));
    if (!open_.empty()) component.place = open_.back().properties.size();
    open_.push_back(std::move(component));
    return {};
  }

  Result<void> end(const Property& property) {
    const std::string_view name = trim(property.value);
    const auto found =
        std::ranges::find_if(open_.rbegin(), open_.rend(), [&](const Component& c) { return c.is(name); });
    if (found == open_.rend()) {
      repair("an END without its BEGIN was left out");
      return {};
    }
    for (auto more = found - open_.rbegin(); more > 0; --more) {
      repair(fmt::format("END:{} is missing", open_.back().name));
      close();
    }
    close();
    return {};
  }

  void close() {
    Component done = std::move(open_.back());
    open_.pop_back();
    for (Component& inner : done.components)
      if (inner.place >= done.properties.size()) inner.place = Component::kLast;
    (open_.empty() ? read_.components : open_.back().components).push_back(std::move(done));
  }

  void repair(std::string text) {
    if (read_.repairs.size() < kMostRepairs) read_.repairs.push_back({.line = number_, .text = std::move(text)});
  }

  std::unexpected<Error> too_many(std::string_view what, std::size_t limit) const {
    return fail(Errc::too_large, fmt::format("line {}: more than {} {}.", number_, limit, what));
  }

  const Limits& limits_;
  Read read_;
  std::vector<Component> open_;
  std::size_t number_ = 1;
  std::size_t components_ = 0;
  std::size_t properties_ = 0;
  std::size_t parts_ = 0;
};

}  // namespace

Result<Read> read(std::string_view bytes, std::string_view charset, const Limits& limits) {
  if (bytes.size() > limits.bytes)
    return fail(Errc::too_large, fmt::format("line 1: {} bytes, and {} are allowed.", bytes.size(), limits.bytes));
  const std::string text = whole_text(bytes, charset);
  return ComponentReader(limits).run(text);
}

}  // namespace kontor::lines
