// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/signature.h"

namespace kontor::sieve {
namespace {

using C = Capability;

constexpr std::string_view kHeaderTags = "comparator MATCH index last mime anychild type subtype contenttype param";

constexpr Signature kSignatures[] = {
    // RFC 5228.
    {"require", Op::require, C::none, Shape::action, "S", ""},
    {"if", Op::if_, C::none, Shape::condition, "", ""},
    {"elsif", Op::elsif, C::none, Shape::condition, "", ""},
    {"else", Op::else_, C::none, Shape::block, "", ""},
    {"stop", Op::stop, C::none, Shape::action, "", ""},
    {"keep", Op::keep, C::none, Shape::action, "", "flags"},
    {"discard", Op::discard, C::none, Shape::action, "", ""},
    {"redirect", Op::redirect, C::none, Shape::action, "s", "copy list"},
    {"fileinto", Op::fileinto, C::fileinto, Shape::action, "s", "flags copy create mailboxid specialuse"},
    {"address", Op::address, C::none, Shape::test, "SS", "comparator MATCH PART index last mime anychild"},
    {"envelope", Op::envelope, C::envelope, Shape::test, "SS", "comparator MATCH PART"},
    {"header", Op::header, C::none, Shape::test, "SS", kHeaderTags},
    {"exists", Op::exists, C::none, Shape::test, "S", "mime anychild"},
    {"size", Op::size, C::none, Shape::test, "n", "over under"},
    {"true", Op::true_, C::none, Shape::test, "", ""},
    {"false", Op::false_, C::none, Shape::test, "", ""},
    {"not", Op::not_, C::none, Shape::test_one, "", ""},
    {"anyof", Op::anyof, C::none, Shape::test_list, "", ""},
    {"allof", Op::allof, C::none, Shape::test_list, "", ""},
    // RFC 5429, 5173, 5232, 5229, 5230 with 6131.
    {"reject", Op::reject, C::reject, Shape::action, "s", ""},
    {"ereject", Op::ereject, C::ereject, Shape::action, "s", ""},
    {"body", Op::body, C::body, Shape::test, "S", "comparator MATCH raw content text"},
    {"setflag", Op::setflag, C::imap4flags, Shape::action, "?sS", ""},
    {"addflag", Op::addflag, C::imap4flags, Shape::action, "?sS", ""},
    {"removeflag", Op::removeflag, C::imap4flags, Shape::action, "?sS", ""},
    {"hasflag", Op::hasflag, C::imap4flags, Shape::test, "?SS", "comparator MATCH"},
    {"set", Op::set, C::variables, Shape::action, "ss",
     "lower upper lowerfirst upperfirst quotewildcard quoteregex encodeurl length"},
    {"string", Op::string, C::variables, Shape::test, "SS", "comparator MATCH"},
    {"vacation", Op::vacation, C::vacation, Shape::action, "s", "days seconds subject from addresses -mime handle"},
    // RFC 5490, 9042, 8579.
    {"mailboxexists", Op::mailboxexists, C::mailbox, Shape::test, "S", ""},
    {"metadata", Op::metadata, C::mboxmetadata, Shape::test, "ssS", "comparator MATCH"},
    {"metadataexists", Op::metadataexists, C::mboxmetadata, Shape::test, "sS", ""},
    {"servermetadata", Op::servermetadata, C::servermetadata, Shape::test, "sS", "comparator MATCH"},
    {"servermetadataexists", Op::servermetadataexists, C::servermetadata, Shape::test, "S", ""},
    {"mailboxidexists", Op::mailboxidexists, C::mailboxid, Shape::test, "S", ""},
    {"specialuse_exists", Op::specialuse_exists, C::special_use, Shape::test, "?sS", ""},
    // RFC 5260, 7352.
    {"date", Op::date, C::date, Shape::test, "ssS", "comparator MATCH index last zone originalzone"},
    {"currentdate", Op::currentdate, C::date, Shape::test, "sS", "comparator MATCH zone"},
    {"duplicate", Op::duplicate, C::duplicate, Shape::test, "", "handle header uniqueid -seconds -last"},
    // RFC 5293, 6609, 6134, 5435, 5183, 5463.
    {"addheader", Op::addheader, C::editheader, Shape::action, "ss", "-last"},
    {"deleteheader", Op::deleteheader, C::editheader, Shape::action, "s?S", "comparator MATCH -index -last"},
    {"include", Op::include, C::include, Shape::action, "s", "personal global once optional"},
    {"return", Op::return_, C::include, Shape::action, "", ""},
    {"global", Op::global, C::include, Shape::action, "S", ""},
    {"valid_ext_list", Op::valid_ext_list, C::extlists, Shape::test, "S", ""},
    {"notify", Op::notify, C::enotify, Shape::action, "s", "from importance options message"},
    {"valid_notify_method", Op::valid_notify_method, C::enotify, Shape::test, "S", ""},
    {"notify_method_capability", Op::notify_method_capability, C::enotify, Shape::test, "ssS", "comparator MATCH"},
    {"environment", Op::environment, C::environment, Shape::test, "sS", "comparator MATCH"},
    {"ihave", Op::ihave, C::ihave, Shape::test, "S", ""},
    {"error", Op::error, C::ihave, Shape::action, "s", ""},
    // RFC 5703.
    {"foreverypart", Op::foreverypart, C::foreverypart, Shape::block, "", "name"},
    {"break", Op::break_, C::foreverypart, Shape::action, "", "name"},
    {"extracttext", Op::extracttext, C::extracttext, Shape::action, "s",
     "first lower upper lowerfirst upperfirst quotewildcard quoteregex encodeurl length"},
    {"replace", Op::replace, C::replace, Shape::action, "s", "-mime subject from"},
    {"enclose", Op::enclose, C::enclose, Shape::action, "s", "subject headers"},
};

constexpr TagRule kTags[] = {
    {"is", Tag::is, 0, C::none, 'm'},
    {"contains", Tag::contains, 0, C::none, 'm'},
    {"matches", Tag::matches, 0, C::none, 'm'},
    {"value", Tag::value, 's', C::relational, 'm'},
    {"count", Tag::count, 's', C::relational, 'm'},
    {"regex", Tag::regex, 0, C::regex, 'm'},
    {"list", Tag::list, 0, C::extlists, 'm'},
    {"localpart", Tag::localpart, 0, C::none, 'p'},
    {"domain", Tag::domain, 0, C::none, 'p'},
    {"all", Tag::all, 0, C::none, 'p'},
    {"user", Tag::user, 0, C::subaddress, 'p'},
    {"detail", Tag::detail, 0, C::subaddress, 'p'},
    {"over", Tag::over, 0, C::none, 's'},
    {"under", Tag::under, 0, C::none, 's'},
    {"raw", Tag::raw, 0, C::none, 'b'},
    {"content", Tag::content, 'S', C::none, 'b'},
    {"text", Tag::text, 0, C::none, 'b'},
    // Modifiers of the same precedence exclude one another (RFC 5229 section 4.1).
    {"lower", Tag::lower, 0, C::none, '4'},
    {"upper", Tag::upper, 0, C::none, '4'},
    {"lowerfirst", Tag::lowerfirst, 0, C::none, '3'},
    {"upperfirst", Tag::upperfirst, 0, C::none, '3'},
    {"quotewildcard", Tag::quotewildcard, 0, C::none, '2'},
    {"quoteregex", Tag::quoteregex, 0, C::regex, '2'},
    {"encodeurl", Tag::encodeurl, 0, C::enotify, '5'},
    {"length", Tag::length, 0, C::none, '1'},
    {"days", Tag::days, 'n', C::none, 'd'},
    {"seconds", Tag::seconds, 'n', C::vacation_seconds, 'd'},
    {"zone", Tag::zone, 's', C::none, 'z'},
    {"originalzone", Tag::originalzone, 0, C::none, 'z'},
    {"personal", Tag::personal, 0, C::none, 'i'},
    {"global", Tag::global, 0, C::none, 'i'},
    {"header", Tag::header, 's', C::none, 'u'},
    {"uniqueid", Tag::uniqueid, 's', C::none, 'u'},
    {"type", Tag::type, 0, C::mime, 't'},
    {"subtype", Tag::subtype, 0, C::mime, 't'},
    {"contenttype", Tag::contenttype, 0, C::mime, 't'},
    {"param", Tag::param, 'S', C::mime, 't'},
    {"comparator", Tag::comparator, 's', C::none, 0},
    {"index", Tag::index, 'n', C::index, 0},
    {"last", Tag::last, 0, C::index, 0},
    {"flags", Tag::flags, 'S', C::imap4flags, 0},
    {"copy", Tag::copy, 0, C::copy, 0},
    {"create", Tag::create, 0, C::mailbox, 0},
    {"mailboxid", Tag::mailboxid, 's', C::mailboxid, 0},
    {"specialuse", Tag::specialuse, 's', C::special_use, 0},
    {"subject", Tag::subject, 's', C::none, 0},
    {"from", Tag::from, 's', C::none, 0},
    {"addresses", Tag::addresses, 'S', C::none, 0},
    {"mime", Tag::mime, 0, C::mime, 0},
    {"handle", Tag::handle, 's', C::none, 0},
    {"headers", Tag::headers, 'S', C::none, 0},
    {"once", Tag::once, 0, C::none, 0},
    {"optional", Tag::optional, 0, C::none, 0},
    {"importance", Tag::importance, 's', C::none, 0},
    {"options", Tag::options, 'S', C::none, 0},
    {"message", Tag::message, 's', C::none, 0},
    {"name", Tag::name, 's', C::none, 0},
    {"anychild", Tag::anychild, 0, C::mime, 0},
    {"first", Tag::first, 'n', C::none, 0},
};

// Of commands that have these tags themselves.
constexpr TagRule kOwnMime = {"mime", Tag::mime, 0, C::none, 0};
constexpr TagRule kOwnSeconds = {"seconds", Tag::seconds, 'n', C::none, 0};
constexpr TagRule kOwnIndex = {"index", Tag::index, 'n', C::none, 0};
constexpr TagRule kOwnLast = {"last", Tag::last, 0, C::none, 0};

const TagRule* own_rule(Tag tag) {
  switch (tag) {
    case Tag::mime:
      return &kOwnMime;
    case Tag::seconds:
      return &kOwnSeconds;
    case Tag::index:
      return &kOwnIndex;
    case Tag::last:
      return &kOwnLast;
    default:
      return nullptr;
  }
}

}  // namespace

const Signature* find_signature(std::string_view name, bool wants_test) {
  for (const Signature& signature : kSignatures)
    if (signature.name == name && is_test(signature) == wants_test) return &signature;
  return nullptr;
}

const TagRule* find_tag(const Signature& signature, std::string_view name) {
  const TagRule* rule = nullptr;
  for (const TagRule& candidate : kTags)
    if (candidate.name == name) rule = &candidate;
  if (!rule) return nullptr;
  for (std::string_view rest = signature.tags; !rest.empty();) {
    const auto end = rest.find(' ');
    const std::string_view word = rest.substr(0, end);
    if (word == name || (word == "MATCH" && rule->group == 'm') || (word == "PART" && rule->group == 'p')) return rule;
    if (word.starts_with('-') && word.substr(1) == name) return own_rule(rule->tag);
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  return nullptr;
}

}  // namespace kontor::sieve
