// SPDX-License-Identifier: AGPL-3.0-or-later
// Rules and searches as Kopano keeps them: rows of properties, serialised by gSOAP.
#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "formats/mapi/rules.h"
#include "formats/mapi/xml_tree.h"
#include "formats/mime/charset.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kMostRules = 500;
constexpr std::size_t kMostParts = 20'000;  // restrictions of one document
constexpr int kDeepestRestriction = 50;
constexpr std::uint32_t kFirstNamedNumber = 0x8000;
constexpr std::uint32_t kIgnoresCase = 0x10000;

// Properties of a rule's row ([MS-OXORULE] section 2.2.1), by id.
enum : std::uint32_t {
  kRuleSequence = 0x6676,
  kRuleState = 0x6677,
  kRuleCondition = 0x6679,
  kRuleActions = 0x6680,
  kRuleProvider = 0x6681,
  kRuleName = 0x6682,
};

template <class Number>
Number number_of(const XmlNode* node) {
  Number out = 0;
  if (node == nullptr) return out;
  const auto first = node->text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return out;
  std::from_chars(node->text.data() + first, node->text.data() + node->text.size(), out);
  return out;
}

std::string bytes_of(const XmlNode* node) {
  if (node == nullptr) return {};
  std::string text;
  for (const char c : node->text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') text += c;
  return from_base64(text).value_or("");
}

class RuleXml {
 public:
  RuleXml(const XmlTree& tree, const NameOfNumber& name_of) : tree_(tree), name_of_(name_of) {}

  Result<std::vector<MailRule>> rules() {
    std::vector<MailRule> out;
    for (const XmlNode& element : tree_.root().children) {
      if (out.size() == kMostRules) return fail(Errc::too_large, "there are too many rules");
      TRY(auto rule, rule_of(tree_.follow(element)));
      out.insert(std::ranges::upper_bound(out, rule.sequence, {}, &MailRule::sequence), std::move(rule));
    }
    if (tree_.is_spent()) return fail(Errc::too_large, "there are too many references");
    return out;
  }

  Result<SearchCriteria> search() {
    constexpr std::uint32_t kShallow = 8;
    SearchCriteria out;
    const XmlNode& root = tree_.root();
    if (const XmlNode* condition = tree_.child(root, "lpRestrict"); condition && !condition->children.empty()) {
      TRY(out.condition, restriction_of(*condition, 0));
    }
    if (const XmlNode* folders = tree_.child(root, "lpFolders"))
      for (const XmlNode& one : folders->children) {
        std::string entry = bytes_of(&tree_.follow(one));
        if (!entry.empty()) out.folders.push_back(std::move(entry));
      }
    out.is_deep = (number_of<std::uint32_t>(tree_.child(root, "ulFlags")) & kShallow) == 0;
    if (tree_.is_spent()) return fail(Errc::too_large, "there are too many references");
    return out;
  }

 private:
  Result<MailRule> rule_of(const XmlNode& row) {
    MailRule out;
    for (const XmlNode& element : row.children) {
      const XmlNode& one = tree_.follow(element);
      const std::uint32_t id = number_of<std::uint32_t>(tree_.child(one, "ulPropTag")) >> 16U;
      if (id == kRuleSequence) out.sequence = number_of<std::int64_t>(tree_.child(one, "ul"));
      if (id == kRuleState) out.state = number_of<std::uint32_t>(tree_.child(one, "ul"));
      if (id == kRuleName) out.name = text_of(one);
      if (id == kRuleProvider) out.provider = text_of(one);
      const XmlNode* condition = id == kRuleCondition ? tree_.child(one, "res") : nullptr;
      if (condition != nullptr && !condition->children.empty()) TRY_VOID(take_condition(*condition, out));
      const XmlNode* actions = id == kRuleActions ? tree_.child(one, "actions") : nullptr;
      if (actions != nullptr)
        for (const XmlNode& action : actions->children) out.actions.push_back(action_of(tree_.follow(action)));
    }
    return out;
  }

  // What cannot be read is this rule's misfortune, not the others'.
  Result<void> take_condition(const XmlNode& node, MailRule& out) {
    auto read = restriction_of(node, 0);
    if (!read && read.error().code != Errc::invalid) return std::unexpected(std::move(read).error());
    if (read)
      out.condition = *std::move(read);
    else
      out.problem = read.error().text;
    return {};
  }

  RuleAction action_of(const XmlNode& node) const {
    RuleAction out;
    const auto what = number_of<std::uint32_t>(tree_.child(node, "acttype"));
    if (what <= static_cast<std::uint32_t>(RuleAction::What::mark_read)) out.what = static_cast<RuleAction::What>(what);
    out.flavour = number_of<std::uint32_t>(tree_.child(node, "flavor"));
    if (const XmlNode* place = tree_.child(node, "moveCopy")) {
      out.store = bytes_of(tree_.child(*place, "store"));
      out.folder = bytes_of(tree_.child(*place, "folder"));
    }
    if (const XmlNode* reply = tree_.child(node, "reply")) out.message = bytes_of(tree_.child(*reply, "message"));
    if (const XmlNode* people = tree_.child(node, "adrlist"))
      for (const XmlNode& row : people->children) {
        Properties& one = out.recipients.emplace_back();
        for (const XmlNode& element : tree_.follow(row).children) {
          const XmlNode& property = tree_.follow(element);
          const auto key = key_of(number_of<std::uint32_t>(tree_.child(property, "ulPropTag")));
          auto value = value_of(property);
          if (key && value) one.set(*key, *std::move(value));
        }
      }
    return out;
  }

  std::string text_of(const XmlNode& property) const {
    const XmlNode* text = tree_.child(property, "lpszA");
    return text == nullptr ? std::string() : text->text;
  }

  std::optional<Properties::Key> key_of(std::uint32_t number) const {
    const std::uint32_t id = number >> 16U;
    if (id < kFirstNamedNumber) return Properties::Key{id, Guid(), {}};
    return name_of_ ? name_of_(id) : std::nullopt;
  }

  std::optional<Value> value_of(const XmlNode& property) const {
    const std::uint32_t type = number_of<std::uint32_t>(tree_.child(property, "ulPropTag")) & 0xffffU;
    if (const XmlNode* text = tree_.child(property, "lpszA")) return Value::of_text(text->text);
    if (const XmlNode* bytes = tree_.child(property, "bin")) return Value::of_bytes(bytes_of(bytes));
    if (const XmlNode* flag = tree_.child(property, "b"))
      return Value::of(flag->text.find("true") != std::string::npos || number_of<int>(flag) != 0);
    if (const XmlNode* time = tree_.child(property, "hilo")) {
      const auto high = number_of<std::int64_t>(tree_.child(*time, "hi"));
      const auto low = number_of<std::uint32_t>(tree_.child(*time, "lo"));
      return Value::of_time(static_cast<std::int64_t>(static_cast<std::uint64_t>(high) << 32U | low));
    }
    std::int64_t number = 0;
    if (const XmlNode* wide = tree_.child(property, "li"))
      number = number_of<std::int64_t>(wide);
    else if (const XmlNode* narrow = tree_.child(property, "ul"))
      number = number_of<std::int64_t>(narrow);
    else
      return std::nullopt;
    if (type == static_cast<std::uint32_t>(Type::boolean)) return Value::of(number != 0);
    auto made = Value::make(Type::int64, number);
    return made ? std::optional(*std::move(made)) : std::nullopt;
  }

  // Where the grammar has a list of restrictions.
  Result<std::vector<Restriction>> parts_of(const XmlNode* list, int depth) {
    std::vector<Restriction> out;
    if (list == nullptr) return out;
    for (const XmlNode& element : list->children) {
      TRY(auto part, restriction_of(tree_.follow(element), depth + 1));
      out.push_back(std::move(part));
    }
    return out;
  }
  Result<std::vector<Restriction>> one_part(const XmlNode* node, int depth) {
    std::vector<Restriction> out;
    if (node == nullptr) return fail(Errc::invalid, "a part of a restriction is missing");
    TRY(auto part, restriction_of(*node, depth + 1));
    out.push_back(std::move(part));
    return out;
  }

  Result<void> take_property(const XmlNode& node, const char* name, Properties::Key& out) const {
    const XmlNode* number = tree_.child(node, name);
    const auto key = key_of(number_of<std::uint32_t>(number));
    if (number == nullptr || !key) return fail(Errc::invalid, "a restriction is about a property without a name");
    out = *key;
    return {};
  }

  Result<Restriction> restriction_of(const XmlNode& node, int depth) {
    if (depth > kDeepestRestriction || ++parts_ > kMostParts)
      return fail(Errc::too_large, "a restriction is nested too deeply, or has too many parts");
    using Asks = Restriction::Kind;
    Restriction out;
    const auto kind = number_of<std::uint32_t>(tree_.child(node, "ulType"));
    switch (kind) {
      case 0:
      case 1: {
        out.kind = kind == 0 ? Asks::all : Asks::any;
        TRY(out.parts, parts_of(tree_.child(node, kind == 0 ? "lpAnd" : "lpOr"), depth));
        return out;
      }
      case 2: {
        out.kind = Asks::none;
        const XmlNode* inner = tree_.child(node, "lpNot");
        TRY(out.parts, one_part(inner == nullptr ? nullptr : tree_.child(*inner, "lpNot"), depth));
        return out;
      }
      case 3: {
        out.kind = Asks::content;
        TRY(const XmlNode* about, inner_of(node, "lpContent"));
        const auto how = number_of<std::uint32_t>(tree_.child(*about, "ulFuzzyLevel"));
        out.match = static_cast<Restriction::Match>(std::min<std::uint32_t>(how & 3U, 2));
        out.ignores_case = (how & kIgnoresCase) != 0;
        TRY_VOID(take_property(*about, "ulPropTag", out.property));
        if (const XmlNode* value = tree_.child(*about, "lpProp")) out.value = value_of(*value);
        return out;
      }
      case 4: {
        out.kind = Asks::property;
        TRY(const XmlNode* about, inner_of(node, "lpProp"));
        const auto relation = number_of<std::uint32_t>(tree_.child(*about, "ulType"));
        out.relation = static_cast<Restriction::Relation>(std::min<std::uint32_t>(relation, 6));
        TRY_VOID(take_property(*about, "ulPropTag", out.property));
        if (const XmlNode* value = tree_.child(*about, "lpProp")) out.value = value_of(*value);
        return out;
      }
      case 5: {
        out.kind = Asks::compare;
        TRY(const XmlNode* about, inner_of(node, "lpCompare"));
        TRY_VOID(take_property(*about, "ulPropTag1", out.property));
        TRY_VOID(take_property(*about, "ulPropTag2", out.other));
        return out;
      }
      case 6: {
        out.kind = Asks::bitmask;
        TRY(const XmlNode* about, inner_of(node, "lpBitmask"));
        out.mask = number_of<std::uint32_t>(tree_.child(*about, "ulMask"));
        out.is_set = number_of<std::uint32_t>(tree_.child(*about, "ulType")) != 0;
        TRY_VOID(take_property(*about, "ulPropTag", out.property));
        return out;
      }
      case 7: {
        out.kind = Asks::size;
        TRY(const XmlNode* about, inner_of(node, "lpSize"));
        out.bytes = number_of<std::uint32_t>(tree_.child(*about, "cb"));
        out.relation = static_cast<Restriction::Relation>(
            std::min<std::uint32_t>(number_of<std::uint32_t>(tree_.child(*about, "ulType")), 6));
        TRY_VOID(take_property(*about, "ulPropTag", out.property));
        return out;
      }
      case 8: {
        out.kind = Asks::exist;
        TRY(const XmlNode* about, inner_of(node, "lpExist"));
        TRY_VOID(take_property(*about, "ulPropTag", out.property));
        return out;
      }
      case 9: {
        out.kind = Asks::sub;
        TRY(const XmlNode* about, inner_of(node, "lpSub"));
        TRY_VOID(take_property(*about, "ulSubObject", out.property));
        TRY(out.parts, one_part(tree_.child(*about, "lpSubObject"), depth));
        return out;
      }
      case 10: {  // a comment: what it is about counts
        TRY(const XmlNode* about, inner_of(node, "lpComment"));
        const XmlNode* inner = tree_.child(*about, "lpResTable");
        if (inner == nullptr) return out;
        return restriction_of(*inner, depth + 1);
      }
      default:
        return fail(Errc::invalid, "a restriction is of an unknown kind");
    }
  }

  Result<const XmlNode*> inner_of(const XmlNode& node, const char* name) const {
    const XmlNode* inner = tree_.child(node, name);
    if (inner == nullptr) return fail(Errc::invalid, "a restriction does not say what it is about");
    return inner;
  }

  const XmlTree& tree_;
  const NameOfNumber& name_of_;
  std::size_t parts_ = 0;
};

}  // namespace

bool MailRule::is_delegation() const {
  return std::ranges::any_of(actions, [](const RuleAction& one) { return one.what == RuleAction::What::delegate; });
}

Result<std::vector<MailRule>> parse_rules_xml(std::string_view xml, const NameOfNumber& name_of) {
  TRY(const auto tree, XmlTree::parse(xml));
  return RuleXml(tree, name_of).rules();
}

Result<SearchCriteria> parse_search_xml(std::string_view xml, const NameOfNumber& name_of) {
  TRY(const auto tree, XmlTree::parse(xml));
  return RuleXml(tree, name_of).search();
}

}  // namespace kontor::mapi
