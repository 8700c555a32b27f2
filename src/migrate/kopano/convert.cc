// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/convert.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "base/bytes.h"
#include "formats/lines/writer.h"
#include "formats/mapi/attachment_names.h"
#include "formats/mapi/contact.h"
#include "formats/mapi/event.h"
#include "formats/mapi/item_state.h"
#include "formats/mapi/journal.h"
#include "formats/mapi/mail.h"
#include "formats/mapi/mail_calendar.h"
#include "formats/mapi/mail_original.h"
#include "formats/mapi/note.h"
#include "formats/mapi/tags.h"
#include "formats/mapi/task.h"
#include "migrate/kopano/item_class.h"

namespace kontor::migrate::kopano {
namespace {

using mapi::Properties;
using mapi::Value;

constexpr mapi::Tag kAttachSize{.id = 0x0E20};
constexpr std::int64_t kMoreThanProperties = 4096;
constexpr std::size_t kMostPhoto = std::size_t{8} << 20;
constexpr std::size_t kMostAttached = std::size_t{4} << 20;  // of a card, besides its photo
constexpr std::int64_t kByValue = 1;                         // PidTagAttachMethod

// All names that an item's properties may have: what it has not is said too, so that it goes where it was before.
constexpr auto kStateNames = std::to_array<const char*>(
    {"categories", "importance", "sensitivity", "follow-up", "follow-up.text", "follow-up.colour", "follow-up.start",
     "follow-up.due", "follow-up.completed", "reminder", "last-action", "last-action.time", "reply-by", "expires",
     "deferred-until", "voting.options", "voting.answer", "mapi.class", "mapi"});

std::string_view class_of(const Tree& tree) { return tree.message.properties.text_or_empty(mapi::tag::kMessageClass); }

class Converter {
 public:
  Converter(Tree& tree, std::string_view key, AttachmentStore& store, const ConvertContext& context,
            const TakePiece& take, const TakeFile& file)
      : tree_(tree), key_(key), store_(store), context_(context), take_(take), file_(file) {
    read_ = [this](const mapi::Attachment& attachment, const mapi::TakePiece& piece) {
      return read_attachment(attachment, piece);
    };
  }

  Result<Facts> convert(std::string_view kind) {
    const auto done = kind.empty() ? convert_mail() : kind == "contacts" ? convert_contact() : convert_calendar();
    if (!done) return std::unexpected(done.error());
    facts_.losses.insert(facts_.losses.begin(), tree_.damages.begin(), tree_.damages.end());
    return std::move(facts_);
  }

 private:
  // A content that is not in the store of attachments is an item's own misfortune, and named; nothing at all where none
  // was ever kept.
  Result<void> read_attachment(const mapi::Attachment& attachment, const mapi::TakePiece& take) {
    const auto number = attachment.properties.integer(mapi::tag::kAttachNumber).value_or(0);
    const auto instance = tree_.data.find(static_cast<std::uint32_t>(number));
    if (instance != tree_.data.end()) return read_instance(instance->second, take);
    // What is empty has none. The size that is announced counts the attachment's properties, too.
    const std::int64_t announced = attachment.properties.integer(kAttachSize).value_or(0);
    if (announced >= kMoreThanProperties && missing_.insert(number).second)
      facts_.losses.push_back(fmt::format(
          "The attachment \"{}\" is said to have {} bytes, but the source has no content of it.",
          attachment.properties.first_text({mapi::tag::kAttachLongFilename, mapi::tag::kAttachFilename}), announced));
    return {};
  }

  Result<void> read_instance(const Instance& instance, const mapi::TakePiece& take) {
    auto read = store_.read(instance, take);
    const bool is_lost = !read && (read.error().code == Errc::not_found || read.error().code == Errc::invalid);
    if (!is_lost) return read;
    if (!context_.takes_incomplete) return fail(Errc::invalid, read.error().text);
    return fail(Errc::not_found, read.error().text);
  }

  // Whether the item came as it was stored.
  Result<bool> take_original() {
    if (!tree_.original) return false;
    bool is_taken = false;
    const auto deliver = [&]() -> Result<bool> {
      TRY(const auto state, mapi::check_original(tree_.message, context_.calendar.resolve, [&](const auto& take) {
            return read_instance(*tree_.original, take);
          }));
      if (state.is_stale) {
        facts_.losses.push_back(state.why + " It comes as it was edited.");
        return false;
      }
      TRY_VOID(read_instance(*tree_.original, [&](std::string_view piece) {
        is_taken = true;
        return take_(piece);
      }));
      return is_taken;  // an empty one is none
    };
    auto done = deliver();
    if (done || done.error().code != Errc::not_found) return done;
    // A part of it is on its way: nothing else can take its place.
    if (is_taken) return fail(Errc::invalid, done.error().text);
    facts_.losses.push_back("Its original is lost (" + done.error().text + "): it was made anew of what is known.");
    return false;
  }

  Result<void> convert_mail() {
    const ItemClass what = item_class(class_of(tree_));
    auto state = mapi::mail_state(tree_.message.properties);
    facts_.kept = std::move(state.properties);
    for (const char* name : kStateNames) facts_.kept.try_emplace(name);
    add_losses(std::move(state.losses));
    if (what == ItemClass::other)
      facts_.losses.push_back(
          fmt::format("It is of class {}: it came as mail, with all of its properties.", class_of(tree_)));
    TRY(const bool is_whole, take_original());
    if (is_whole) return {};
    if (what == ItemClass::contact || what == ItemClass::list) attach_card(what);
    const auto calendar = calendar_context();
    const mapi::MailSource source{
        .resolve = context_.calendar.resolve, .read = read_, .calendar = mapi::calendar_of(calendar)};
    TRY(auto written, mapi::write_mail(tree_.message, source, take_));
    add_losses(std::move(written.losses));
    return {};
  }

  mapi::CalendarContext calendar_context() const {
    auto context = context_.calendar;
    context.read = read_;
    return context;
  }

  Result<mapi::CalendarObject> object_of(const mapi::Message& message, ItemClass what,
                                         const mapi::CalendarContext& context) const {
    switch (what) {
      case ItemClass::task:
        return mapi::task_of(message, key_, context);
      case ItemClass::note:
        return mapi::note_of(message, key_, context);
      case ItemClass::journal:
        return mapi::journal_of(message, key_, context);
      default:
        return mapi::event_of(message, key_, context);
    }
  }

  // A content that mapi has, as the item's file.
  Result<mapi::KeptContent> keep_file(const std::function<Result<void>(const mapi::TakePiece&)>& give) const {
    TRY(TakenFile taken, file_(give));
    return mapi::KeptContent{std::move(taken.uri), taken.size};
  }

  Result<void> convert_calendar() {
    auto context = calendar_context();
    if (file_) context.keep = [this](const auto& give) { return keep_file(give); };
    TRY(auto object, object_of(tree_.message, item_class(class_of(tree_)), context));
    TRY_VOID(take_(object.text));
    for (const std::string& name : object.left_out)
      object.losses.push_back(fmt::format("The attachment \"{}\" is too large for an item of a calendar.", name));
    keep(object.kept, object.losses);
    return {};
  }

  // A photo stands in the card, and what is attached is beside it: then the attachment is a link to that. What cannot
  // be had is named, and is no attachment any more.
  Result<void> load_attachments() {
    std::size_t room = kMostAttached;
    std::vector<mapi::Attachment> loaded;
    for (mapi::Attachment& attachment : tree_.message.attachments) {
      const bool is_photo = attachment.properties.boolean(mapi::tag::kAttachmentContactPhoto) ||
                            attachment.properties.text_or_empty(mapi::tag::kAttachLongFilename) == "ContactPicture.jpg";
      const bool is_file = file_ && !is_photo && mapi::attachment_uri(attachment).empty();
      std::string bytes;
      const auto read = is_file ? link_file(attachment) : read_content(attachment, is_photo ? kMostPhoto : room, bytes);
      const bool is_lost = !read && (read.error().code == Errc::too_large || read.error().code == Errc::not_found);
      if (!read && !is_lost) return read;
      if (is_lost) {
        facts_.losses.push_back(fmt::format("{} is left out: {}", shown(attachment, is_photo), read.error().text));
        continue;
      }
      if (!is_photo) room -= bytes.size();
      if (!attachment.embedded.empty()) {
        attachment.properties.set(mapi::tag::kAttachLongFilename, Value::of_text(mapi::attachment_name(attachment)));
        attachment.properties.set(mapi::tag::kAttachMimeTag, Value::of_text("message/rfc822"));
        attachment.embedded.clear();
      }
      if (!bytes.empty()) attachment.properties.set(mapi::tag::kAttachDataBinary, Value::of_bytes(std::move(bytes)));
      loaded.push_back(std::move(attachment));
    }
    tree_.message.attachments = std::move(loaded);
    return {};
  }

  Result<void> link_file(mapi::Attachment& attachment) {
    TRY(TakenFile taken, file_([&](const TakePiece& take) { return read_content(attachment, take); }));
    attachment.properties.set(mapi::tag::kAttachPathname, Value::of_text(std::move(taken.uri)));
    return {};
  }

  static std::string shown(const mapi::Attachment& attachment, bool is_photo) {
    return is_photo ? "Its photo" : fmt::format("The attachment \"{}\"", mapi::attachment_name(attachment));
  }

  // Errors: too_large beyond `most` bytes.
  Result<void> read_content(const mapi::Attachment& attachment, std::size_t most, std::string& into) {
    return read_content(attachment, [&](std::string_view piece) -> Result<void> {
      if (into.size() + piece.size() > most) return fail(Errc::too_large, "it is too large.");
      into += piece;
      return {};
    });
  }

  // A message as mail, else the data.
  Result<void> read_content(const mapi::Attachment& attachment, const TakePiece& take) {
    if (attachment.embedded.empty()) return read_attachment(attachment, take);
    // No calendar in it: items that hold each other would go round.
    const mapi::MailSource source{.resolve = context_.calendar.resolve, .read = read_, .calendar = {}};
    TRY(auto written, mapi::write_mail(attachment.embedded.front(), source, take));
    add_losses(std::move(written.losses));
    return {};
  }

  mapi::MadeCard card(ItemClass what) const {
    const std::string uid = mapi::item_uid(tree_.message.properties, key_);
    return what == ItemClass::list ? mapi::group_card_of(tree_.message, uid, context_.address_of, context_.list_of)
                                   : mapi::card_of(tree_.message, uid, context_.calendar.resolve);
  }

  Result<void> convert_contact() {
    TRY_VOID(load_attachments());
    auto made = card(item_class(class_of(tree_)));
    TRY_VOID(take_(lines::write(made.card)));
    keep(made.kept, made.losses);
    return {};
  }

  // Among mail a contact is a message with the card in it.
  void attach_card(ItemClass what) {
    mapi::Attachment attachment;
    attachment.properties.set(mapi::tag::kAttachMethod, Value::of(static_cast<std::int32_t>(kByValue)));
    attachment.properties.set(mapi::tag::kAttachLongFilename, Value::of_text("contact.vcf"));
    attachment.properties.set(mapi::tag::kAttachMimeTag, Value::of_text("text/vcard"));
    attachment.properties.set(mapi::tag::kAttachDataBinary, Value::of_bytes(lines::write(card(what).card)));
    tree_.message.attachments.push_back(std::move(attachment));
  }

  void add_losses(std::vector<std::string> losses) {
    facts_.losses.insert(facts_.losses.end(), std::make_move_iterator(losses.begin()),
                         std::make_move_iterator(losses.end()));
  }

  void keep(const Properties& kept, std::vector<std::string>& losses) {
    facts_.kept["mapi"] = mapi::keep_within(kept, losses);
    add_losses(std::move(losses));
  }

  Tree& tree_;
  const std::string key_;
  AttachmentStore& store_;
  const ConvertContext& context_;
  const TakePiece& take_;
  const TakeFile& file_;
  mapi::ReadAttachment read_;
  Facts facts_;
  std::set<std::int64_t> missing_;  // attachments that are named already
};

}  // namespace

Result<Facts> convert(Tree& tree, std::string_view kind, std::string_view key, AttachmentStore& store,
                      const ConvertContext& context, const TakePiece& take, const TakeFile& file) {
  return Converter(tree, key, store, context, take, file).convert(kind);
}

}  // namespace kontor::migrate::kopano
