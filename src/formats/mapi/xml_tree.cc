// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/xml_tree.h"

#include <expat.h>

namespace kontor::mapi {
namespace {

constexpr std::size_t kMostXml = std::size_t{16} << 20;
constexpr std::size_t kMostElements = 200'000;
constexpr std::size_t kDeepest = 200;

std::string_view local_name(const char* name) {
  const std::string_view text(name);
  const auto colon = text.find(':');
  return colon == std::string_view::npos ? text : text.substr(colon + 1);
}

struct XmlBuilder {
  XML_Parser parser = nullptr;
  XmlNode top;  // holds the root
  std::vector<XmlNode*> open{&top};
  std::size_t elements = 0;
  const char* refused = nullptr;

  void refuse(const char* why) {
    refused = why;
    XML_StopParser(parser, XML_FALSE);
  }

  static void begin(void* self, const char* name, const char** attributes) {
    auto& builder = *static_cast<XmlBuilder*>(self);
    if (++builder.elements > kMostElements) return builder.refuse("it has too many elements");
    if (builder.open.size() > kDeepest) return builder.refuse("it is nested too deeply");
    // Only the last child of an open element is open: those before it do not move any more.
    XmlNode& node = builder.open.back()->children.emplace_back();
    node.name = local_name(name);
    for (; *attributes != nullptr; attributes += 2) {
      const std::string_view attribute(attributes[0]);
      if (attribute == "id") node.id = attributes[1];
      if (attribute == "href") node.href = attributes[1];
    }
    builder.open.push_back(&node);
  }
  static void end(void* self, const char*) { static_cast<XmlBuilder*>(self)->open.pop_back(); }
  static void text(void* self, const char* bytes, int count) {
    static_cast<XmlBuilder*>(self)->open.back()->text.append(bytes, static_cast<std::size_t>(count));
  }
  static void document_type(void* self, const char*, const char*, const char*, int) {
    static_cast<XmlBuilder*>(self)->refuse("it has a document type");
  }
};

// As much as an element takes when it is read.
constexpr std::size_t kElementWeight = 100;

void note_ids(XmlNode& node, std::map<std::string, const XmlNode*, std::less<>>& ids) {
  if (!node.id.empty()) ids.emplace(node.id, &node);
  node.weight = kElementWeight + node.text.size();
  for (XmlNode& child : node.children) {
    note_ids(child, ids);
    node.weight += child.weight;
  }
}

}  // namespace

Result<XmlTree> XmlTree::parse(std::string_view xml) {
  if (xml.size() > kMostXml) return fail(Errc::too_large, "the XML is too large");
  XmlBuilder builder;
  builder.parser = XML_ParserCreate(nullptr);
  check(builder.parser != nullptr, "expat makes a parser");
  XML_SetUserData(builder.parser, &builder);
  XML_SetElementHandler(builder.parser, &XmlBuilder::begin, &XmlBuilder::end);
  XML_SetCharacterDataHandler(builder.parser, &XmlBuilder::text);
  XML_SetStartDoctypeDeclHandler(builder.parser, &XmlBuilder::document_type);
  const bool is_sound = XML_Parse(builder.parser, xml.data(), static_cast<int>(xml.size()), 1) == XML_STATUS_OK;
  std::string problem = "it has no element";
  if (builder.refused != nullptr)
    problem = builder.refused;
  else if (const char* error = XML_ErrorString(XML_GetErrorCode(builder.parser)); error != nullptr)
    problem = error;
  XML_ParserFree(builder.parser);
  if (!is_sound || builder.top.children.size() != 1) return fail(Errc::invalid, "this is no sound XML: " + problem);
  XmlTree tree;
  tree.root_ = std::make_unique<XmlNode>(std::move(builder.top.children.front()));
  note_ids(*tree.root_, tree.ids_);
  return tree;
}

const XmlNode& XmlTree::follow(const XmlNode& node) const {
  static const XmlNode kNothing{};
  const XmlNode* one = &node;
  const auto found = node.href.starts_with('#') ? ids_.find(std::string_view(node.href).substr(1)) : ids_.end();
  if (found != ids_.end()) {
    if (!is_spent()) followed_ += found->second->weight;
    one = is_spent() ? &kNothing : found->second;
  }
  return *one;
}

const XmlNode* XmlTree::child(const XmlNode& node, std::string_view name) const {
  for (const XmlNode& child : node.children)
    if (child.name == name) return &follow(child);
  return nullptr;
}

}  // namespace kontor::mapi
