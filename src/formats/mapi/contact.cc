// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/contact.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/bytes.h"
#include "formats/mapi/card_attachment.h"
#include "formats/mapi/categories.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

using lines::Property;

struct TextField {
  Tag tag;
  std::string_view property;
  std::string_view type;   // TYPE's values, with commas
  std::string_view label;  // X-ABLabel, for what no TYPE says
};
constexpr Tag plain(std::uint32_t id) { return {.id = id}; }

constexpr auto kTelephones = std::to_array<TextField>({
    {plain(0x3A08), "TEL", "work,voice", ""},
    {plain(0x3A1B), "TEL", "work,voice", ""},
    {plain(0x3A09), "TEL", "home,voice", ""},
    {plain(0x3A2F), "TEL", "home,voice", ""},
    {plain(0x3A1C), "TEL", "cell", ""},
    {plain(0x3A24), "TEL", "work,fax", ""},
    {plain(0x3A25), "TEL", "home,fax", ""},
    {plain(0x3A23), "TEL", "fax", ""},
    {plain(0x3A21), "TEL", "pager", ""},
    {plain(0x3A4B), "TEL", "textphone", ""},
    {plain(0x3A1F), "TEL", "voice", ""},
    {plain(0x3A1A), "TEL", "voice", "Main"},
    {plain(0x3A1E), "TEL", "voice", "Car"},
    {plain(0x3A02), "TEL", "voice", "Callback"},
    {plain(0x3A57), "TEL", "work,voice", "Company"},
    {plain(0x3A2E), "TEL", "voice", "Assistant"},
    {plain(0x3A2D), "TEL", "voice", "ISDN"},
    {plain(0x3A1D), "TEL", "voice", "Radio"},
    {plain(0x3A2C), "TEL", "text", "Telex"},
});
constexpr auto kTexts = std::to_array<TextField>({
    {tag::kTitle, "TITLE", "", ""},
    {plain(0x3A46), "ROLE", "", ""},
    {plain(0x3A43), "HOBBY", "", ""},
    {plain(0x3A48), "RELATED", "spouse", ""},
    {plain(0x3A4E), "X-MANAGER", "", ""},
    {plain(0x3A30), "X-ASSISTANT", "", ""},
    {tag::kBody, "NOTE", "", ""},
    // As Outlook, Evolution, Apple's and Thunderbird's programs write what vCard has no name for.
    {tag::kFileUnder, "X-EVOLUTION-FILE-AS", "", ""},
    {tag::address(0x802C), "X-PHONETIC-FIRST-NAME", "", ""},
    {tag::address(0x802D), "X-PHONETIC-LAST-NAME", "", ""},
    {tag::address(0x802E), "X-PHONETIC-ORG", "", ""},
    {tag::address(0x804F), "X-CUSTOM1", "", ""},
    {tag::address(0x8050), "X-CUSTOM2", "", ""},
    {tag::address(0x8051), "X-CUSTOM3", "", ""},
    {tag::address(0x8052), "X-CUSTOM4", "", ""},
});
constexpr auto kWebPages = std::to_array<TextField>({
    {tag::address(0x802B), "URL", "", ""},
    {plain(0x3A51), "URL", "work", ""},
    {plain(0x3A50), "URL", "home", ""},
    {tag::address(0x80D8), "FBURL", "", ""},
});

struct PostalFields {
  std::string_view type;
  std::int64_t number;  // PidLidPostalAddressId
  Tag box, street, city, state, code, country;
  Tag label;  // all of it as one text
};
constexpr auto kPostal = std::to_array<PostalFields>({
    {"work", 2, tag::address(0x804A), tag::address(0x8045), tag::address(0x8046), tag::address(0x8047),
     tag::address(0x8048), tag::address(0x8049), tag::address(0x801B)},
    {"home", 1, plain(0x3A5E), plain(0x3A5D), plain(0x3A59), plain(0x3A5C), plain(0x3A5B), plain(0x3A5A),
     tag::address(0x801A)},
    {"", 3, plain(0x3A64), plain(0x3A63), plain(0x3A5F), plain(0x3A62), plain(0x3A61), plain(0x3A60),
     tag::address(0x801C)},
});
// Which of them mail goes to, once more; of old items it is the only one.
constexpr PostalFields kMailing = {
    "", 0, plain(0x3A2B), plain(0x3A29), plain(0x3A27), plain(0x3A28), plain(0x3A2A), plain(0x3A26), plain(0x3A15)};
constexpr Tag kMailingAddress = tag::address(0x8022);
constexpr Tag kBirthdayLocal = tag::address(0x80DE);
constexpr Tag kAnniversaryLocal = tag::address(0x80DF);
constexpr Tag kOfficeLocation = plain(0x3A19);
constexpr Tag kChildren = plain(0x3A58);
constexpr Tag kGender = plain(0x3A4D);
constexpr Tag kInstantMessaging = tag::address(0x8062);
constexpr std::uint32_t kFirstEmail = 0x8080;  // of three, each 0x10 behind the one before
constexpr std::uint32_t kEmails = 3;

std::string image_type(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) return "image/jpeg";
  if (bytes.starts_with("\x89PNG"sv)) return "image/png";
  if (bytes.starts_with("GIF8"sv)) return "image/gif";
  if (bytes.starts_with("BM"sv)) return "image/bmp";
  return bytes.starts_with("RIFF"sv) && bytes.substr(8).starts_with("WEBP"sv) ? "image/webp" : "";
}

// For a parameter, which may have lines (RFC 6868).
std::string without_controls(std::string_view text) {
  std::string out;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) || c == '\n') out += c;
  return out;
}

class CardMaker {
 public:
  CardMaker(const Message& contact, const ResolveEntry& resolve)
      : from_(contact.properties), contact_(contact), resolve_(resolve) {
    made_.kept = contact.properties;
  }

  MadeCard make(std::string_view uid) {
    made_.card.name = "VCARD";
    add("VERSION", "4.0");
    add("UID", line_text(uid));
    add_names();
    add_emails();
    for (const TextField& field : kTelephones) add_text(field);
    add_addresses();
    for (const TextField& field : kTexts) add_text(field);
    for (const TextField& field : kWebPages) add_page(field);
    add_messaging();
    add_day("BDAY", tag::kBirthday, kBirthdayLocal);
    add_day("ANNIVERSARY", tag::kWeddingAnniversary, kAnniversaryLocal);
    add_lists();
    add_gender();
    add_attachments();
    if (const auto at = from_.time(tag::kLastModificationTime)) add("REV", stamp(*at));
    return std::move(made_);
  }

 private:
  Property& add(std::string_view name, std::string value) {
    Property property;
    property.name = name;
    property.value = std::move(value);
    made_.card.properties.push_back(std::move(property));
    return made_.card.properties.back();
  }

  static void set_types(Property& property, std::string_view types) {
    if (types.empty()) return;
    lines::Parameter parameter{.name = "TYPE", .values = {}};
    for (const std::string_view type : lines::split(types, ',')) parameter.values.emplace_back(type);
    property.parameters.push_back(std::move(parameter));
  }

  void set_label(Property& property, std::string_view label) {
    if (label.empty()) return;
    const std::string group = fmt::format("item{}", ++labels_);
    property.group = group;
    add("X-ABLabel", line_text(label)).group = group;
  }

  // The text, which then is said by the card.
  std::string take(const Tag& tag) {
    std::string found(from_.text_or_empty(tag));
    if (!found.empty()) made_.kept.remove(tag);
    return found;
  }

  void add_names() {
    const std::string family = take(tag::kSurname);
    const std::string given = take(tag::kGivenName);
    const std::string middle = take(tag::kMiddleName);
    const std::string prefix = take(tag::kDisplayNamePrefix);
    const std::string suffix = take(tag::kGeneration);
    std::string composed;
    for (const std::string* part : {&prefix, &given, &middle, &family, &suffix})
      if (!part->empty()) composed += (composed.empty() ? "" : " ") + *part;
    std::string shown = take(tag::kDisplayName);
    const std::string company = take(tag::kCompanyName);
    for (const std::string_view other :
         {std::string_view(composed), from_.text_or_empty(tag::kFileUnder), std::string_view(company),
          from_.text_or_empty(tag::kSubject), first_address()})
      if (shown.empty()) shown = other;
    if (from_.text_or_empty(tag::kSubject) == shown) made_.kept.remove(tag::kSubject);
    add("FN", line_text(shown));
    if (!composed.empty())
      add("N", fmt::format("{};{};{};{};{}", line_text(family), line_text(given), line_text(middle), line_text(prefix),
                           line_text(suffix)));
    if (const std::string nickname = take(tag::kNickname); !nickname.empty()) add("NICKNAME", line_text(nickname));
    const std::string department = take(tag::kDepartmentName);
    if (!company.empty() || !department.empty())
      add("ORG", line_text(company) + (department.empty() ? "" : ";" + line_text(department)));
  }

  // A card has to have a name (RFC 6350 section 6.2.1): where nobody gave one, what else he is known by.
  std::string_view first_address() const {
    for (std::uint32_t i = 0; i < kEmails; ++i)
      if (const auto written = from_.text_or_empty(tag::address(kFirstEmail + 0x10 * i + 3)); !written.empty())
        return written;
    for (const TextField& field : kTelephones)
      if (const auto number = from_.text_or_empty(field.tag); !number.empty()) return number;
    return {};
  }

  void add_emails() {
    int preference = 0;
    for (std::uint32_t i = 0; i < kEmails; ++i) {
      const std::uint32_t base = kFirstEmail + 0x10 * i;
      const Tag type = tag::address(base + 2);
      const Tag address = tag::address(base + 3);
      const Tag original = tag::address(base + 4);  // often the SMTP form of another type's address
      const std::string_view written = from_.text_or_empty(address);
      if (written.empty()) continue;
      const std::string_view kind = from_.text_or_empty(type);
      const bool is_smtp = kind.empty() || iequals(kind, "SMTP");
      const std::string_view other = from_.text_or_empty(original);
      const std::string known = is_smtp ? std::string() : directory_address(tag::address(base + 5));
      const std::string_view usable = is_smtp                ? written
                                      : !known.empty()       ? std::string_view(known)
                                      : other.contains('@')  ? other
                                      : is_internet(written) ? written
                                                             : std::string_view();
      if (usable.empty()) {
        made_.losses.push_back(fmt::format("The address \"{}\" of type {} is kept, but nobody can write to it.",
                                           one_line(written, 100), one_line(kind, 20)));
        continue;
      }
      add("EMAIL", line_text(usable)).set("PREF", std::to_string(++preference));
      if (is_smtp) {
        made_.kept.remove(address);
        made_.kept.remove(type);
      }
      if (other == usable) made_.kept.remove(original);
    }
  }

  // Programs put SMTP addresses beside other types, too; a login with its company is none.
  static bool is_internet(std::string_view text) {
    return is_address(text) && text.substr(text.rfind('@')).contains('.');
  }

  // Of somebody in a directory, which knows him by a number.
  std::string directory_address(const Tag& entry) const {
    const std::string* id = from_.bytes(entry);
    const auto known = id != nullptr && resolve_ ? resolve_(*id) : std::nullopt;
    return known ? known->address : std::string();
  }

  void add_text(const TextField& field) {
    const std::string text = take(field.tag);
    if (text.empty()) return;
    const std::size_t at = made_.card.properties.size();
    Property& property = add(field.property, line_text(text));
    set_types(property, field.type);
    if (field.property == "RELATED" || field.property == "TEL") property.set("VALUE", "text");
    if (!field.label.empty()) set_label(made_.card.properties[at], field.label);
  }

  void add_addresses() {
    bool has_any = false;
    for (const PostalFields& fields : kPostal) has_any = add_address(fields) || has_any;
    if (!has_any) add_address(kMailing);
    made_.kept.remove(kMailingAddress);
  }

  bool add_address(const PostalFields& fields) {
    const std::array<std::string, 7> parts = {take(fields.box),    fields.type == "work" ? take(kOfficeLocation) : "",
                                              take(fields.street), take(fields.city),
                                              take(fields.state),  take(fields.code),
                                              take(fields.country)};
    const bool has_parts = std::ranges::any_of(parts, [](const std::string& part) { return !part.empty(); });
    // Written as a whole only where it is not known what is what.
    const std::string label = has_parts ? std::string() : take(fields.label);
    if (!has_parts && label.empty()) return false;
    std::string value;
    for (const std::string& part : parts) value += (&part == &parts.front() ? "" : ";") + line_text(part);
    Property& property = add("ADR", std::move(value));
    set_types(property, fields.type);
    if (from_.integer(kMailingAddress) == fields.number) property.set("PREF", "1");
    if (!label.empty()) property.set("LABEL", without_controls(label));
    return true;
  }

  void add_page(const TextField& field) {
    const std::string_view page = from_.text_or_empty(field.tag);
    if (page.empty()) return;
    const bool is_uri = page.contains(':') && page.find_first_of(" \t\r\n") == std::string_view::npos;
    if (!is_uri && page.find_first_of(" \t\r\n") != std::string_view::npos) return;  // kept: no page at all
    set_types(add(field.property, (is_uri ? "" : "http://") + one_line(page)), field.type);
    made_.kept.remove(field.tag);
  }

  // Which service it is of is not said: only what looks like an address becomes one (RFC 3860).
  void add_messaging() {
    const std::string address = take(kInstantMessaging);
    const bool is_address = address.contains('@') && address.find_first_of(" \t\r\n:") == std::string::npos;
    if (is_address)
      add("IMPP", "im:" + one_line(address));
    else if (!address.empty())
      add("X-MS-IMADDRESS", line_text(address));
  }

  // A midnight of the writer's zone in UTC, or Outlook's 11:59; the local one is exact.
  void add_day(std::string_view name, const Tag& tag, const Tag& local) {
    using namespace std::chrono;
    const auto exact = from_.time(local);
    const auto written = exact ? exact : from_.time(tag);
    if (!written) return;
    const sys_days day = floor<days>(*written + (exact ? hours(0) : hours(12) - seconds(1)));
    const year_month_day date(day);
    add(name, fmt::format("{:04}{:02}{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                          static_cast<unsigned>(date.day())));
    made_.kept.remove(tag);
    made_.kept.remove(local);
  }

  void add_lists() {
    std::string names;
    for (const std::string& category : categories_of(from_)) names += (names.empty() ? "" : ",") + line_text(category);
    if (!names.empty()) add("CATEGORIES", std::move(names));
    made_.kept.remove(tag::kKeywords);
    if (const auto* children = from_.texts(kChildren); children != nullptr) {
      for (const std::string& child : *children) {
        Property& property = add("RELATED", line_text(child));
        set_types(property, "child");
        property.set("VALUE", "text");
      }
      made_.kept.remove(kChildren);
    }
  }

  void add_gender() {
    const auto gender = from_.integer(kGender);
    if (gender != 1 && gender != 2) return;
    add("GENDER", gender == 1 ? "F" : "M");
    made_.kept.remove(kGender);
  }

  void add_attachments() {
    bool has_photo = false;
    for (const Attachment& attachment : contact_.attachments) {
      const std::string* bytes = attachment.properties.bytes(tag::kAttachDataBinary);
      const std::string type = bytes == nullptr ? "" : image_type(*bytes);
      const std::string_view name = attachment.properties.first_text({tag::kAttachLongFilename, tag::kAttachFilename});
      const bool is_photo = attachment.properties.boolean(tag::kAttachmentContactPhoto) || name == "ContactPicture.jpg";
      if (is_photo && !has_photo && !type.empty()) {
        add("PHOTO", fmt::format("data:{};base64,{}", type, to_base64(*bytes)));
        has_photo = true;
      } else {
        add_card_attachment(attachment, made_);
      }
    }
  }

  static std::string stamp(Instant at) {
    using namespace std::chrono;
    const sys_days day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss time(at - day);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count());
  }

  const Properties& from_;
  const Message& contact_;
  const ResolveEntry& resolve_;
  MadeCard made_;
  int labels_ = 0;
};

}  // namespace

MadeCard card_of(const Message& contact, std::string_view uid, const ResolveEntry& resolve) {
  return CardMaker(contact, resolve).make(uid);
}

}  // namespace kontor::mapi
