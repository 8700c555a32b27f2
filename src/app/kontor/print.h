// SPDX-License-Identifier: AGPL-3.0-or-later
// Answers of verbs for people: tables and details.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::app {

// "1.5 GiB"
std::string human_size(std::uint64_t bytes);

// A value in one cell: lists joined by blanks, null as "-".
std::string cell(const boost::json::value& value);

struct Column {
  std::string title;
  std::string key;
  bool is_size = false;
};

// An array of objects, a row each. Columns are as wide as they need to be; numbers stand right.
void print_table(const boost::json::value& answer, const std::vector<Column>& columns);

// One line for each key of an object; sizes are those of `sizes`.
void print_details(const boost::json::value& object, const std::vector<std::string_view>& sizes);

}  // namespace kontor::app
