// SPDX-License-Identifier: AGPL-3.0-or-later
// The bytes are looked at line by line while any boundary is open, and only counted once none is. Open entities stand
// on a stack and move into their parent when they end.
#include "formats/mime/parser.h"

#include <algorithm>

#include "formats/mime/content.h"
#include "formats/mime/decode.h"
#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

// How much of a line is compared with boundaries; RFC 2046 section 5.1.1 allows boundaries of 70 characters.
constexpr std::size_t kLineHead = 1100;
constexpr std::size_t kMaxBoundary = 1000;

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
  return text;
}

// As written, trailing blanks too, though RFC 2046 section 5.1.1 has none; a boundary in RFC 2231 pieces is put
// together.
std::string boundary_of(const Entity& entity) {
  for (const Param& candidate : entity.params)
    if (candidate.name == "boundary") return candidate.value.substr(0, kMaxBoundary);
  return param(entity.params, "boundary").value_or("").substr(0, kMaxBoundary);
}

struct Frame {
  enum class Kind : std::uint8_t { leaf, multipart, message };

  Entity entity;
  Kind kind = Kind::leaf;
  bool is_message_top = false;  // of the whole, or of the message in a message/rfc822
  bool in_digest = false;
  bool is_open = false;  // a multipart that has not seen its last boundary
  std::string boundary;
  std::uint64_t lines_before = 0;  // line ends before the body
};

void close(Frame& frame, std::uint64_t end, std::uint64_t lines_before_end) {
  frame.entity.body_size = end - frame.entity.body_offset;
  if (end > frame.entity.body_offset)
    frame.entity.body_lines = static_cast<std::uint32_t>(lines_before_end - frame.lines_before);
}

struct BoundaryLine {
  std::size_t frame;  // whose boundary it is
  bool is_last;
};

}  // namespace

struct Parser::State {
  explicit State(const Limits& limits_)
      : limits(limits_), addresses(limits_.addresses), structure_bytes(limits_.structure_bytes) {
    push(0, true, false);
  }

  void feed(std::string_view bytes);
  Entity finish();

  void push(std::uint64_t offset, bool is_message_top, bool in_digest);
  void take_line(std::string_view head, std::size_t end_size);
  std::optional<BoundaryLine> find_boundary(std::string_view line) const;
  bool take_boundary(BoundaryLine boundary, bool is_whole);
  void end_header(std::uint64_t end);
  std::string_view header_text(std::size_t size);
  void open_content();
  void close_above(std::size_t frame, std::uint64_t end, std::uint64_t lines_before_end);
  std::size_t header_limit() const { return std::min(limits.header_bytes, structure_bytes); }
  bool only_counts() const { return !in_header && (open_boundaries == 0 || is_full); }

  const Limits limits;
  std::uint32_t addresses;        // that may still be read
  std::uint32_t structure_bytes;  // likewise
  std::uint32_t entities = 0;
  bool is_full = false;  // no more parts: what follows is the last one's body
  std::vector<Frame> frames;
  std::size_t open_boundaries = 0;
  std::string top_header;

  bool in_header = true;
  std::string header;                 // of the entity being read: its bytes from earlier pieces,
  const char* header_from = nullptr;  // the start of the others in this piece,
  const char* now = nullptr;          // and their end so far

  std::uint64_t line_start = 0;       // offset of the line being read
  std::uint64_t line_size = 0;        // what is known of it so far
  std::string line_head;              // its first bytes, from earlier pieces
  std::uint64_t lines = 0;            // line ends so far
  std::size_t previous_end_size = 0;  // of the line before: its line end (0, 1 or 2 bytes)
  char last_byte = '\n';              // of this line's earlier pieces
};

void Parser::State::push(std::uint64_t offset, bool is_message_top, bool in_digest) {
  Frame& frame = frames.emplace_back();
  frame.entity.header_offset = offset;
  frame.is_message_top = is_message_top;
  frame.in_digest = in_digest;
  in_header = true;
  header.clear();
  header_from = now;
  entities++;
}

void Parser::State::feed(std::string_view bytes) {
  header_from = now = bytes.data();
  while (!bytes.empty()) {
    if (only_counts() && line_size == 0) {
      lines += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
      line_start += bytes.size();
      return;
    }
    const auto nl = bytes.find('\n');
    const std::string_view part = bytes.substr(0, nl == std::string_view::npos ? bytes.size() : nl + 1);
    bytes.remove_prefix(part.size());
    now = part.data() + part.size();
    const bool is_split = line_size > 0 || nl == std::string_view::npos;
    if (is_split && line_head.size() < kLineHead) line_head.append(part.substr(0, kLineHead - line_head.size()));
    const char before = part.size() > 1 ? part[part.size() - 2] : line_size > 0 ? last_byte : '\0';
    line_size += part.size();
    last_byte = part.back();
    if (nl == std::string_view::npos) break;
    take_line(is_split ? std::string_view(line_head) : part.substr(0, kLineHead), before == '\r' ? 2 : 1);
  }
  if (in_header && header.size() < header_limit())
    header.append(header_from, std::min(static_cast<std::size_t>(now - header_from), header_limit() - header.size()));
  header_from = now = nullptr;
}

Entity Parser::State::finish() {
  if (line_size > 0) take_line(line_head, 0);
  while (in_header) end_header(line_start);
  close_above(0, line_start, lines);
  close(frames.front(), line_start, lines);
  return std::move(frames.front().entity);
}

// A whole line of `line_size` bytes; `head` may be only its beginning.
void Parser::State::take_line(std::string_view head, std::size_t end_size) {
  const bool is_empty = line_size == end_size;
  bool is_boundary = false;
  if (open_boundaries > 0 && !is_full && head.starts_with("--")) {
    const auto boundary = find_boundary(without_line_end(head.substr(2)));
    is_boundary = boundary && take_boundary(*boundary, end_size > 0);
  }
  if (end_size > 0) lines++;
  if (is_boundary && in_header) frames.back().lines_before = lines;
  if (!is_boundary && in_header && is_empty && end_size > 0) end_header(line_start + line_size);
  previous_end_size = end_size;
  line_start += line_size;
  line_size = 0;
  line_head.clear();
}

// RFC 2046 section 5.1.1: a line that begins with an open boundary is one, the innermost first (nested ones may be
// equal). A line that is a boundary and nothing more is preferred, and then the longest, for boundaries that begin with
// one another.
std::optional<BoundaryLine> Parser::State::find_boundary(std::string_view line) const {
  std::optional<BoundaryLine> longest;
  for (std::size_t i = frames.size(); i-- > 0;) {
    const Frame& frame = frames[i];
    if (!frame.is_open || !line.starts_with(frame.boundary)) continue;
    const std::string_view rest = trim_end(line.substr(frame.boundary.size()));
    if (rest.empty() || rest == "--") return BoundaryLine{i, !rest.empty()};
    if (!longest || frames[longest->frame].boundary.size() < frame.boundary.size())
      longest = BoundaryLine{i, rest.starts_with("--")};
  }
  return longest;
}

// False if there may be no more parts: the line is like any other then.
bool Parser::State::take_boundary(BoundaryLine boundary, bool is_whole) {
  if (!boundary.is_last && entities >= limits.parts) {
    is_full = true;
    return false;
  }
  // The line end before a boundary belongs to it, in a header too that ends this way.
  const std::uint64_t end = line_start - previous_end_size;
  while (in_header) end_header(std::max(end, frames.back().entity.header_offset));
  close_above(boundary.frame, end, lines - (previous_end_size > 0 ? 1 : 0));
  Frame& frame = frames.back();
  if (boundary.is_last) {
    frame.is_open = false;
    open_boundaries--;
  } else if (is_whole) {  // without a line end the message breaks off here, before there is another part
    push(line_start + line_size, false, same_name(frame.entity.subtype, "digest"));
  }
  return true;
}

void Parser::State::end_header(std::uint64_t end) {
  Frame& frame = frames.back();
  Entity& entity = frame.entity;
  entity.header_size = end - entity.header_offset;
  entity.body_offset = end;
  frame.lines_before = lines;
  const std::string_view text = header_text(static_cast<std::size_t>(entity.header_size));
  if (frames.size() == 1) top_header = text;
  structure_bytes -= static_cast<std::uint32_t>(text.size());
  read_content_fields(text, frame.in_digest, entity);
  if (frame.is_message_top) entity.envelope = std::make_unique<Envelope>(read_envelope(text, addresses));
  in_header = false;
  open_content();
}

// The first `size` bytes of the header being read, as far as they are kept.
std::string_view Parser::State::header_text(std::size_t size) {
  size = std::min(size, header_limit());
  if (header.empty()) return {header_from, size};
  if (header.size() < size) header.append(header_from, size - header.size());
  return std::string_view(header).substr(0, size);
}

void Parser::State::open_content() {
  Frame& frame = frames.back();
  if (frames.size() >= limits.depth || is_full) return;
  if (same_name(frame.entity.type, "multipart")) {
    frame.boundary = boundary_of(frame.entity);
    if (frame.boundary.empty()) return;
    frame.kind = Frame::Kind::multipart;
    frame.is_open = true;
    open_boundaries++;
  } else if (is_message_type(frame.entity) && entities < limits.parts) {
    // RFC 2046 section 5.2.1 forbids other encodings; what has one anyway can be shown only after decoding.
    const TransferEncoding encoding = parse_transfer_encoding(frame.entity.encoding);
    if (encoding != TransferEncoding::identity && encoding != TransferEncoding::unknown) return;
    frame.kind = Frame::Kind::message;
    push(frame.entity.body_offset, true, false);
  }
}

// Ends all entities inside `frame` at offset `end`, before which there are that many line ends. An entity whose
// header's empty line is the line end that should belong to the boundary keeps it, and so do those around it.
void Parser::State::close_above(std::size_t frame, std::uint64_t end, std::uint64_t lines_before_end) {
  while (frames.size() > frame + 1) {
    Frame closed = std::move(frames.back());
    frames.pop_back();
    if (closed.entity.body_offset > end) {
      end = closed.entity.body_offset;
      lines_before_end = lines;
    }
    close(closed, end, lines_before_end);
    if (closed.is_open) open_boundaries--;
    Frame& parent = frames.back();
    if (parent.kind == Frame::Kind::multipart) {
      parent.entity.parts.push_back(std::move(closed.entity));
    } else {
      parent.entity.message = std::make_unique<Entity>(std::move(closed.entity));
    }
  }
}

Parser::Parser(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
void Parser::feed(std::string_view bytes) { state_->feed(bytes); }
Entity Parser::finish() { return state_->finish(); }
const std::string& Parser::top_header() const { return state_->top_header; }

Entity parse(std::string_view message, const Limits& limits) {
  Parser parser(limits);
  parser.feed(message);
  return parser.finish();
}

}  // namespace kontor::mime
