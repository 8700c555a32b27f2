// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/fetch_batch.h"

#include <algorithm>

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
constexpr std::uint64_t kInText = 64 << 10;  // larger contents are streamed
constexpr std::uint64_t kHeader = 1 << 20;   // of one header that is filtered

// What is read of one message, when it is needed.
struct Source {
  const mime::fb::Entity* top = nullptr;
  const mime::fb::Summary* summary = nullptr;
  std::shared_ptr<const Content> content;
};

class BatchWriter {
 public:
  BatchWriter(const Selected& box, const FetchJob& job, FetchBatch& batch) : box_(box), job_(job), batch_(batch) {}

  // False: the content could not be read; nothing of the message was written.
  bool message(std::uint32_t position, const Source& source) {
    const std::size_t start = batch_.text.size();
    const std::size_t bodies = batch_.bodies.size();
    std::string& out = batch_.text;
    out += "* ";
    append_number(out, position + 1);
    out += " FETCH (";
    bool first = true;
    for (const auto& item : job_.request.items) {
      if (!first) out.push_back(' ');
      first = false;
      if (append_item(item, position, source)) continue;
      out.resize(start);
      batch_.bodies.resize(bodies);
      return false;
    }
    if (!job_.request.has(Kind::flags) && wire::imap::contains(job_.seen_now, box_.view->at(position).uid.value)) {
      out += " FLAGS ";
      append_flags(out, box_, position);
    }
    out += ")\r\n";
    return true;
  }

 private:
  bool append_item(const FetchItem& item, std::uint32_t position, const Source& source) {
    std::string& out = batch_.text;
    const auto& row = box_.view->at(position);
    out += item.label;
    out.push_back(' ');
    switch (item.kind) {
      case Kind::flags:
        append_flags(out, box_, position);
        return true;
      case Kind::uid:
        append_number(out, row.uid.value);
        return true;
      case Kind::size:
        append_number(out, row.size);
        return true;
      case Kind::internal_date:
        out.push_back('"');
        out += wire::imap::print_date_time(row.internal_date());
        out.push_back('"');
        return true;
      case Kind::modseq:
        out.push_back('(');
        append_number(out, row.modseq.value);
        out.push_back(')');
        return true;
      case Kind::envelope:
        wire::imap::append_envelope(out, source.top->envelope());
        return true;
      case Kind::body:
        wire::imap::append_body(out, *source.top, BodyForm::plain);
        return true;
      case Kind::body_structure:
        wire::imap::append_body(out, *source.top, BodyForm::extended);
        return true;
      case Kind::section:
        return append_section(item, item.section, source);
      case Kind::rfc822:
        return append_section(item, Section(), source);
      case Kind::rfc822_header:
        return append_section(item, of_message(Section::What::header), source);
      case Kind::rfc822_text:
        return append_section(item, of_message(Section::What::text), source);
    }
    return false;
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

  bool append_section(const FetchItem& item, const Section& section, const Source& source) {
    std::string& out = batch_.text;
    const auto found = find_section(source.top, source.content->size(), section);
    if (!found) {
      out += "NIL";
      return true;
    }
    if (filters_header(section)) {
      const auto header = source.content->read(found->offset, static_cast<std::size_t>(std::min(found->size, kHeader)));
      if (!header) return false;
      const std::string filtered = filter_header(*header, section);
      const Extent part = cut({0, filtered.size()}, item);
      append_literal_mark(part.size);
      out.append(filtered, part.offset, part.size);
      return true;
    }
    const Extent part = cut(*found, item);
    append_literal_mark(part.size);
    if (part.size > kInText) {
      batch_.bodies.push_back({out.size(), source.content, part.offset, part.size});
      return true;
    }
    if (const auto whole = source.content->whole()) {
      if (whole->size() < part.offset + part.size) return false;
      out.append(*whole, part.offset, part.size);
      return true;
    }
    const auto bytes = source.content->read(part.offset, static_cast<std::size_t>(part.size));
    if (!bytes || bytes->size() != part.size) return false;
    out += *bytes;
    return true;
  }

  void append_literal_mark(std::uint64_t size) {
    batch_.text.push_back('{');
    append_number(batch_.text, size);
    batch_.text += "}\r\n";
  }

  const Selected& box_;
  const FetchJob& job_;
  FetchBatch& batch_;
};

const mime::fb::Summary* open_summary(std::string_view bytes) {
  return flatbuffers::GetRoot<mime::fb::Summary>(bytes.data());
}

// ENVELOPE, BODY, BODYSTRUCTURE: one scan over the summaries, printed where they lie.
Result<void> write_summaries(const groupware::Reader& reader, const Selected& box, const FetchJob& job,
                             BatchWriter& writer, FetchBatch& batch) {
  const std::size_t last = std::min(job.positions.size(), batch.next + kStoredMessages);
  std::vector<ItemId> ids;
  ids.reserve(last - batch.next);
  for (std::size_t i = batch.next; i < last; ++i) ids.push_back(box.view->at(job.positions[i]).item);
  const std::size_t first = batch.next;
  std::size_t at = 0, seen = 0;
  // Nearly always in the order asked for; what had to be made anew comes at the end.
  const auto visit = [&](ItemId id, std::string_view bytes) {
    if (at == ids.size() || ids[at] != id) {
      at = static_cast<std::size_t>(std::find(ids.begin(), ids.end(), id) - ids.begin());
      if (at == ids.size()) return true;
    }
    Source source;
    source.summary = open_summary(bytes);
    source.top = source.summary->top();
    if (source.top != nullptr && writer.message(job.positions[first + at], source)) ++seen;
    ++at;
    return true;
  };
  TRY_VOID(reader.summaries(ids, visit));
  if (seen < ids.size()) batch.is_missing = true;
  batch.next = last;
  return {};
}

// Contents, each with its summary where a section needs the structure.
Result<void> write_contents(const groupware::Reader& reader, const Selected& box, const FetchJob& job,
                            BatchWriter& writer, FetchBatch& batch) {
  const std::size_t last = std::min(job.positions.size(), batch.next + kStoredMessages);
  while (batch.next < last && batch.text.size() < kText) {
    const std::uint32_t position = job.positions[batch.next++];
    const ItemId id = box.view->at(position).item;
    Source source;
    std::string summary;
    auto content = reader.content(id);
    if (content && job.needs_summary) {
      auto found = reader.summary(id);
      if (found) {
        summary = *std::move(found);
        source.summary = open_summary(summary);
        source.top = source.summary->top();
      }
      if (source.top == nullptr) content = fail(Errc::not_found, "no summary");
    }
    if (!content) {
      if (content.error().code == Errc::unavailable) return std::unexpected(content.error());
      batch.is_missing = true;
      continue;
    }
    source.content = *std::move(content);
    if (!writer.message(position, source)) batch.is_missing = true;
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
    while (batch.next < last) writer.message(job.positions[batch.next++], Source());
    return batch;
  }
  TRY(const auto reader, account.read(caller));
  if (job.needs_content) {
    TRY_VOID(write_contents(*reader, box, job, writer, batch));
  } else {
    batch.text.reserve(128 << 10);
    TRY_VOID(write_summaries(*reader, box, job, writer, batch));
  }
  return batch;
}

}  // namespace kontor::imap
