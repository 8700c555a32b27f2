// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/filter_options.h"

#include <fmt/format.h>

#include <charconv>

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;
using StepKind = FilterStep::Kind;

std::string_view next_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

Result<StepKind> kind_of(std::string_view word) {
  if (word == "milter") return StepKind::milter;
  if (word == "rspamd") return StepKind::rspamd;
  if (word == "http") return StepKind::http;
  if (word == "program") return StepKind::program;
  return fail(Errc::invalid, "a filter begins with what it is: milter, rspamd, http or program");
}

Result<void> check_filter_target(const FilterStep& step) {
  const std::string_view target = step.target;
  if (step.kind == StepKind::program && !target.starts_with('/'))
    return fail(Errc::invalid, "a filter's program needs its whole path");
  if ((step.kind == StepKind::rspamd || step.kind == StepKind::http) && !target.starts_with("http://") &&
      !target.starts_with("https://"))
    return fail(Errc::invalid, fmt::format("\"{}\" is no URL of a filter", target));
  if (step.kind != StepKind::milter) return {};
  const auto colon = target.rfind(':');
  const bool is_good =
      target.starts_with("unix:/") || (colon != std::string_view::npos && colon > 0 && colon + 1 < target.size());
  return is_good ? Result<void>() : fail(Errc::invalid, "a milter is at HOST:PORT or unix:/PATH");
}

Result<void> read_setting(std::string_view name, std::string_view value, FilterStep& into) {
  if (name == "on_failure" && (value == "accept" || value == "tempfail")) {
    into.on_failure = value == "accept" ? OnFailure::accept : OnFailure::tempfail;
  } else if (name == "timeout") {
    TRY(into.timeout, config::parse_duration(value));
    if (into.timeout < 100ms || into.timeout > 5min) return fail(Errc::invalid, "timeout= is from 100ms to 5m");
  } else if (name == "largest") {
    TRY(into.largest, config::parse_size(value));
  } else if (name == "at_once") {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), into.at_once);
    if (error != std::errc() || end != value.data() + value.size() || into.at_once == 0 || into.at_once > 256)
      return fail(Errc::invalid, "at_once= is from 1 to 256");
  } else if (name == "memory" && into.kind == StepKind::program) {
    TRY(into.memory, config::parse_size(value));
    if (into.memory < (16 << 20)) return fail(Errc::invalid, "memory= is 16M at least");
  } else if (name == "token_file" && into.kind == StepKind::http) {
    into.token_file = value;
  } else if (name == "settings" && into.kind == StepKind::rspamd) {
    into.settings = value;
  } else if (name == "unix" && (into.kind == StepKind::rspamd || into.kind == StepKind::http)) {
    into.unix_socket = value;
  } else {
    return fail(Errc::invalid, fmt::format("such a filter takes no \"{}={}\"", name, value));
  }
  return {};
}

Result<void> check_filter_step(std::string_view text) {
  TRY_VOID(parse_filter_step(text));
  return {};
}

bool is_setting(std::string_view word) {
  for (const std::string_view name :
       {"on_failure=", "timeout=", "largest=", "at_once=", "token_file=", "settings=", "unix=", "memory="})
    if (word.starts_with(name)) return true;
  return false;
}

Result<void> check_url(std::string_view text) {
  if (text.empty() || text.starts_with("http://") || text.starts_with("https://")) return {};
  return fail(Errc::invalid, "must be a URL that begins with http:// or https://");
}

constexpr std::string_view kForm =
    "A filter is written as `milter HOST:PORT`, `milter unix:/PATH`, `rspamd URL`, `http URL` or `program /PATH "
    "[ARGUMENT...]`, followed by settings: `on_failure=tempfail` (the default) or `accept`, `timeout=30s`, "
    "`largest=50M` (larger messages pass it by), `at_once=8`; see docs/plugins.md.";

}  // namespace

std::string FilterStep::label() const {
  constexpr const char* kNames[] = {"milter", "rspamd", "http", "program"};
  return fmt::format("{} {}", kNames[static_cast<int>(kind)], target);
}

Result<FilterStep> parse_filter_step(std::string_view text) {
  FilterStep step;
  TRY(step.kind, kind_of(next_word(text)));
  step.target = next_word(text);
  TRY_VOID(check_filter_target(step));
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    const auto equals = word.find('=');
    if (step.kind == StepKind::program && !is_setting(word)) {
      step.arguments.emplace_back(word);
    } else if (equals == std::string_view::npos) {
      return fail(Errc::invalid, fmt::format("such a filter takes no \"{}\"", word));
    } else {
      TRY_VOID(read_setting(word.substr(0, equals), word.substr(equals + 1), step));
    }
  }
  return step;
}

void declare(config::Schema& schema, FilterOptions& into) {
  schema.list("filters.received", into.received, "filter",
              {"Filters that see each message that comes by SMTP, in this order, after SPF, DKIM and DMARC and before "
               "anybody has it: what one of them refuses is refused. " +
               std::string(kForm)},
              check_filter_step);
  schema.list("filters.submitted", into.submitted, "filter",
              {"The same for what users send, before it is signed and goes into the queue."}, check_filter_step);
  schema.list("filters.lmtp", into.lmtp, "filter",
              {"The same for what another transfer agent brings by LMTP. Usually that one has filtered it."},
              check_filter_step);
  schema.list("filters.delivery", into.delivery, "filter",
              {"Filters that see each message for each account that gets it, before the account's rules: the place of "
               "plug-ins that work on behalf of users."},
              check_filter_step);
  schema.text(
      "filters.train", into.train,
      {"The URL of rspamd's controller, like \"http://127.0.0.1:11334\", which is told of messages that people move "
       "to or from their folders for junk, by whatever protocol. Empty: it learns nothing from them."},
      check_url);
  schema.text("filters.train_password_file", into.train_password_file,
              {"A file whose first line is the controller's password. Empty: it asks for none."});
  schema.number("filters.threads", into.threads, {1, 256},
                {"Threads that wait for filters: slow ones keep nothing waiting but mail that comes in."});
  schema.duration("filters.quarantine_time", into.quarantine_time, {1h, std::chrono::days(3650)},
                  {"How long messages stay in quarantine (`kontor quarantine list`), before they are removed."});
}

}  // namespace kontor::transport
