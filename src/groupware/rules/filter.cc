// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rules/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "formats/mime/parser.h"
#include "formats/sieve/compose.h"
#include "groupware/rules/filing.h"
#include "groupware/rules/script_world.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kProgramBytes = 32 << 20;
constexpr int kFilterAttempts = 5;
constexpr std::size_t kPieceOfContent = 256 << 10;
constexpr std::chrono::days kComplaintsKept{90};

Result<mime::Entity> structure_of(const Content& content) {
  if (const auto whole = content.whole()) return mime::parse(*whole);
  mime::Parser parser;
  for (std::uint64_t at = 0; at < content.size();) {
    TRY(const std::string piece, content.read(at, kPieceOfContent));
    if (piece.empty()) return fail(Errc::corrupt, "the content is shorter than it was");
    parser.feed(piece);
    at += piece.size();
  }
  return parser.finish();
}

std::string without_control(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 32; }, ' ');
  return text;
}

// A message that a rule cannot be blamed for.
sieve::Outcome plain_keep() {
  sieve::Outcome outcome;
  outcome.actions.emplace_back(sieve::Keep{.flags = {}, .edition = 0, .is_implicit = true});
  return outcome;
}

}  // namespace

Filter::Filter(Accounts& accounts, directory::Directory& directory, const Clock& clock, FilterOptions options,
               Outbox* outbox)
    : accounts_(accounts),
      directory_(directory),
      clock_(clock),
      options_(std::move(options)),
      outbox_(outbox),
      programs_(kProgramBytes),
      runs_("kontor_scripts_run_total", "Sieve scripts run on messages"),
      faults_("kontor_script_faults_total", "Messages that a Sieve script failed on, or could not file as it asks") {}

Result<Filed> Filter::deliver(Account& account, const Incoming& incoming) const {
  TRY(directory::Principal who, directory_.by_account(account.id()));
  Way way{account, incoming, std::move(who)};
  for (int attempt = 0;; ++attempt) {
    TRY(Run run, this->run(way));
    if (!run.refusal.empty()) {
      answer(way, run);
      return Filed{std::nullopt, run.refusal};
    }
    {
      TRY(const std::unique_ptr<Reader> reader, account.read(Caller::user(way.who.id)));
      TRY_VOID(forward(way, run, *reader));
    }
    Filed filed;
    bool is_stale = attempt + 1 < kFilterAttempts;  // in: whether it matters
    const Result<void> done = commit(way, run, filed, is_stale);
    if (done) {
      answer(way, run);
      return filed;
    }
    if (is_stale) continue;
    // It comes again, but is not to be sent on again.
    if (!way.forwarded.empty())
      (void)account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
        for (const std::string& address : way.forwarded)
          if (const std::string what = memory_of_forward(way, address); !what.empty())
            TRY_VOID(transaction.remember(what, clock_.now() + kForwardsKept));
        return {};
      });
    return std::unexpected(done.error());
  }
}

Result<ProgramCache::Program> Filter::global_script(std::string_view name) const {
  if (options_.global_scripts.empty() || name.empty() || name.starts_with('.') ||
      name.find('/') != std::string_view::npos)
    return nullptr;
  const auto path = std::filesystem::path(options_.global_scripts) / (std::string(name) + ".sieve");
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(path, error);
  if (error) return nullptr;
  const Modseq version(static_cast<std::uint64_t>(changed.time_since_epoch().count()));
  // One entry for each file: they change apart. No account has such an id.
  const AccountId file(stable_hash64(path.string()) | (1ULL << 63));
  return programs_.find(file, version, std::string(name), [&]() -> Result<ProgramCache::Made> {
    std::ifstream input(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
    const sieve::Compiled compiled = compile_script(text, sending());
    if (!compiled.program)
      return fail(Errc::invalid, fmt::format("The server's script \"{}\": {}", name, text_of(compiled.faults.front())));
    return ProgramCache::Made{compiled.program, text.size()};
  });
}

// Null: there is none. Errors: invalid (it does not compile, which an older Kontor may have taken).
Result<ProgramCache::Program> Filter::program(const Way& way, const Reader& reader, const std::string& name) const {
  return programs_.find(way.account.id(), reader.active_script().version, name, [&]() -> Result<ProgramCache::Made> {
    const auto text = reader.script(name);
    if (!text && text.error().code == Errc::not_found) return ProgramCache::Made{nullptr, 0};
    if (!text) return std::unexpected(text.error());
    const sieve::Compiled compiled = compile_script(*text, sending());
    if (!compiled.program) return fail(Errc::invalid, fmt::format("{}: {}", name, text_of(compiled.faults.front())));
    return ProgramCache::Made{compiled.program, text->size()};
  });
}

Result<Filter::Run> Filter::run(const Way& way) const {
  TRY(const std::unique_ptr<Reader> reader, way.account.read(Caller::user(way.who.id)));
  Run run;
  run.script = reader->active_script();
  run.outcome = plain_keep();
  if (run.script.name.empty()) return run;  // not any more
  runs_.add();
  const auto program = this->program(way, *reader, run.script.name);
  if (!program && program.error().code != Errc::invalid) return std::unexpected(program.error());
  if (!program) run.complaints.push_back(program.error().text);
  if (!program || !*program) return run;

  const std::shared_ptr<const Content> content = accounts_.content(way.incoming.content);
  TRY(const mime::Entity structure, structure_of(*content));
  sieve::Message message;
  message.structure = &structure;
  message.size = content->size();
  message.read = [&](std::uint64_t offset, std::uint64_t size) {
    return content->read(offset, static_cast<std::size_t>(size));
  };
  ScriptWorld world(*reader, directory_, way.who, clock_.now());
  sieve::Environment environment = world.environment(way.incoming, options_);
  environment.script = [&](sieve::ScriptPlace place, std::string_view name) {
    return place == sieve::ScriptPlace::global ? global_script(name) : this->program(way, *reader, std::string(name));
  };
  sieve::RunLimits limits;
  limits.redirects = options_.sent;
  run.outcome = sieve::run(**program, message, environment, limits);
  // Its sender may be forged: an answer would trouble somebody who wrote nothing (RFC 3834 section 2).
  if (way.incoming.is_junk)
    std::erase_if(run.outcome.actions,
                  [](const sieve::Action& action) { return std::holds_alternative<sieve::VacationReply>(action); });
  run.asked = world.asked();
  if (run.outcome.fault)
    run.complaints.push_back((run.outcome.script.empty() ? "" : run.outcome.script + ": ") +
                             text_of(*run.outcome.fault));
  TRY_VOID(settle(way, run));
  return run;
}

// Makes what the outcome speaks of: editions, and the refusal.
Result<void> Filter::settle(const Way& way, Run& run) const {
  for (const sieve::Edition& edition : run.outcome.editions) {
    Result<StagedContent> staged = stage(way.incoming.content, "", edition);
    if (!staged && staged.error().code == Errc::too_large) {
      // By what the script adds: the message is kept as it came.
      run.complaints.push_back(staged.error().text);
      run.editions.clear();
      run.outcome = plain_keep();
      return {};
    }
    if (!staged) return std::unexpected(staged.error());
    run.editions.push_back(*std::move(staged));
  }
  for (sieve::Action& action : run.outcome.actions) {
    const auto* reject = std::get_if<sieve::Reject>(&action);
    if (!reject) continue;
    if (way.incoming.may_refuse)
      run.refusal = reject->text.empty() ? "The recipient refuses this message" : reject->text;
    else
      action = sieve::Keep{.flags = {}, .edition = 0, .is_implicit = true};
  }
  return {};
}

Result<StagedContent> Filter::stage(const StagedContent& content, const std::string& prefix,
                                    const sieve::Edition& edition) const {
  const std::shared_ptr<const Content> bytes = accounts_.content(content);
  const std::unique_ptr<Stager> stager = accounts_.stage(content.tenant);
  TRY_VOID(stager->write(prefix));
  for (const sieve::EditionPiece& piece : edition) {
    TRY_VOID(stager->write(piece.text));
    for (std::uint64_t at = piece.offset, end = piece.offset + piece.size; at < end;) {
      TRY(const std::string part,
          bytes->read(at, static_cast<std::size_t>(std::min<std::uint64_t>(kPieceOfContent, end - at))));
      if (part.empty()) return fail(Errc::corrupt, "the content is shorter than it was");
      TRY_VOID(stager->write(part));
      at += part.size();
    }
  }
  return stager->finish();
}

// One commit: the copies, what is remembered, and what the owner is told. `is_stale`, in: whether the script runs again
// if what it was told is not true any more; out: it must.
Result<void> Filter::commit(const Way& way, const Run& run, Filed& filed, bool& is_stale) const {
  const bool may_run_again = is_stale;
  const auto done = way.account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    is_stale = transaction.active_script() != run.script;
    for (const auto& [what, answer] : run.asked) {
      TRY(const bool now, transaction.remembers(what, clock_.now()));
      is_stale = is_stale || now != answer;
    }
    is_stale = is_stale && may_run_again;
    if (is_stale) return fail(Errc::conflict, "the scripts or their memory changed meanwhile");
    TRY(FiledCopies copies, file_copies(transaction, way.account.id(), run.outcome, way.incoming.content, run.editions,
                                        way.incoming.detail, way.incoming.is_junk));
    filed.item = copies.item;
    TRY_VOID(remember(way, run, transaction));
    std::vector<std::string> complaints = run.complaints;
    complaints.insert(complaints.end(), copies.complaints.begin(), copies.complaints.end());
    if (!complaints.empty()) TRY_VOID(complain(way, run, complaints, transaction));
    return note_filed(transaction, way.incoming, filed, clock_.now());
  });
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<void> Filter::remember(const Way& way, const Run& run, Transaction& transaction) const {
  const Instant now = clock_.now();
  for (const sieve::Noted& noted : run.outcome.noted) {
    const std::string what = memory_of(noted.seen);
    TRY(const bool is_known, transaction.remembers(what, now));
    if (!is_known || noted.from_last) TRY_VOID(transaction.remember(what, now + noted.period));
  }
  for (const sieve::Action& action : run.outcome.actions)
    if (const auto* reply = std::get_if<sieve::VacationReply>(&action))
      TRY_VOID(transaction.remember(memory_of(reply->asked), now + reply->asked.period));
  for (const std::string& address : way.forwarded)
    if (const std::string what = memory_of_forward(way, address); !what.empty())
      TRY_VOID(transaction.remember(what, now + kForwardsKept));
  return {};
}

// Tells the owner, once for each version of the scripts. Where there is no room for that the message itself counts.
Result<void> Filter::complain(const Way& way, const Run& run, const std::vector<std::string>& complaints,
                              Transaction& transaction) const {
  faults_.add();
  const std::string what = fmt::format("complained {}", run.script.version.value);
  TRY(const bool is_known, transaction.remembers(what, clock_.now()));
  if (is_known) return {};
  log::info("script.fault", {{"account", way.account.id().value}, {"script", run.script.name}, {"why", complaints[0]}});
  sieve::Notify letter;
  letter.recipients = {way.who.primary_address()};
  letter.subject = "Your mail filter needs attention";
  letter.text = fmt::format("Your script \"{}\" could not do as it says with a message:\n\n", run.script.name);
  for (const std::string& complaint : complaints) letter.text += "  " + without_control(complaint) + "\n";
  letter.text +=
      "\nThe message is in your inbox; no mail is lost. You are told of this once, and again only after a change of "
      "your scripts.\n";
  const std::string bytes = sieve::compose(letter, compose_context(way));
  const std::unique_ptr<Stager> stager = accounts_.stage(way.account.tenant());
  TRY_VOID(stager->write(bytes));
  NewItem item;
  TRY(item.content, stager->finish());
  const Result<void> told = transaction.attempt([&](Transaction& step) -> Result<void> {
    TRY_VOID(step.add(step.folders()->by_role(FolderRole::inbox)->id, item));
    return step.remember(what, clock_.now() + kComplaintsKept);
  });
  if (!told) log::warn("script.owner_not_told", {{"account", way.account.id().value}, {"why", told.error().text}});
  return {};
}

sieve::ComposeContext Filter::compose_context(const Way& way) const {
  sieve::ComposeContext context;
  const auto& addresses = way.who.addresses;
  const bool is_own = std::ranges::find(addresses, to_lower(way.incoming.recipient)) != addresses.end();
  context.address = is_own ? to_lower(way.incoming.recipient) : way.who.primary_address();
  context.date = InternalDate(clock_.now());
  context.message_id = fmt::format("<{}@{}>", to_hex(random_bytes(16)), options_.hostname);
  return context;
}

}  // namespace kontor::groupware
