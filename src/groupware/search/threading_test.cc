// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/threading.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <sstream>

namespace kontor::groupware {
namespace {

// A message as the tables below have it: "id subject day references", with "-" for none.
Gathered gathered_from(const std::vector<std::string>& lines, std::map<std::string, std::uint32_t>& ids) {
  Gathered out;
  static std::map<std::string, std::string> subjects;  // the views point here
  for (const auto& line : lines) {
    std::istringstream in(line);
    std::string id, subject, reference;
    int day = 0;
    in >> id >> subject >> day;
    const auto number = [&](const std::string& name) {
      if (!ids.contains(name)) ids[name] = ++out.ids;
      return ids[name];
    };
    ThreadedMessage message;
    message.position = static_cast<std::uint32_t>(out.messages.size());
    message.date = Instant(std::chrono::seconds(86'400 * day));
    if (id != "-") message.id = number(id);
    message.is_reply = subject.starts_with("re:");
    const std::string base = message.is_reply ? subject.substr(3) : subject == "-" ? "" : subject;
    message.subject = subjects.emplace(base, base).first->first;
    message.first_reference = static_cast<std::uint32_t>(out.references.size());
    while (in >> reference) out.references.push_back(number(reference));
    message.references = static_cast<std::uint32_t>(out.references.size()) - message.first_reference;
    out.messages.push_back(message);
  }
  return out;
}

std::string print_node(const Forest& forest, std::uint32_t node) {
  const auto& at = forest.nodes[node];
  std::string out = at.position == Forest::kNone ? "?" : std::to_string(at.position + 1);
  if (!at.children.empty()) out += "(";
  for (const auto child : at.children) out += (out.back() == '(' ? "" : " ") + print_node(forest, child);
  if (!at.children.empty()) out += ")";
  return out;
}

std::string print_forest(const Forest& forest) {
  std::string out;
  for (const auto root : forest.roots) out += (out.empty() ? "" : " ") + print_node(forest, root);
  return out;
}

// RFC 5256 section 3, the steps of REFERENCES.
TEST(ThreadByReferences, FollowsTheSteps) {
  struct Case {
    std::vector<std::string> messages;
    std::string with_subjects, without;
    std::string why;
  };
  const Case cases[] = {
      {{}, "", "", "nothing"},
      {{"a x 1", "b re:x 2 a", "c re:x 3 a b"}, "1(2(3))", "1(2(3))", "a chain"},
      {{"c re:x 3 a b", "b re:x 2 a", "a x 1"}, "3(2(1))", "3(2(1))", "the same, youngest first"},
      {{"a x 1", "c re:x 3 a b"}, "1(2)", "1(2)", "step 3: an absent message gives its place to its children"},
      {{"b y 1 gone", "c z 2 gone"}, "?(1 2)", "?(1 2)", "step 3: but not where several would become roots"},
      {{"b y 1 gone"}, "1", "1", "step 3: a lone child becomes the root"},
      {{"a x 1 b", "b x 2 a"}, "2(1)", "2(1)", "step 1: no loops"},
      {{"a x 1 a"}, "1", "1", "step 1: not its own parent"},
      {{"a x 1", "b x 2 a", "b x 3", "b x 4 a"}, "?(1(2 4) 3)", "3 1(2 4)", "step 1: of one id the first message"},
      {{"a x 1", "b y 2", "c z 4 a b", "d w 3 b"},
       "1(2(4 3))",
       "1(2(4 3))",
       "step 1: roots are linked by later references"},
      {{"c z 3 a b", "b y 2 q"}, "2(1)", "2(1)", "step 1: the message's own references win"},
      {{"- x 2", "- re:x 1", "- x 3"}, "?(1(2) 3)", "2 1 3", "step 5: by subject; an answer goes below"},
      {{"- re:x 1", "- re:x 2"}, "?(1 2)", "1 2", "step 5: two answers become siblings"},
      {{"- - 1", "- - 2"}, "1 2", "1 2", "step 5: no subject, no thread"},
      {{"b re:x 1 g", "c re:x 2 g", "- re:x 3", "- x 4"}, "?(1 2 3 4)", "?(1 2) 3 4", "step 5: a dummy takes all"},
      {{"b x 1 g", "c x 2 g", "d x 3 h", "e x 4 h"}, "?(1 2 3 4)", "?(1 2) ?(3 4)", "step 5: two dummies become one"},
      {{"a x 5", "b y 1", "c re:x 7 a", "d re:x 6 a"}, "2 1(4 3)", "2 1(4 3)", "step 6: siblings by date"},
  };
  for (const auto& c : cases) {
    std::map<std::string, std::uint32_t> ids;
    const Gathered gathered = gathered_from(c.messages, ids);
    EXPECT_EQ(print_forest(thread_by_references(gathered, true)), c.with_subjects) << c.why;
    EXPECT_EQ(print_forest(thread_by_references(gathered, false)), c.without) << c.why << ", REFS";
  }
}

TEST(ThreadByReferences, RefsOrdersThreadsByTheirLatest) {
  std::map<std::string, std::uint32_t> ids;
  const Gathered gathered = gathered_from({"a x 1", "b y 2", "c re:x 3 a"}, ids);
  EXPECT_EQ(print_forest(thread_by_references(gathered, false)), "2 1(3)");
  EXPECT_EQ(print_forest(thread_by_references(gathered, true)), "1(3) 2");
}

TEST(ThreadBySubject, GroupsAndOrders) {
  std::map<std::string, std::uint32_t> ids;
  const Gathered gathered = gathered_from({"- b 4", "- a 3", "- re:b 1", "- a 2", "- c 5"}, ids);
  EXPECT_EQ(print_forest(thread_by_subject(gathered)), "3(1) 4(2) 5");
}

// However the ids are chosen: a chain as long as the folder, and links that look for loops all the time.
TEST(ThreadByReferences, BoundsHostileChains) {
  Gathered gathered;
  constexpr std::uint32_t kMany = 20'000;
  for (std::uint32_t i = kMany; i > 0; --i) {
    ThreadedMessage message;
    message.position = kMany - i;
    message.id = i;
    message.first_reference = static_cast<std::uint32_t>(gathered.references.size());
    message.references = 3;
    for (const std::uint32_t id : {kMany + 1, i % kMany + 1, i - 1}) gathered.references.push_back(std::max(id, 1U));
    gathered.messages.push_back(message);
  }
  gathered.ids = kMany + 1;
  const auto begin = std::chrono::steady_clock::now();
  const Forest forest = thread_by_references(gathered, true);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_FALSE(forest.roots.empty());
}

}  // namespace
}  // namespace kontor::groupware
