// SPDX-License-Identifier: AGPL-3.0-or-later
// Mail of a real Kopano installation, made again from its properties and compared with the message as it came.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <regex>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mapi/calendar_item_fixture.h"
#include "formats/mapi/item_state.h"
#include "formats/mapi/kopano_files_fixture.h"
#include "formats/mapi/mail_calendar.h"
#include "formats/mapi/mail_original.h"
#include "formats/mapi/same_text.h"
#include "formats/mapi/tags.h"
#include "formats/mime/decode.h"
#include "formats/mime/header.h"
#include "formats/mime/parser.h"

namespace kontor::mapi::testing {
namespace {

constexpr std::size_t kMuch = 1 << 20;

// What a reader sees of a message.
struct SeenMail {
  std::string subject, message_id, plain, html;
  std::vector<std::string> from, to, cc;
  std::optional<InternalDate> date;
  std::multiset<std::string> files;  // digests of the contents of parts that are neither of the texts
  std::vector<std::string> types;
};

std::vector<std::string> addresses(const std::vector<mime::Address>& list) {
  std::vector<std::string> found;
  for (const mime::Address& one : list)
    if (!one.host.empty()) found.push_back(to_lower(one.mailbox + "@" + one.host));
  return found;
}

std::string decoded(const mime::Entity& part, std::string_view mail) {
  std::string bytes;
  mime::BodyDecoder decoder(mime::parse_transfer_encoding(part.encoding));
  decoder.feed(mail.substr(part.body_offset, part.body_size), bytes);
  decoder.finish(bytes);
  return bytes;
}

void see_parts(const mime::Entity& part, std::string_view mail, SeenMail& seen) {
  const std::string type = to_lower(part.type + "/" + part.subtype);
  seen.types.push_back(type);
  for (const mime::Entity& inner : part.parts) see_parts(inner, mail, seen);
  if (part.is_multipart()) return;
  const bool is_file = to_lower(part.disposition) == "attachment";
  if ((type == "text/plain" || type == "text/html") && !is_file) {
    std::string& text = type == "text/plain" ? seen.plain : seen.html;
    text += mime::to_utf8(decoded(part, mail), mime::param(part.params, "charset").value_or("us-ascii")).text + "\n";
  } else if (!part.message) {
    const bool is_text = type.starts_with("text/") || type.starts_with("message/");
    const std::string bytes = decoded(part, mail);
    seen.files.insert(type + ":" + to_hex(sha256(is_text ? lasting_text(bytes, kMuch) : bytes)).substr(0, 8));
  }
}

SeenMail see(std::string_view mail) {
  const mime::Entity entity = mime::parse(mail);
  SeenMail seen;
  seen.subject = mime::decode_header(entity.envelope->subject);
  seen.message_id = entity.envelope->message_id;
  seen.from = addresses(entity.envelope->from);
  seen.to = addresses(entity.envelope->to);
  seen.cc = addresses(entity.envelope->cc);
  seen.date = mime::parse_date(entity.envelope->date);
  see_parts(entity, mail, seen);
  return seen;
}

std::string without_charset(const std::string& html) {
  static const std::regex charset("charset=[\"']?[-a-zA-Z0-9_]+");
  return std::regex_replace(html, charset, "");
}

// What differs.
std::string difference_of(const SeenMail& made, const SeenMail& came) {
  std::string out;
  const auto differ = [&](std::string_view what, std::string a, std::string b) {
    a = lasting_text(a, kMuch), b = lasting_text(b, kMuch);
    const auto at = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
    const std::size_t from = at < 20 ? 0 : at - 20;
    out += fmt::format("{} at {}: made \"{}\" of \"{}\"; ", what, at, a.substr(from, 60), b.substr(from, 60));
  };
  if (!is_same_text(made.subject, came.subject, kMuch)) differ("subject", made.subject, came.subject);
  if (made.message_id != came.message_id) differ("id", made.message_id, came.message_id);
  if (made.from != came.from) differ("from", "", "");
  if (made.to != came.to) differ("to", made.to.empty() ? "" : made.to[0], came.to.empty() ? "" : came.to[0]);
  if (made.cc != came.cc) differ("cc", "", "");
  if (made.date != came.date) differ("date", "", "");
  // Where there is HTML, Kopano makes the text of it.
  if (!came.plain.empty() && came.html.empty() && !is_same_text(made.plain, came.plain, kMuch))
    differ("plain", made.plain, came.plain);
  if (!came.html.empty() && !is_same_text(without_charset(made.html), without_charset(came.html), kMuch))
    differ("html", without_charset(made.html), without_charset(came.html));
  for (const std::string& file : came.files)
    if (!made.files.contains(file)) out += "file " + file + "; ";
  return out;
}

// The set of the project, read once.
struct MailSet {
  MailSet()
      : dump(kData + "kopano.sql.gz"),
        files(dump, kData + "attachments.tar.gz"),
        manifest(boost::json::parse(unpacked(kData + "manifest.json.gz"))),
        calendars(context()) {
    calendars.resolve = dump.resolve();
  }

  std::string make(std::int64_t id, std::vector<std::string>& losses) const {
    const Message message = dump.message(id);
    const MailSource source = {.resolve = dump.resolve(), .read = files.read(), .calendar = calendar_of(calendars)};
    std::string out;
    const auto written = write_mail(message, source, [&](std::string_view piece) -> Result<void> {
      out += piece;
      return {};
    });
    EXPECT_TRUE(written) << written.error().text;
    if (written) losses = written->losses;
    return out;
  }

  static inline const std::string kData = KONTOR_SOURCE_DIR "/tests/data/kopano/";
  KopanoDump dump;
  KopanoFiles files;
  boost::json::value manifest;
  CalendarContext calendars;
};

const MailSet& mail_set() {
  static const MailSet set;
  return set;
}

// What Kopano has not kept, or has read otherwise than others do.
void forget_what_is_lost(std::string_view kind, SeenMail& made, SeenMail& came) {
  if (kind.starts_with("itip-")) {
    // The text is the meeting's description now, and the calendar is made again too: kopano_items_test.cc looks at it.
    const auto is_calendar = [](const std::string& file) { return file.starts_with("text/calendar"); };
    EXPECT_EQ(std::ranges::count_if(made.files, is_calendar), std::ranges::count_if(came.files, is_calendar)) << kind;
    came.plain.clear();
    std::erase_if(came.files, is_calendar);
  }
  if (kind == "read-receipt") {
    came.files.clear();
    EXPECT_EQ(made.types.at(2), "message/disposition-notification");
  }
  if (kind == "broken-base64") came.plain.clear();
  if (kind == "broken-raw-8bit-header") made.subject = came.subject;
  if (kind == "broken-duplicate-headers") made.subject = came.subject;
  if (kind == "broken-date") made.date = came.date;
}

TEST(MailSet, IsWhatItWas) {
  const MailSet& set = mail_set();
  if (set.files.empty()) GTEST_SKIP() << "no tar";
  std::size_t compared = 0;
  for (const auto& value : set.manifest.at("mail").as_array()) {
    const std::int64_t id = value.at("hierarchyid").as_int64();
    const std::string kind(value.at("kind").as_string());
    std::vector<std::string> losses;
    const std::string made = set.make(id, losses);
    EXPECT_EQ(losses.size(), kind == "pgp-mime-signed" || kind == "mapi-attachment-methods" ? losses.size() : 0)
        << id << " " << losses.at(0);
    if (id % 16 == 0) {
      std::vector<std::string> again_losses;
      EXPECT_TRUE(set.make(id, again_losses) == made) << id << " is made otherwise the second time";
    }
    const auto original = set.files.original(id);
    if (!original) continue;
    ++compared;
    SeenMail now = see(made);
    SeenMail came = see(*original);
    const bool is_edited = now.subject.starts_with("EDITED");
    forget_what_is_lost(kind, now, came);
    EXPECT_EQ(difference_of(now, came).empty(), !is_edited) << id << " " << kind << " " << difference_of(now, came);
    if (is_edited) {
      EXPECT_EQ(now.plain, "edited body\r\n\n");
    }
  }
  EXPECT_GT(compared, 300U);
}

TEST(MailSet, OnlyTheOneThatWasEditedIsStale) {
  const MailSet& set = mail_set();
  if (set.files.empty()) GTEST_SKIP() << "no tar";
  std::size_t asked = 0;
  for (const auto& value : set.manifest.at("mail").as_array()) {
    const std::int64_t id = value.at("hierarchyid").as_int64();
    const auto original = set.files.original(id);
    if (!original) continue;
    const auto state = check_original(set.dump.message(id), set.dump.resolve(), [&](const TakePiece& take) {
      ++asked;
      return take(*original);
    });
    ASSERT_TRUE(state);
    const auto* subject = value.at("subject_in_db").if_string();
    EXPECT_EQ(state->is_stale, subject != nullptr && subject->starts_with("EDITED")) << id << " " << state->why;
  }
  EXPECT_GT(asked, 100U) << "most were opened, or marked";
}

// As IMAP says them.
std::vector<std::string> flag_names(const ItemState& state) {
  std::vector<std::string> names;
  if (std::ranges::find(state.keywords, "$Forwarded") != state.keywords.end()) names.emplace_back("$Forwarded");
  for (const auto& [flag, name] :
       {std::pair(kAnswered, "\\Answered"), std::pair(kDeleted, "\\Deleted"), std::pair(kDraft, "\\Draft"),
        std::pair(kFlagged, "\\Flagged"), std::pair(kSeen, "\\Seen")})
    if ((state.flags & flag) != 0) names.emplace_back(name);
  return names;
}

TEST(MailSet, FlagsAreThoseThatUsersSaw) {
  const MailSet& set = mail_set();
  std::size_t compared = 0;
  std::map<std::string, std::map<std::string, std::string>> told;
  for (const auto& value : set.manifest.at("mail").as_array()) {
    const std::int64_t id = value.at("hierarchyid").as_int64();
    const ItemState state = mail_state(set.dump.message(id).properties);
    // Copies of it are not marked.
    const auto* message_id = value.at("message_id").if_string();
    if (message_id != nullptr && value.at("user").as_string() == "alma.berg" && state.properties.contains("categories"))
      told[std::string(*message_id)] = state.properties;
    std::vector<std::string> expected;
    for (const auto& flag : value.at("flags_now").as_array()) expected.emplace_back(flag.as_string());
    std::ranges::sort(expected);
    EXPECT_EQ(flag_names(state), expected) << id;
    EXPECT_TRUE(state.losses.empty()) << id;
    ++compared;
  }
  EXPECT_GT(compared, 400U);
  for (const auto& value : set.manifest.at("special").as_array()) {
    const auto* categories = value.as_object().if_contains("categories");
    if (categories == nullptr) continue;
    auto& properties = told[std::string(value.at("messageid").as_string())];
    std::string names;
    for (const auto& name : categories->as_array())
      names += (names.empty() ? "" : "\n") + std::string(name.as_string());
    EXPECT_EQ(properties["categories"], names);
    const auto* follow_up = value.as_object().if_contains("followup");
    const std::string what = follow_up == nullptr ? "" : std::string(follow_up->as_string());
    if (what == "complete") {
      EXPECT_EQ(properties["follow-up"], "completed");
    }
    if (what.starts_with("flagged+reminder ")) {
      EXPECT_EQ(properties["follow-up"], "flagged");
      // A quarter of an hour before.
      EXPECT_EQ(what, "flagged+reminder 2027-01-15T09:00:00Z");
      EXPECT_EQ(properties["reminder"], "2027-01-15T08:45:00Z");
    }
    if (value.as_object().contains("importance")) {
      EXPECT_EQ(properties["importance"], "high");
      EXPECT_EQ(properties["sensitivity"], "private");
    }
  }
}

// Also of databases of other versions, where they lie beside the project: whatever lies in a store can be mail.
TEST(MailSet, NothingIsRefused) {
  const std::string source = KONTOR_SOURCE_DIR;
  for (const std::string& folder :
       {source + "/tests/data/kopano", source + "/../shared/kopano/variants/database",
        source + "/../shared/kopano/variants/files_v2", source + "/../shared/kopano/variants/schema70-real",
        source + "/../shared/kopano/variants/schema66-real"}) {
    const KopanoDump dump(folder + "/kopano.sql.gz");
    CalendarContext calendars = context();
    calendars.resolve = dump.resolve();
    for (const auto& [id, node] : dump.nodes()) {
      if (node.type != 5) continue;
      const Message message = dump.message(id);
      const auto written =
          write_mail(message, {.resolve = dump.resolve(), .read = {}, .calendar = calendar_of(calendars)},
                     [](std::string_view) -> Result<void> { return {}; });
      EXPECT_TRUE(written) << folder << " " << id << " " << written.error().text;
      EXPECT_LE(mail_state(message.properties).properties["mapi"].size(), kMostKept);
    }
  }
}

// What Kopano's own export says of mail that has no original, beside the project where it is there.
TEST(MailSet, SaysNoLessThanTheServerDid) {
  const MailSet& set = mail_set();
  const UnpackedArchive exports(KONTOR_SOURCE_DIR "/../shared/kopano/server_exports.tar.gz");
  if (set.files.empty() || exports.empty()) GTEST_SKIP() << "no exports";
  std::size_t compared = 0;
  for (const auto& value : set.manifest.at("mail").as_array()) {
    const std::int64_t id = value.at("hierarchyid").as_int64();
    const std::string kind(value.at("kind").as_string());
    const std::string exported = exports.member("eml-generated/" + std::to_string(id) + ".eml");
    // Of these it says less, or worse: two mails in one, another type for what cannot be read.
    if (exported.empty() || kind.starts_with("broken-") || kind.starts_with("itip-") || kind == "dsn") continue;
    std::vector<std::string> losses;
    SeenMail now = see(set.make(id, losses));
    SeenMail server = see(exported);
    for (SeenMail* one : {&now, &server}) {
      // It makes an id where there is none; it has no address of whom its directory has forgotten.
      if (one->message_id.contains("<kcEE.") || now.message_id.empty()) server.message_id = now.message_id;
      std::multiset<std::string> contents;
      for (const std::string& file : one->files) contents.insert(file.substr(file.find(':')));
      one->files = contents;
    }
    for (const auto& [mine, theirs] : {std::pair(&now.from, &server.from), std::pair(&now.to, &server.to)})
      for (std::size_t i = 0; i < std::min(mine->size(), theirs->size()); ++i)
        if ((*theirs)[i].ends_with("@fjordline")) (*theirs)[i] = (*mine)[i];
    if (kind == "read-receipt" || kind.starts_with("mapi-rtf")) server.files.clear();
    EXPECT_EQ(difference_of(now, server), "") << id << " " << kind;
    ++compared;
  }
  EXPECT_GT(compared, 50U);
}

}  // namespace
}  // namespace kontor::mapi::testing
