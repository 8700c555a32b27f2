// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/config.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/config.h"
#include "migrate/kopano/config_files.h"
#include "migrate/kopano/ldap_config.h"

namespace kontor::migrate::kopano {
namespace {

// What a file says, before the files that it names are read.
struct Words {
  ServerConfig server;
  std::string password_file, s3_secret_file, users_file, default_domain, time_zone;
  std::vector<std::string> stores, servers;
  bool with_deleted = false, without_lost = false;
  LdapFileWords ldap;
};

void declare_server(config::Schema& schema, Words& into) {
  using namespace std::chrono_literals;
  DatabaseOptions& database = into.server.database;
  schema.text("database.host", database.host, {"The host of the database."});
  schema.number("database.port", database.port, {1, 65535}, {"Its port."});
  schema.text("database.socket", database.socket, {"A socket on this host, instead of host and port."});
  schema.text("database.name", database.name, {"The database's name."});
  schema.text("database.user", database.user, {"Who logs in: reading is all that is needed."});
  schema.text("database.password_file", into.password_file, {"A file whose first line is the password."});
  schema.choice("database.tls", database.tls,
                {{"auto", DatabaseTls::automatic},
                 {"verify", DatabaseTls::verified},
                 {"encrypt", DatabaseTls::encrypted},
                 {"off", DatabaseTls::none}},
                {"Whether the line is encrypted, and the server's certificate checked."});
  schema.text("database.ca_file", database.ca_file, {"Certificates that the server's is checked against."});
  schema.text("database.dump", into.server.dump.file, {"A mysqldump instead of a database."});
  schema.text("database.dump_folder", into.server.dump.folder, {"Where it is restored, and stays."});
  schema.duration("database.timeout", database.timeout, {1s, 1h}, {"How long the database may be silent."});
  AttachmentOptions& attachments = into.server.attachments;
  schema.choice("attachments.kind", attachments.kind,
                {{"auto", AttachmentKind::automatic},
                 {"files", AttachmentKind::files},
                 {"files_v2", AttachmentKind::files_v2},
                 {"database", AttachmentKind::database},
                 {"s3", AttachmentKind::s3}},
                {"How attachments are kept."});
  schema.text("attachments.path", attachments.path, {"The folder with the attachments."});
  schema.number("attachments.first_level", attachments.first_level, {0, 1'000'000}, {"How many folders are in it."});
  schema.number("attachments.second_level", attachments.second_level, {0, 1'000'000}, {"And in each of these."});
  S3Options& s3 = attachments.s3;
  schema.text("attachments.s3_endpoint", s3.endpoint, {"The address of the S3 server."});
  schema.text("attachments.s3_bucket", s3.bucket, {"The bucket."});
  schema.text("attachments.s3_path", s3.path, {"What stands before the objects' names."});
  schema.text("attachments.s3_region", s3.region, {"The region that requests are signed for."});
  schema.text("attachments.s3_key_id", s3.key_id, {"The access key's id."});
  schema.text("attachments.s3_secret_file", into.s3_secret_file, {"A file whose first line is its secret."});
  schema.flag("attachments.s3_bucket_in_host", s3.bucket_in_host, {"Whether the bucket is part of the host's name."});
  schema.text("attachments.s3_ca_file", s3.ca_file, {"Certificates that the server's is checked against."});
}

void declare_choice(config::Schema& schema, Words& into) {
  schema.text("users.file", into.users_file, {"A CSV file of people."});
  schema.text("users.default_domain", into.default_domain, {"Added to logins of users without an address."});
  schema.text("users.time_zone", into.time_zone, {"The zone of items that tell none."});
  schema.list("stores.addresses", into.stores, "GUID=address", {"Stores that come although nobody owns them."});
  schema.list("servers.files", into.servers, "file", {"Further servers of the same installation."});
  schema.flag("items.with_deleted", into.with_deleted, {"Whether what was deleted comes too."});
  schema.flag("items.without_lost", into.without_lost, {"Whether items come without contents that are lost."});
}

Result<Words> read_words(const std::string& file, bool is_first) {
  TRY(const std::string text, read_whole(file));
  Words words;
  config::Schema schema;
  declare_server(schema, words);
  if (is_first) declare_choice(schema, words);
  if (is_first) declare_ldap(schema, words.ldap);
  if (const auto problems = schema.load(text, file); !problems.empty()) {
    std::string all;
    for (const auto& problem : problems)
      all += fmt::format("{}{}, line {}: {}", all.empty() ? "" : "; ", file, problem.line, problem.text);
    return fail(Errc::invalid, all);
  }
  if (!words.password_file.empty()) {
    TRY(words.server.database.password, read_secret(beside(file, words.password_file)));
  }
  if (!words.s3_secret_file.empty()) {
    TRY(words.server.attachments.s3.secret, read_secret(beside(file, words.s3_secret_file)));
  }
  auto& server = words.server;
  server.attachments.s3.ca_file = beside(file, server.attachments.s3.ca_file);
  server.dump.file = beside(file, server.dump.file);
  server.dump.folder = beside(file, server.dump.folder);
  server.database.ca_file = beside(file, server.database.ca_file);
  server.attachments.path = beside(file, server.attachments.path);
  while (server.attachments.path.size() > 1 && server.attachments.path.ends_with('/'))
    server.attachments.path.pop_back();
  return words;
}

// "GUID=address" or "public=address"; the GUID in any common form.
Result<std::pair<std::string, std::string>> parse_store(std::string_view text) {
  const std::size_t equal = text.rfind('=');
  std::string name = equal == std::string_view::npos ? std::string() : std::string(text.substr(0, equal));
  const bool is_public = iequals(name, "public") || iequals(std::string_view(name).substr(0, 7), "public:");
  if (is_public) {
    name = to_lower(name);
  } else {
    std::erase_if(name, [](char c) { return c == '-' || c == '{' || c == '}' || c == ' '; });
    name = to_lower(name);
  }
  const bool is_guid = name.size() == 32 && from_hex(name).has_value();
  if ((!is_public && !is_guid) || !text.substr(equal + 1).contains('@'))
    return fail(Errc::invalid, fmt::format("stores.addresses: \"{}\" is not understood: GUID=address is expected (32 "
                                           "hex digits), public=address, or public:Company=address",
                                           text));
  return std::pair(name, std::string(text.substr(equal + 1)));
}

}  // namespace

Result<Config> read_config(const std::string& file) {
  TRY(auto words, read_words(file, true));
  Config config;
  config.servers.push_back(std::move(words.server));
  for (const std::string& other : words.servers) {
    TRY(auto more, read_words(beside(file, other), false));
    config.servers.push_back(std::move(more.server));
  }
  TRY(config.ldap, ldap_config_of(words.ldap, file));
  if (!words.users_file.empty()) {
    const std::string path = beside(file, words.users_file);
    TRY(const auto text, read_whole(path));
    auto people = parse_people(text);
    if (!people) return fail(people.error().code, fmt::format("{}, {}", path, people.error().text));
    config.people = *std::move(people);
  }
  for (const std::string& store : words.stores) {
    TRY(auto pair, parse_store(store));
    config.stores.insert(std::move(pair));
  }
  config.default_domain = words.default_domain;
  config.time_zone = words.time_zone;
  config.with_deleted = words.with_deleted;
  config.without_lost = words.without_lost;
  return config;
}

}  // namespace kontor::migrate::kopano
