// SPDX-License-Identifier: AGPL-3.0-or-later
// A milter: a filter that speaks the protocol of Sendmail's libmilter. It gets the whole conversation, played back once
// the message is there, so that a recipient it refuses refuses the message.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "transport/filtering/at_once.h"
#include "transport/filtering/content_filter.h"
#include "transport/filtering/filter_options.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

class MilterSession;

class MilterFilter final : public ContentFilter {
 public:
  MilterFilter(FilterStep step, std::string spool_folder);
  ~MilterFilter() override;

  Result<FilterAnswer> ask(const FilterRequest& request, const FilterMessage& message) override;
  const std::string& label() const override { return label_; }

 private:
  const FilterStep step_;
  const std::string spool_folder_;
  const std::string label_;
  AtOnce<MilterSession> sessions_;
};

// "550 5.7.1 No", also of several lines; code 0 if it is no refusal.
wire::smtp::Reply refusal_of_words(std::string_view words);

}  // namespace kontor::transport
