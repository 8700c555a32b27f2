// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: the XML that gSOAP writes, as a small tree. Namespaces' prefixes and attributes do not count, but
// "id" and "href".
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::mapi {

struct XmlNode {
  std::string name;  // without its prefix
  std::string text;  // of its own
  std::string id, href;
  std::vector<XmlNode> children;
  std::size_t weight = 0;  // of its elements and their texts, once it is in a tree
};

class XmlTree {
 public:
  // At most 16 MiB, 200 deep, 200,000 elements; no document types. Errors: invalid (it is no such XML), too_large.
  static Result<XmlTree> parse(std::string_view xml);
  XmlTree(XmlTree&&) noexcept = default;
  XmlTree& operator=(XmlTree&&) noexcept = default;

  const XmlNode& root() const { return *root_; }
  // The first child of that name, or what it refers to; null if there is none.
  const XmlNode* child(const XmlNode& node, std::string_view name) const;
  // What an element with "href" stands for; else itself. An empty one once references made much more of the document
  // than it is.
  const XmlNode& follow(const XmlNode& node) const;
  bool is_spent() const { return followed_ > kMostFollowed; }

 private:
  static constexpr std::size_t kMostFollowed = std::size_t{32} << 20;  // weight

  XmlTree() = default;

  std::unique_ptr<XmlNode> root_;
  std::map<std::string, const XmlNode*, std::less<>> ids_;
  mutable std::size_t followed_ = 0;
};

}  // namespace kontor::mapi
