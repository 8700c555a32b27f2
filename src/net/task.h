// SPDX-License-Identifier: AGPL-3.0-or-later
// The coroutine type of the network's edge. Rules: docs/coroutines.md.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace kontor {

template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace kontor
