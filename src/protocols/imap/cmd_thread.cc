// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5256 section 3 (THREAD).
#include <optional>

#include "groupware/search/threading.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/message_limit.h"
#include "protocols/imap/search.h"
#include "protocols/imap/session.h"
#include "wire/imap/print.h"
#include "wire/imap/search_command.h"

namespace kontor::imap {
namespace {

using groupware::Forest;
using groupware::Threading;

std::optional<Threading> threading_of(std::string_view name) {
  if (name == "ORDEREDSUBJECT") return Threading::ordered_subject;
  if (name == "REFERENCES") return Threading::references;
  if (name == "REFS") return Threading::refs;
  return std::nullopt;
}

// "* THREAD (2)(3 6 (4 23)(44 7 96))": an only child follows its parent, several stand in parentheses each. Without
// recursion: threads may be as deep as the folder is long.
class ForestPrinter {
 public:
  ForestPrinter(const Forest& forest, const groupware::FolderView& view, bool by_uid)
      : forest_(forest), view_(view), by_uid_(by_uid) {}

  std::string print() {
    out_ = "* THREAD";
    if (!forest_.roots.empty()) out_.push_back(' ');
    push_each(forest_.roots);
    while (!steps_.empty()) {
      const std::uint32_t step = steps_.back();
      steps_.pop_back();
      if (step == kOpen || step == kClose) {
        out_.push_back(step == kOpen ? '(' : ')');
      } else {
        visit(forest_.nodes[step]);
      }
    }
    return std::move(out_) + "\r\n";
  }

 private:
  static constexpr std::uint32_t kOpen = Forest::kNone, kClose = Forest::kNone - 1;

  // In parentheses each, the first on top.
  void push_each(const std::vector<std::uint32_t>& nodes) {
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) steps_.insert(steps_.end(), {kClose, *node, kOpen});
  }
  void visit(const Forest::Node& node) {
    if (node.position != Forest::kNone) {
      if (out_.back() != '(') out_.push_back(' ');
      wire::imap::append_number(out_, by_uid_ ? view_.at(node.position).uid.value : node.position + 1);
      if (node.children.size() > 1) out_.push_back(' ');
    }
    if (node.children.size() == 1)
      steps_.push_back(node.children[0]);
    else
      push_each(node.children);
  }

  const Forest& forest_;
  const groupware::FolderView& view_;
  const bool by_uid_;
  std::string out_;
  std::vector<std::uint32_t> steps_;
};

}  // namespace

Task<Result<Reply>> cmd_thread(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  in.space();
  const auto wanted = wire::imap::parse_thread_command(in);
  if (in.failed()) co_return Reply::bad(in);
  const auto algorithm = threading_of(wanted.algorithm);
  if (!algorithm) co_return Reply::bad("there is no such threading algorithm");
  auto start =
      co_await start_search(session, command, *session.selected(), wanted.program, session.options().message_limit);
  if (start.refusal) co_return *std::move(start.refusal);
  if (start.search->lowest)
    co_return Reply::no("too many messages: name some", limit_code(session.options().message_limit));
  const Selected& box = *session.selected();
  CO_TRY(const auto matches, co_await find_all(session, command, box, start));
  groupware::Threader threader(*algorithm, session.comparator().collation);
  std::string line = "* THREAD\r\n";
  for (std::size_t next = 0; next < matches.size();) {
    co_await session.progress(command, next, matches.size());
    CO_TRY_VOID(co_await net::blocking(session.workers(), [&]() -> Result<void> {
      TRY(const auto reader, box.account->read(session.caller()));
      TRY_VOID(threader.gather(*reader, *box.view, matches, next));
      if (next == matches.size()) line = ForestPrinter(threader.threads(), *box.view, command.by_uid).print();
      return {};
    }));
  }
  co_await session.write(line);
  co_return Reply::ok("THREAD completed");
}

}  // namespace kontor::imap
