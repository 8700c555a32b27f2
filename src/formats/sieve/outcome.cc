// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/outcome.h"

#include <fmt/format.h>

namespace kontor::sieve {
namespace {

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\r') continue;
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string flags_text(const std::vector<std::string>& flags) {
  std::string text;
  for (const std::string& flag : flags) text += (text.empty() ? "" : " ") + flag;
  return text.empty() ? "" : " flags=(" + text + ")";
}

std::string edition_text(EditionIndex edition) { return edition == 0 ? "" : fmt::format(" edition={}", edition); }

struct Printer {
  std::string operator()(const Keep& keep) const {
    return (keep.is_implicit ? "keep (implicit)" : "keep") + flags_text(keep.flags) + edition_text(keep.edition);
  }
  std::string operator()(const FileInto& file) const {
    std::string text = "fileinto " + quoted_text(file.mailbox);
    if (file.mailbox_id) text += " id=" + quoted_text(*file.mailbox_id);
    if (file.special_use) text += " use=" + quoted_text(*file.special_use);
    if (file.create) text += " create";
    return text + flags_text(file.flags) + edition_text(file.edition);
  }
  std::string operator()(const Redirect& redirect) const {
    return (redirect.is_list ? "redirect list " : "redirect ") + quoted_text(redirect.address) +
           edition_text(redirect.edition);
  }
  std::string operator()(const Reject& reject) const {
    return (reject.is_ereject ? "ereject " : "reject ") + quoted_text(reject.text);
  }
  std::string operator()(const VacationReply& reply) const {
    std::string text = "vacation to=" + quoted_text(reply.to);
    if (!reply.from.empty()) text += " from=" + quoted_text(reply.from);
    if (reply.subject) text += " subject=" + quoted_text(*reply.subject);
    text += fmt::format(" seconds={}{} ", reply.asked.period.count(), reply.is_mime ? " mime" : "");
    return text + quoted_text(reply.text);
  }
  std::string operator()(const Notify& notify) const {
    std::string text = fmt::format("notify {} importance={}", quoted_text(notify.method), notify.importance);
    if (!notify.from.empty()) text += " from=" + quoted_text(notify.from);
    for (const std::string& option : notify.options) text += " option=" + quoted_text(option);
    text += " subject=" + quoted_text(notify.subject);
    return notify.text.empty() ? text : text + " " + quoted_text(notify.text);
  }
};

}  // namespace

std::string text_of(const Outcome& outcome) {
  std::string text;
  if (outcome.fault) {
    text += "error";
    if (!outcome.script.empty()) text += " in " + quoted_text(outcome.script);
    text += " " + text_of(*outcome.fault) + "\n";
  }
  for (const Action& action : outcome.actions) text += std::visit(Printer{}, action) + "\n";
  if (outcome.actions.empty()) text += "discard\n";
  for (std::size_t i = 0; i < outcome.editions.size(); i++) {
    text += fmt::format("edition {}", i + 1);
    for (const EditionPiece& piece : outcome.editions[i])
      if (!piece.text.empty()) text += " " + quoted_text(piece.text);
    text += "\n";
  }
  return text;
}

}  // namespace kontor::sieve
