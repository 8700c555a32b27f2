// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "transport/auth/dkim.h"
#include "transport/auth/dkim_signature.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kLineLength = 72;  // of the field's folded parts

// Those that a reader shows: signed once more than they are there, so that none
// can be added (section 8.15).
constexpr std::string_view kSealed[] = {"from", "to", "cc", "subject", "date", "reply-to", "content-type"};

std::string joined_names(const std::vector<std::string>& names) {
  std::string out;
  std::size_t line = 4;
  for (const auto& name : names) {
    if (!out.empty()) out += ':';
    if (line + name.size() > kLineLength) {
      out += "\r\n\t ";
      line = 2;
    }
    out += name;
    line += name.size() + 1;
  }
  return out;
}

}  // namespace

std::string fold_dkim_value(std::string_view value, std::size_t taken) {
  std::string out;
  std::size_t room = kLineLength - taken;
  for (; value.size() > room; room = kLineLength - 1) {
    out += value.substr(0, room);
    out += "\r\n\t";
    value.remove_prefix(room);
  }
  return out + std::string(value);
}

std::vector<std::string> names_to_sign(const DkimHead& head, const std::vector<std::string>& fields) {
  std::vector<std::string> out;
  for (const auto& field : fields) {
    const std::string name = to_lower(field);
    auto count = std::ranges::count(head.fields(), name, &DkimHead::Field::name);
    if (std::ranges::find(kSealed, name) != std::end(kSealed)) ++count;
    out.insert(out.end(), static_cast<std::size_t>(count), name);
  }
  return out;
}

Result<std::string> make_dkim_field(const DkimFieldParts& parts, const DkimHead& head, const DkimKey::State& key) {
  if (head.is_too_large()) return fail(Errc::invalid, "the header is too large to be signed");
  if (std::ranges::find(head.fields(), "from", &DkimHead::Field::name) == head.fields().end())
    return fail(Errc::invalid, "a message without From cannot be signed");
  std::string field = fmt::format(
      "{}: {} a={}-sha256; c=relaxed/relaxed;\r\n\td={}; s={};\r\n\tt={};\r\n\th={};\r\n\tbh={};\r\n\tb=", parts.name,
      parts.begin, key.algorithm == DkimAlgorithm::rsa ? "rsa" : "ed25519", parts.domain, parts.selector, parts.time,
      joined_names(parts.names), to_base64(parts.body_hash));
  TRY(const auto signature,
      sign_with(key.algorithm, key.key.get(), signed_header(head, parts.names, field + "\r\n", DkimForm::relaxed)));
  return field + fold_dkim_value(to_base64(signature), 3) + "\r\n";
}

struct DkimSigner::State {
  State(DkimSignerOptions options_, const DkimKey& key_) : options(std::move(options_)), key(key_) {}

  DkimSignerOptions options;
  const DkimKey& key;
  DkimHead head;
  DkimBody body{DkimForm::relaxed};
};

DkimSigner::DkimSigner(DkimSignerOptions options, const DkimKey& key)
    : state_(std::make_unique<State>(std::move(options), key)) {}
DkimSigner::~DkimSigner() = default;
DkimSigner::DkimSigner(DkimSigner&&) noexcept = default;

void DkimSigner::feed(std::string_view piece) {
  const auto body = state_->head.feed(piece);
  if (state_->head.is_complete()) state_->body.feed(body);
}

Result<std::string> DkimSigner::finish() {
  const DkimHead& head = state_->head;
  state_->head.finish();
  const auto names = names_to_sign(head, state_->options.fields);
  const std::string body_hash = state_->body.finish();
  return make_dkim_field({.name = "DKIM-Signature",
                          .begin = "v=1;",
                          .domain = state_->options.domain,
                          .selector = state_->options.selector,
                          .time = state_->options.time,
                          .names = names,
                          .body_hash = body_hash},
                         head, *state_->key.state_);
}

}  // namespace kontor::transport
