// SPDX-License-Identifier: AGPL-3.0-or-later
// rspamd by its own protocol (POST /checkv2 of its normal or proxy worker): verdict, score, headers, and settings by
// user, address or tenant, which rspamd finds by what it is told of the envelope.
#pragma once

#include <string>
#include <string_view>

#include "transport/filtering/content_filter.h"
#include "transport/filtering/filter_options.h"
#include "transport/filtering/http_call.h"

namespace kontor::transport {

class Rspamd final : public ContentFilter {
 public:
  explicit Rspamd(FilterStep step);

  Result<FilterAnswer> ask(const FilterRequest& request, const FilterMessage& message) override;
  const std::string& label() const override { return label_; }

 private:
  const FilterStep step_;
  const std::string label_;
  HttpService service_;
};

// What rspamd says, as JSON. `head`: of the message, whose foreign X-Spam fields go where it came from outside. Errors:
// invalid.
Result<FilterAnswer> read_rspamd_answer(std::string_view json, FilterStage stage, std::string_view head);

}  // namespace kontor::transport
