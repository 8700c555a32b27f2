// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/fetch_batch.h"

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "formats/mime/preview.h"
#include "formats/mime/summary_generated.h"
#include "protocols/imap/fetch_section.h"
#include "protocols/imap/object_id.h"
#include "wire/imap/print.h"
#include "wire/imap/structure.h"

namespace kontor::imap {
namespace {

using groupware::Content;
using wire::imap::append_number;
using wire::imap::BodyForm;
using wire::imap::FetchItem;
using wire::imap::Section;
using Kind = FetchItem::Kind;

constexpr std::size_t kStoredMessages = 250;  // that need the store, in one batch
constexpr std::size_t kViewRows = 5000;       // that need the view only
constexpr std::size_t kText = 512 << 10;
constexpr std::uint64_t kInText = 64 << 10;   // larger contents are streamed
constexpr std::uint64_t kHeader = 1 << 20;    // of one header that is filtered
constexpr std::uint64_t kFiltered = 4 << 20;  // of all filtered headers of one message
constexpr std::uint64_t kDecoded = 32 << 20;  // encoded bytes that are measured in one batch

// What is read of one message, when it is needed.
struct Source {
  const mime::fb::Entity* top = nullptr;
  const mime::fb::Summary* summary = nullptr;
  std::shared_ptr<const Content> content;
  std::optional<groupware::Item> item;
  const groupware::Reader* reader = nullptr;  // null within a scan: then nothing more can be read
};

class BatchWriter {
 public:
  BatchWriter(const Selected& box, const FetchJob& job, FetchBatch& batch) : box_(box), job_(job), batch_(batch) {}

  bool has_room() const { return batch_.text.size() < kText && decoded_ < kDecoded; }

  // Errors: too_large, and as Content::read; nothing of the message was written then.
  Result<void> message(std::uint32_t position, const Source& source) {
    const std::size_t start = batch_.text.size();
    const std::size_t bodies = batch_.bodies.size();
    std::string& out = batch_.text;
    append_fetch_start(out, box_, position);
    bool first = true;
    filtered_ = 0;
    for (const auto& item : job_.request.items) {
      if (!first) out.push_back(' ');
      first = false;
      const auto appended = append_item(item, position, source);
      if (appended) continue;
      out.resize(start);
      batch_.bodies.resize(bodies);
      return appended;
    }
    if (!job_.request.has(Kind::flags) && wire::imap::contains(job_.seen_now, box_.view->at(position).uid.value)) {
      out += " FLAGS ";
      append_flags(out, box_, position);
    }
    out += ")\r\n";
    return {};
  }

 private:
  Result<void> append_item(const FetchItem& item, std::uint32_t position, const Source& source) {
    std::string& out = batch_.text;
    const auto& row = box_.view->at(position);
    out += item.label;
    out.push_back(' ');
    switch (item.kind) {
      case Kind::flags:
        append_flags(out, box_, position);
        return {};
      case Kind::uid:
        append_number(out, row.uid.value);
        return {};
      case Kind::size:
        append_number(out, row.size);
        return {};
      case Kind::internal_date:
        out.push_back('"');
        out += wire::imap::print_date_time(row.internal_date());
        out.push_back('"');
        return {};
      case Kind::modseq:
        out.push_back('(');
        append_number(out, row.modseq.value);
        out.push_back(')');
        return {};
      case Kind::envelope:
        wire::imap::append_envelope(out, source.top->envelope());
        return {};
      case Kind::body:
        wire::imap::append_body(out, *source.top, BodyForm::plain);
        return {};
      case Kind::body_structure:
        wire::imap::append_body(out, *source.top, job_.decodes_params ? BodyForm::decoded : BodyForm::extended);
        return {};
      case Kind::email_id:
        out += "(" + email_id(*source.item) + ")";
        return {};
      case Kind::thread_id:
        out += "(" + thread_id(box_.account->id(), row.thread) + ")";
        return {};
      case Kind::save_date:
        out.push_back('"');
        out += wire::imap::print_date_time(InternalDate(source.item->saved));
        out.push_back('"');
        return {};
      case Kind::preview:
        return append_preview(item, row.item, source);
      case Kind::binary:
        return append_binary(item, source);
      case Kind::binary_size:
        return append_binary_size(item, source);
      case Kind::section:
        return append_section(item, item.section, source);
      case Kind::rfc822:
        return append_section(item, Section(), source);
      case Kind::rfc822_header:
        return append_section(item, of_message(Section::What::header), source);
      case Kind::rfc822_text:
        return append_section(item, of_message(Section::What::text), source);
    }
    return {};
  }

  static Section of_message(Section::What what) {
    Section section;
    section.what = what;
    return section;
  }

  // Made when the message came. Of messages from before that it is made anew each time.
  Result<void> append_preview(const FetchItem& item, ItemId id, const Source& source) {
    std::string& out = batch_.text;
    if (const auto* made = source.summary->preview()) {
      wire::imap::append_string(out, made->string_view());
      return {};
    }
    if (item.lazy) {
      out += "NIL";
      return {};
    }
    if (source.reader == nullptr) return fail(Errc::unavailable, "the preview is made outside of the scan");
    auto content = source.content;
    if (!content) {
      TRY(content, source.reader->content(id));
    }
    TRY(const auto head, content->read(0, mime::kPreviewHead));
    wire::imap::append_string(out, mime::preview(head));
    return {};
  }

  // Nothing if there is no such part. Errors: invalid (its encoding is not known).
  static Result<std::optional<FetchBody>> find_body(const FetchItem& item, const Source& source) {
    const auto part = find_binary(source.top, source.content->size(), item.section);
    if (!part) return std::optional<FetchBody>();
    if (part->encoding == mime::TransferEncoding::unknown)
      return fail(Errc::invalid, "the transfer encoding of a part is not known");
    FetchBody body;
    body.content = source.content;
    body.source = part->extent;
    body.encoding = part->encoding;
    return std::optional(std::move(body));
  }

  // RFC 3516 section 4.3. Decoded twice: to know the size, and to send it.
  Result<void> append_binary(const FetchItem& item, const Source& source) {
    std::string& out = batch_.text;
    TRY(auto body, find_body(item, source));
    if (!body) {
      out += "NIL";
      return {};
    }
    bool has_nul = true;  // of bytes as they are nobody knows: literal8 may hold them all
    const std::uint64_t all = ~std::uint64_t{0};
    const std::uint64_t length = item.offset ? item.length : all;
    if (body->encoding == mime::TransferEncoding::identity && body->source.size > kInText) {
      const Extent part = cut(body->source, item);
      body->skip = part.offset - body->source.offset;
      body->size = part.size;
    } else {
      TRY(has_nul, measure(*body, item.offset.value_or(0), length));
      decoded_ += body->source.size;
    }
    if (has_nul) out.push_back('~');
    append_literal_mark(body->size);
    return append_body(*std::move(body));
  }

  Result<void> append_binary_size(const FetchItem& item, const Source& source) {
    TRY(auto body, find_body(item, source));
    if (body) TRY_VOID(measure(*body, 0, ~std::uint64_t{0}));
    if (body) decoded_ += body->source.size;
    append_number(batch_.text, body ? body->size : 0);
    return {};
  }

  // RFC 3501 section 6.4.5: a partial that begins beyond the end is empty.
  static Extent cut(Extent extent, const FetchItem& item) {
    if (!item.offset) return extent;
    const std::uint64_t skip = std::min<std::uint64_t>(*item.offset, extent.size);
    return {extent.offset + skip, std::min<std::uint64_t>(item.length, extent.size - skip)};
  }

  Result<void> append_section(const FetchItem& item, const Section& section, const Source& source) {
    std::string& out = batch_.text;
    const auto found = find_section(source.top, source.content->size(), section);
    if (!found) {
      out += "NIL";
      return {};
    }
    if (filters_header(section)) {
      TRY(const auto header,
          source.content->read(found->offset, static_cast<std::size_t>(std::min(found->size, kHeader))));
      const std::string filtered = filter_header(header, section);
      const Extent part = cut({0, filtered.size()}, item);
      filtered_ += part.size;
      if (filtered_ > kFiltered) return fail(Errc::too_large, "too much header text is asked of one message at once");
      append_literal_mark(part.size);
      out.append(filtered, part.offset, part.size);
      return {};
    }
    return append_bytes(cut(*found, item), source);
  }

  Result<void> append_bytes(const Extent& part, const Source& source) {
    append_literal_mark(part.size);
    FetchBody body;
    body.content = source.content;
    body.source = part;
    body.size = part.size;
    return append_body(std::move(body));
  }

  // What is large, or comes when the text is already, is only named here, to be streamed.
  Result<void> append_body(FetchBody body) {
    std::string& out = batch_.text;
    const auto whole = body.content->whole();
    if (whole && whole->size() < body.source.offset + body.source.size) return damaged();
    if (body.size > kInText || out.size() > kText) {
      // A content that is not there at all shows here, before its bytes are promised.
      if (!whole) TRY_VOID(body.content->read(body.content->size(), 0));
      batch_.bodies.push_back({std::move(body), out.size()});
      return {};
    }
    if (whole && body.encoding == mime::TransferEncoding::identity) {
      out.append(*whole, body.source.offset + body.skip, body.size);
      return {};
    }
    BodyReader reader(body);
    for (std::uint64_t done = 0; done < body.size;) {
      TRY(const auto piece, reader.next());
      done += piece.size();
      out += piece;
    }
    return {};
  }

  static Result<void> damaged() { return fail(Errc::corrupt, "the content is shorter than its item says"); }

  void append_literal_mark(std::uint64_t size) {
    batch_.text.push_back('{');
    append_number(batch_.text, size);
    batch_.text += "}\r\n";
  }

  const Selected& box_;
  const FetchJob& job_;
  FetchBatch& batch_;
  std::uint64_t filtered_ = 0;  // header text of the present message
  std::uint64_t decoded_ = 0;   // by all messages of the batch
};

const mime::fb::Summary* open_summary(std::string_view bytes) {
  return flatbuffers::GetRoot<mime::fb::Summary>(bytes.data());
}

// What is gone or cannot be decoded is passed over, and so is what is damaged, with a word to those who can mend it;
// the rest ends the FETCH.
Result<void> pass_over(const Error& error, const groupware::Account& account, const Selected& box,
                       std::uint32_t position, FetchBatch& batch) {
  if (error.code == Errc::not_found) {
    batch.is_missing = true;
    return {};
  }
  if (error.code == Errc::invalid) {
    batch.is_undecodable = true;
    return {};
  }
  if (error.code != Errc::corrupt) return std::unexpected(error);
  batch.is_damaged = true;
  log::error("imap.message_damaged", {{"account", account.id().value},
                                      {"folder", box.folder.value},
                                      {"uid", box.view->at(position).uid.value},
                                      {"error", error.text}});
  return {};
}

// One message by itself, with what of it the items need; `content`: if it was read already.
Result<void> write_gathered(const groupware::Reader& reader, ItemId id, std::uint32_t position, const FetchJob& job,
                            BatchWriter& writer, std::shared_ptr<const Content> content = nullptr) {
  Source source;
  source.reader = &reader;
  source.content = std::move(content);
  if (job.needs_item) {
    TRY(source.item, reader.item(id));
  }
  if (job.needs_content && !source.content) {
    TRY(source.content, reader.content(id));
  }
  std::string summary;
  if (job.needs_summary) {
    TRY(summary, reader.summary(id));
    source.summary = open_summary(summary);
    source.top = source.summary->top();
    if (source.top == nullptr) return fail(Errc::corrupt, "the summary of an item is damaged");
  }
  return writer.message(position, source);
}

// ENVELOPE, BODY, BODYSTRUCTURE, PREVIEW: scans over the summaries, printed where they lie. A scan ends before what it
// does not find where it is expected; that is looked up by itself, so that the batch is a run of the messages asked
// for.
Result<void> write_summaries(groupware::Account& account, const groupware::Reader& reader, const Selected& box,
                             const FetchJob& job, BatchWriter& writer, FetchBatch& batch) {
  const std::size_t last = std::min(job.positions.size(), batch.next + kStoredMessages);
  const auto has_room = [&] { return batch.next < last && writer.has_room(); };
  const auto expected = [&] { return box.view->at(job.positions[batch.next]).item; };
  const auto visit = [&](ItemId id, std::string_view bytes) {
    if (!has_room() || id != expected()) return false;
    Source source;
    source.summary = open_summary(bytes);
    source.top = source.summary->top();
    if (source.top == nullptr || !writer.message(job.positions[batch.next], source)) return false;
    ++batch.next;
    return has_room();
  };
  while (has_room()) {
    std::vector<ItemId> ids;
    ids.reserve(last - batch.next);
    for (std::size_t i = batch.next; i < last; ++i) ids.push_back(box.view->at(job.positions[i]).item);
    const auto scanned = reader.summaries(ids, visit);
    if (!scanned && scanned.error().code == Errc::unavailable) return scanned;
    if (!has_room()) break;
    const std::uint32_t position = job.positions[batch.next];
    const auto written = write_gathered(reader, expected(), position, job, writer);
    if (!written) TRY_VOID(pass_over(written.error(), account, box, position, batch));
    ++batch.next;
  }
  return {};
}

// Contents are read in runs.
Result<void> write_contents(groupware::Account& account, const groupware::Reader& reader, const Selected& box,
                            const FetchJob& job, BatchWriter& writer, FetchBatch& batch) {
  const std::size_t last = std::min(job.positions.size(), batch.next + kStoredMessages);
  std::vector<ItemId> ids;
  ids.reserve(last - batch.next);
  for (std::size_t i = batch.next; i < last; ++i) ids.push_back(box.view->at(job.positions[i]).item);
  Result<void> outcome;
  reader.contents(ids, [&](ItemId id, const Result<std::shared_ptr<const Content>>& content) {
    const std::uint32_t position = job.positions[batch.next++];
    const auto written = content ? write_gathered(reader, id, position, job, writer, *content)
                                 : Result<void>(std::unexpected(content.error()));
    if (!written) outcome = pass_over(written.error(), account, box, position, batch);
    return outcome && writer.has_room();
  });
  return outcome;
}

Result<void> write_each(groupware::Account& account, const groupware::Reader& reader, const Selected& box,
                        const FetchJob& job, BatchWriter& writer, FetchBatch& batch) {
  const std::size_t last = std::min(job.positions.size(), batch.next + kStoredMessages);
  while (batch.next < last && writer.has_room()) {
    const std::uint32_t position = job.positions[batch.next++];
    const auto written = write_gathered(reader, box.view->at(position).item, position, job, writer);
    if (!written) TRY_VOID(pass_over(written.error(), account, box, position, batch));
  }
  return {};
}

}  // namespace

FetchJob plan_fetch(wire::imap::FetchRequest request, std::vector<std::uint32_t> positions) {
  FetchJob job;
  for (const auto& item : request.items) {
    const bool shows_summary = item.kind == Kind::envelope || item.kind == Kind::body ||
                               item.kind == Kind::body_structure || item.kind == Kind::preview;
    const bool has_section = item.kind == Kind::section || item.kind == Kind::binary || item.kind == Kind::binary_size;
    const bool finds_part = item.kind == Kind::rfc822_header || item.kind == Kind::rfc822_text ||
                            (has_section && needs_structure(item.section));
    job.needs_summary = job.needs_summary || shows_summary || finds_part;
    job.needs_content = job.needs_content || item.reads_content();
    job.needs_item = job.needs_item || item.kind == Kind::email_id || item.kind == Kind::save_date;
  }
  job.request = std::move(request);
  job.positions = std::move(positions);
  return job;
}

Result<FetchBatch> fetch_batch(groupware::Account& account, const groupware::Caller& caller, const Selected& box,
                               const FetchJob& job, std::size_t first) {
  FetchBatch batch;
  batch.next = first;
  BatchWriter writer(box, job, batch);
  if (!job.needs_summary && !job.needs_content && !job.needs_item) {
    const std::size_t last = std::min(job.positions.size(), first + kViewRows);
    batch.text.reserve((last - first) * 64);
    while (batch.next < last) TRY_VOID(writer.message(job.positions[batch.next++], Source()));
    return batch;
  }
  TRY(const auto reader, account.read(caller));
  if (job.needs_content) {
    TRY_VOID(write_contents(account, *reader, box, job, writer, batch));
  } else if (job.needs_item) {
    TRY_VOID(write_each(account, *reader, box, job, writer, batch));
  } else {
    batch.text.reserve(128 << 10);
    TRY_VOID(write_summaries(account, *reader, box, job, writer, batch));
  }
  return batch;
}

}  // namespace kontor::imap
