// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/milter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>

#include "base/bytes.h"
#include "formats/mime/header.h"
#include "net/client_socket.h"
#include "transport/filtering/milter_packets.h"

namespace kontor::transport {

using milter::Command;
using What = milter::Reply::What;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

// Signs of life lengthen the time that a milter has, but not for ever.
constexpr int kLongestProgress = 5;
constexpr std::size_t kMostActions = 1000;
constexpr std::size_t kActionsRoom = 4 << 20;     // bytes of all actions, without a new body
constexpr std::uint64_t kBodyRoom = 64ULL << 20;  // by which a new body may be larger than the old one

net::ClientOptions milter_place(const FilterStep& step) {
  net::ClientOptions options;
  options.timeout = step.timeout;
  options.host = step.target;
  if (step.target.starts_with("unix:")) return options;
  const auto colon = step.target.rfind(':');
  options.host = step.target.substr(0, colon);
  if (options.host.starts_with('[') && options.host.ends_with(']'))
    options.host = options.host.substr(1, options.host.size() - 2);
  std::from_chars(step.target.data() + colon + 1, step.target.data() + step.target.size(), options.port);
  return options;
}

std::string unbracketed(std::string_view address) {
  if (address.starts_with('<') && address.ends_with('>')) address = address.substr(1, address.size() - 2);
  return std::string(address);
}

// Folds end with LF in the protocol.
std::string milter_value(std::string_view raw, bool with_leading_space) {
  std::string out;
  for (char c : raw)
    if (c != '\r' && c != '\0') out += c;
  if (!with_leading_space && out.starts_with(' ')) out.erase(0, 1);
  return out;
}

bool is_enhanced(std::string_view word) {
  return word.size() >= 5 && (word[0] == '4' || word[0] == '5') && word[1] == '.' &&
         std::ranges::all_of(word, [](char c) { return c == '.' || (c >= '0' && c <= '9'); }) &&
         std::ranges::count(word, '.') == 2;
}

FilterAnswer ended(FilterVerdict verdict, wire::smtp::Reply reply = {}) {
  FilterAnswer answer;
  answer.verdict = verdict;
  answer.reply = std::move(reply);
  return answer;
}

}  // namespace

wire::smtp::Reply refusal_of_words(std::string_view words) {
  wire::smtp::Reply reply;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (words.size() < 3 || (words[0] != '4' && words[0] != '5') || !is_digit(words[1]) || !is_digit(words[2]))
    return reply;
  reply.code = (words[0] - '0') * 100 + (words[1] - '0') * 10 + (words[2] - '0');
  while (!words.empty() && reply.lines.size() < 20) {
    std::string_view line = words.substr(0, words.find('\n'));
    words.remove_prefix(std::min(words.size(), line.size() + 1));
    while (line.ends_with('\r')) line.remove_suffix(1);
    line.remove_prefix(std::min<std::size_t>(line.size(), 4));  // the code, and a blank or a dash
    const std::string_view first = line.substr(0, line.find(' '));
    if (is_enhanced(first) && first[0] == '0' + reply.code / 100) {
      reply.enhanced = first;
      line.remove_prefix(std::min(line.size(), first.size() + 1));
    }
    reply.lines.emplace_back(line.substr(0, 400));
  }
  return reply;
}

// One connection to a milter. One thread at a time.
class MilterSession {
 public:
  MilterSession(std::unique_ptr<net::ClientSocket> socket, const FilterStep& step, const std::string& spool)
      : socket_(std::move(socket)), step_(step), spool_(spool) {}
  ~MilterSession() {
    // It may hear that this is the end, or find out.
    if (is_sound_) (void)socket_->write(milter::print(Command::quit));
  }

  static Result<std::unique_ptr<MilterSession>> open(const FilterStep& step, const std::string& spool) {
    TRY(auto socket, net::ClientSocket::connect(milter_place(step)));
    auto session = std::make_unique<MilterSession>(std::move(socket), step, spool);
    TRY_VOID(session->negotiate());
    return session;
  }

  // A message. Afterwards is_idle() says whether it can have another.
  Result<FilterAnswer> run(const FilterRequest& request, const FilterMessage& message);
  bool is_idle() const { return is_sound_ && has_ended_ && options_.version >= 6; }
  bool has_answered() const { return has_answered_; }

 private:
  using Ended = std::optional<FilterAnswer>;  // nothing: it goes on

  Result<void> negotiate();
  void begin() {
    start_ = std::chrono::steady_clock::now();
    until_ = start_ + step_.timeout;
    is_sound_ = has_ended_ = has_answered_ = false;
  }
  Result<FilterAnswer> talk(const FilterRequest& request, const FilterMessage& message);
  Result<Ended> envelope(const FilterRequest& request, const milter::Macros& message_macros);
  Result<Ended> content(const FilterMessage& message, const milter::Macros& macros);
  Result<FilterAnswer> finish(const FilterMessage& message);
  Result<Ended> say(Command command, std::uint32_t left_out, std::uint32_t unanswered, std::string_view content,
                    const milter::Macros& macros = {});
  // What it says before the end of the message.
  Result<Ended> hear();
  Result<void> act(const milter::Reply& reply, FilterAnswer& answer, std::shared_ptr<SpooledBody>& body);
  Result<milter::Reply> next();
  Result<void> flush();
  Result<void> read(std::size_t count, std::string& into);
  Result<void> tick();

  std::unique_ptr<net::ClientSocket> socket_;
  const FilterStep& step_;
  const std::string& spool_;
  milter::Options options_;
  std::string out_, in_;
  SteadyTime start_{}, until_{};
  std::uint64_t largest_body_ = 0;
  std::size_t action_bytes_ = 0;  // of this message
  bool is_sound_ = false;         // nothing went wrong
  bool has_ended_ = false;        // a message was ended by the milter's last word
  bool has_answered_ = false;     // it said something about this message
  bool skips_body_ = false;
  bool is_used_ = false;
};

// Errors: unavailable (its time is over).
Result<void> MilterSession::tick() {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(until_ - std::chrono::steady_clock::now());
  if (left <= milliseconds(0)) return fail(Errc::unavailable, "the milter did not answer in time");
  socket_->set_timeout(left);
  return {};
}

Result<void> MilterSession::flush() {
  TRY_VOID(tick());
  TRY_VOID(socket_->write(out_));
  out_.clear();
  return {};
}

Result<void> MilterSession::read(std::size_t count, std::string& into) {
  std::array<char, 16 << 10> piece;
  while (in_.size() < count) {
    TRY_VOID(tick());
    TRY(const std::size_t got, socket_->read_some(piece));
    if (got == 0) return fail(Errc::unavailable, "the milter closed the connection");
    in_.append(piece.data(), got);
  }
  into = in_.substr(0, count);
  in_.erase(0, count);
  return {};
}

Result<milter::Reply> MilterSession::next() {
  if (!out_.empty()) TRY_VOID(flush());
  for (;;) {
    std::string bytes;
    TRY_VOID(read(4, bytes));
    TRY(const std::size_t size, milter::packet_size(bytes));
    TRY_VOID(read(size, bytes));
    TRY(milter::Reply reply, milter::parse_reply(bytes));
    has_answered_ = true;
    if (reply.what != What::progress) return reply;
    until_ = std::min(std::chrono::steady_clock::now() + step_.timeout, start_ + kLongestProgress * step_.timeout);
  }
}

Result<void> MilterSession::negotiate() {
  begin();
  out_ = milter::print_options(milter::action::kAll, milter::step::kAll);
  TRY(const milter::Reply reply, next());
  if (reply.what != What::options) return fail(Errc::invalid, "the milter does not say what it wants");
  options_ = reply.options;
  if (options_.version < 2 || options_.version > milter::kVersion)
    return fail(Errc::invalid, fmt::format("the milter speaks version {}", options_.version));
  if ((options_.actions & ~milter::action::kAll) != 0 || (options_.steps & ~milter::step::kAll) != 0)
    return fail(Errc::invalid, "the milter wants what was not offered");
  is_sound_ = true;
  return {};
}

Result<MilterSession::Ended> MilterSession::hear() {
  TRY(const milter::Reply reply, next());
  switch (reply.what) {
    case What::go_on:
      return Ended();
    case What::accept:
      return ended(FilterVerdict::accept);
    case What::discard:
      return ended(FilterVerdict::discard);
    case What::reject:
      return ended(FilterVerdict::reject);
    case What::tempfail:
    case What::shutdown:
      return ended(FilterVerdict::tempfail);
    case What::words: {
      const auto words = refusal_of_words(reply.value);
      if (words.code == 0) return fail(Errc::invalid, "the milter's words begin with no code of a refusal");
      return ended(words.code < 500 ? FilterVerdict::tempfail : FilterVerdict::reject, words);
    }
    case What::skip:
      skips_body_ = true;
      return Ended();
    case What::fail_connection:
      return fail(Errc::unavailable, "the milter wants no more of this connection");
    default:
      return fail(Errc::invalid, "the milter answers what does not belong here");
  }
}

Result<MilterSession::Ended> MilterSession::say(Command command, std::uint32_t left_out, std::uint32_t unanswered,
                                                std::string_view content, const milter::Macros& macros) {
  if ((options_.steps & left_out) != 0) return Ended();
  if (!macros.empty()) out_ += milter::print_macros(command, macros);
  out_ += milter::print(command, content);
  if ((options_.steps & unanswered) == 0) return hear();
  if (out_.size() > (256 << 10)) TRY_VOID(flush());
  return Ended();
}

#define KONTOR_MILTER_STEP(...)         \
  {                                     \
    TRY(Ended ended_here, __VA_ARGS__); \
    if (ended_here) return ended_here;  \
  }

Result<MilterSession::Ended> MilterSession::envelope(const FilterRequest& request, const milter::Macros& macros) {
  namespace step = milter::step;
  const milter::Macros own{{"j", request.hostname},
                           {"{daemon_name}", std::string(name(request.stage))},
                           {"v", "Kontor"},
                           {"{client_addr}", request.ip ? net::to_string(*request.ip) : "local"},
                           {"{client_port}", std::to_string(request.port)}};
  const std::string client = request.ip ? "[" + net::to_string(*request.ip) + "]" : "localhost";
  if ((options_.steps & step::kNoConnect) == 0) {
    out_ += milter::print_macros(Command::connect, own);
    out_ += milter::print_connect(client, request.ip, request.port);
    if ((options_.steps & step::kNoReplyToConnect) == 0) KONTOR_MILTER_STEP(hear())
  }
  milter::Macros security;
  if (!request.tls.empty()) {
    const auto blank = request.tls.find(' ');
    security.emplace_back("{tls_version}", request.tls.substr(0, blank));
    if (blank != std::string::npos) security.emplace_back("{cipher}", request.tls.substr(blank + 1));
  }
  KONTOR_MILTER_STEP(say(Command::helo, step::kNoHelo, step::kNoReplyToHelo, milter::texts({request.helo}), security))
  const std::string sender = "<" + request.sender + ">";
  milter::Macros mail = macros;
  mail.emplace_back("{mail_addr}", request.sender);
  if (!request.login.empty()) {
    mail.emplace_back("{auth_authen}", request.login);
    mail.emplace_back("{auth_type}", "PLAIN");
  }
  KONTOR_MILTER_STEP(say(Command::mail, step::kNoMail, step::kNoReplyToMail, milter::texts({sender}), mail))
  for (const std::string& one : request.recipients) {
    milter::Macros recipient = macros;
    recipient.emplace_back("{rcpt_addr}", one);
    const std::string path = "<" + one + ">";
    KONTOR_MILTER_STEP(
        say(Command::recipient, step::kNoRecipient, step::kNoReplyToRecipient, milter::texts({path}), recipient))
  }
  if (options_.version >= 4) KONTOR_MILTER_STEP(say(Command::data, step::kNoData, step::kNoReplyToData, "", macros))
  return Ended();
}

Result<MilterSession::Ended> MilterSession::content(const FilterMessage& message, const milter::Macros& macros) {
  namespace step = milter::step;
  Result<Ended> state = Ended();
  mime::each_field(message.head(), [&](const mime::Field& field) {
    if (field.name.empty()) return true;
    const std::string value = milter_value(field.value, (options_.steps & step::kLeadingSpace) != 0);
    state = say(Command::header, step::kNoHeaders, step::kNoReplyToHeaders, milter::texts({field.name, value}));
    return state && !*state;
  });
  if (!state || *state) return state;
  KONTOR_MILTER_STEP(say(Command::end_of_header, step::kNoEndOfHeader, step::kNoReplyToEndOfHeader, "", macros))
  skips_body_ = (options_.steps & step::kNoBody) != 0;
  for (std::uint64_t at = 0; !skips_body_;) {
    TRY(const std::string piece, message.read_body(at, milter::kLargestChunk));
    if (piece.empty()) break;
    at += piece.size();
    KONTOR_MILTER_STEP(say(Command::body, step::kNoBody, step::kNoReplyToBody, piece))
  }
  return Ended();
}

#undef KONTOR_MILTER_STEP

// Errors: invalid (it may not do that).
Result<void> MilterSession::act(const milter::Reply& reply, FilterAnswer& answer, std::shared_ptr<SpooledBody>& body) {
  namespace action = milter::action;
  const auto may = [&](std::uint32_t bits) -> Result<void> {
    if ((options_.actions & bits) != 0) return {};
    return fail(Errc::invalid, "the milter does what it did not ask for");
  };
  if (reply.what != What::replace_body) action_bytes_ += reply.name.size() + reply.value.size();
  if (action_bytes_ > kActionsRoom ||
      answer.headers.size() + answer.add_recipients.size() + answer.remove_recipients.size() > kMostActions)
    return fail(Errc::too_large, "the milter wants too much");
  using Header = HeaderChange::What;
  switch (reply.what) {
    case What::add_header:
      TRY_VOID(may(action::kAddHeaders));
      answer.headers.push_back({Header::add, reply.name, reply.value, 0});
      return {};
    case What::insert_header:
      TRY_VOID(may(action::kAddHeaders));
      answer.headers.push_back(
          {Header::insert, reply.name, reply.value, static_cast<std::int32_t>(reply.index & 0xffff)});
      return {};
    case What::change_header: {
      TRY_VOID(may(action::kChangeHeaders));
      const auto index = static_cast<std::int32_t>(std::clamp<std::uint32_t>(reply.index, 1, 0xffff));
      answer.headers.push_back({reply.value.empty() ? Header::remove : Header::change, reply.name, reply.value, index});
      return {};
    }
    case What::add_recipient:
    case What::add_recipient_with_parameters:
      TRY_VOID(may(action::kAddRecipients | action::kAddRecipientsWithParameters));
      answer.add_recipients.push_back(unbracketed(reply.value));
      return {};
    case What::remove_recipient:
      TRY_VOID(may(action::kRemoveRecipients));
      answer.remove_recipients.push_back(unbracketed(reply.value));
      return {};
    case What::change_sender:
      TRY_VOID(may(action::kChangeSender));
      answer.sender = unbracketed(reply.value);
      return {};
    case What::quarantine:
      TRY_VOID(may(action::kQuarantine));
      answer.verdict = FilterVerdict::quarantine;
      answer.reason = reply.value;
      return {};
    case What::replace_body:
      TRY_VOID(may(action::kChangeBody));
      if (!body) body = std::make_shared<SpooledBody>(spool_, largest_body_);
      return body->write(reply.value);
    default:
      return fail(Errc::invalid, "the milter answers what does not belong here");
  }
}

Result<FilterAnswer> MilterSession::finish(const FilterMessage& message) {
  largest_body_ = message.size() + kBodyRoom;
  action_bytes_ = 0;
  FilterAnswer answer;
  std::shared_ptr<SpooledBody> body;
  for (;;) {
    TRY(const milter::Reply reply, next());
    FilterAnswer last;
    switch (reply.what) {
      case What::go_on:
      case What::accept:
        last = std::move(answer);
        break;
      case What::discard:
        last = ended(FilterVerdict::discard);
        break;
      case What::reject:
        last = ended(FilterVerdict::reject);
        break;
      case What::tempfail:
      case What::shutdown:
        last = ended(FilterVerdict::tempfail);
        break;
      case What::words: {
        const auto words = refusal_of_words(reply.value);
        if (words.code == 0) return fail(Errc::invalid, "the milter's words begin with no code of a refusal");
        last = ended(words.code < 500 ? FilterVerdict::tempfail : FilterVerdict::reject, words);
        break;
      }
      default:
        TRY_VOID(act(reply, answer, body));
        continue;
    }
    // Other last words leave libmilter where it takes no next connection.
    has_ended_ = reply.what == What::go_on;
    last.body = body;
    return last;
  }
}

Result<FilterAnswer> MilterSession::talk(const FilterRequest& request, const FilterMessage& message) {
  const milter::Macros macros{{"i", request.id}};
  TRY(Ended early, envelope(request, macros));
  if (early) return *early;
  TRY(early, content(message, macros));
  if (early) return *early;
  out_ += milter::print_macros(Command::end_of_message, macros);
  out_ += milter::print(Command::end_of_message);
  return finish(message);
}

Result<FilterAnswer> MilterSession::run(const FilterRequest& request, const FilterMessage& message) {
  begin();
  skips_body_ = false;
  // Version 6 tells the next connection of a client over the same one of ours, without asking for options again.
  if (std::exchange(is_used_, true)) out_ = milter::print(Command::next_connection);
  auto answer = talk(request, message);
  is_sound_ = answer.has_value() && in_.empty() && out_.empty();
  return answer;
}

MilterFilter::MilterFilter(FilterStep step, std::string spool_folder)
    : step_(std::move(step)), spool_folder_(std::move(spool_folder)), label_(step_.label()), sessions_(step_.at_once) {}

MilterFilter::~MilterFilter() = default;

Result<FilterAnswer> MilterFilter::ask(const FilterRequest& request, const FilterMessage& message) {
  auto place = sessions_.enter(step_.timeout);
  if (!place) return fail(Errc::unavailable, "the milter is busy");
  for (;;) {
    const bool is_old = place.thing != nullptr;
    if (!is_old) {
      TRY(place.thing, MilterSession::open(step_, spool_folder_));
    }
    auto answer = place.thing->run(request, message);
    // One that was idle may have been closed meanwhile.
    const bool was_gone = is_old && !answer && !place.thing->has_answered();
    if (!place.thing->is_idle()) place.thing.reset();
    if (!was_gone) return answer;
  }
}

}  // namespace kontor::transport
