// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/mbox/index.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mime/header.h"
#include "migrate/files/dates.h"
#include "migrate/files/status_fields.h"
#include "migrate/mbox/from_line.h"
#include "migrate/mbox/unquote.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kBuffer = 256u << 10;
constexpr std::size_t kLongestHeader = 256u << 10;

// Lines with their ends. A line longer than the buffer comes in several pieces.
class LineReader {
 public:
  explicit LineReader(const ReadAt& read) : read_(read), buffer_(kBuffer, '\0') {}

  struct Line {
    std::string_view text;
    std::uint64_t offset = 0;
    bool is_start = true;
  };

  // Nothing at the end.
  Result<std::optional<Line>> next() {
    while (true) {
      const auto ready = std::string_view(buffer_).substr(begin_, end_ - begin_);
      const auto newline = ready.find('\n');
      if (newline != std::string_view::npos) return take(newline + 1);
      if (is_at_end_) return ready.empty() ? std::optional<Line>() : take(ready.size());
      if (ready.size() == buffer_.size()) return take(ready.size());
      TRY_VOID(fill());
    }
  }

 private:
  std::optional<Line> take(std::size_t size) {
    Line line{std::string_view(buffer_).substr(begin_, size), offset_, starts_line_};
    starts_line_ = line.text.ends_with('\n');
    begin_ += size;
    offset_ += size;
    return line;
  }

  Result<void> fill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    TRY(const auto count, read_(offset_ + end_, buffer_.data() + end_, buffer_.size() - end_));
    is_at_end_ = count == 0;
    end_ += count;
    return {};
  }

  const ReadAt& read_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;  // of buffer_[begin_]
  bool is_at_end_ = false;
  bool starts_line_ = true;
};

bool is_blank(std::string_view line) { return line == "\n" || line == "\r\n"; }

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

class Indexer {
 public:
  explicit Indexer(const ReadAt& read) : read_(read), lines_(read) {}

  Result<MboxIndex> run() {
    while (true) {
      TRY(const auto line, lines_.next());
      if (!line) break;
      TRY_VOID(take(*line));
      end_ = line->offset + line->text.size();
    }
    if (message_) finish(end_of_content(end_));
    if (uids_are_broken_ || index_.uid_validity == 0)
      forget_uids();
    else
      number_the_rest();
    return std::move(index_);
  }

 private:
  Result<void> take(const LineReader::Line& line) {
    const bool may_begin = blank_ || !message_ || believed_until_ != 0;
    if (line.is_start && may_begin && line.offset >= believed_until_)
      if (const auto from = parse_from_line(without_end(line.text))) {
        if (message_) finish(end_of_content(line.offset));
        start(*from, line.offset + line.text.size());
        return {};
      }
    if (!message_) {
      if (is_blank(line.text)) return {};
      return fail(Errc::invalid, "it is no mbox: it does not begin with a \"From \" line");
    }
    // The blank line before was the message's own.
    if (blank_) digest_.update("\n");
    blank_ = false;
    if (is_in_header_) return take_header(line);
    if (line.is_start && line.text.starts_with(">>"))
      index_.is_quoted_rd = index_.is_quoted_rd || is_quoted_from(line.text);
    if (line.is_start && is_blank(line.text))
      note_blank(line);
    else
      digest_.update(line.text);
    return {};
  }

  // The message's end, where the next one's "From " line, or the file's end, is at `next`.
  std::uint64_t end_of_content(std::uint64_t next) const {
    if (believed_until_ != 0) return believed_until_;
    return blank_ && !blank_ends_header_ ? blank_at_ : next;
  }

  void note_blank(const LineReader::Line& line) {
    blank_ = true;
    blank_ends_header_ = false;
    blank_at_ = line.offset;
  }

  Result<void> take_header(const LineReader::Line& line) {
    if (!is_blank(line.text)) {
      if (header_.size() < kLongestHeader) header_.append(line.text.substr(0, kLongestHeader - header_.size()));
      return {};
    }
    is_in_header_ = false;
    note_blank(line);
    blank_ends_header_ = true;
    end_header();
    TRY_VOID(believe_length(line.offset + line.text.size()));
    return {};
  }

  // What mail programs note in headers comes and goes: it must not make another message.
  void end_header() {
    mime::each_field(header_, [&](const mime::Field& field) {
      if (!is_status_field(field.name)) digest_.update(field.whole);
      return true;
    });
    fields_ = read_status_fields(header_, message_->item);
  }

  Result<void> believe_length(std::uint64_t body) {
    believed_until_ = 0;
    const auto field = mime::find_field(header_, "Content-Length");
    if (!field) return {};
    const auto text = mime::unfold(*field);
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc{} || end != text.data() + text.size() || length > UINT64_MAX / 4) return {};
    std::string behind(1100, '\0');
    TRY(const auto count, read_(body + length, behind.data(), behind.size()));
    auto next = std::string_view(behind).substr(0, count);
    bool is_end = false;
    if (next.empty()) {
      // Nothing follows: right only if the file ends just there.
      char last = '\0';
      TRY(const auto before, length == 0 ? Result<std::size_t>(1) : read_(body + length - 1, &last, 1));
      is_end = before == 1;
    }
    for (int blanks = 0; blanks < 2; ++blanks) {
      if (next.starts_with("\r\n"))
        next.remove_prefix(2);
      else if (next.starts_with("\n"))
        next.remove_prefix(1);
    }
    const auto line = next.substr(0, next.find('\n'));
    if (is_end || (count > 0 && next.empty()) || parse_from_line(without_end(line))) believed_until_ = body + length;
    return {};
  }

  void start(const FromLine& from, std::uint64_t offset) {
    message_.emplace();
    message_->offset = offset;
    message_->item.date = from.date;
    if (!from.sender.empty()) message_->item.properties["mbox.sender"] = from.sender;
    // A program's own copy has the time of copying there.
    is_copy_ = from.sender == "-";
    header_.clear();
    fields_ = {};
    digest_ = Sha256();
    is_in_header_ = true;
    blank_ = false;
    believed_until_ = 0;
  }

  void finish(std::uint64_t end) {
    if (is_in_header_) end_header();
    auto message = std::move(*message_);
    message_.reset();
    believed_until_ = 0;
    if (is_first_ && fields_.uid_validity != 0) {
      index_.uid_validity = fields_.uid_validity;
      last_uid_ = fields_.last_uid;
    }
    is_first_ = false;
    note_uid(message.item);
    if (fields_.is_expunged || fields_.is_folder_data) return;
    message.size = end - message.offset;
    message.labels = std::move(fields_.labels);
    message.has_status = fields_.has_status;
    index_.has_labels = index_.has_labels || !message.labels.empty();
    auto& item = message.item;
    item.announced_size = message.size;
    if (is_copy_) {
      item.date_is_guess = true;
      if (const auto date = date_of_header(header_)) item.date = *date;
    }
    if (const auto ends = line_ends_of(header_); !ends.empty()) item.properties["line-ends"] = ends;
    set_key(item);
    index_.messages.push_back(std::move(message));
  }

  void note_uid(SourceItem& item) {
    const auto uid = fields_.is_folder_data ? 0 : fields_.uid;
    if (fields_.is_folder_data) return;
    // UIDs ascend, and who has none comes behind all who have one.
    if (uid == 0)
      has_missing_uid_ = true;
    else if (has_missing_uid_ || uid <= greatest_uid_)
      uids_are_broken_ = true;
    greatest_uid_ = std::max(greatest_uid_, uid);
    item.uid = uid;
  }

  void set_key(SourceItem& item) {
    const auto digest = to_hex(digest_.finish().substr(0, 12));
    item.key = digest;
    for (auto n = ++copies_[digest]; !index_.by_key.emplace(item.key, index_.messages.size()).second; ++n)
      item.key = fmt::format("{}#{}", digest, n);
  }

  void forget_uids() {
    index_.uid_validity = 0;
    for (auto& message : index_.messages) message.item.uid = 0;
  }

  void number_the_rest() {
    auto next = std::max(last_uid_, greatest_uid_) + 1;
    for (auto& message : index_.messages)
      if (message.item.uid == 0) message.item.uid = next++;
    index_.uid_next = next;
  }

  const ReadAt& read_;
  LineReader lines_;
  MboxIndex index_;
  std::unordered_map<std::string, std::uint32_t> copies_;
  // The message being read:
  std::optional<MboxMessage> message_;
  std::string header_;
  StatusFields fields_;
  Sha256 digest_;
  bool is_copy_ = false;
  bool is_in_header_ = false;
  bool blank_ = false;  // the line before was blank, and may belong to the next "From " line
  bool blank_ends_header_ = false;
  std::uint64_t blank_at_ = 0;
  std::uint64_t believed_until_ = 0;  // where its Content-Length says that it ends
  std::uint64_t end_ = 0;
  // Of the file:
  bool is_first_ = true;
  std::uint32_t last_uid_ = 0, greatest_uid_ = 0;
  bool has_missing_uid_ = false, uids_are_broken_ = false;
};

}  // namespace

std::string mbox_stamp(const FileFacts& facts) { return fmt::format("mbox1 {} {}", facts.size, facts.modified_ns); }

Result<MboxIndex> index_mbox(const ReadAt& read) { return Indexer(read).run(); }

Result<MboxIndex> index_mbox(const std::string& path) {
  TRY(const auto facts, file_facts(path));
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(Errc::invalid, fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
  auto index = index_mbox([&](std::uint64_t offset, char* into, std::size_t size) -> Result<std::size_t> {
    const auto count = ::pread(fd, into, size, static_cast<off_t>(offset));
    if (count < 0) return fail(Errc::invalid, fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
    return static_cast<std::size_t>(count);
  });
  ::close(fd);
  if (!index) return fail(index.error().code, fmt::format("{}: {}", path, index.error().text));
  index->stamp = mbox_stamp(facts);
  return index;
}

Result<void> deliver_mbox_message(const std::string& path, const MboxIndex& index, const MboxMessage& message,
                                  const TakePiece& take) {
  if (!index.is_quoted_rd) return deliver_file(path, LineEnds::by_first, take, message.offset, message.size);
  FromUnquoter unquoter(take);
  TRY_VOID(deliver_file(
      path, LineEnds::by_first, [&](std::string_view piece) { return unquoter.write(piece); }, message.offset,
      message.size));
  return unquoter.finish();
}

}  // namespace kontor::migrate
