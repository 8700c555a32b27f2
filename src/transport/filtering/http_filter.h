// SPDX-License-Identifier: AGPL-3.0-or-later
// An HTTP endpoint as a filter: it gets a form with the envelope (JSON) and the message, and answers with JSON.
#pragma once

#include <string>

#include "transport/filtering/content_filter.h"
#include "transport/filtering/filter_options.h"
#include "transport/filtering/http_call.h"

namespace kontor::transport {

class HttpFilter final : public ContentFilter {
 public:
  HttpFilter(FilterStep step, std::string spool_folder);

  Result<FilterAnswer> ask(const FilterRequest& request, const FilterMessage& message) override;
  const std::string& label() const override { return label_; }

 private:
  const FilterStep step_;
  const std::string spool_folder_;
  const std::string label_;
  HttpService service_;
};

}  // namespace kontor::transport
