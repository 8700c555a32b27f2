// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>
#include <array>

#include "net/deflate.h"

namespace kontor::net {
namespace {

constexpr std::size_t kRawRead = std::size_t{8} << 10;
constexpr std::size_t kReady = 512;
constexpr std::size_t kWritePiece = std::size_t{16} << 10;
// So much inflated from input that was there already, and the other sessions of the thread have a turn.
constexpr std::size_t kInflatedPerTurn = std::size_t{1} << 20;

class DeflateStream final : public Stream {
 public:
  explicit DeflateStream(std::unique_ptr<Stream> inner) : inner_(std::move(inner)) {}

  Task<std::size_t> read_some(std::span<char> into) override {
    if (!ready_.empty()) {
      const std::size_t count = std::min(into.size(), ready_.size());
      std::copy_n(ready_.begin(), count, into.begin());
      ready_.erase(0, count);
      co_return count;
    }
    while (true) {
      const std::size_t made = inflate(into);
      if (made > 0) {
        co_await give_turn(made);
        co_return made;
      }
      co_await read_raw();
    }
  }

  Task<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      std::string out;
      deflater_.add(bytes.substr(0, kWritePiece), out);
      bytes.remove_prefix(std::min(bytes.size(), kWritePiece));
      co_await inner_->write(out);
    }
  }

  Task<void> append_some(std::string& into, std::size_t at_most) override {
    while (!has_ready()) {
      rest();
      co_await read_raw();
    }
    const std::size_t count = std::min(at_most, ready_.size());
    into.append(ready_, 0, count);
    ready_.erase(0, count);
    if (!ready_.empty()) co_return;
    const std::size_t old = into.size();
    into.resize(old + at_most - count);
    const std::size_t made = inflate(std::span(into).subspan(old));
    into.resize(old + made);
    co_await give_turn(count + made);
  }

  Task<Wake> wait(Signal& signal) override {
    while (!has_ready()) {
      rest();
      const Wake wake = co_await inner_->wait(signal);
      if (wake == Wake::signal) co_return wake;
      co_await read_raw();
    }
    co_return Wake::input;
  }

  std::shared_ptr<Signal> make_signal() override { return inner_->make_signal(); }
  std::shared_ptr<Signal> make_end_signal() override { return inner_->make_end_signal(); }
  Task<void> pause(std::chrono::milliseconds time) override { return inner_->pause(time); }
  void set_timeout(std::chrono::milliseconds timeout) override { inner_->set_timeout(timeout); }
  void set_deadline(std::optional<std::chrono::steady_clock::time_point> deadline) override {
    inner_->set_deadline(deadline);
  }
  Task<void> start_tls() override { return inner_->start_tls(); }
  bool can_start_tls() const override { return false; }
  bool is_encrypted() const override { return inner_->is_encrypted(); }
  std::string tls_description() const override { return inner_->tls_description(); }
  std::string channel_binding(ChannelBinding kind) const override { return inner_->channel_binding(kind); }
  std::vector<std::string> certified_addresses() const override { return inner_->certified_addresses(); }
  const std::string& id() const override { return inner_->id(); }
  const Endpoint& peer() const override { return inner_->peer(); }
  void close() override { inner_->close(); }

 private:
  std::size_t inflate(std::span<char> into) {
    if (begin_ == raw_.size() && !inflater_.may_hold_more()) return 0;
    const auto step = inflater_.add(std::string_view(raw_).substr(begin_), into);
    begin_ += step.taken;
    return step.made;
  }

  bool has_ready() {
    if (!ready_.empty()) return true;
    std::array<char, kReady> some;
    ready_.assign(some.data(), inflate(some));
    return !ready_.empty();
  }

  Task<void> read_raw() {
    inflated_ = 0;
    raw_.clear();
    begin_ = 0;
    co_await inner_->append_some(raw_, kRawRead);
  }

  Task<void> give_turn(std::size_t made) {
    inflated_ += made;
    if (inflated_ < kInflatedPerTurn) co_return;
    inflated_ = 0;
    co_await inner_->pause(std::chrono::milliseconds(0));
  }

  void rest() {
    std::string().swap(raw_);
    begin_ = 0;
    inflater_.rest();
    deflater_.rest();
  }

  std::unique_ptr<Stream> inner_;
  Deflater deflater_;
  Inflater inflater_;
  std::string raw_;  // deflated input
  std::size_t begin_ = 0;
  std::string ready_;  // inflated to see whether there is anything
  std::size_t inflated_ = 0;
};

}  // namespace

std::unique_ptr<Stream> make_deflate_stream(std::unique_ptr<Stream> inner) {
  return std::make_unique<DeflateStream>(std::move(inner));
}

}  // namespace kontor::net
