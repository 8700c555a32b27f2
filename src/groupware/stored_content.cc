// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/stored_content.h"

#include <fmt/core.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "base/digest.h"
#include "formats/mime/parser.h"
#include "formats/mime/preview.h"
#include "groupware/calendar/facts.h"

namespace kontor::groupware {
namespace {

// The header is kept whole up to this for the summary; more of it does not count there.
constexpr std::size_t kHeaderKept = 1 << 20;

class InlineContent : public Content {
 public:
  explicit InlineContent(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_->size(); }
  Result<std::string> read(std::uint64_t offset, std::size_t length) const override {
    if (offset >= bytes_->size()) return std::string();
    return bytes_->substr(offset, length);
  }
  std::shared_ptr<const std::string> whole() const override { return bytes_; }

 private:
  std::shared_ptr<const std::string> bytes_;
};

class BlobContent : public Content {
 public:
  BlobContent(store::Blobs& blobs, TenantId tenant, std::string hash, std::uint64_t size)
      : blobs_(blobs), tenant_(tenant), hash_(std::move(hash)), size_(size) {}
  std::uint64_t size() const override { return size_; }
  Result<std::string> read(std::uint64_t offset, std::size_t length) const override {
    return blobs_.read(tenant_, hash_, offset, length);
  }
  std::shared_ptr<const std::string> whole() const override { return nullptr; }

 private:
  store::Blobs& blobs_;
  TenantId tenant_;
  std::string hash_;
  std::uint64_t size_;
};

// How many bytes longer the content is when every line ends with CRLF, also the last one.
class LineEnds {
 public:
  void feed(std::string_view bytes) {
    for (std::size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1))
      if ((at == 0 ? last_ : bytes[at - 1]) != '\r') ++bare_;
    if (!bytes.empty()) last_ = bytes.back();
  }
  std::uint64_t missing() const { return bare_ + (last_ == '\n' ? 0 : last_ == '\r' ? 1 : 2); }

 private:
  std::uint64_t bare_ = 0;
  char last_ = '\n';
};

class ContentStager : public Stager {
 public:
  ContentStager(Environment& environment, TenantId tenant, Kind kind)
      : environment_(environment), tenant_(tenant), kind_(kind), is_mail_(kind == Kind::mail) {}

  Result<void> write(std::string_view bytes) override {
    if (bytes.empty()) return {};
    if (written_ + bytes.size() > environment_.options.largest_item)
      return fail(Errc::too_large,
                  fmt::format("the item is larger than the limit of {} bytes", environment_.options.largest_item));
    written_ += bytes.size();
    digest_.update(bytes);
    if (is_mail_) {
      parser_.feed(bytes);
      lines_.feed(bytes);
      if (header_.size() < kHeaderKept) header_.append(bytes.substr(0, kHeaderKept - header_.size()));
    }
    if (is_described(kind_) && text_.size() <= kLargestDescribed)
      text_.append(bytes.substr(0, kLargestDescribed + 1 - text_.size()));
    if (blob_) return blob_->write(bytes);
    small_.append(bytes);
    if (small_.size() <= environment_.options.inline_limit) return {};
    blob_.emplace(environment_.blobs.write(tenant_));
    Result<void> moved = blob_->write(small_);
    std::string().swap(small_);
    return moved;
  }

  Result<StagedContent> finish() override {
    StagedContent out;
    out.size = written_;
    out.crlf_size = written_ + (is_mail_ ? lines_.missing() : 0);
    out.tenant = tenant_;
    out.hash = digest_.finish();
    if (blob_) {
      TRY(store::BlobRef ref, blob_->finish());
      check(ref.hash == out.hash && ref.size == out.size, "a blob is what was written");
    } else {
      out.inline_bytes = std::make_shared<const std::string>(std::move(small_));
    }
    if (is_described(kind_))
      out.description = std::make_shared<const Description>(
          describe(kind_, text_, environment_.zones, environment_.home, environment_.clock.now()));
    if (is_mail_) {
      mime::Entity entity = parser_.finish();
      std::string_view header = std::string_view(header_).substr(0, entity.header_size);
      std::string preview = mime::preview(entity, header_);
      out.mail = std::make_shared<const mime::Summarized>(mime::summarize(entity, header, preview));
    }
    return out;
  }

  std::uint64_t written() const override { return written_; }

 private:
  Environment& environment_;
  TenantId tenant_;
  Kind kind_;
  bool is_mail_;
  std::uint64_t written_ = 0;
  Sha256 digest_;
  mime::Parser parser_;
  LineEnds lines_;
  std::string header_;
  std::string text_;  // of what is described; one byte more than is looked at, where there is more
  std::string small_;
  std::optional<store::Blobs::Writer> blob_;
};

}  // namespace

std::shared_ptr<const Content> inline_content(std::shared_ptr<const std::string> bytes) {
  return std::make_shared<const InlineContent>(std::move(bytes));
}

std::shared_ptr<const Content> inline_content(std::string bytes) {
  return inline_content(std::make_shared<const std::string>(std::move(bytes)));
}

std::shared_ptr<const Content> blob_content(store::Blobs& blobs, TenantId tenant, std::string hash,
                                            std::uint64_t size) {
  return std::make_shared<const BlobContent>(blobs, tenant, std::move(hash), size);
}

Result<std::string> summarize_content(const Content& content) {
  mime::Parser parser;
  std::string header;
  for (std::uint64_t offset = 0; offset < content.size();) {
    TRY(std::string piece, content.read(offset, 256 << 10));
    if (piece.empty()) return fail(Errc::corrupt, "the content is shorter than its item says");
    parser.feed(piece);
    if (header.size() < kHeaderKept) header.append(piece, 0, kHeaderKept - header.size());
    offset += piece.size();
  }
  mime::Entity entity = parser.finish();
  std::string preview = mime::preview(entity, header);
  return mime::summarize(entity, std::string_view(header).substr(0, entity.header_size), preview).summary;
}

icalendar::ZonePointer home_zone() {
  std::ifstream file("/etc/localtime", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto zone = icalendar::read_zone_file("local", bytes);
  return zone ? *zone : icalendar::utc_zone();
}

std::unique_ptr<Stager> make_stager(Environment& environment, TenantId tenant, Kind kind) {
  return std::make_unique<ContentStager>(environment, tenant, kind);
}

}  // namespace kontor::groupware
