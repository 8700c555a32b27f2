// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/item_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "base/bytes.h"
#include "formats/mapi/categories.h"
#include "formats/mapi/code_page.h"
#include "formats/mapi/kept.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/mail_tags.h"
#include "formats/mapi/voting.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kMostKeywordBytes = 200;
constexpr std::size_t kMostCategories = 200;
constexpr std::size_t kMostText = 2000;

// PidTagMessageFlags ([MS-OXCMSG] section 2.2.1.6) and PidTagMessageStatus.
constexpr std::int64_t kRead = 0x1;
constexpr std::int64_t kUnsent = 0x8;
constexpr std::int64_t kReceiptPending = 0x100;
constexpr std::int64_t kMarkedDeleted = 0x8;
// MAPI's own and Kopano's.
constexpr std::int64_t kStatusDraft = 0x100 | 0x20000;
constexpr std::int64_t kStatusAnswered = 0x200 | 0x10000;

// PidTagLastVerbExecuted ([MS-OXOMSG] section 2.2.1.4).
constexpr std::int64_t kReply = 102;
constexpr std::int64_t kReplyAll = 103;
constexpr std::int64_t kForward = 104;

std::string time_text_of(Instant at) {
  using namespace std::chrono;
  const sys_days day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

std::string utf7_run(std::string_view text) {
  std::string big = utf16le_of_utf8(text);
  for (std::size_t i = 0; i + 1 < big.size(); i += 2) std::swap(big[i], big[i + 1]);
  std::string base64 = to_base64(big);
  std::erase(base64, '=');
  std::ranges::replace(base64, '/', ',');
  return "&" + base64 + "-";
}

bool may_be_in_keyword(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7F && !std::string_view("(){%*\"\\]").contains(c);
}

class StateReader {
 public:
  explicit StateReader(const Properties& message) : from_(message) {}

  ItemState read() {
    read_flags();
    read_keywords();
    read_date();
    read_header_like();
    read_follow_up();
    read_answers();
    for (const auto& [key, value] : from_.all())
      if (!has_home(key)) rest_.set(key, value);
    if (std::string kept = keep_within(rest_, state_.losses); !kept.empty())
      state_.properties["mapi"] = std::move(kept);
    return std::move(state_);
  }

 private:
  std::int64_t integer(const Tag& tag) const { return from_.integer(tag).value_or(0); }

  void read_flags() {
    const std::int64_t flags = integer(tag::kMessageFlags);
    const std::int64_t status = integer(tag::kMessageStatus);
    const std::int64_t verb = integer(tag::kLastVerbExecuted);
    const auto put = [&](bool is_so, ItemFlag flag) {
      if (is_so) state_.flags = static_cast<std::uint8_t>(state_.flags | flag);
    };
    put((flags & kRead) != 0, kSeen);
    put(verb == kReply || verb == kReplyAll || (verb == 0 && (status & kStatusAnswered) != 0), kAnswered);
    // Kopano's IMAP shows what was done as flagged too, and so its users know it.
    put(integer(tag::kFlagStatus) != 0, kFlagged);
    put((flags & kUnsent) != 0 || (status & kStatusDraft) != 0, kDraft);
    put((status & kMarkedDeleted) != 0, kDeleted);
  }

  void add_keyword(std::string keyword) {
    const bool is_known =
        std::ranges::any_of(state_.keywords, [&](const std::string& other) { return iequals(other, keyword); });
    if (!keyword.empty() && !is_known) state_.keywords.push_back(std::move(keyword));
  }

  void read_keywords() {
    if (integer(tag::kLastVerbExecuted) == kForward) add_keyword("$Forwarded");
    // Asked for, and no longer to be sent: it was sent, or will not be.
    const bool is_pending = (integer(tag::kMessageFlags) & kReceiptPending) != 0;
    if (from_.boolean(tag::kReadReceiptRequested) && !is_pending && (state_.flags & kSeen) != 0)
      add_keyword("$MDNSent");
    const auto categories = categories_of(from_);
    std::string names;
    for (std::size_t i = 0; i < std::min(categories.size(), kMostCategories); ++i) {
      const std::string name = one_line(categories[i], 255);
      if (name.empty()) continue;
      add_keyword(keyword_of(name));
      names += (names.empty() ? "" : "\n") + name;
    }
    if (categories.size() > kMostCategories)
      state_.losses.push_back(
          fmt::format("Of {} categories {} are left out.", categories.size(), categories.size() - kMostCategories));
    put("categories", std::move(names));
  }

  void read_date() {
    for (const Tag& tag :
         {tag::kMessageDeliveryTime, tag::kClientSubmitTime, tag::kCreationTime, tag::kLastModificationTime})
      if (const auto at = from_.time(tag)) {
        state_.date = InternalDate(*at);
        state_.date_is_guess = tag != tag::kMessageDeliveryTime;
        return;
      }
    state_.date_is_guess = true;
  }

  void put(std::string_view name, std::string value) {
    if (!value.empty()) state_.properties.emplace(name, std::move(value));
  }
  void put_text(std::string_view name, const Tag& tag) { put(name, one_line(from_.text_or_empty(tag), kMostText)); }
  bool put_time(std::string_view name, const Tag& tag) {
    const auto at = from_.time(tag);
    if (at) put(name, time_text_of(*at));
    return at.has_value();
  }
  // What is kept where its own form says more than a name does.
  template <std::size_t Count>
  void put_word(std::string_view name, const Tag& tag, const std::array<std::string_view, Count>& words) {
    const auto value = from_.integer(tag);
    if (!value) return;
    if (*value >= 0 && *value < static_cast<std::int64_t>(Count))
      put(name, std::string(words[static_cast<std::size_t>(*value)]));
    else
      rest_.set(tag, *from_.find(tag));
  }

  void read_header_like() {
    put_word("importance", tag::kImportance, std::array<std::string_view, 3>{"low", "", "high"});
    put_word("sensitivity", tag::kSensitivity,
             std::array<std::string_view, 4>{"", "personal", "private", "confidential"});
    put_time("reply-by", tag::kReplyTime);
    put_time("expires", tag::kExpiryTime);
    put_time("deferred-until", tag::kDeferredDeliveryTime);
    const std::string_view class_name = from_.text_or_empty(tag::kMessageClass);
    if (!class_name.empty() && !iequals(class_name, "IPM.Note")) put("mapi.class", one_line(class_name, 255));
  }

  void read_follow_up() {
    put_word("follow-up", tag::kFlagStatus, std::array<std::string_view, 3>{"", "completed", "flagged"});
    put_word("follow-up.colour", tag::kFollowupIcon,
             std::array<std::string_view, 7>{"", "purple", "orange", "green", "yellow", "blue", "red"});
    put_text("follow-up.text", tag::kFlagRequest);
    // Days as the user saw them where they are known: the others are midnights in his zone.
    put_day("follow-up.start", tag::kTaskStartDate, tag::kCommonStart);
    put_day("follow-up.due", tag::kTaskDueDate, tag::kCommonEnd);
    if (!put_time("follow-up.completed", tag::kFlagCompleteTime))
      put_day("follow-up.completed", tag::kTaskDateCompleted, tag::kTaskDateCompleted);
    if (from_.boolean(tag::kReminderSet) && !put_time("reminder", tag::kReminderSignalTime))
      put_time("reminder", tag::kReminderTime);
  }

  void put_day(std::string_view name, const Tag& local, const Tag& utc) {
    if (const auto day = from_.time(local))
      put(name, time_text_of(*day).substr(0, 10));
    else
      put_time(name, utc);
  }

  void read_answers() {
    const std::int64_t verb = integer(tag::kLastVerbExecuted);
    if (verb == kReply) put("last-action", "reply");
    if (verb == kReplyAll) put("last-action", "reply-all");
    if (verb == kForward) put("last-action", "forward");
    if (verb >= kReply && verb <= kForward)
      put_time("last-action.time", tag::kLastVerbExecutionTime);
    else if (const Value* value = from_.find(tag::kLastVerbExecuted))
      rest_.set(tag::kLastVerbExecuted, *value);
    put_text("voting.answer", tag::kVerbResponse);
    const std::string* stream = from_.bytes(tag::kVerbStream);
    if (stream == nullptr) return;
    std::string options;
    for (const std::string& option : voting_options(*stream))
      options += (options.empty() ? "" : "\n") + one_line(option, 255);
    if (options.empty()) rest_.set(tag::kVerbStream, Value::of_bytes(*stream));
    put("voting.options", std::move(options));
  }

  static bool has_home(const Tag& tag);

  const Properties& from_;
  Properties rest_;
  ItemState state_;
};

// Said by flags, keywords, date and properties above, or by the message that mail.h makes.
constexpr auto kHomes = std::to_array<Tag>({
    tag::kMessageFlags,
    tag::kMessageStatus,
    tag::kLastVerbExecuted,
    tag::kLastVerbExecutionTime,
    tag::kIconIndex,
    tag::kFlagStatus,
    tag::kFollowupIcon,
    tag::kFlagRequest,
    tag::kFlagCompleteTime,
    tag::kTaskStartDate,
    tag::kTaskDueDate,
    tag::kTaskDateCompleted,
    tag::kCommonStart,
    tag::kCommonEnd,
    tag::kReminderSet,
    tag::kReminderTime,
    tag::kReminderSignalTime,
    tag::kKeywords,
    tag::kImportance,
    tag::kPriority,
    tag::kSensitivity,
    tag::kReplyTime,
    tag::kExpiryTime,
    tag::kDeferredDeliveryTime,
    tag::kVerbStream,
    tag::kVerbResponse,
    tag::kMessageClass,
    tag::kMessageDeliveryTime,
    tag::kClientSubmitTime,
    tag::kCreationTime,
    tag::kSubject,
    tag::kSubjectPrefix,
    tag::kNormalizedSubject,
    tag::kConversationTopic,
    tag::kConversationIndex,
    tag::kTransportMessageHeaders,
    tag::kBody,
    tag::kHtml,
    tag::kRtfCompressed,
    tag::kRtfInSync,
    tag::kNativeBody,
    tag::kInternetCodepage,
    tag::kMessageCodepage,
    tag::kInternetMessageId,
    tag::kInternetReferences,
    tag::kInReplyToId,
    tag::kOriginalMessageId,
    tag::kListHelp,
    tag::kListSubscribe,
    tag::kListUnsubscribe,
    tag::kReadReceiptRequested,
    tag::kReadReceiptName,
    tag::kReadReceiptEntryId,
    tag::kReplyRecipientEntries,
    tag::kReplyRecipientNames,
    tag::kSenderEntryId,
    tag::kSenderName,
    tag::kSenderAddressType,
    tag::kSenderEmailAddress,
    tag::kSenderSmtpAddress,
    tag::kSenderSearchKey,
    tag::kSentRepresentingEntryId,
    tag::kSentRepresentingName,
    tag::kSentRepresentingAddressType,
    tag::kSentRepresentingEmailAddress,
    tag::kSentRepresentingSmtpAddress,
    tag::kSentRepresentingSearchKey,
});

bool StateReader::has_home(const Tag& tag) {
  return tag.set == set::kInternetHeaders || std::ranges::find(kHomes, tag) != kHomes.end();
}

}  // namespace

ItemState mail_state(const Properties& message) { return StateReader(message).read(); }

std::string keyword_of(std::string_view category) {
  std::string out;
  while (!category.empty()) {
    std::size_t wide = 0;
    while (wide < category.size() && static_cast<unsigned char>(category[wide]) >= 0x80) ++wide;
    std::string piece;
    if (wide > 0)
      piece = utf7_run(category.substr(0, std::min<std::size_t>(wide, kMostKeywordBytes)));
    else
      piece =
          category.front() == '&' ? "&-" : std::string(1, may_be_in_keyword(category.front()) ? category.front() : '_');
    if (out.size() + piece.size() > kMostKeywordBytes) break;
    out += piece;
    category.remove_prefix(std::max<std::size_t>(wide, 1));
  }
  return out;
}

bool is_own_of_store(const Tag& tag) {
  if (tag.set == set::kKopanoImap) return true;
  if (tag.is_named()) return tag == tag::kSmartNoAttach;
  constexpr auto kOwn = std::to_array<std::uint32_t>({
      0x003F, 0x0040, 0x0043, 0x0044, 0x0051, 0x0052, 0x0075, 0x0076, 0x0077, 0x0078,  // to whom it was delivered
      0x0057, 0x0058, 0x0059, 0x6725,                                                  // whether that is "me"
      0x0E02, 0x0E03, 0x0E04, 0x0E08, 0x0E09, 0x0E0A, 0x0E0F, 0x0E1B, 0x0E20, 0x0E21,  // lists for tables, sizes
      0x0FF4, 0x0FF6, 0x0FF8, 0x0FF9, 0x0FFB, 0x0FFE, 0x0FFF, 0x300B,                  // ids, keys
      0x3008, 0x3FF1, 0x3FFA, 0x3FFB, 0x340D, 0x3414,                                  // who changed it last
      0x65E0, 0x65E1, 0x65E2, 0x65E3, 0x668F,                                          // of synchronization
      0x6782, 0x6786, 0x6787, 0x678C, 0x678D, 0x678E, 0x678F,                          // of Kopano's IMAP
  });
  return std::ranges::find(kOwn, tag.id) != kOwn.end();
}

std::string keep_within(const Properties& rest, std::vector<std::string>& losses, std::size_t most) {
  Properties kept;
  for (const auto& [key, value] : rest.all())
    if (!is_own_of_store(key)) kept.set(key, value);
  std::string bytes = keep(kept);
  if (bytes.size() <= most) return bytes;
  const Properties all = kept;
  std::vector<const Properties::Map::value_type*> by_size;
  for (const auto& property : all.all()) by_size.push_back(&property);
  const auto weight = [](const Properties::Map::value_type* property) {
    return property->second.bytes() + property->first.name.size();
  };
  std::ranges::sort(by_size, [&](const auto* left, const auto* right) {
    return weight(left) != weight(right) ? weight(left) > weight(right) : left->first < right->first;
  });
  constexpr std::size_t kBeforeAll = 4;  // once, before all of them
  std::size_t size = bytes.size();
  for (const auto* largest : by_size) {
    if (size <= most) break;
    losses.push_back(fmt::format("The property {} of {} bytes is too large to be kept.", print(largest->first),
                                 largest->second.bytes()));
    Properties one;
    one.set(largest->first, largest->second);
    size -= keep(one).size() - kBeforeAll;
    kept.remove(Properties::Key(largest->first));
  }
  return keep(kept);
}

}  // namespace kontor::mapi
