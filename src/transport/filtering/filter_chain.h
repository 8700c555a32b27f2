// SPDX-License-Identifier: AGPL-3.0-or-later
// Several filters, asked one after the other about one message.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "transport/filtering/content_filter.h"
#include "transport/filtering/filter_options.h"

namespace kontor::transport {

// What they want together. Headers, bodies and senders are changed already.
struct FilterOutcome {
  FilterVerdict verdict = FilterVerdict::accept;
  wire::smtp::Reply reply;  // reject and tempfail: what the sender is told
  std::string by;           // whose verdict it is: its label
  std::string reason;
  std::string folder;
};

// Thread-safe. Blocks.
class FilterChain {
 public:
  // Sound by declare().
  FilterChain(const std::vector<std::string>& steps, const FilterOptions& options);

  bool is_empty() const { return steps_.empty(); }
  // Each filter sees what those before it made of the message and the envelope. A verdict that sends the message back
  // or away ends it at once; the strictest of the others counts.
  FilterOutcome run(FilterRequest& request, FilterMessage& message) const;

 private:
  struct Step {
    FilterStep how;
    std::unique_ptr<ContentFilter> filter;
    std::vector<metrics::Counter> verdicts;
    metrics::Counter failures;
    metrics::Histogram seconds;
  };
  FilterAnswer ask(const Step& step, const FilterRequest& request, const FilterMessage& message) const;

  std::vector<Step> steps_;
};

// Errors: invalid (an address that is none), too_large.
Result<void> check_filter_answer(const FilterAnswer& answer);

std::unique_ptr<ContentFilter> make_filter(const FilterStep& step, const FilterOptions& options);

}  // namespace kontor::transport
