// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mapi/mail_builder.h"
#include "formats/mapi/mail_tags.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kMostLosses = 100;

class TreeDigest {
 public:
  // NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
  void add(const Message& message) {
    add(message.properties);
    for (const Properties& recipient : message.recipients) add(recipient);
    for (const Attachment& attachment : message.attachments) {
      add(attachment.properties);
      for (const Message& embedded : attachment.embedded) add(embedded);
    }
    digest_.update("\n");
  }
  std::string finish() { return digest_.finish(); }

 private:
  void add(const Properties& properties) {
    for (const auto& [key, value] : properties.all()) {
      text(print(key));
      std::visit([&](const auto& data) { add_data(data); }, value.data());
    }
    digest_.update(";");
  }
  void text(std::string_view bytes) {
    std::string size;
    append_be64(size, bytes.size());
    digest_.update(size);
    digest_.update(bytes);
  }
  void add_data(std::int64_t value) { text(std::to_string(value)); }
  void add_data(double value) { text(std::to_string(value)); }
  void add_data(const std::string& value) { text(value); }
  void add_data(const Guid& value) { text(value.view()); }
  template <class T>
  void add_data(const std::vector<T>& values) {
    for (const T& value : values) add_data(value);
  }

  Sha256 digest_;
};

}  // namespace

MailBuilder::MailBuilder(const Message& message, const MailSource& source, std::vector<std::string>& losses, int depth)
    : message_(message),
      source_(source),
      losses_(losses),
      context_{.source = source, .losses = losses, .depth = depth},
      class_(to_lower(message.properties.text_or_empty(tag::kMessageClass))) {
  for (const Attachment& attachment : message.attachments) attachments_.push_back(&attachment);
}

// NOLINTNEXTLINE(misc-no-recursion): kMostMailDepth
Result<void> MailBuilder::build() {
  header_ = mail_header(message_, source_.resolve, losses_);
  TRY(content_, content());
  TreeDigest digest;
  digest.add(message_);
  boundary_ = boundary_of(sha256(digest.finish() + context_.seed));
  return {};
}

Result<void> MailBuilder::write(const TakePiece& take) {
  TRY_VOID(take(header_.text + "MIME-Version: 1.0\r\n"));
  bool ends_line = false;
  TRY_VOID(write_part(content_, boundary_, [&](std::string_view piece) -> Result<void> {
    if (!piece.empty()) ends_line = piece.ends_with('\n');
    return take(piece);
  }));
  return ends_line ? Result<void>() : take("\r\n");
}

Result<WrittenMail> write_mail(const Message& message, const MailSource& source, const TakePiece& take) {
  WrittenMail written;
  MailBuilder builder(message, source, written.losses, 0);
  TRY_VOID(builder.build());
  TRY_VOID(builder.write(take));
  if (written.losses.size() > kMostLosses) {
    written.losses.resize(kMostLosses);
    written.losses.emplace_back("And more.");
  }
  return written;
}

}  // namespace kontor::mapi
