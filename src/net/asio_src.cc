// SPDX-License-Identifier: AGPL-3.0-or-later
// The compiled part of Asio, once for the whole program.
#include <boost/asio/impl/src.hpp>
