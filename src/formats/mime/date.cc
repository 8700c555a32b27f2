// SPDX-License-Identifier: AGPL-3.0-or-later
// Dates of RFC 5322 section 3.3, the obsolete ones of section 4.3, asctime(3), ISO 8601 and mixtures: the words are
// read one by one and each says by its form what it is.
#include <array>
#include <charconv>

#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

struct Zone {
  std::string_view name;
  int minutes;
};

// RFC 5322 section 4.3, then what else is common and means one thing. Other letters mean "unknown", that is UTC.
constexpr Zone kZones[] = {{"ut", 0},      {"utc", 0},     {"gmt", 0},    {"z", 0},      {"est", -300}, {"edt", -240},
                           {"cst", -360},  {"cdt", -300},  {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420},
                           {"akst", -540}, {"akdt", -480}, {"hst", -600}, {"ast", -240}, {"adt", -180}, {"wet", 0},
                           {"west", 60},   {"bst", 60},    {"cet", 60},   {"cest", 120}, {"met", 60},   {"mest", 120},
                           {"mez", 60},    {"mesz", 120},  {"eet", 120},  {"eest", 180}, {"sast", 120}, {"msk", 180},
                           {"msd", 240},   {"hkt", 480},   {"sgt", 480},  {"jst", 540},  {"kst", 540},  {"awst", 480},
                           {"acst", 570},  {"acdt", 630},  {"aest", 600}, {"aedt", 660}, {"nzst", 720}, {"nzdt", 780}};

constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";

bool is_number(std::string_view text) {
  if (text.empty() || text.size() > 9) return false;
  for (const char c : text)
    if (c < '0' || c > '9') return false;
  return true;
}

int number(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

class DateReader {
 public:
  explicit DateReader(std::string_view text) : lexer_(text) {}
  std::optional<InternalDate> read();

 private:
  void take_word(std::string_view word);
  void take_letters(std::string_view word);
  void take_number(std::string_view digits);
  bool take_time(std::string_view word);
  bool take_zone(std::string_view word);
  bool take_joined(std::string_view word, char separator);
  std::optional<InternalDate> result() const;

  Lexer lexer_;
  int day_ = 0, month_ = 0, year_ = -1, hour_ = 0, minute_ = 0, second_ = 0, zone_ = 0;
  bool has_time_ = false, has_zone_ = false, is_pm_ = false, is_am_ = false;
};

std::optional<InternalDate> DateReader::read() {
  for (int words = 0; words < 32; words++) {  // no date has more
    lexer_.skip_white();
    if (lexer_.at_end()) break;
    const std::string_view word = lexer_.read_until(" \t\r\n(),;\"");
    if (word.empty()) {
      lexer_.skip();
    } else {
      take_word(word);
    }
  }
  return result();
}

void DateReader::take_word(std::string_view word) {
  if (word.size() > 40) return;
  if (is_letter(word[0])) return take_letters(word);
  if (has_time_ && take_zone(word)) return;
  if (is_number(word)) return take_number(word);
  // ISO 8601: a date and a time with a T between them.
  if (const auto t = word.find_first_of("Tt"); t != std::string_view::npos && t > 0 && word.find(':') > t) {
    if (take_joined(word.substr(0, t), '-')) word.remove_prefix(t + 1);
  }
  if (take_time(word)) return;
  take_joined(word, '-') || take_joined(word, '/') || take_joined(word, '.');
}

// "Jan", "January", "Mon", "EST", "GMT+0100", "PM". Single letters are military zones, which RFC 5322 section 4.3 reads
// as unknown.
void DateReader::take_letters(std::string_view word) {
  std::size_t length = 0;
  std::string name;
  while (length < word.size() && is_letter(word[length])) name.push_back(lower(word[length++]));
  const std::string_view rest = word.substr(length);
  if (has_time_ && (name == "am" || name == "pm")) {
    (name == "pm" ? is_pm_ : is_am_) = true;
    return;
  }
  if (month_ == 0 && name.size() >= 3) {
    const auto at = kMonths.find(std::string_view(name).substr(0, 3));
    if (at != std::string_view::npos && at % 3 == 0) {
      month_ = static_cast<int>(at / 3) + 1;
      if (rest.size() > 1) take_word(rest.substr(1));  // "Jan-2006"
      return;
    }
  }
  if (!has_time_ || has_zone_) return;
  for (const Zone& zone : kZones) {
    if (zone.name != name) continue;
    zone_ = zone.minutes;
    has_zone_ = true;
    if (zone_ == 0 && !rest.empty()) take_zone(rest);
    return;
  }
}

void DateReader::take_number(std::string_view digits) {
  const int value = number(digits);
  if (day_ == 0 && digits.size() <= 2 && value >= 1 && value <= 31) {
    day_ = value;
  } else if (year_ < 0) {
    year_ = value;
    if (digits.size() == 2) year_ += value < 50 ? 2000 : 1900;  // RFC 5322 section 4.3
    if (digits.size() == 3) year_ += 1900;
  }
}

// "15:04", "15:04:05", "15.04.05", with a fraction, with a zone directly behind it.
bool DateReader::take_time(std::string_view word) {
  if (has_time_) return false;
  int values[3] = {0, 0, 0};
  int count = 0;
  char separator = 0;
  while (count < 3) {
    std::size_t length = 0;
    while (length < word.size() && word[length] >= '0' && word[length] <= '9') length++;
    if (length == 0 || length > 2) return false;
    values[count++] = number(word.substr(0, length));
    word.remove_prefix(length);
    if (word.size() < 2 || (word[0] != ':' && word[0] != '.') || (separator && word[0] != separator)) break;
    if (count == 3) break;
    separator = word[0];
    word.remove_prefix(1);
  }
  if (count < 2 || (separator == '.' && count < 3)) return false;
  if (!word.empty() && (word[0] == '.' || word[0] == ',')) {
    word.remove_prefix(1);
    while (!word.empty() && word[0] >= '0' && word[0] <= '9') word.remove_prefix(1);
  }
  hour_ = values[0];
  minute_ = values[1];
  second_ = values[2];
  has_time_ = true;
  if (!word.empty()) is_letter(word[0]) ? take_letters(word) : static_cast<void>(take_zone(word));
  return true;
}

// "+0100", "-5", "+01:00".
bool DateReader::take_zone(std::string_view word) {
  if (word.size() < 2 || (word[0] != '+' && word[0] != '-')) return false;
  const int sign = word[0] == '-' ? -1 : 1;
  std::string digits;
  for (const char c : word.substr(1)) {
    if (c >= '0' && c <= '9') {
      digits.push_back(c);
    } else if (c != ':' || digits.size() > 2) {
      break;
    }
  }
  if (digits.empty() || digits.size() > 4) return false;
  if (digits.size() == 1) digits.insert(0, "0");
  if (digits.size() == 2) digits += "00";
  if (digits.size() == 3) digits.insert(0, "0");
  const int minutes = number(std::string_view(digits).substr(0, 2)) * 60 + number(std::string_view(digits).substr(2));
  zone_ = minutes < 24 * 60 ? sign * minutes : 0;
  has_zone_ = true;
  return true;
}

// "2-Jan-2006", "2006-01-02", "01/02/2006" (month first, as those write it who use slashes), "02.01.2006".
bool DateReader::take_joined(std::string_view word, char separator) {
  std::array<std::string_view, 3> fields;
  for (std::size_t i = 0; i < 3; i++) {
    const auto end = i < 2 ? word.find(separator) : word.size();
    if (end == std::string_view::npos || end == 0) return false;
    fields[i] = word.substr(0, end);
    word.remove_prefix(i < 2 ? end + 1 : end);
  }
  if (is_number(fields[0]) && is_letter(fields[1][0]) && is_number(fields[2])) {
    take_number(fields[0]);
    take_letters(fields[1]);
    take_number(fields[2]);
    return true;
  }
  if (!is_number(fields[0]) || !is_number(fields[1]) || !is_number(fields[2])) return false;
  if (fields[0].size() == 4)
    std::swap(fields[0], fields[2]);
  else if (separator == '/')
    std::swap(fields[0], fields[1]);
  take_number(fields[0]);
  month_ = number(fields[1]);
  take_number(fields[2]);
  return true;
}

std::optional<InternalDate> DateReader::result() const {
  using namespace std::chrono;
  if (year_ < 0 || year_ > 9999 || month_ < 1 || month_ > 12) return std::nullopt;
  const year_month_day date(year(year_), month(static_cast<unsigned>(month_)), day(static_cast<unsigned>(day_)));
  if (!date.ok()) return std::nullopt;
  int hour = hour_;
  if (is_pm_ && hour < 12) hour += 12;
  if (is_am_ && hour == 12) hour = 0;
  if (hour > 24 || minute_ > 59 || second_ > 60) return std::nullopt;
  const sys_seconds local = sys_days(date) + hours(hour) + minutes(minute_) + seconds(second_);
  return InternalDate(local - minutes(zone_), static_cast<std::int16_t>(zone_));
}

}  // namespace

std::optional<InternalDate> parse_date(std::string_view text) { return DateReader(text).read(); }

}  // namespace kontor::mime
