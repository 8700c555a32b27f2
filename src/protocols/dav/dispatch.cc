// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/dispatch.h"

namespace kontor::dav {

Outcome<Ready> prepare(Context& context) {
  Ready ready;
  TRY(ready.resource, find(context, context.request.path));
  ready.method = find_method(context, ready.resource, context.request.method);
  if (!ready.method) {
    const std::string_view method = context.request.method;
    if (!ready.resource.is_there() && method != "POST") return deny(404, "there is nothing here");
    return deny(405, "this method is not for this place");
  }
  if (ready.method->name == "PUT") {
    TRY(ready.put, plan_put(context, ready.resource));
  } else if (ready.method->plan) {
    TRY(ready.put, ready.method->plan(context, ready.resource));
  }
  return ready;
}

Response run(Context& context, const Ready& ready) {
  auto outcome = ready.method->handle(context, ready.resource);
  return outcome ? *std::move(outcome) : answer(outcome.error());
}

}  // namespace kontor::dav
