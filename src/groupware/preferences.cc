// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/preferences.h"

#include <fmt/format.h>

#include <set>

#include "base/bytes.h"
#include "formats/mime/charset.h"
#include "groupware/flat_record.h"
#include "groupware/keys.h"
#include "groupware/records_generated.h"
#include "groupware/transaction.h"

namespace kontor::groupware {
namespace {

using flat::text;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// Looks at every text; remembers the first thing that is wrong.
class PreferenceFaults {
 public:
  void name(std::string_view what, std::string_view value) { bounded(what, value, kPreferenceName); }
  void long_text(std::string_view what, std::string_view value) { bounded(what, value, kPreferenceText); }
  void id(std::string_view what, const std::string& value, std::set<std::string>& seen) {
    name(what, value);
    if (value.empty()) complain(fmt::format("{} is empty", what));
    if (!seen.insert(value).second) complain(fmt::format("{} is there twice", what));
  }
  template <class List>
  void count(std::string_view what, const List& list) {
    if (list.size() > kPreferenceEntries) complain(fmt::format("there are too many {}", what));
  }
  const std::string& first() const { return first_; }

 private:
  void complain(std::string sentence) {
    if (first_.empty()) first_ = std::move(sentence);
  }
  void bounded(std::string_view what, std::string_view value, std::size_t most) {
    if (value.size() > most) complain(fmt::format("{} is too long", what));
    if (!mime::is_utf8(value) || value.find('\0') != std::string_view::npos)
      complain(fmt::format("{} is no sound text", what));
  }

  std::string first_;
};

bool is_colour(std::string_view colour) {
  if (colour.empty()) return true;
  return colour.size() == 7 && colour[0] == '#' && from_hex(colour.substr(1)).has_value();
}

Offset<fb::Signature> write(FlatBufferBuilder& builder, const Signature& one) {
  return fb::CreateSignatureDirect(builder, one.id.c_str(), one.name.c_str(), one.text.c_str(), one.is_html);
}
Offset<fb::Identity> write(FlatBufferBuilder& builder, const Identity& one) {
  return fb::CreateIdentityDirect(builder, one.id.c_str(), one.name.c_str(), one.address.c_str(), one.reply_to.c_str(),
                                  one.signature.c_str(), one.reply_signature.c_str());
}
Offset<fb::Category> write(FlatBufferBuilder& builder, const Category& one) {
  return fb::CreateCategoryDirect(builder, one.name.c_str(), one.colour.c_str(), one.is_quick);
}
Offset<fb::Favourite> write(FlatBufferBuilder& builder, const Favourite& one) {
  return fb::CreateFavouriteDirect(builder, one.folder.value, one.owner.value, one.name.c_str());
}
Offset<fb::SavedSearch> write(FlatBufferBuilder& builder, const SavedSearch& one) {
  std::vector<std::uint64_t> folders;
  for (const FolderId folder : one.folders) folders.push_back(folder.value);
  return fb::CreateSavedSearchDirect(builder, one.id.c_str(), one.name.c_str(), one.filter.c_str(), &folders,
                                     one.is_deep);
}

Signature read(const fb::Signature& one) { return {text(one.id()), text(one.name()), text(one.text()), one.is_html()}; }
Identity read(const fb::Identity& one) {
  return {text(one.id()),       text(one.name()),      text(one.address()),
          text(one.reply_to()), text(one.signature()), text(one.reply_signature())};
}
Category read(const fb::Category& one) { return {text(one.name()), text(one.colour()), one.is_quick()}; }
Favourite read(const fb::Favourite& one) {
  return {FolderId(one.folder()), PrincipalId(one.owner()), text(one.name())};
}
SavedSearch read(const fb::SavedSearch& one) {
  SavedSearch out{text(one.id()), text(one.name()), text(one.filter()), {}, one.is_deep()};
  if (one.folders() != nullptr)
    for (const std::uint64_t folder : *one.folders()) out.folders.push_back(FolderId(folder));
  return out;
}

template <class T>
auto write_all(FlatBufferBuilder& builder, const std::vector<T>& list) {
  std::vector<decltype(write(builder, list[0]))> out;
  for (const T& one : list) out.push_back(write(builder, one));
  return builder.CreateVector(out);
}
template <class Table, class T>
void read_all(const flatbuffers::Vector<Offset<Table>>* list, std::vector<T>& out) {
  if (list == nullptr) return;
  for (const Table* one : *list) out.push_back(read(*one));
}

}  // namespace

std::string fault_of(const Preferences& preferences) {
  PreferenceFaults faults;
  faults.name("the language", preferences.language);
  faults.name("the time zone", preferences.time_zone);
  faults.count("signatures", preferences.signatures);
  faults.count("identities", preferences.identities);
  faults.count("categories", preferences.categories);
  faults.count("favourites", preferences.favourites);
  faults.count("saved searches", preferences.searches);
  faults.count("display settings", preferences.display);
  std::set<std::string> signatures, identities, categories, searches;
  for (const Signature& one : preferences.signatures) {
    faults.id("a signature's id", one.id, signatures);
    faults.name("a signature's name", one.name);
    faults.long_text("a signature", one.text);
  }
  for (const auto* id : {&preferences.new_signature, &preferences.reply_signature})
    faults.name("a signature's id", *id);
  for (const Identity& one : preferences.identities) {
    faults.id("an identity's id", one.id, identities);
    for (const auto* part : {&one.name, &one.address, &one.reply_to, &one.signature, &one.reply_signature})
      faults.name("an identity", *part);
  }
  for (const Category& one : preferences.categories) {
    faults.id("a category", to_lower(one.name), categories);
    if (!is_colour(one.colour)) return fmt::format("\"{}\" is no colour like \"#aabbcc\"", one.colour);
  }
  for (const Favourite& one : preferences.favourites) faults.name("a favourite's name", one.name);
  for (const SavedSearch& one : preferences.searches) {
    faults.id("a saved search's id", one.id, searches);
    faults.name("a saved search's name", one.name);
    faults.long_text("a saved search", one.filter);
    faults.count("folders of a saved search", one.folders);
  }
  for (const auto& [name, value] : preferences.display) {
    faults.name("the name of a display setting", name);
    faults.long_text("a display setting", value);
  }
  return faults.first();
}

std::string encode(const Preferences& preferences) {
  FlatBufferBuilder builder;
  const auto signatures = write_all(builder, preferences.signatures);
  const auto identities = write_all(builder, preferences.identities);
  const auto categories = write_all(builder, preferences.categories);
  const auto favourites = write_all(builder, preferences.favourites);
  const auto searches = write_all(builder, preferences.searches);
  std::vector<Offset<fb::Property>> display;
  for (const auto& [name, value] : preferences.display)
    display.push_back(fb::CreatePropertyDirect(builder, name.c_str(), value.c_str()));
  const auto display_vector = builder.CreateVector(display);
  const auto language = builder.CreateString(preferences.language);
  const auto zone = builder.CreateString(preferences.time_zone);
  const auto fresh = builder.CreateString(preferences.new_signature);
  const auto reply = builder.CreateString(preferences.reply_signature);
  return flat::finished(builder, fb::CreatePreferences(builder, language, zone, signatures, fresh, reply, identities,
                                                       categories, favourites, searches, display_vector));
}

Result<Preferences> decode_preferences(std::string_view bytes) {
  const Aligned aligned(bytes);
  TRY(const fb::Preferences* table, flat::root<fb::Preferences>(aligned, "the account's preferences"));
  Preferences out;
  out.language = text(table->language());
  out.time_zone = text(table->time_zone());
  read_all(table->signatures(), out.signatures);
  out.new_signature = text(table->new_signature());
  out.reply_signature = text(table->reply_signature());
  read_all(table->identities(), out.identities);
  read_all(table->categories(), out.categories);
  read_all(table->favourites(), out.favourites);
  read_all(table->searches(), out.searches);
  if (table->display() != nullptr)
    for (const fb::Property* one : *table->display()) out.display[text(one->name())] = text(one->value());
  return out;
}

Result<void> AccountTransaction::set_preferences(const Preferences& wanted) {
  if (!ownership_.is_full) return fail(Errc::denied, "These preferences are not yours.");
  if (const std::string fault = fault_of(wanted); !fault.empty())
    return fail(Errc::invalid, fmt::format("These preferences cannot be kept: {}.", fault));
  std::string bytes = encode(wanted);
  if (bytes.size() > kPreferenceBytes) return fail(Errc::too_large, "These preferences are too large.");
  TRY(const auto before, layer_.get(key::preferences()));
  if (before == bytes) return {};
  layer_.put(key::preferences(), std::move(bytes));
  layer_.log.touched.insert(FolderId());
  return {};
}

}  // namespace kontor::groupware
