// SPDX-License-Identifier: AGPL-3.0-or-later
// What libcurl gives, as owners of it.
#pragma once

#include <curl/curl.h>

#include <memory>

namespace kontor::transport {

struct FreeCurl {
  void operator()(CURL* it) const { curl_easy_cleanup(it); }
  void operator()(curl_slist* it) const { curl_slist_free_all(it); }
};
using CurlHandle = std::unique_ptr<CURL, FreeCurl>;
using CurlList = std::unique_ptr<curl_slist, FreeCurl>;

}  // namespace kontor::transport
