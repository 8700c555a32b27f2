// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/threading.h"

#include <algorithm>
#include <numeric>

#include "formats/mime/decode.h"
#include "formats/mime/header.h"
#include "groupware/search/addresses.h"
#include "groupware/search/order.h"
#include "groupware/search/summary_turns.h"

namespace kontor::groupware {

std::uint32_t Threader::number_of(std::string_view id) {
  const auto found = ids_.find(id);
  if (found != ids_.end()) return found->second;
  const std::uint32_t number = ++gathered_.ids;
  ids_.emplace(texts_.keep(id), number);
  return number;
}

void Threader::take(ThreadedMessage& message, const mime::fb::Summary& summary) {
  const auto* envelope = summary.top() == nullptr ? nullptr : summary.top()->envelope();
  if (algorithm_ != Threading::refs) {
    message.subject = texts_.keep(subject_key(summary, collation_));
    if (envelope != nullptr)
      message.is_reply = mime::base_subject(mime::decode_header(view_of(envelope->subject()))).is_reply;
  }
  if (algorithm_ == Threading::ordered_subject) return;
  if (const auto id = view_of(summary.message_id()); !id.empty()) message.id = number_of(id);
  if (summary.references() == nullptr) return;
  // Those of In-Reply-To stand last. They count only if there are no others, and then only the first.
  const std::uint32_t all = summary.references()->size();
  std::uint32_t count = all - std::min<std::uint32_t>(summary.reply_ids(), all);
  if (count == 0) count = std::min(all, 1U);
  message.first_reference = static_cast<std::uint32_t>(gathered_.references.size());
  message.references = count;
  for (std::uint32_t i = 0; i < count; ++i)
    gathered_.references.push_back(number_of(view_of(summary.references()->Get(i))));
}

Result<void> Threader::gather(const Reader& reader, const FolderView& view, const std::vector<std::uint32_t>& positions,
                              std::size_t& next) {
  gathered_.messages.resize(positions.size());
  return each_summary(reader, view, positions, next, [&](std::size_t index, const mime::fb::Summary* summary) {
    const Row& row = view.at(positions[index]);
    ThreadedMessage& message = gathered_.messages[index];
    message.position = positions[index];
    message.date = sent_or_received(summary, row);
    if (summary != nullptr) take(message, *summary);
  });
}

Forest Threader::threads() const {
  if (algorithm_ == Threading::ordered_subject) return thread_by_subject(gathered_);
  return thread_by_references(gathered_, algorithm_ == Threading::references);
}

Forest thread_by_subject(const Gathered& gathered) {
  const auto& messages = gathered.messages;
  std::vector<std::uint32_t> order(messages.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto& x = messages[a];
    const auto& y = messages[b];
    if (const int found = x.subject.compare(y.subject); found != 0) return found < 0;
    return x.date != y.date ? x.date < y.date : a < b;
  });
  Forest forest;
  forest.nodes.resize(messages.size());
  for (std::uint32_t i = 0; i < messages.size(); ++i) forest.nodes[i].position = messages[i].position;
  for (const std::uint32_t at : order) {
    const bool continues = !forest.roots.empty() && messages[forest.roots.back()].subject == messages[at].subject;
    if (continues)
      forest.nodes[forest.roots.back()].children.push_back(at);
    else
      forest.roots.push_back(at);
  }
  std::sort(forest.roots.begin(), forest.roots.end(), [&](std::uint32_t a, std::uint32_t b) {
    return messages[a].date != messages[b].date ? messages[a].date < messages[b].date : a < b;
  });
  return forest;
}

}  // namespace kontor::groupware
