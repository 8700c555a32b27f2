// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/records.h"

#include <flatbuffers/flatbuffers.h>
#include <fmt/core.h>

#include <cstring>

#include "base/bytes.h"
#include "directory/directory_generated.h"

namespace kontor::directory {
namespace {

std::string id_key(char kind, std::uint64_t id) {
  std::string key(1, kind);
  append_be64(key, id);
  return key;
}

template <class T>
std::string finished(flatbuffers::FlatBufferBuilder& builder, flatbuffers::Offset<T> root) {
  builder.Finish(root);
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

// A value's table. FlatBuffers wants its bytes aligned; an engine's views are not, so those are copied first.
template <class T>
class Table {
 public:
  explicit Table(std::string_view value) : words_((value.size() + 7) / 8) {
    if (value.empty()) return;
    std::memcpy(words_.data(), value.data(), value.size());
    flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(words_.data()), value.size());
    if (verifier.VerifyBuffer<T>(nullptr)) root_ = flatbuffers::GetRoot<T>(words_.data());
  }
  // Null if the bytes are not such a table.
  const T* root() const { return root_; }

 private:
  std::vector<std::uint64_t> words_;
  const T* root_ = nullptr;
};

std::unexpected<Error> damaged(std::string_view what, std::uint64_t id) {
  return fail(Errc::corrupt, fmt::format("the directory's record of {} {} is damaged", what, id));
}

std::string text_of(const flatbuffers::String* text) { return text == nullptr ? std::string() : text->str(); }

std::string bytes_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  return bytes == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> bytes_in(flatbuffers::FlatBufferBuilder& builder,
                                                                std::string_view bytes) {
  return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

using Ids = flatbuffers::Offset<flatbuffers::Vector<std::uint64_t>>;

// Empty lists take no room.
Ids ids_in(flatbuffers::FlatBufferBuilder& builder, const std::vector<PrincipalId>& ids) {
  if (ids.empty()) return {};
  std::vector<std::uint64_t> values;
  for (PrincipalId id : ids) values.push_back(id.value);
  return builder.CreateVector(values);
}

std::vector<PrincipalId> ids_of(const flatbuffers::Vector<std::uint64_t>* ids) {
  std::vector<PrincipalId> out;
  if (ids != nullptr)
    for (std::uint64_t id : *ids) out.emplace_back(id);
  return out;
}

using Holds = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<record::Hold>>>;

Holds holds_in(flatbuffers::FlatBufferBuilder& builder, const std::vector<Hold>& holds) {
  if (holds.empty()) return {};
  std::vector<flatbuffers::Offset<record::Hold>> out;
  for (const Hold& hold : holds) {
    const auto name_at = builder.CreateString(hold.name), reason_at = builder.CreateString(hold.reason),
               by_at = builder.CreateString(hold.by);
    out.push_back(record::CreateHold(builder, name_at, reason_at, hold.since.time_since_epoch().count(), by_at));
  }
  return builder.CreateVector(out);
}

flatbuffers::Offset<record::Booking> booking_in(flatbuffers::FlatBufferBuilder& builder, const BookingPolicy& policy) {
  std::vector<record::BookingHours> hours;
  for (const BookingPolicy::Hours& each : policy.hours) hours.emplace_back(each.days, each.from, each.to);
  const auto hours_at = builder.CreateVectorOfStructs(hours);
  const auto zone_at = builder.CreateString(policy.zone);
  const Ids approvers_at = ids_in(builder, policy.approvers);
  return record::CreateBooking(builder, static_cast<std::uint8_t>(policy.answer), policy.takes_series,
                               policy.most_conflicts, policy.window_days, policy.longest_minutes, hours_at, zone_at,
                               approvers_at);
}

BookingPolicy booking_of(const record::Booking& in) {
  BookingPolicy out;
  // What is not known is left to people.
  out.answer = in.answer() > static_cast<std::uint8_t>(BookingPolicy::Answer::manual)
                   ? BookingPolicy::Answer::manual
                   : static_cast<BookingPolicy::Answer>(in.answer());
  out.takes_series = in.takes_series();
  out.most_conflicts = in.most_conflicts();
  out.window_days = in.window_days();
  out.longest_minutes = in.longest_minutes();
  if (in.hours() != nullptr)
    for (const auto* each : *in.hours()) out.hours.push_back({each->days(), each->from(), each->to()});
  out.zone = text_of(in.zone());
  out.approvers = ids_of(in.approvers());
  return out;
}

std::vector<Hold> holds_of(const flatbuffers::Vector<flatbuffers::Offset<record::Hold>>* holds) {
  std::vector<Hold> out;
  if (holds == nullptr) return out;
  for (const auto* hold : *holds)
    out.push_back({hold->name()->str(), text_of(hold->reason()), Instant(std::chrono::seconds(hold->since())),
                   text_of(hold->by())});
  return out;
}

std::vector<flatbuffers::Offset<record::JournalRule>> journal_in(flatbuffers::FlatBufferBuilder& builder,
                                                                 const std::vector<JournalRule>& rules) {
  std::vector<flatbuffers::Offset<record::JournalRule>> out;
  for (const JournalRule& rule : rules) {
    const auto address_at = builder.CreateString(rule.address);
    const Ids people_at = ids_in(builder, rule.people);
    const auto domains_at = builder.CreateVectorOfStrings(rule.domains);
    out.push_back(record::CreateJournalRule(builder, address_at, rule.directions, people_at, domains_at));
  }
  return out;
}

std::vector<JournalRule> journal_of(const record::Tenant& in) {
  std::vector<JournalRule> out;
  if (in.journal() == nullptr) return out;
  for (const auto* stored : *in.journal()) {
    JournalRule& rule = out.emplace_back();
    rule.address = stored->address()->str();
    rule.directions = stored->directions();
    rule.people = ids_of(stored->people());
    if (stored->domains() != nullptr)
      for (const auto* domain : *stored->domains()) rule.domains.push_back(domain->str());
  }
  return out;
}

flatbuffers::Offset<record::Contact> contact_in(flatbuffers::FlatBufferBuilder& builder,
                                                const ContactDetails& details) {
  const auto text_in = [&](const std::string& text) {
    return text.empty() ? flatbuffers::Offset<flatbuffers::String>() : builder.CreateString(text);
  };
  const auto title_at = text_in(details.title), department_at = text_in(details.department),
             company_at = text_in(details.company), location_at = text_in(details.location);
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<record::Phone>>> phones_at;
  if (!details.phones.empty()) {
    std::vector<flatbuffers::Offset<record::Phone>> phones;
    for (const Phone& phone : details.phones) {
      const auto number_at = builder.CreateString(phone.number);
      phones.push_back(record::CreatePhone(builder, static_cast<std::uint8_t>(phone.kind), number_at));
    }
    phones_at = builder.CreateVector(phones);
  }
  return record::CreateContact(builder, title_at, department_at, company_at, location_at, phones_at);
}

Instant instant(std::int64_t seconds) { return Instant(std::chrono::seconds(seconds)); }
std::int64_t seconds(Instant at) { return at.time_since_epoch().count(); }

template <class T>
std::optional<T> enumerated(std::uint8_t value, T last) {
  return value <= static_cast<std::uint8_t>(last) ? std::optional(static_cast<T>(value)) : std::nullopt;
}

// False if it has what this version does not know.
bool take_contact(const record::Principal& in, Principal& principal) {
  if (const auto* stored = in.contact()) {
    ContactDetails details;
    details.title = text_of(stored->title());
    details.department = text_of(stored->department());
    details.company = text_of(stored->company());
    details.location = text_of(stored->location());
    if (stored->phones() != nullptr)
      for (const auto* one : *stored->phones()) {
        const auto kind = enumerated(one->kind(), PhoneKind::other);
        if (!kind) return false;
        details.phones.push_back({*kind, one->number()->str()});
      }
    principal.set_details(std::move(details));
  }
  if (const auto* photo = in.photo()) {
    const auto type = enumerated(photo->type(), PhotoType::png);
    if (!type) return false;
    principal.photo = {*type, photo->size(), photo->digest()};
  }
  principal.is_hidden = in.hidden();
  principal.list_revision = in.list_revision();
  return true;
}

}  // namespace

std::string record_key(TenantId id) { return id_key('t', id.value); }
std::string record_key(DomainId id) { return id_key('d', id.value); }
std::string record_key(PrincipalId id) { return id_key('p', id.value); }
std::string credentials_key(PrincipalId id) { return id_key('c', id.value); }
std::string shares_key(PrincipalId owner) { return id_key('s', owner.value); }
std::string photo_key(PrincipalId id) { return id_key('f', id.value); }

std::optional<ParsedKey> parse_key(std::string_view key) {
  if (key == kHeadKey) return ParsedKey{'h', 0};
  if (key.size() != 9 || !std::string_view("tdpcs").contains(key[0])) return std::nullopt;
  ParsedKey parsed{key[0], read_be64(key.substr(1))};
  return parsed.id == 0 ? std::nullopt : std::optional(parsed);
}

std::string encode(const Head& head) {
  flatbuffers::FlatBufferBuilder builder(128);
  auto secret_at = bytes_in(builder, head.secret);
  return finished(builder, record::CreateHead(builder, head.last_id, head.revision, secret_at));
}

std::string encode(const Tenant& tenant) {
  flatbuffers::FlatBufferBuilder builder;
  auto name_at = builder.CreateString(tenant.name);
  std::vector<flatbuffers::Offset<record::Metadata>> entries;
  for (const auto& [entry, value] : tenant.metadata)
    entries.push_back(record::CreateMetadata(builder, builder.CreateString(entry), builder.CreateString(value)));
  const auto metadata_at = builder.CreateVector(entries);
  const auto journal_at = builder.CreateVector(journal_in(builder, tenant.journal));
  const auto secret_at = bytes_in(builder, tenant.journal_secret);
  const Holds holds_at = holds_in(builder, tenant.holds);
  const auto allowed_at = builder.CreateVectorOfStrings(tenant.allowed_senders);
  const auto blocked_at = builder.CreateVectorOfStrings(tenant.blocked_senders);
  const auto refused_at = builder.CreateVectorOfStrings(tenant.refused_senders);
  record::TenantBuilder out(builder);
  out.add_name(name_at);
  out.add_status(static_cast<std::uint8_t>(tenant.status));
  out.add_default_quota(tenant.default_quota);
  out.add_recoverable_days(tenant.recoverable_days);
  out.add_metadata(metadata_at);
  if (!tenant.journal.empty()) out.add_journal(journal_at);
  if (!tenant.journal_secret.empty()) out.add_journal_secret(secret_at);
  if (!tenant.holds.empty()) out.add_holds(holds_at);
  if (!tenant.allowed_senders.empty()) out.add_allowed_senders(allowed_at);
  if (!tenant.blocked_senders.empty()) out.add_blocked_senders(blocked_at);
  if (!tenant.refused_senders.empty()) out.add_refused_senders(refused_at);
  return finished(builder, out.Finish());
}

std::string encode(const Domain& domain) {
  flatbuffers::FlatBufferBuilder builder;
  auto name_at = builder.CreateString(domain.name);
  return finished(builder, record::CreateDomain(builder, domain.tenant.value, name_at, domain.catch_all.value,
                                                domain.subaddressing));
}

std::string encode(const StoredPrincipal& stored) {
  const Principal& principal = stored.principal;
  flatbuffers::FlatBufferBuilder builder;
  auto name_at = builder.CreateString(principal.name);
  auto addresses_at = builder.CreateVectorOfStrings(principal.addresses);
  std::vector<std::uint8_t> roles;
  for (Role role : principal.roles) roles.push_back(static_cast<std::uint8_t>(role));
  auto roles_at = builder.CreateVector(roles);
  std::vector<std::uint64_t> members;
  for (PrincipalId member : principal.members) members.push_back(member.value);
  auto members_at = builder.CreateVector(members);
  Ids readers_at = ids_in(builder, principal.readers), managers_at = ids_in(builder, principal.managers);
  Ids send_as_at = ids_in(builder, principal.send_as), on_behalf_at = ids_in(builder, principal.send_on_behalf);
  const Holds holds_at = holds_in(builder, principal.holds);
  flatbuffers::Offset<record::Contact> contact_at;
  if (principal.contact) contact_at = contact_in(builder, *principal.contact);
  const record::Photo photo(principal.photo.digest, principal.photo.size,
                            static_cast<std::uint8_t>(principal.photo.type));
  const flatbuffers::Offset<record::Booking> booking_at =
      principal.booking == BookingPolicy() ? 0 : booking_in(builder, principal.booking);
  record::PrincipalBuilder out(builder);
  out.add_tenant(principal.tenant.value);
  out.add_kind(static_cast<std::uint8_t>(principal.kind));
  out.add_name(name_at);
  out.add_addresses(addresses_at);
  out.add_status(static_cast<std::uint8_t>(principal.status));
  if (principal.quota) out.add_quota(*principal.quota);
  out.add_quota_messages(principal.quota_messages);
  out.add_protocols(principal.protocols);
  out.add_roles(roles_at);
  out.add_members(members_at);
  out.add_created(seconds(principal.created));
  if (stored.removed) out.add_removed(seconds(*stored.removed));
  if (!principal.readers.empty()) out.add_readers(readers_at);
  if (!principal.managers.empty()) out.add_managers(managers_at);
  if (!principal.send_as.empty()) out.add_send_as(send_as_at);
  if (!principal.send_on_behalf.empty()) out.add_send_on_behalf(on_behalf_at);
  if (!principal.holds.empty()) out.add_holds(holds_at);
  if (principal.contact) out.add_contact(contact_at);
  if (principal.photo.type != PhotoType::none) out.add_photo(&photo);
  out.add_hidden(principal.is_hidden);
  out.add_list_revision(principal.list_revision);
  if (!booking_at.IsNull()) out.add_booking(booking_at);
  return finished(builder, out.Finish());
}

std::string encode(const Credentials& credentials) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<record::AppPassword>> app_passwords;
  for (const StoredAppPassword& stored : credentials.app_passwords) {
    auto label_at = builder.CreateString(stored.info.label);
    auto salt_at = bytes_in(builder, stored.salt);
    auto digest_at = bytes_in(builder, stored.digest);
    app_passwords.push_back(record::CreateAppPassword(builder, stored.info.id, label_at, seconds(stored.info.created),
                                                      stored.info.protocols, salt_at, digest_at));
  }
  auto app_passwords_at = builder.CreateVector(app_passwords);
  auto hash_at =
      credentials.hash.empty() ? flatbuffers::Offset<flatbuffers::String>() : builder.CreateString(credentials.hash);
  if (credentials.scram.empty())
    return finished(builder, record::CreateCredentials(builder, hash_at, app_passwords_at));
  std::vector<flatbuffers::Offset<record::ScramKeys>> scram;
  for (const ScramKeys& keys : credentials.scram) {
    auto sha1_stored_at = bytes_in(builder, keys.sha1_stored);
    auto sha1_server_at = bytes_in(builder, keys.sha1_server);
    auto sha256_stored_at = bytes_in(builder, keys.sha256_stored);
    auto sha256_server_at = bytes_in(builder, keys.sha256_server);
    scram.push_back(record::CreateScramKeys(builder, keys.app_password, sha1_stored_at, sha1_server_at,
                                            sha256_stored_at, sha256_server_at));
  }
  auto salt_at = bytes_in(builder, credentials.scram_salt);
  auto scram_at = builder.CreateVector(scram);
  return finished(builder, record::CreateCredentials(builder, hash_at, app_passwords_at, salt_at,
                                                     credentials.scram_rounds, scram_at));
}

std::string encode(const Shares& shares) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<record::Share> out;
  for (const Share& share : shares) out.emplace_back(share.with.value, share.kinds);
  return finished(builder, record::CreateShares(builder, builder.CreateVectorOfStructs(out)));
}

Result<Shares> decode_shares(PrincipalId owner, std::string_view value) {
  const Table<record::Shares> table(value);
  const auto* in = table.root();
  if (in == nullptr) return damaged("shares of principal", owner.value);
  Shares out;
  if (in->with() != nullptr)
    for (const record::Share* share : *in->with()) add_share(out, {PrincipalId(share->principal()), share->kinds()});
  return out;
}

Result<Head> decode_head(std::string_view value) {
  const Table<record::Head> table(value);
  const auto* in = table.root();
  if (in == nullptr) return fail(Errc::corrupt, "the directory's head record is damaged");
  return Head{in->last_id(), in->revision(), bytes_of(in->secret())};
}

Result<Tenant> decode_tenant(TenantId id, std::string_view value) {
  const Table<record::Tenant> table(value);
  const auto* in = table.root();
  auto status = in == nullptr ? std::nullopt : enumerated(in->status(), Status::suspended);
  if (!status) return damaged("tenant", id.value);
  Tenant tenant;
  tenant.id = id;
  tenant.name = in->name()->str();
  tenant.status = *status;
  tenant.default_quota = in->default_quota();
  tenant.recoverable_days = in->recoverable_days();
  tenant.journal = journal_of(*in);
  tenant.journal_secret = bytes_of(in->journal_secret());
  tenant.holds = holds_of(in->holds());
  if (in->metadata() != nullptr)
    for (const auto* one : *in->metadata()) tenant.metadata[one->entry()->str()] = one->value()->str();
  const auto read = [](const auto* list, std::vector<std::string>& into) {
    if (list != nullptr)
      for (const auto* one : *list) into.push_back(one->str());
  };
  read(in->allowed_senders(), tenant.allowed_senders);
  read(in->blocked_senders(), tenant.blocked_senders);
  read(in->refused_senders(), tenant.refused_senders);
  return tenant;
}

Result<Domain> decode_domain(DomainId id, std::string_view value) {
  const Table<record::Domain> table(value);
  const auto* in = table.root();
  if (in == nullptr) return damaged("domain", id.value);
  return Domain{id, TenantId(in->tenant()), in->name()->str(), PrincipalId(in->catch_all()), in->subaddressing()};
}

Result<StoredPrincipal> decode_principal(PrincipalId id, std::string_view value) {
  const Table<record::Principal> table(value);
  const auto* in = table.root();
  if (in == nullptr) return damaged("principal", id.value);
  auto kind = enumerated(in->kind(), PrincipalKind::equipment);
  auto status = enumerated(in->status(), Status::suspended);
  if (!kind || !status) return damaged("principal", id.value);
  StoredPrincipal out;
  Principal& principal = out.principal;
  principal.id = id;
  principal.tenant = TenantId(in->tenant());
  principal.kind = *kind;
  principal.name = text_of(in->name());
  if (in->addresses() != nullptr)
    for (const auto* address : *in->addresses()) principal.addresses.push_back(address->str());
  if (principal.addresses.empty()) return damaged("principal", id.value);
  principal.status = *status;
  if (auto quota = in->quota()) principal.quota = *quota;
  principal.quota_messages = in->quota_messages();
  principal.protocols = in->protocols();
  if (in->roles() != nullptr)
    for (std::uint8_t value_of_role : *in->roles()) {
      auto role = enumerated(value_of_role, Role::server_admin);
      if (!role) return damaged("principal", id.value);
      principal.roles.push_back(*role);
    }
  principal.members = ids_of(in->members());
  principal.readers = ids_of(in->readers());
  principal.managers = ids_of(in->managers());
  principal.send_as = ids_of(in->send_as());
  principal.send_on_behalf = ids_of(in->send_on_behalf());
  principal.holds = holds_of(in->holds());
  if (!take_contact(*in, principal)) return damaged("principal", id.value);
  if (in->booking() != nullptr) principal.booking = booking_of(*in->booking());
  principal.created = instant(in->created());
  if (auto removed = in->removed()) out.removed = instant(*removed);
  return out;
}

Result<Credentials> decode_credentials(PrincipalId id, std::string_view value) {
  const Table<record::Credentials> table(value);
  const auto* in = table.root();
  if (in == nullptr) return damaged("credentials of principal", id.value);
  Credentials out;
  out.hash = text_of(in->hash());
  if (in->app_passwords() != nullptr)
    for (const auto* stored : *in->app_passwords())
      out.app_passwords.push_back(
          {{stored->id(), text_of(stored->label()), instant(stored->created()), stored->protocols()},
           bytes_of(stored->salt()),
           bytes_of(stored->digest())});
  out.scram_salt = bytes_of(in->scram_salt());
  out.scram_rounds = in->scram_rounds();
  if (in->scram() != nullptr)
    for (const auto* keys : *in->scram())
      out.scram.push_back({keys->app_password(), bytes_of(keys->sha1_stored()), bytes_of(keys->sha1_server()),
                           bytes_of(keys->sha256_stored()), bytes_of(keys->sha256_server())});
  return out;
}

const ScramKeys* Credentials::scram_keys(std::uint64_t app_password) const {
  for (const ScramKeys& keys : scram)
    if (keys.app_password == app_password) return &keys;
  return nullptr;
}

bool lacks_scram(const Credentials& credentials) {
  if (!credentials.hash.empty() && credentials.scram_keys(0) == nullptr) return true;
  for (const StoredAppPassword& stored : credentials.app_passwords)
    if (credentials.scram_keys(stored.info.id) == nullptr) return true;
  return false;
}

}  // namespace kontor::directory
