// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5256 section 3, "REFERENCES", step by step. Nothing here recurses: a hostile chain of replies may be as long as
// the folder.
#include <algorithm>
#include <unordered_map>

#include "groupware/search/threading.h"

namespace kontor::groupware {
namespace {

constexpr std::uint32_t kNobody = Forest::kNone;
constexpr std::uint64_t kStepsPerMessage = 500;  // of looking for loops, on average; beyond that no more links are made

class ReferenceThreads {
 public:
  ReferenceThreads(const Gathered& gathered, bool with_subjects)
      : messages_(gathered.messages),
        references_(gathered.references),
        with_subjects_(with_subjects),
        containers_(gathered.ids + 1),
        steps_left_(kStepsPerMessage * (gathered.messages.size() + 1000)) {}

  Forest make() {
    for (std::uint32_t i = 0; i < messages_.size(); ++i) link_message(i);
    gather_roots();
    prune();
    if (with_subjects_) {
      sort_roots();
      merge_subjects();
    }
    sort_all();
    return to_forest();
  }

 private:
  struct Container {
    std::uint32_t message = kNobody;
    std::uint32_t parent = kNobody;
    std::vector<std::uint32_t> children;
    bool is_used = false;  // something refers to it
  };

  Container& at(std::uint32_t c) { return containers_[c]; }
  bool is_dummy(std::uint32_t c) const { return containers_[c].message == kNobody; }

  // Step 1.
  void link_message(std::uint32_t message) {
    const ThreadedMessage& m = messages_[message];
    std::uint32_t own = m.id;
    if (own == 0 || !is_dummy(own)) {  // none, or one that an earlier message has
      own = static_cast<std::uint32_t>(containers_.size());
      containers_.emplace_back();
    }
    at(own).message = message;
    at(own).is_used = true;
    std::uint32_t previous = kNobody;
    for (std::uint32_t i = 0; i < m.references; ++i) {
      const std::uint32_t next = references_[m.first_reference + i];
      at(next).is_used = true;
      if (previous != kNobody && at(next).parent == kNobody && !would_loop(previous, next)) adopt(previous, next);
      previous = next;
    }
    if (at(own).parent != kNobody) leave(own);
    if (previous != kNobody && !would_loop(previous, own)) adopt(previous, own);
  }
  bool would_loop(std::uint32_t parent, std::uint32_t child) {
    if (parent == child) return true;
    if (at(child).children.empty()) return false;
    for (std::uint32_t up = parent; up != kNobody; up = at(up).parent) {
      if (up == child || steps_left_ == 0) return true;
      --steps_left_;
    }
    return false;
  }
  void adopt(std::uint32_t parent, std::uint32_t child) {
    at(child).parent = parent;
    at(parent).children.push_back(child);
  }
  void leave(std::uint32_t child) {
    std::erase(at(at(child).parent).children, child);
    at(child).parent = kNobody;
  }

  // Step 2.
  void gather_roots() {
    for (std::uint32_t c = 0; c < containers_.size(); ++c)
      if (at(c).is_used && at(c).parent == kNobody) roots_.push_back(c);
  }

  // Containers of the trees under `roots`, each parent before its children.
  std::vector<std::uint32_t> downwards(const std::vector<std::uint32_t>& roots) const {
    std::vector<std::uint32_t> order = roots;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto& children = containers_[order[i]].children;
      order.insert(order.end(), children.begin(), children.end());
    }
    return order;
  }

  // Step 3: children first, so that an emptied dummy goes too.
  void prune() {
    const auto order = downwards(roots_);
    for (auto c = order.rbegin(); c != order.rend(); ++c) at(*c).children = without_dummies(at(*c).children);
    std::vector<std::uint32_t> kept;
    for (const std::uint32_t root : roots_) {
      if (is_dummy(root) && at(root).children.empty()) continue;
      const bool is_lone = is_dummy(root) && at(root).children.size() == 1;
      kept.push_back(is_lone ? at(root).children[0] : root);
    }
    roots_ = std::move(kept);
  }
  std::vector<std::uint32_t> without_dummies(const std::vector<std::uint32_t>& children) const {
    std::vector<std::uint32_t> kept;
    for (const std::uint32_t child : children) {
      const auto& below = containers_[child].children;
      if (is_dummy(child))
        kept.insert(kept.end(), below.begin(), below.end());
      else
        kept.push_back(child);
    }
    return kept;
  }

  // The message that a container is sorted by and has its subject from: a dummy's first child.
  const ThreadedMessage& face(std::uint32_t c) const {
    return messages_[is_dummy(c) ? containers_[containers_[c].children[0]].message : containers_[c].message];
  }
  void sort_siblings(std::vector<std::uint32_t>& siblings) const {
    std::sort(siblings.begin(), siblings.end(), [&](std::uint32_t a, std::uint32_t b) {
      const auto& x = face(a);
      const auto& y = face(b);
      return x.date != y.date ? x.date < y.date : x.position < y.position;
    });
  }

  // Step 4.
  void sort_roots() {
    for (const std::uint32_t root : roots_)
      if (is_dummy(root)) sort_siblings(at(root).children);
    sort_siblings(roots_);
  }

  // Step 5.
  void merge_subjects() {
    std::unordered_map<std::string_view, std::uint32_t> table;
    for (const std::uint32_t root : roots_) {
      const auto& subject = face(root).subject;
      if (subject.empty()) continue;
      const auto [entry, is_new] = table.emplace(subject, root);
      if (is_new || is_dummy(entry->second)) continue;
      if (is_dummy(root) || (face(entry->second).is_reply && !face(root).is_reply)) entry->second = root;
    }
    std::vector<bool> is_gone(containers_.size());
    const std::vector<std::uint32_t> before = roots_;
    for (const std::uint32_t root : before) {
      const std::string_view subject = face(root).subject;
      if (subject.empty()) continue;
      std::uint32_t& main = table.at(subject);
      if (main != root) merge(root, main, is_gone);
    }
    std::erase_if(roots_, [&](std::uint32_t c) { return c < is_gone.size() && is_gone[c]; });
  }
  void merge(std::uint32_t root, std::uint32_t& main, std::vector<bool>& is_gone) {
    is_gone[root] = true;
    if (is_dummy(main) && is_dummy(root)) {
      auto& children = at(main).children;
      children.insert(children.end(), at(root).children.begin(), at(root).children.end());
    } else if (is_dummy(main) || (face(root).is_reply && !face(main).is_reply)) {
      at(main).children.push_back(root);
    } else {
      const auto dummy = static_cast<std::uint32_t>(containers_.size());
      containers_.emplace_back().children = {main, root};
      is_gone[main] = true;
      roots_.push_back(dummy);
      main = dummy;
    }
  }

  // Step 6: the deepest siblings first.
  void sort_all() {
    const auto order = downwards(roots_);
    for (auto c = order.rbegin(); c != order.rend(); ++c) sort_siblings(at(*c).children);
    if (with_subjects_) return sort_siblings(roots_);
    std::vector<Instant> latest(containers_.size());
    for (auto c = order.rbegin(); c != order.rend(); ++c) {
      Instant newest = is_dummy(*c) ? Instant::min() : messages_[at(*c).message].date;
      for (const std::uint32_t child : at(*c).children) newest = std::max(newest, latest[child]);
      latest[*c] = newest;
    }
    std::sort(roots_.begin(), roots_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return latest[a] != latest[b] ? latest[a] < latest[b] : face(a).position < face(b).position;
    });
  }

  Forest to_forest() {
    Forest forest;
    forest.nodes.resize(containers_.size());
    for (std::uint32_t c = 0; c < containers_.size(); ++c) {
      if (!is_dummy(c)) forest.nodes[c].position = messages_[at(c).message].position;
      forest.nodes[c].children = std::move(at(c).children);
    }
    forest.roots = std::move(roots_);
    return forest;
  }

  const std::vector<ThreadedMessage>& messages_;
  const std::vector<std::uint32_t>& references_;
  const bool with_subjects_;
  std::vector<Container> containers_;  // by id; then those of messages without one, and dummies
  std::uint64_t steps_left_;
  std::vector<std::uint32_t> roots_;
};

}  // namespace

Forest thread_by_references(const Gathered& gathered, bool with_subjects) {
  return ReferenceThreads(gathered, with_subjects).make();
}

}  // namespace kontor::groupware
