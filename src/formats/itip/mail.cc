// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/mail.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/difference.h"
#include "formats/mime/decode.h"
#include "formats/mime/encoders.h"
#include "formats/mime/header.h"
#include "formats/mime/parser.h"
#include "formats/sieve/header_text.h"

namespace kontor::itip {
namespace {

constexpr std::size_t kMostText = 20'000;

const Component* first_part(const Component& calendar) {
  for (const Component& part : calendar.components)
    if (is_scheduled(part)) return &part;
  return nullptr;
}

std::string word(const Message& message) {
  const Component* part = first_part(message.calendar);
  switch (message.method) {
    case Method::request:
      return part != nullptr && icalendar::sequence(*part) > 0 ? "Updated invitation" : "Invitation";
    case Method::cancel:
      return "Cancelled";
    case Method::counter:
      return "Proposal";
    case Method::decline_counter:
      return "Proposal declined";
    case Method::refresh:
      return "Asked for again";
    case Method::reply: {
      const Property* person = part != nullptr ? attendee(*part, message.from) : nullptr;
      const std::string status = person != nullptr ? status_of(*person) : std::string();
      if (status == "ACCEPTED") return "Accepted";
      if (status == "DECLINED") return "Declined";
      if (status == "TENTATIVE") return "Maybe";
      if (status == "DELEGATED") return "Passed on";
      return "Answer";
    }
    default:
      return "Announcement";
  }
}

std::string opening(const Message& message, std::string_view who) {
  const std::string kind = word(message);
  if (kind == "Invitation") return fmt::format("{} invites you.", who);
  if (kind == "Updated invitation") return fmt::format("{} has changed an invitation.", who);
  if (kind == "Cancelled")
    return fmt::format("{} has cancelled what is named here, or you are not invited any more.", who);
  if (kind == "Accepted") return fmt::format("{} will come.", who);
  if (kind == "Declined") return fmt::format("{} will not come.", who);
  if (kind == "Maybe") return fmt::format("{} may come.", who);
  if (kind == "Passed on") return fmt::format("{} has passed the invitation on.", who);
  return fmt::format("{}: {}.", who, kind);
}

std::string time_text(const Component& part) {
  const auto times = icalendar::times_of(part);
  if (!times || !times->start) return {};
  icalendar::When end = times->end ? *times->end : *times->start;
  if (!times->end && times->duration) end.wall += times->duration->length();
  return span_text(*times->start, end);
}

std::string base64_lines(std::string_view bytes) {
  std::string out;
  mime::Base64Writer writer;
  writer.feed(bytes, out);
  writer.finish(out);
  if (!out.ends_with("\r\n")) out += "\r\n";
  return out;
}

std::string name_and_address(const std::string& name, const std::string& address) {
  if (name.empty()) return "<" + address + ">";
  std::string quoted;
  for (const char c : name)
    if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= ' ') quoted += c;
  if (is_ascii(quoted)) return "\"" + quoted + "\" <" + address + ">";
  return quoted;  // header_line() encodes it; the address follows on its own
}

std::string person_field(std::string_view field, const std::string& name, const std::string& address) {
  const std::string value = name_and_address(name, address);
  if (is_ascii(value)) return fmt::format("{}: {}\r\n", field, value);
  std::string line = sieve::header_line(field, value);
  while (line.ends_with("\r\n")) line.resize(line.size() - 2);
  return line + "\r\n <" + address + ">\r\n";
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r') continue;
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

std::string head_of(std::string_view subject, const MailFacts& facts) {
  return person_field("From", facts.from_name, facts.from) + person_field("To", {}, facts.to) +
         sieve::header_line("Subject", subject) +
         fmt::format(
             "Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\nMessage-ID: {}\r\nAuto-Submitted: auto-generated\r\n"
             "MIME-Version: 1.0\r\n",
             fmt::gmtime(facts.now.time_since_epoch().count()), facts.message_id);
}

// Parts of multiparts, depth first.
// The parser bounds the depth.
template <class Visit>
bool each_leaf(const mime::Entity& entity, const Visit& visit) {  // NOLINT(misc-no-recursion)
  if (entity.parts.empty()) return visit(entity);
  return std::ranges::all_of(entity.parts, [&](const mime::Entity& part) { return each_leaf(part, visit); });
}

std::optional<Component> read_leaf(const mime::Entity& leaf, std::string_view mail) {
  const bool is_text = iequals(leaf.type, "text") && iequals(leaf.subtype, "calendar");
  const bool is_file = iequals(leaf.type, "application") && iequals(leaf.subtype, "ics");
  if ((!is_text && !is_file) || leaf.body_size > 2 * kLargestMailed) return std::nullopt;
  std::string bytes;
  mime::BodyDecoder decoder(mime::parse_transfer_encoding(leaf.encoding));
  decoder.feed(mail.substr(leaf.body_offset, leaf.body_size), bytes);
  decoder.finish(bytes);
  if (bytes.size() > kLargestMailed) return std::nullopt;
  auto read = icalendar::read(bytes, mime::param(leaf.params, "charset").value_or(""),
                              {.bytes = kLargestMailed, .components = 20'000, .properties = 200'000, .parts = 400'000});
  if (!read || read->is_truncated) return std::nullopt;
  Component& calendar = read->calendars.front();
  if (!method_of(calendar)) return std::nullopt;
  // RFC 6047 section 2.4: what does not agree is not to be trusted.
  const auto method = mime::param(leaf.params, "method");
  if (method && !iequals(*method, calendar.value("METHOD"))) return std::nullopt;
  return std::move(calendar);
}

std::string author_of(std::string_view header) {
  std::string author;
  int count = 0;
  mime::each_field(header, [&](const mime::Field& field) {
    if (!iequals(field.name, "From")) return true;
    for (const mime::Address& one : mime::parse_addresses(field.value, 3)) {
      if (one.is_group_start || one.is_group_end) continue;
      ++count;
      author = to_lower(one.mailbox + "@" + one.host);
    }
    return true;
  });
  return count == 1 ? author : std::string();
}

}  // namespace

std::string subject_of(const Message& message) {
  const Component* part = first_part(message.calendar);
  std::string about = part != nullptr ? icalendar::text(*part, "SUMMARY") : std::string();
  std::ranges::replace_if(about, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return word(message) + ": " + (about.empty() ? "(no subject)" : about);
}

std::string span_text(const icalendar::When& start, icalendar::When end) {
  const auto shown = [](const icalendar::When& when, bool has_day) {
    const auto second = when.wall.time_since_epoch().count();
    if (when.is_date()) return fmt::format("{:%A, %d %B %Y}", fmt::gmtime(second));
    return has_day ? fmt::format("{:%A, %d %B %Y, %H:%M}", fmt::gmtime(second))
                   : fmt::format("{:%H:%M}", fmt::gmtime(second));
  };
  const bool is_dates = start.is_date() && end.is_date();
  if (is_dates && end.wall > start.wall) end.wall -= std::chrono::days(1);  // it ends before that day
  const auto day = [](const icalendar::When& when) { return std::chrono::floor<std::chrono::days>(when.wall); };
  std::string out = shown(start, true);
  if (end.wall > start.wall) out += " - " + shown(end, day(end) != day(start));
  if (start.kind == icalendar::When::Kind::zoned) out += " (" + start.zone + ")";
  if (start.kind == icalendar::When::Kind::utc) out += " (UTC)";
  return out;
}

std::string text_of(const Message& message, std::string_view who) {
  std::string out = opening(message, who) + "\n";
  for (const Component& part : message.calendar.components) {
    if (!is_scheduled(part) || out.size() > kMostText) continue;
    out += "\n";
    const auto line = [&](std::string_view label, const std::string& value) {
      if (!value.empty()) out += fmt::format("{:<8}{}\n", label, value.substr(0, kMostText));
    };
    line("What:", icalendar::text(part, "SUMMARY"));
    line("When:", time_text(part));
    if (part.find("RRULE") != nullptr) line("", "again and again: " + std::string(part.value("RRULE")));
    line("Where:", icalendar::text(part, "LOCATION"));
    if (message.method == Method::request) {
      std::string people;
      std::size_t count = 0;
      for (const icalendar::Person& person : icalendar::attendees(part))
        if (++count <= 30)
          people += (people.empty() ? "" : ", ") + (person.name.empty() ? person.address : person.name);
      if (count > 30) people += fmt::format(" and {} more", count - 30);
      line("Who:", people);
    }
    const std::string description = icalendar::text(part, "DESCRIPTION");
    if (message.method == Method::request && !description.empty())
      out += "\n" + description.substr(0, kMostText) + "\n";
    const std::string comment = icalendar::text(part, "COMMENT");
    if (!comment.empty()) out += "\n" + comment.substr(0, kMostText) + "\n";
  }
  return out;
}

std::string make_text_mail(std::string_view subject, std::string_view text, const MailFacts& facts) {
  return head_of(subject, facts) +
         "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         base64_lines(with_crlf(text));
}

std::string make_mail(const Message& message, const MailFacts& facts) {
  const std::string calendar = base64_lines(icalendar::write(message.calendar));
  const std::string boundary = "=_invitation_" + to_hex(sha256(facts.message_id)).substr(0, 24);
  const std::string text = text_of(message, facts.from_name.empty() ? facts.from : facts.from_name);
  std::string out = head_of(subject_of(message), facts);
  out += fmt::format(
      "Content-Type: multipart/mixed; boundary=\"{0}m\"\r\n\r\n"
      "--{0}m\r\nContent-Type: multipart/alternative; boundary=\"{0}a\"\r\n\r\n--{0}a\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{1}\r\n--{0}a\r\n"
      "Content-Type: text/calendar; charset=utf-8; method={2}\r\nContent-Transfer-Encoding: base64\r\n\r\n{3}\r\n"
      "--{0}a--\r\n\r\n--{0}m\r\nContent-Type: application/ics; name=\"invite.ics\"\r\n"
      "Content-Disposition: attachment; filename=\"invite.ics\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{3}\r\n"
      "--{0}m--\r\n",
      boundary, base64_lines(with_crlf(text)), name(message.method), calendar);
  return out;
}

std::optional<MailedCalendar> find_in_mail(std::string_view mail) {
  const mime::Entity entity = mime::parse(mail);
  MailedCalendar out;
  bool found = false;
  each_leaf(entity, [&](const mime::Entity& leaf) {
    auto calendar = read_leaf(leaf, mail);
    if (!calendar) return true;
    out.calendar = *std::move(calendar);
    found = true;
    return false;
  });
  if (!found) return std::nullopt;
  out.author = author_of(mail.substr(entity.header_offset, entity.header_size));
  return out;
}

}  // namespace kontor::itip
