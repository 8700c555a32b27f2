// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/http_filter.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "transport/filtering/filter_json.h"

namespace kontor::transport {
namespace {

// Room for a new message in base64.
std::size_t largest_http_answer(const FilterStep& step) {
  return static_cast<std::size_t>(step.largest * 2 + (1 << 20));
}

}  // namespace

HttpFilter::HttpFilter(FilterStep step, std::string spool_folder)
    : step_(std::move(step)),
      spool_folder_(std::move(spool_folder)),
      label_(step_.label()),
      service_(step_.at_once, largest_http_answer(step_)) {}

Result<FilterAnswer> HttpFilter::ask(const FilterRequest& request, const FilterMessage& message) {
  HttpCall call;
  call.url = step_.target;
  call.unix_socket = step_.unix_socket;
  call.timeout = step_.timeout;
  if (!step_.token_file.empty()) {
    // Each time: whoever changes it need not restart anything.
    std::ifstream in(step_.token_file);
    std::string token;
    if (!std::getline(in, token)) return fail(Errc::unavailable, "the file with the filter's token cannot be read");
    call.headers.push_back("Authorization: Bearer " + header_value(token));
  }
  call.form = filter_envelope(request, message.size());
  call.body = {message.size(), [&](std::uint64_t offset, std::size_t length) { return message.read(offset, length); }};
  TRY(const HttpAnswerOf answer, service_.post(call));
  if (answer.status == 204) return FilterAnswer();
  if (answer.status != 200)
    return fail(Errc::unavailable, fmt::format("the filter answers with status {}", answer.status));
  return read_filter_answer(answer.body, spool_folder_, step_.largest + (1 << 20));
}

}  // namespace kontor::transport
