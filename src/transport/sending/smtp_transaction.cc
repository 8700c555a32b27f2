// SPDX-License-Identifier: AGPL-3.0-or-later
// One message over an open connection.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "transport/sending/smtp_client.h"
#include "wire/smtp/reply_reader.h"

namespace kontor::transport {

using wire::smtp::Reply;

namespace {

// Doubles dots at the start of lines, over pieces: RFC 5321 section 4.5.2.
class DotStuffer {
 public:
  std::string feed(std::string_view piece) {
    std::string out;
    out.reserve(piece.size() + piece.size() / 64 + 8);
    tail_.append(piece.substr(piece.size() - std::min<std::size_t>(piece.size(), 2)));
    tail_.erase(0, tail_.size() - 2);
    while (!piece.empty()) {
      if (is_line_start_ && piece.front() == '.') out += '.';
      const auto end = piece.find('\n');
      std::string_view part = piece.substr(0, end == std::string_view::npos ? end : end + 1);
      out += part;
      is_line_start_ = part.back() == '\n';
      piece.remove_prefix(part.size());
    }
    return out;
  }
  // Behind a bare LF or CR the dot alone would not end the data.
  std::string finish() const { return tail_ == "\r\n" ? ".\r\n" : "\r\n.\r\n"; }

 private:
  bool is_line_start_ = true;
  std::string tail_ = "\r\n";  // the last two bytes
};

SendFailure cannot(const std::string& host, const char* enhanced, std::string why) {
  return {.is_permanent = true,
          .is_host = false,
          .what = {.code = 0, .enhanced = enhanced, .text = std::move(why), .host = host}};
}

std::string notify_words(DsnNotify notify) {
  if ((notify.bits & DsnNotify::kNever) != 0) return "NEVER";
  std::string out;
  auto add = [&](std::uint8_t bit, const char* word) {
    if ((notify.bits & bit) != 0) out += (out.empty() ? "" : ",") + std::string(word);
  };
  add(DsnNotify::kSuccess, "SUCCESS");
  add(DsnNotify::kFailure, "FAILURE");
  add(DsnNotify::kDelay, "DELAY");
  return out;
}

}  // namespace

std::string to_xtext(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 33 || byte > 126 || c == '+' || c == '=')
      out += fmt::format("+{:02X}", byte);
    else
      out += c;
  }
  return out;
}

// What the host cannot take will not be taken later either. What can be made over for it was (send_fitting()).
SendResult<void> SmtpClient::check_needs(const SmtpTransaction& transaction) const {
  if (transaction.needs.utf8 && !extensions_.utf8)
    return std::unexpected(
        cannot(options_.host, "5.6.7", "An address or the header needs SMTPUTF8, which the host does not offer."));
  if (transaction.needs.binary && !(extensions_.binary && extensions_.chunking))
    return std::unexpected(cannot(options_.host, "5.6.3", "The message is binary, which the host does not take."));
  if (transaction.needs.eight_bit && !extensions_.eight_bit)
    return std::unexpected(cannot(options_.host, "5.6.3", "The message has 8-bit text, which the host does not take."));
  if (extensions_.size && transaction.size > *extensions_.size)
    return std::unexpected(cannot(
        options_.host, "5.3.4",
        fmt::format("The message has {} bytes; the host takes at most {}.", transaction.size, *extensions_.size)));
  return {};
}

std::string SmtpClient::mail_line(const SmtpTransaction& transaction) const {
  std::string line = fmt::format("MAIL FROM:<{}>", transaction.sender);
  if (extensions_.size) line += fmt::format(" SIZE={}", transaction.size);
  if (transaction.needs.binary)
    line += " BODY=BINARYMIME";
  else if (transaction.needs.eight_bit)
    line += " BODY=8BITMIME";
  if (transaction.needs.utf8) line += " SMTPUTF8";
  if (!extensions_.dsn) return line;
  if (transaction.dsn_return != DsnReturn::unset)
    line += transaction.dsn_return == DsnReturn::full ? " RET=FULL" : " RET=HDRS";
  if (!transaction.envelope_id.empty()) line += " ENVID=" + to_xtext(transaction.envelope_id);
  return line;
}

std::string SmtpClient::recipient_line(const NewRecipient& recipient) const {
  std::string line = fmt::format("RCPT TO:<{}>", recipient.address);
  if (!extensions_.dsn) return line;
  if (recipient.notify.bits != 0) line += " NOTIFY=" + notify_words(recipient.notify);
  if (const auto at = recipient.original.find(';'); at != std::string::npos)
    line += " ORCPT=" + recipient.original.substr(0, at) + ";" + to_xtext(recipient.original.substr(at + 1));
  return line;
}

// In the midst of data there is no way back but to break off; of the host it says nothing.
SendFailure SmtpClient::unreadable(const Error& error) {
  is_usable_ = false;
  return {.is_permanent = false,
          .is_host = false,
          .what = {.code = 0, .enhanced = "4.3.0", .text = error.text, .host = ""}};
}

SendResult<void> SmtpClient::put_chunks(const MessageSource& source) {
  std::uint64_t offset = 0;
  for (;;) {
    auto piece = source(offset);
    if (!piece) return std::unexpected(unreadable(piece.error()));
    offset += piece->size();
    const bool is_last = piece->empty();
    if (auto sent = put(fmt::format("BDAT {}{}\r\n", piece->size(), is_last ? " LAST" : "")); !sent) return sent;
    if (auto sent = put(*piece); !sent) return sent;
    if (is_last) return {};
    auto answer = reply();
    if (!answer) return std::unexpected(answer.error());
    if (!answer->is_positive()) {
      is_usable_ = false;
      return std::unexpected(refused(*answer, false));
    }
  }
}

SendResult<void> SmtpClient::put_message(const SmtpTransaction& transaction, const MessageSource& source) {
  if (transaction.needs.binary) return put_chunks(source);
  DotStuffer stuffer;
  std::uint64_t offset = 0;
  for (;;) {
    auto piece = source(offset);
    if (!piece) return std::unexpected(unreadable(piece.error()));
    if (piece->empty()) return put(stuffer.finish());
    offset += piece->size();
    if (auto sent = put(stuffer.feed(*piece)); !sent) return sent;
  }
}

SendResult<std::vector<Reply>> SmtpClient::send(const SmtpTransaction& transaction, const MessageSource& source) {
  if (auto able = check_needs(transaction); !able) return std::unexpected(able.error());
  const std::size_t count = transaction.recipients.size();
  const bool sends_data = !transaction.needs.binary;
  std::string group = mail_line(transaction) + "\r\n";
  std::vector<Reply> answers(count);
  bool is_mail_said = false;
  // RFC 2920: with PIPELINING all that comes before the message goes out at once.
  if (extensions_.pipelining) {
    for (const NewRecipient& one : transaction.recipients) group += recipient_line(one) + "\r\n";
    if (sends_data) group += "DATA\r\n";
  }
  if (auto sent = put(group); !sent) return std::unexpected(sent.error());
  auto mail = reply();
  if (!mail) return std::unexpected(mail.error());
  is_mail_said = mail->is_positive();
  if (!is_mail_said && !extensions_.pipelining) return std::unexpected(refused(*mail, false));
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < count; ++i) {
    SendResult<Reply> answer = extensions_.pipelining ? reply() : command(recipient_line(transaction.recipients[i]));
    if (!answer) return std::unexpected(answer.error());
    // As "go on" belongs to DATA only, host and client have lost each other: nobody has taken anything.
    if (answer->code >= 300 && answer->code < 400)
      return std::unexpected(broken(Error(Errc::invalid, "The host answers out of turn.")));
    answers[i] = *std::move(answer);
    if (answers[i].is_positive()) ++accepted;
  }
  SendResult<Reply> go = Reply();
  if (sends_data && (extensions_.pipelining || accepted > 0)) {
    go = extensions_.pipelining ? reply() : command("DATA");
    if (!go) return std::unexpected(go.error());
  }
  if (!is_mail_said || accepted == 0) {
    // A host that takes the data all the same gets none: RFC 2920 section 3.1.
    if (go->code == 354) {
      if (auto sent = put(".\r\n"); !sent) return std::unexpected(sent.error());
      if (auto ended = reply(); !ended) return std::unexpected(ended.error());
    }
    if (is_usable_) (void)command("RSET");
    if (!is_mail_said) return std::unexpected(refused(*mail, false));
    return answers;
  }
  if (sends_data && go->code != 354) {
    if (is_usable_) (void)command("RSET");
    return std::unexpected(refused(*go, false));
  }
  if (auto sent = put_message(transaction, source); !sent) return std::unexpected(sent.error());
  // RFC 5321 section 4.5.3.2.6: who gives up earlier makes two of a message.
  const auto patience = std::max(options_.taking_timeout, options_.command_timeout);
  socket_->set_timeout(patience);
  auto end = reply(patience);
  socket_->set_timeout(options_.command_timeout);
  if (!end) {
    SendFailure failure = end.error();
    failure.is_unsure = true;
    return std::unexpected(std::move(failure));
  }
  if (!end->is_positive()) return std::unexpected(refused(*end, false));
  for (Reply& one : answers)
    if (one.is_positive()) one = *end;
  return answers;
}

}  // namespace kontor::transport
