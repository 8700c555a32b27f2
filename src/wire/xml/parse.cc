// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/xml/parse.h"

#include <utility>

#include "wire/xml/tree.h"

namespace kontor::wire::xml {

Result<Element> parse(std::string_view bytes, const ParseLimits& limits) {
  Tree tree(limits, nullptr);
  TRY_VOID(tree.feed(bytes, true));
  return std::move(tree.root);
}

ChildReader::ChildReader(Take take, const ParseLimits& limits)
    : tree_(std::make_unique<Tree>(limits, std::move(take))) {}
ChildReader::~ChildReader() = default;

Result<void> ChildReader::feed(std::string_view bytes) { return tree_->feed(bytes, false); }
Result<void> ChildReader::finish() { return tree_->feed({}, true); }
const Name& ChildReader::root() const { return tree_->root.name; }

}  // namespace kontor::wire::xml
