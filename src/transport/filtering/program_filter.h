// SPDX-License-Identifier: AGPL-3.0-or-later
// A program as a filter. It is kept running, because starting an interpreter costs more than all the rest of a
// delivery: for each message it reads one line of JSON, which says how many bytes follow, and those bytes; it answers
// with one line. One that fails, is late, or has had kMostMessages is ended, and another one is started.
#pragma once

#include <string>

#include "transport/filtering/at_once.h"
#include "transport/filtering/content_filter.h"
#include "transport/filtering/filter_options.h"
#include "transport/filtering/program_process.h"

namespace kontor::transport {

class ProgramFilter final : public ContentFilter {
 public:
  static constexpr std::uint32_t kMostMessages = 1000;  // of one process: leaks stay small

  ProgramFilter(FilterStep step, std::string spool_folder);

  Result<FilterAnswer> ask(const FilterRequest& request, const FilterMessage& message) override;
  const std::string& label() const override { return label_; }

 private:
  Result<std::string> converse(ProgramProcess& process, const FilterRequest& request, const FilterMessage& message);

  const FilterStep step_;
  const std::string spool_folder_;
  const std::string label_;
  std::vector<std::string> command_;
  AtOnce<ProgramProcess> processes_;
};

}  // namespace kontor::transport
