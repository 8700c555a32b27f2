// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/reencode.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "formats/mime/encoders.h"
#include "formats/mime/header.h"
#include "formats/mime/parser.h"

namespace kontor::mime {
namespace {

constexpr std::size_t kReadPiece = 64 << 10;
constexpr std::size_t kLongestLine = 998;
constexpr std::size_t kMostHeader = 1 << 20;

// What bytes need of a host.
enum class Need : std::uint8_t { seven_bit, eight_bit, binary };

std::string_view label(Need need) {
  return need == Need::seven_bit ? "7bit" : need == Need::eight_bit ? "8bit" : "binary";
}

// Looks at bytes in pieces.
class BodyLook {
 public:
  void feed(std::string_view bytes) {
    for (const char c : bytes) {
      if (has_cr_ != (c == '\n')) has_bare_ = true;
      if (c == '\n') line_ = 0;
      has_cr_ = c == '\r';
      has_nul_ = has_nul_ || c == '\0';
      if (static_cast<unsigned char>(c) >= 0x80) ++high_;
      if (c != '\r' && c != '\n') longest_ = std::max(longest_, ++line_);
    }
    size_ += bytes.size();
  }

  bool is_broken() const { return has_nul_ || has_bare_ || has_cr_; }
  Need need() const {
    if (is_broken() || longest_ > kLongestLine) return Need::binary;
    return high_ > 0 ? Need::eight_bit : Need::seven_bit;
  }
  // Escaped bytes take three, base64 makes four of three.
  bool suits_quoted_printable() const { return !is_broken() && high_ * 6 <= size_; }
  bool has_high() const { return high_ > 0; }

 private:
  std::uint64_t size_ = 0, high_ = 0;
  std::size_t line_ = 0, longest_ = 0;
  bool has_cr_ = false, has_bare_ = false, has_nul_ = false;
};

// What is done with an entity.
struct Plan {
  Need need = Need::seven_bit;               // of its body, once this is done
  std::optional<TransferEncoding> encoding;  // of a leaf that changes
  bool has_new_label = false;
  bool has_high = false;
  std::vector<Plan> parts;  // or the message inside
};

bool is_type(const Entity& entity, std::string_view type) { return iequals(entity.type, type); }

Error signed_fault() {
  return {Errc::invalid, "The message is signed and must not be changed, but the next host does not take it as it is."};
}

class Reencoder {
 public:
  Reencoder(const WholeMessage& message, Width width, const std::function<Result<void>(std::string_view)>& take)
      : message_(message), most_(width == Width::seven_bit ? Need::seven_bit : Need::eight_bit), take_(take) {}

  Result<void> run() {
    Parser parser(limits_);
    TRY_VOID(each_piece(0, message_.size, [&](std::string_view piece) -> Result<void> {
      parser.feed(piece);
      return {};
    }));
    const Entity entity = parser.finish();
    TRY(const Plan plan, plan_of(entity, false, 1));
    return write(entity, plan, true);
  }

 private:
  Result<void> each_piece(std::uint64_t offset, std::uint64_t size,
                          const std::function<Result<void>(std::string_view)>& visit) const {
    while (size > 0) {
      TRY(std::string piece,
          message_.read(offset, static_cast<std::size_t>(std::min<std::uint64_t>(size, kReadPiece))));
      if (piece.empty()) return fail(Errc::corrupt, "the message is shorter than it was");
      if (piece.size() > size) piece.resize(static_cast<std::size_t>(size));
      TRY_VOID(visit(piece));
      offset += piece.size();
      size -= piece.size();
    }
    return {};
  }
  Result<BodyLook> look_at(std::uint64_t offset, std::uint64_t size) const {
    BodyLook look;
    TRY_VOID(each_piece(offset, size, [&](std::string_view piece) -> Result<void> {
      look.feed(piece);
      return {};
    }));
    return look;
  }

  Result<void> check_header(const Entity& entity) {
    header_bytes_ += entity.header_size;
    if (header_bytes_ > kMostHeader || ++entities_ >= limits_.parts)
      return fail(Errc::invalid, "The message has too many parts to be made over for the next host.");
    TRY(const BodyLook look, look_at(entity.header_offset, entity.header_size));
    if (look.is_broken())
      return fail(Errc::invalid,
                  "A header of the message does not consist of lines, which the next host does not take.");
    if (look.has_high() && most_ == Need::seven_bit)
      return fail(Errc::invalid, "A header of the message has 8-bit text, which the next host does not take.");
    return {};
  }

  // A label says no more than the host takes. One that is signed stays, as what it speaks of fits.
  void choose_label(const Entity& entity, Plan& plan) const {
    if (iequals(entity.encoding, "binary") || (iequals(entity.encoding, "8bit") && most_ == Need::seven_bit))
      plan.has_new_label = true;
  }

  Result<Plan> plan_of(const Entity& entity, bool is_signed, std::uint32_t depth) {
    TRY_VOID(check_header(entity));
    Plan plan;
    if (entity.message) {
      TRY(Plan inside, plan_of(*entity.message, is_signed, depth + 1));
      plan.need = inside.need;
      plan.parts.push_back(std::move(inside));
    } else if (entity.is_multipart()) {
      TRY_VOID(plan_parts(entity, is_signed, depth, plan));
    } else {
      TRY_VOID(plan_leaf(entity, is_signed, depth, plan));
    }
    if (!is_signed) choose_label(entity, plan);
    return plan;
  }

  Result<void> plan_parts(const Entity& entity, bool is_signed, std::uint32_t depth, Plan& plan) {
    std::uint64_t at = entity.body_offset;
    auto gap = [&](std::uint64_t end) -> Result<void> {
      TRY(const BodyLook look, look_at(at, end - at));
      if (is_signed && (look.is_broken() || (look.has_high() && most_ == Need::seven_bit)))
        return std::unexpected(signed_fault());
      if (look.has_high() && most_ == Need::eight_bit) plan.need = Need::eight_bit;
      return {};
    };
    for (const Entity& part : entity.parts) {
      TRY_VOID(gap(part.header_offset));
      TRY(Plan own, plan_of(part, is_signed || iequals(entity.subtype, "signed"), depth + 1));
      plan.need = std::max(plan.need, own.need);
      plan.parts.push_back(std::move(own));
      at = part.body_offset + part.body_size;
    }
    return gap(entity.body_offset + entity.body_size);
  }

  Result<void> plan_leaf(const Entity& entity, bool is_signed, std::uint32_t depth, Plan& plan) {
    TRY(const BodyLook look, look_at(entity.body_offset, entity.body_size));
    plan.need = look.need();
    plan.has_high = look.has_high();
    if (plan.need <= most_) return {};
    if (is_signed) return std::unexpected(signed_fault());
    const TransferEncoding now = parse_transfer_encoding(entity.encoding);
    // RFC 2045 section 6.4; RFC 6532 section 3.5 for message/global.
    const bool is_composite =
        is_type(entity, "multipart") || (is_type(entity, "message") && !iequals(entity.subtype, "global"));
    if (now == TransferEncoding::unknown || now == TransferEncoding::uuencode || is_composite || depth >= limits_.depth)
      return fail(Errc::invalid, "A part of the message cannot be made over for the next host.");
    const bool is_text = is_type(entity, "text") && now == TransferEncoding::identity;
    plan.encoding =
        is_text && look.suits_quoted_printable() ? TransferEncoding::quoted_printable : TransferEncoding::base64;
    plan.need = Need::seven_bit;
    plan.has_new_label = true;
    return {};
  }

  Result<void> write(const Entity& entity, const Plan& plan, bool is_top) {
    TRY_VOID(write_header(entity, plan, is_top));
    if (entity.message) return write(*entity.message, plan.parts.front(), false);
    if (plan.encoding) return write_encoded(entity, *plan.encoding);
    std::uint64_t at = entity.body_offset;
    for (std::size_t i = 0; i < plan.parts.size(); ++i) {
      const Entity& part = entity.parts[i];
      TRY_VOID(write_gap(at, part.header_offset));
      TRY_VOID(write(part, plan.parts[i], false));
      at = part.body_offset + part.body_size;
    }
    const std::uint64_t end = entity.body_offset + entity.body_size;
    return plan.parts.empty() ? each_piece(at, end - at, take_) : write_gap(at, end);
  }

  // Boundaries, and text between them that nobody reads: what the host does not take of it becomes "?", and LF alone,
  // which may end the line before a boundary, CRLF.
  Result<void> write_gap(std::uint64_t at, std::uint64_t end) {
    bool has_cr = false;
    TRY_VOID(each_piece(at, end - at, [&](std::string_view piece) -> Result<void> {
      std::string clean;
      for (const char c : piece) {
        if (has_cr) clean += c == '\n' ? "\r\n" : "?";
        if (c == '\n' && !has_cr) clean += "\r\n";
        has_cr = c == '\r';
        if (c == '\r' || c == '\n') continue;
        const bool is_high = static_cast<unsigned char>(c) >= 0x80;
        clean += c == '\0' || (is_high && most_ == Need::seven_bit) ? '?' : c;
      }
      return clean.empty() ? Result<void>() : take_(clean);
    }));
    return has_cr ? take_("?") : Result<void>();
  }

  Result<void> write_encoded(const Entity& entity, TransferEncoding into) {
    BodyDecoder decoder(parse_transfer_encoding(entity.encoding));
    Base64Writer base64;
    QuotedPrintableWriter quoted;
    std::string plain, out;
    auto encode = [&](bool is_end) -> Result<void> {
      out.clear();
      if (into == TransferEncoding::base64) {
        base64.feed(plain, out);
        if (is_end) base64.finish(out);
      } else {
        quoted.feed(plain, out);
        if (is_end) quoted.finish(out);
      }
      plain.clear();
      return out.empty() ? Result<void>() : take_(out);
    };
    TRY_VOID(each_piece(entity.body_offset, entity.body_size, [&](std::string_view piece) {
      decoder.feed(piece, plain);
      return encode(false);
    }));
    decoder.finish(plain);
    return encode(true);
  }

  Result<void> write_header(const Entity& entity, const Plan& plan, bool is_top) {
    if (!plan.has_new_label) return each_piece(entity.header_offset, entity.header_size, take_);
    std::string header;
    TRY_VOID(each_piece(entity.header_offset, entity.header_size, [&](std::string_view piece) -> Result<void> {
      header += piece;
      return {};
    }));
    const std::string_view fields = header;
    const std::string field = "Content-Transfer-Encoding: " +
                              std::string(plan.encoding == TransferEncoding::base64 ? "base64"
                                          : plan.encoding                           ? "quoted-printable"
                                                                                    : label(plan.need)) +
                              "\r\n";
    std::string out;
    bool has_label = false, has_type = false, has_version = false;
    std::size_t read = 0;
    each_field(fields, [&](const Field& one) {
      read += one.whole.size();
      has_type = has_type || iequals(one.name, "Content-Type");
      has_version = has_version || iequals(one.name, "MIME-Version");
      if (!iequals(one.name, "Content-Transfer-Encoding")) {
        out += one.whole;
        return true;
      }
      if (!has_label) out += field;
      has_label = true;
      return true;
    });
    if (!out.empty() && !out.ends_with("\r\n")) out += "\r\n";
    if (is_top && !has_version) out += "MIME-Version: 1.0\r\n";
    // Without a type it is US-ASCII, which it is not: RFC 1428 section 3.
    if (plan.encoding && plan.has_high && !has_type) out += "Content-Type: text/plain; charset=unknown-8bit\r\n";
    if (!has_label) out += field;
    out += fields.substr(read);
    if (read == fields.size()) out += "\r\n";  // there was no empty line
    return take_(out);
  }

  const WholeMessage& message_;
  const Need most_;
  const std::function<Result<void>(std::string_view)>& take_;
  const Limits limits_;
  std::uint64_t header_bytes_ = 0;
  std::uint32_t entities_ = 0;
};

}  // namespace

Result<void> reencode(const WholeMessage& message, Width width,
                      const std::function<Result<void>(std::string_view)>& take) {
  return Reencoder(message, width, take).run();
}

}  // namespace kontor::mime
