// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/lines/writer.h"

#include <algorithm>

namespace kontor::lines {
namespace {

constexpr std::size_t kWidth = 75;

bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

void append_token(std::string_view name, std::string& out) {
  for (const char c : name) out += is_token_char(c) ? c : '-';
}

void append_parameter_value(std::string_view value, std::string& out) {
  const bool quotes = value.find_first_of(",;:") != std::string_view::npos;
  if (quotes) out += '"';
  for (const char c : value) {
    if (c == '^')
      out += "^^";
    else if (c == '"')
      out += "^'";
    else if (c == '\n')
      out += "^n";
    else if (c != '\r')
      out += c;
  }
  if (quotes) out += '"';
}

void append_value(std::string_view value, std::string& out) {
  for (const char c : value) {
    if (c == '\n')
      out += "\\n";
    else if (c != '\r')
      out += c;
  }
}

void append_folded(std::string_view line, std::string& out) {
  std::size_t room = kWidth;
  while (line.size() > room) {
    std::size_t cut = room;
    while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0) == 0x80) --cut;
    if (cut == 0) cut = room;  // no UTF-8
    out += line.substr(0, cut);
    out += "\r\n ";
    line.remove_prefix(cut);
    room = kWidth - 1;
  }
  out += line;
  out += "\r\n";
}

void append_property(const Property& property, std::string& out) {
  std::string line;
  if (!property.group.empty()) {
    append_token(property.group, line);
    line += '.';
  }
  append_token(property.name, line);
  for (const Parameter& parameter : property.parameters) {
    line += ';';
    append_token(parameter.name, line);
    line += '=';
    for (std::size_t i = 0; i < parameter.values.size(); ++i) {
      if (i > 0) line += ',';
      append_parameter_value(parameter.values[i], line);
    }
  }
  line += ':';
  append_value(property.value, line);
  append_folded(line, out);
}

}  // namespace

void append(const Component& component, std::string& out) {
  append_folded("BEGIN:" + component.name, out);
  auto inner = component.components.begin();
  for (std::size_t i = 0; i < component.properties.size(); ++i) {
    for (; inner != component.components.end() && inner->place <= i; ++inner) append(*inner, out);
    append_property(component.properties[i], out);
  }
  for (; inner != component.components.end(); ++inner) append(*inner, out);
  append_folded("END:" + component.name, out);
}

std::string write(const Component& component) {
  std::string out;
  append(component, out);
  return out;
}

}  // namespace kontor::lines
