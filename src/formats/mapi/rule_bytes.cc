// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/rule_bytes.h"

#include <algorithm>
#include <bit>

#include "formats/mapi/code_page.h"

namespace kontor::mapi {
namespace {

constexpr std::uint32_t kFirstNamedRuleNumber = 0x8000;
constexpr std::uint16_t kString8 = 0x001E;
constexpr std::size_t kMostRuleValues = 10'000;  // of one property
constexpr std::size_t kMostConditionParts = 20'000;
constexpr int kDeepestCondition = 50;
constexpr std::size_t kMostActions = 500;
constexpr std::size_t kMostRuleRecipients = 5'000;
constexpr std::size_t kMostRecipientProperties = 500;

std::unexpected<Error> broken_off() { return fail(Errc::invalid, "it breaks off"); }

}  // namespace

// [MS-OXORULE] section 2.2.4.2. Without names there are no sizes either.
Result<void> RuleBytes::read_names() {
  const std::size_t wanted = in_.u16();
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < wanted && !in_.is_short(); ++i) numbers.push_back(in_.u16());
  if (wanted > 0) in_.u32();
  for (const std::uint32_t number : numbers) {
    if (in_.is_short()) break;
    constexpr std::uint8_t kById = 0, kByText = 1;
    const std::uint8_t kind = in_.u8();
    Properties::Key key;
    key.set = in_.guid();
    if (kind == kById) key.id = in_.u32();
    if (kind == kByText) {
      std::string_view name = in_.take(in_.u8());
      while (name.ends_with(std::string_view("\0\0", 2))) name.remove_suffix(2);
      key.name = utf8_of_utf16le(name);
    }
    names_[number] = std::move(key);
  }
  return in_.is_short() ? Result<void>(broken_off()) : Result<void>();
}

Result<Properties::Key> RuleBytes::key(std::uint16_t& type) {
  type = in_.u16();
  const std::uint32_t id = in_.u16();
  if (id < kFirstNamedRuleNumber) return Properties::Key{id, Guid(), {}};
  const auto name = names_.find(id);
  if (name == names_.end()) return fail(Errc::invalid, "it is about a property without a name");
  return name->second;
}

Result<std::pair<Properties::Key, Value>> RuleBytes::property() {
  std::uint16_t type = 0;
  TRY(auto name, key(type));
  TRY(auto said, value(type));
  return std::pair(std::move(name), std::move(said));
}

Result<Value> RuleBytes::value(std::uint16_t type) {
  if ((type & kMultiple) == 0) return single(type);
  const std::size_t wanted = count();
  if (wanted > kMostRuleValues) return fail(Errc::too_large, "a property has too many values");
  std::vector<std::string> texts;
  std::vector<std::int64_t> numbers;
  Type kind = Type::int64;
  for (std::size_t i = 0; i < wanted; ++i) {
    TRY(const Value one, single(static_cast<std::uint16_t>(type & ~kMultiple)));
    kind = one.type();
    if (const auto* text = std::get_if<std::string>(&one.data()))
      texts.push_back(*text);
    else if (const auto* number = std::get_if<std::int64_t>(&one.data()))
      numbers.push_back(*number);
  }
  return texts.empty() ? Value::make(kind, std::move(numbers)) : Value::make(kind, std::move(texts));
}

// Numbers of all widths are alike, as they are in rules that are XML.
Result<Value> RuleBytes::single(std::uint16_t type) {
  std::optional<Value> out;
  std::int64_t number = 0;
  switch (type) {
    case static_cast<std::uint16_t>(Type::int16):
      number = in_.u16();
      break;
    case static_cast<std::uint16_t>(Type::int32):
    case static_cast<std::uint16_t>(Type::error):
      number = in_.u32();
      break;
    case static_cast<std::uint16_t>(Type::int64):
    case static_cast<std::uint16_t>(Type::currency):
      number = static_cast<std::int64_t>(in_.u64());
      break;
    case static_cast<std::uint16_t>(Type::boolean):
      out = Value::of(in_.u8() != 0);
      break;
    case static_cast<std::uint16_t>(Type::time):
      out = Value::of_time(static_cast<std::int64_t>(in_.u64()));
      break;
    case static_cast<std::uint16_t>(Type::float32):
      in_.u32();
      break;
    case static_cast<std::uint16_t>(Type::float64):
    case static_cast<std::uint16_t>(Type::app_time):
      in_.u64();
      break;
    case static_cast<std::uint16_t>(Type::guid):
      out = Value::of_bytes(std::string(in_.take(16)));
      break;
    case kString8:
      out = Value::of_text(decode_page(in_.until_nul(), 0));
      break;
    case static_cast<std::uint16_t>(Type::text):
      out = Value::of_text(utf8_of_utf16le(in_.until_wide_nul()));
      break;
    case static_cast<std::uint16_t>(Type::binary):
      out = Value::of_bytes(std::string(sized()));
      break;
    case static_cast<std::uint16_t>(Type::server_id):
      out = Value::of_bytes(std::string(in_.take(in_.u16())));
      break;
    default:
      return fail(Errc::invalid, "a value is of an unknown type");
  }
  if (in_.is_short()) return broken_off();
  return out ? Result<Value>(*std::move(out)) : Value::make(Type::int64, number);
}

namespace {

// [MS-OXCDATA] section 2.12, as rules have it.
class ConditionReader {
 public:
  explicit ConditionReader(RuleBytes& bytes) : bytes_(bytes), in_(bytes.in()) {}

  Result<Restriction> read(int depth) {
    if (depth > kDeepestCondition || ++parts_ > kMostConditionParts)
      return fail(Errc::too_large, "a restriction is nested too deeply, or has too many parts");
    using Asks = Restriction::Kind;
    Restriction out;
    if (in_.left() == 0) return broken_off();
    const std::uint8_t kind = in_.u8();
    switch (kind) {
      case 0:
      case 1:
        out.kind = kind == 0 ? Asks::all : Asks::any;
        TRY_VOID(read_parts(bytes_.count(), depth, out));
        break;
      case 2:
        out.kind = Asks::none;
        TRY_VOID(read_parts(1, depth, out));
        break;
      case 3:
        out.kind = Asks::content;
        TRY_VOID(read_content(out));
        break;
      case 4:
        out.kind = Asks::property;
        out.relation = relation();
        TRY_VOID(take_name(out.property));
        TRY_VOID(take_value(out));
        break;
      case 5:
        out.kind = Asks::compare;
        out.relation = relation();
        TRY_VOID(take_name(out.property));
        TRY_VOID(take_name(out.other));
        break;
      case 6:
        out.kind = Asks::bitmask;
        out.is_set = in_.u8() != 0;
        TRY_VOID(take_name(out.property));
        out.mask = in_.u32();
        break;
      case 7:
        out.kind = Asks::size;
        out.relation = relation();
        TRY_VOID(take_name(out.property));
        out.bytes = in_.u32();
        break;
      case 8:
        out.kind = Asks::exist;
        TRY_VOID(take_name(out.property));
        break;
      case 9:
        out.kind = Asks::sub;
        TRY_VOID(take_name(out.property));
        TRY_VOID(read_parts(1, depth, out));
        break;
      case 10:
        return read_comment(depth);
      default:
        return fail(Errc::invalid, "a restriction is of an unknown kind");
    }
    if (in_.is_short()) return broken_off();
    return out;
  }

 private:
  Restriction::Relation relation() {
    constexpr std::uint8_t kOther = static_cast<std::uint8_t>(Restriction::Relation::other);
    return static_cast<Restriction::Relation>(std::min(in_.u8(), kOther));
  }
  Result<void> take_name(Properties::Key& into) {
    std::uint16_t type = 0;
    TRY(into, bytes_.key(type));
    return {};
  }
  Result<void> take_value(Restriction& into) {
    TRY(auto said, bytes_.property());
    into.value = std::move(said.second);
    return {};
  }

  Result<void> read_parts(std::size_t wanted, int depth, Restriction& out) {
    for (std::size_t i = 0; i < wanted; ++i) {
      TRY(auto part, read(depth + 1));
      out.parts.push_back(std::move(part));
    }
    return {};
  }

  Result<void> read_content(Restriction& out) {
    constexpr std::uint16_t kIgnoresCaseBit = 1, kLoose = 4, kHow = 3;
    const std::uint16_t how = in_.u16(), more = in_.u16();
    out.match = static_cast<Restriction::Match>(std::min<std::uint16_t>(how & kHow, 2));
    out.ignores_case = (more & (kIgnoresCaseBit | kLoose)) != 0;
    TRY_VOID(take_name(out.property));
    TRY_VOID(take_value(out));
    return {};
  }

  // What it is about counts.
  Result<Restriction> read_comment(int depth) {
    const std::size_t remarks = in_.u8();
    for (std::size_t i = 0; i < remarks; ++i) TRY_VOID(bytes_.property());
    const bool has_inner = in_.u8() != 0;
    if (in_.is_short()) return broken_off();
    return has_inner ? read(depth + 1) : Restriction();
  }

  RuleBytes& bytes_;
  Cursor& in_;
  std::size_t parts_ = 0;
};

// [MS-OXORULE] section 2.2.5.1.2, what stands behind an action's kind and flags.
Result<void> read_action_data(RuleBytes& bytes, RuleAction& out, bool is_wide) {
  using What = RuleAction::What;
  Cursor& in = bytes.in();
  switch (out.what) {
    case What::move:
    case What::copy:
      if (!is_wide) in.u8();  // whether it is in this store: entry ids say so themselves
      out.store = bytes.sized();
      out.folder = bytes.sized();
      break;
    case What::reply:
    case What::out_of_office_reply:
      // Others name the message by numbers that only its server knows.
      if (is_wide) out.message = bytes.sized();
      break;
    case What::forward:
    case What::delegate: {
      const std::size_t people = bytes.count();
      if (people > kMostRuleRecipients) return fail(Errc::too_large, "it forwards to too many people");
      for (std::size_t i = 0; i < people && !in.is_short(); ++i) {
        in.u8();
        const std::size_t properties = bytes.count();
        if (properties > kMostRecipientProperties) return fail(Errc::too_large, "somebody has too many properties");
        Properties& one = out.recipients.emplace_back();
        for (std::size_t j = 0; j < properties; ++j) {
          TRY(auto said, bytes.property());
          one.set(said.first, std::move(said.second));
        }
      }
      break;
    }
    default:
      break;
  }
  return in.is_short() ? Result<void>(broken_off()) : Result<void>();
}

}  // namespace

Result<Restriction> read_rule_condition(std::string_view bytes, const RuleBytesForm& form) {
  Cursor in(bytes);
  RuleBytes reader(in, form.is_wide);
  if (form.has_names) TRY_VOID(reader.read_names());
  TRY(auto out, ConditionReader(reader).read(0));
  if (in.left() != 0) return fail(Errc::invalid, "there is something behind its end");
  return out;
}

Result<std::vector<RuleAction>> read_rule_actions(std::string_view bytes, const RuleBytesForm& form) {
  Cursor in(bytes);
  RuleBytes reader(in, form.is_wide);
  if (form.has_names) {
    TRY_VOID(reader.read_names());
    constexpr std::uint32_t kVersion = 1;
    if (in.u32() != kVersion) return fail(Errc::invalid, "its actions are of an unknown version");
  }
  const std::size_t wanted = reader.count();
  if (wanted > kMostActions) return fail(Errc::too_large, "it has too many actions");
  std::vector<RuleAction> out;
  for (std::size_t i = 0; i < wanted; ++i) {
    const std::size_t size = reader.count(), begin = in.position();
    const std::uint8_t what = in.u8();
    RuleAction& action = out.emplace_back();
    if (what <= static_cast<std::uint8_t>(RuleAction::What::mark_read))
      action.what = static_cast<RuleAction::What>(what);
    action.flavour = in.u32();
    in.u32();
    if (in.is_short()) return broken_off();
    TRY_VOID(read_action_data(reader, action, form.is_wide));
    const std::size_t read = in.position() - begin;
    if (read > size) return fail(Errc::invalid, "an action is longer than it says");
    in.take(size - read);
  }
  if (in.is_short()) return broken_off();
  if (in.left() != 0) return fail(Errc::invalid, "there is something behind its end");
  return out;
}

}  // namespace kontor::mapi
