// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: requests to the DAV server without a network, on accounts in memory.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "groupware/accounts_fixture.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/dispatch.h"

namespace kontor::dav {

class DavTest : public groupware::AccountsTest {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  std::shared_ptr<Context> context(const std::string& method, const std::string& path, Headers headers = {},
                                   PrincipalId who = {}) {
    net::HttpRequest request;
    request.method = method;
    request.path = path.substr(0, path.find('?'));
    if (path.find('?') != std::string::npos) request.query = path.substr(path.find('?') + 1);
    request.headers = std::move(headers);
    request.headers.emplace_back("Host", "dav.example.org");
    if (!people) people = std::make_shared<groupware::DirectoryBook>(*directory);
    services.push_back(Services{*accounts, *directory, limits, workers, clock, nullptr, scheduler, people});
    auto out = std::make_shared<Context>(services.back(), dav_options, std::move(request));
    out->user = groupware::must(directory->principal(who ? who : ada));
    out->caller = as(out->user.id);
    return out;
  }

  // The whole answer: what would be streamed is in its body.
  Response ask(const std::string& method, const std::string& path, const std::string& body = "", Headers headers = {},
               PrincipalId who = {}) {
    const auto now = context(method, path, std::move(headers), who);
    auto ready = prepare(*now);
    if (!ready) return answer(ready.error());
    if (ready->put) {
      auto stager = accounts->stage(ready->put->tenant, ready->put->kind);
      groupware::must(stager->write(body));
      now->upload = Upload{groupware::must(stager->finish()), nullptr};
      if (ready->put->kind != groupware::Kind::files) now->upload->bytes = std::make_shared<const std::string>(body);
    } else {
      now->body = body;
    }
    now->drop_readers();
    Response response = run(*now, *ready);
    for (bool is_end = !response.more; !is_end;) {
      now->drop_readers();
      const auto piece = response.more();
      if (!piece) throw std::runtime_error(piece.error().why);
      response.body += *piece;
      is_end = piece->empty();
    }
    return response;
  }

  // Ada's calendar, which of itself takes events alone.
  void let_calendar_take_all() {
    const auto account = open(ada);
    groupware::must(account->update(groupware::Caller::system(), [&](groupware::Transaction& transaction) {
      groupware::Transaction::FolderChange all;
      all.properties[kComponents] = "";
      return transaction.change_folder(by_role(*account, groupware::FolderRole::calendar), all);
    }));
  }

  // Of a folder nobody else has any.
  void grant(groupware::Account& account, FolderId folder, PrincipalId who, std::uint32_t rights) {
    groupware::must(account.update(groupware::Caller::system(), [&](groupware::Transaction& transaction) {
      groupware::Transaction::FolderChange change;
      change.grants = {{who, rights}};
      return transaction.change_folder(folder, change);
    }));
  }

  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }

  Options dav_options;
  net::Limits limits{net::LimitOptions()};
  Workers workers{1};
  groupware::Scheduler* scheduler = nullptr;
  std::shared_ptr<groupware::DirectoryBook> people;
  std::list<Services> services;  // one for each context, which refers to it
};

}  // namespace kontor::dav
