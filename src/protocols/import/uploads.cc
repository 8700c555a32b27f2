// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/uploads.h"

#include "net/blocking.h"

namespace kontor::importing {
namespace {

constexpr std::chrono::seconds kLongestSilence{10};
constexpr std::size_t kAnswerPiece = 64 << 10;

// Ends the import if the session ends first.
class PipeGuard {
 public:
  explicit PipeGuard(Pipe& pipe) : pipe_(pipe) {}
  ~PipeGuard() { pipe_.break_off(); }
  PipeGuard(const PipeGuard&) = delete;
  PipeGuard& operator=(const PipeGuard&) = delete;

 private:
  Pipe& pipe_;
};

}  // namespace

struct Uploads::Answering {
  std::shared_ptr<Uploads> uploads;
  std::shared_ptr<Job> job;
  std::string waiting;  // the line that says nothing
  bool has_ended = false;
  std::uint64_t told = 0;
};

Result<Uploads::Ticket> Uploads::begin(AccountId account) {
  TRY(auto ticket, running_.begin(account));
  return Ticket(std::move(ticket));
}

Task<std::string> Uploads::next_lines(std::shared_ptr<Answering> answering) {
  auto piece =
      co_await net::blocking(answering->uploads->feeders_, [answer = answering.get()]() -> Result<std::string> {
        if (!answer->has_ended) answer->has_ended = answer->job->wait(kLongestSilence);
        if (!answer->has_ended) return answer->waiting;
        return answer->job->answer().read_at(answer->told, kAnswerPiece);
      });
  if (!piece) throw net::Disconnected("an import's answer broke off: " + piece.error().text);
  if (answering->has_ended) answering->told += piece->size();
  co_return std::move(*piece);
}

Task<net::HttpResponse> Uploads::take(std::shared_ptr<Uploads> uploads, net::HttpBody& body, ImportOptions options,
                                      Ticket ticket) {
  auto answering = std::make_shared<Answering>();
  archive::Answer nothing;
  nothing.account = options.only_address;
  answering->waiting = archive::to_line(nothing);
  options.claim = [ticket = ticket.get()](AccountId account) { return ticket->claim(account); };
  auto job = std::make_shared<Job>(uploads->accounts_, uploads->directory_, std::move(options));
  const PipeGuard guard(job->pipe());
  uploads->importers_.post([job, ticket = std::move(ticket)]() mutable {
    // The client that reads the end may come with more at once.
    job->run([&] { ticket.reset(); });
  });
  for (;;) {
    auto piece = co_await body.read();
    if (piece.empty()) break;
    if (job->pipe().try_push(piece)) continue;
    co_await net::blocking(uploads->feeders_, [&] { job->pipe().push(std::move(piece)); });
  }
  job->pipe().close();
  answering->uploads = std::move(uploads);
  answering->job = std::move(job);
  net::HttpResponse response;
  response.content_type = "application/x-ndjson";
  response.more = [answering] { return next_lines(answering); };
  co_return response;
}

}  // namespace kontor::importing
