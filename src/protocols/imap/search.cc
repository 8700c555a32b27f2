// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/search.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/log.h"
#include "formats/mime/decode.h"
#include "protocols/imap/fold.h"
#include "protocols/imap/search_text.h"

namespace kontor::imap {

using wire::imap::SearchKey;
using Op = SearchKey::Op;

namespace {

constexpr std::uint32_t kRowsInTurn = 20'000;
constexpr std::uint64_t kBytesInTurn = 8 << 20;
constexpr std::uint64_t kCostOfSummary = 4 << 10;  // in bytes read, about
constexpr std::uint64_t kCostOfContent = 32 << 10;
constexpr std::uint64_t kCostOfText = 256;  // besides its bytes
constexpr std::uint64_t kCostOfKey = 16;

constexpr int kHighestCost = 3;

// What a key has to read: the view, the summary, the header, the body.
int reading_cost(Op op) {
  switch (op) {
    case Op::sent_before:
    case Op::sent_on:
    case Op::sent_since:
    case Op::from:
    case Op::to:
    case Op::cc:
    case Op::bcc:
    case Op::subject:
      return 1;
    case Op::header:
      return 2;
    case Op::body:
    case Op::anywhere:
      return 3;
    default:
      return 0;
  }
}

bool has_text(Op op) { return op >= Op::from && op <= Op::anywhere; }

std::chrono::sys_days local_day(const InternalDate& date) {
  return std::chrono::floor<std::chrono::days>(date.at + std::chrono::minutes(date.zone_minutes));
}

bool compare_day(Op op, std::chrono::sys_days day, std::chrono::sys_days key) {
  switch (op) {
    case Op::internal_before:
    case Op::sent_before:
      return day < key;
    case Op::internal_on:
    case Op::sent_on:
      return day == key;
    default:
      return day >= key;
  }
}

std::string_view text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

using AddressVector = flatbuffers::Vector<flatbuffers::Offset<mime::fb::Address>>;

// As a header shows them: `name <mailbox@host>`.
std::string spell_addresses(const AddressVector* addresses) {
  std::string out;
  if (addresses == nullptr) return out;
  for (const auto* address : *addresses) {
    const auto name = text_of(address->name());
    if (!name.empty()) out += mime::decode_header(name) + " ";
    out += "<" + mime::decode_header(text_of(address->mailbox()));
    if (const auto host = text_of(address->host()); !host.empty()) (out += "@") += host;
    out += ">, ";
  }
  return out;
}

const AddressVector* addresses_of(Op op, const mime::fb::Envelope& envelope) {
  switch (op) {
    case Op::from:
      return envelope.from();
    case Op::to:
      return envelope.to();
    case Op::cc:
      return envelope.cc();
    default:
      return envelope.bcc();
  }
}

void log_damaged(const groupware::Account& account, FolderId folder, Uid uid, const Error& error) {
  log::error("imap.message_damaged",
             {{"account", account.id().value}, {"folder", folder.value}, {"uid", uid.value}, {"error", error.text}});
}

}  // namespace

// A key made ready: numbers resolved, text folded, keywords found.
struct Search::Key {
  Op op = Op::all;
  std::vector<Key> children;
  wire::imap::Ranges ranges;
  std::uint64_t number = 0;
  std::chrono::sys_days day{};
  std::string name;
  std::string text;
  int cost = 0;
};

// What was read of one message, as far as keys asked for it. What is gone meanwhile is null; any other failure is kept
// as `fault`, for then nobody can say whether the message matches.
struct Search::Message {
  const mime::fb::Summary* summary() {
    if (!std::exchange(asked_summary, true)) {
      cost += kCostOfSummary;
      if (auto found = take(reader.summary(row.item))) {
        summary_bytes = *std::move(found);
        summary_table = flatbuffers::GetRoot<mime::fb::Summary>(summary_bytes.data());
        if (summary_table->top() == nullptr) {
          summary_table = nullptr;
          (void)take<void>(fail(Errc::corrupt, "the summary of an item is damaged"));
        }
      }
    }
    return summary_table;
  }
  const groupware::Content* content() {
    if (!std::exchange(asked_content, true)) {
      cost += kCostOfContent;
      if (auto found = take(reader.content(row.item))) contents = *std::move(found);
    }
    return contents.get();
  }
  // An envelope's text that a key compares, decoded and folded: made once for all keys.
  const std::string& text_of_envelope(Op op, const mime::fb::Envelope& envelope) {
    auto& text = texts[static_cast<std::size_t>(op) - static_cast<std::size_t>(Op::from)];
    if (!text) {
      text = fold_case(op == Op::subject ? mime::decode_header(text_of(envelope.subject()))
                                         : spell_addresses(addresses_of(op, envelope)));
      cost += text->size();
    }
    return *text;
  }
  bool contains(std::string_view folded, const std::string& needle) {
    cost += folded.size() + kCostOfText;
    return contains_text(folded, needle);
  }
  template <class T>
  Result<T> take(Result<T> result) {
    if (!result && result.error().code != Errc::not_found && !fault) fault = result.error();
    return result;
  }

  const groupware::Reader& reader;
  std::uint32_t position;
  const groupware::Row& row;
  std::uint64_t& cost;
  std::optional<Error> fault;
  bool asked_summary = false, asked_content = false;
  std::string summary_bytes;
  const mime::fb::Summary* summary_table = nullptr;
  std::shared_ptr<const groupware::Content> contents;
  std::array<std::optional<std::string>, 5> texts;  // from to subject
};

Result<Search::Key> Search::translate(const SearchKey& key, const std::string& charset, const Selected& box) {
  Key made;
  made.op = key.op;
  made.number = key.number;
  made.day = key.day;
  made.name = key.name;
  made.cost = reading_cost(key.op);
  if (key.op == Op::numbers) {
    made.ranges = key.set.resolve(box.exists());
    if (!made.ranges.empty() && made.ranges.back().last > box.exists()) {
      return fail(Errc::invalid, "there is no message of that number");
    }
  } else if (key.op == Op::uids) {
    made.ranges = key.set.resolve(box.view->last_uid().value);
  } else if (key.op == Op::keyword) {
    made.number = box.keywords->find(key.text);
  } else if (key.op == Op::modseq) {
    uses_modseq_ = true;
  } else if (has_text(key.op)) {
    made.text = fold_case(mime::to_utf8(key.text, charset).text);
  }
  if (has_text(key.op) && ++texts_ > kMaxTexts) return fail(Errc::too_large, "too many texts to look for at once");
  for (const auto& child : key.children) {
    TRY(auto translated, translate(child, charset, box));
    made.cost = std::max(made.cost, translated.cost);
    made.children.push_back(std::move(translated));
  }
  // Cheap keys decide first; the order among equals stays.
  std::vector<Key> ordered;
  for (int cost = 0; cost <= kHighestCost; ++cost) {
    for (auto& child : made.children) {
      if (child.cost == cost) ordered.push_back(std::move(child));
    }
  }
  made.children = std::move(ordered);
  return made;
}

Result<Search> Search::prepare(const wire::imap::SearchProgram& program, const Selected& box) {
  Search search;
  search.box_ = &box;
  TRY(auto root, search.translate(program.key, program.charset.empty() ? "UTF-8" : program.charset, box));
  search.root_ = std::make_shared<const Key>(std::move(root));
  return search;
}

bool Search::matches(const Key& key, Message& message) const {
  const auto& row = message.row;
  message.cost += kCostOfKey;
  switch (key.op) {
    case Op::all:
      return true;
    case Op::both:
      return std::all_of(key.children.begin(), key.children.end(), [&](const Key& k) { return matches(k, message); });
    case Op::either:
      return std::any_of(key.children.begin(), key.children.end(), [&](const Key& k) { return matches(k, message); });
    case Op::inverse:
      return !matches(key.children[0], message);
    case Op::numbers:
      return wire::imap::contains(key.ranges, message.position + 1);
    case Op::uids:
      return wire::imap::contains(key.ranges, row.uid.value);
    case Op::flag:
      return (row.flag_bits & key.number) != 0;
    case Op::keyword:
      return key.number < groupware::KeywordTable::kLimit &&
             box_->view->flags(message.position).has_keyword(static_cast<groupware::KeywordId>(key.number));
    case Op::recent:
      return box_->is_recent(row.uid);
    case Op::old:
      return !box_->is_recent(row.uid);
    case Op::internal_before:
    case Op::internal_on:
    case Op::internal_since:
      return compare_day(key.op, local_day(row.internal_date()), key.day);
    case Op::larger:
      return row.size > key.number;
    case Op::smaller:
      return row.size < key.number;
    case Op::modseq:
      return row.modseq.value >= key.number;
    default:
      return matches_stored(key, message);
  }
}

bool Search::matches_stored(const Key& key, Message& message) const {
  const auto* summary = message.summary();
  if (summary == nullptr) return false;
  const auto* envelope = summary->top()->envelope();
  switch (key.op) {
    case Op::sent_before:
    case Op::sent_on:
    case Op::sent_since: {
      if (!summary->has_sent()) return false;
      const InternalDate sent(Instant(std::chrono::seconds(summary->sent())), summary->sent_zone());
      return compare_day(key.op, local_day(sent), key.day);
    }
    case Op::from:
    case Op::to:
    case Op::cc:
    case Op::bcc:
    case Op::subject:
      return envelope != nullptr && message.contains(message.text_of_envelope(key.op, *envelope), key.text);
    default:
      break;
  }
  const auto* content = message.content();
  if (content == nullptr) return false;
  if (key.op == Op::header) {
    const auto values = message.take(header_values(*content, *summary->top(), key.name, message.cost));
    return values && std::any_of(values->begin(), values->end(), [&](const std::string& value) {
             return message.contains(fold_case(value), key.text);
           });
  }
  NeedleFinder finder({key.text});
  if (key.op == Op::anywhere) (void)message.take(feed_header(*content, *summary->top(), finder, message.cost));
  (void)message.take(feed_bodies(*content, *summary->top(), finder, message.cost));
  return finder.found(0);
}

Result<void> Search::run(groupware::Account& account, const groupware::Caller& caller, std::uint32_t& position,
                         std::vector<std::uint32_t>& found) const {
  TRY(const auto reader, account.read(caller));
  std::uint64_t cost = 0;
  std::optional<Error> fault;
  const std::uint32_t end = std::min<std::uint64_t>(box_->exists(), std::uint64_t{position} + kRowsInTurn);
  box_->view->each(position, end, [&](std::uint32_t at, const groupware::Row& row) {
    Message message{.reader = *reader, .position = at, .row = row, .cost = cost};
    const bool is_match = matches(*root_, message);
    fault = std::move(message.fault);
    if (fault) {
      if (fault->code == Errc::corrupt) log_damaged(account, box_->folder, row.uid, *fault);
      return false;
    }
    if (is_match) found.push_back(at);
    position = at + 1;
    return cost < kBytesInTurn;
  });
  if (fault) return std::unexpected(*fault);
  return {};
}

}  // namespace kontor::imap
