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
  // What an element with "href" stands for; else itself.
  const XmlNode& follow(const XmlNode& node) const;

 private:
  XmlTree() = default;

  std::unique_ptr<XmlNode> root_;
  std::map<std::string, const XmlNode*, std::less<>> ids_;
};

}  // namespace kontor::mapi
