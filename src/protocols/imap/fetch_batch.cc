// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/fetch_batch.h"

#include <algorithm>

#include "base/log.h"
#include "formats/mime/summary_generated.h"
#include "protocols/imap/fetch_section.h"
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

constexpr std::size_t kStoredMessages = 100;  // that need the store, in one batch
constexpr std::size_t kViewRows = 5000;       // that need the view only
constexpr std::size_t kText = 512 << 10;
constexpr std::uint64_t kInText = 64 << 10;   // larger contents are streamed
constexpr std::uint64_t kHeader = 1 << 20;    // of one header that is filtered
constexpr std::uint64_t kFiltered = 4 << 20;  // of all filtered headers of one message

// What is read of one message, when it is needed.
struct Source {
  const mime::fb::Entity* top = nullptr;
  const mime::fb::Summary* summary = nullptr;
  std::shared_ptr<const Content> content;
};

class BatchWriter {
 public:
  BatchWriter(const Selected& box, const FetchJob& job, FetchBatch& batch) : box_(box), job_(job), batch_(batch) {}

  // Errors: too_large, and as Content::read; nothing of the message was written then.
  Result<void> message(std::uint32_t position, const Source& source) {
    const std::size_t start = batch_.text.size();
    const std::size_t bodies = batch_.bodies.size();
    std::string& out = batch_.text;
    out += "* ";
    append_number(out, position + 1);
    out += " FETCH (";
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
        wire::imap::append_body(out, *source.top, BodyForm::extended);
        return {};
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

  // What is large, or comes when the text is already, is only named here, to be streamed.
  Result<void> append_bytes(const Extent& part, const Source& source) {
    std::string& out = batch_.text;
    append_literal_mark(part.size);
    const auto whole = source.content->whole();
    if (whole && whole->size() < part.offset + part.size) return damaged();
    if (part.size > kInText || out.size() > kText) {
      // A content that is not there at all shows here, before its bytes are promised.
      if (!whole) TRY_VOID(source.content->read(source.content->size(), 0));
      batch_.bodies.push_back({out.size(), source.content, part.offset, part.size});
    } else if (whole) {
      out.append(*whole, part.offset, part.size);
    } else {
      TRY(const auto bytes, source.content->read(part.offset, static_cast<std::size_t>(part.size)));
      if (bytes.size() != part.size) return damaged();
      out += bytes;
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
};

const mime::fb::Summary* open_summary(std::string_view bytes) {
  return flatbuffers::GetRoot<mime::fb::Summary>(bytes.data());
}

// What is gone is passed over, and so is what is damaged, with a word to those who can mend it; the rest ends the
// FETCH.
Result<void> pass_over(const Error& error, const groupware::Account& account, const Selected& box,
                       std::uint32_t position, FetchBatch& batch) {
  if (error.code == Errc::not_found) {
    batch.is_missing = true;
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

Result<void> write_summary(const groupware::Reader& reader, ItemId id, std::uint32_t position, BatchWriter& writer) {
  TRY(const auto bytes, reader.summary(id));
  Source source;
  source.summary = open_summary(bytes);
  source.top = source.summary->top();
  if (source.top == nullptr) return fail(Errc::corrupt, "the summary of an item is damaged");
  return writer.message(position, source);
}

// ENVELOPE, BODY, BODYSTRUCTURE: scans over the summaries, printed where they lie. A scan ends before what it does not
// find where it is expected; that is looked up by itself, so that the batch is a run of the messages asked for.
Result<void> write_summaries(groupware::Account& account, const groupware::Reader& reader, const Selected& box,
                             const FetchJob& job, BatchWriter& writer, FetchBatch& batch) {
  const std::size_t last = std::min(job.positions.size(), batch.next + kStoredMessages);
  const auto has_room = [&] { return batch.next < last && batch.text.size() < kText; };
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
    const auto written = write_summary(reader, expected(), position, writer);
    if (!written) TRY_VOID(pass_over(written.error(), account, box, position, batch));
    ++batch.next;
  }
  return {};
}

// One message's content, with its summary where a section needs the structure.
Result<void> write_content(const groupware::Reader& reader, ItemId id, std::uint32_t position, bool needs_summary,
                           BatchWriter& writer) {
  Source source;
  TRY(source.content, reader.content(id));
  std::string summary;
  if (needs_summary) {
    TRY(summary, reader.summary(id));
    source.summary = open_summary(summary);
    source.top = source.summary->top();
    if (source.top == nullptr) return fail(Errc::corrupt, "the summary of an item is damaged");
  }
  return writer.message(position, source);
}

Result<void> write_contents(groupware::Account& account, const groupware::Reader& reader, const Selected& box,
                            const FetchJob& job, BatchWriter& writer, FetchBatch& batch) {
  const std::size_t last = std::min(job.positions.size(), batch.next + kStoredMessages);
  while (batch.next < last && batch.text.size() < kText) {
    const std::uint32_t position = job.positions[batch.next++];
    const auto written = write_content(reader, box.view->at(position).item, position, job.needs_summary, writer);
    if (!written) TRY_VOID(pass_over(written.error(), account, box, position, batch));
  }
  return {};
}

}  // namespace

FetchJob plan_fetch(wire::imap::FetchRequest request, std::vector<std::uint32_t> positions) {
  FetchJob job;
  for (const auto& item : request.items) {
    const bool shows_structure =
        item.kind == Kind::envelope || item.kind == Kind::body || item.kind == Kind::body_structure;
    const bool finds_part = item.kind == Kind::rfc822_header || item.kind == Kind::rfc822_text ||
                            (item.kind == Kind::section && needs_structure(item.section));
    job.needs_summary = job.needs_summary || shows_structure || finds_part;
    job.needs_content = job.needs_content || item.reads_content();
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
  if (!job.needs_summary && !job.needs_content) {
    const std::size_t last = std::min(job.positions.size(), first + kViewRows);
    batch.text.reserve((last - first) * 64);
    while (batch.next < last) TRY_VOID(writer.message(job.positions[batch.next++], Source()));
    return batch;
  }
  TRY(const auto reader, account.read(caller));
  if (job.needs_content) {
    TRY_VOID(write_contents(account, *reader, box, job, writer, batch));
  } else {
    batch.text.reserve(128 << 10);
    TRY_VOID(write_summaries(account, *reader, box, job, writer, batch));
  }
  return batch;
}

}  // namespace kontor::imap
