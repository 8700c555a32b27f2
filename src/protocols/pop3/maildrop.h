// SPDX-License-Identifier: AGPL-3.0-or-later
// A maildrop as one session sees it: the inbox at the moment of the login, numbered, with marks for what is to be
// deleted. Holds the folder's view, which all sessions share, and facts of those messages only that have their own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "groupware/account.h"

namespace kontor::pop3 {

// Numbers count from 1, as in the protocol, and are valid up to count(). Not thread-safe.
class Maildrop {
 public:
  // Blocks. Errors: as Account::read and Reader::view.
  static Result<Maildrop> open(groupware::Account& account, const groupware::Caller& caller);

  std::uint32_t count() const { return view_->size(); }
  // Without what is marked.
  std::uint32_t left() const { return count() - deleted_count_; }
  std::uint64_t left_bytes() const { return bytes_ - deleted_bytes_; }

  ItemId item(std::uint32_t number) const { return row(number).item; }
  // With every line ended by CRLF: what is sent, without stuffing.
  std::uint64_t size(std::uint32_t number) const;
  // The former server's if the message came with one; else UID and UIDVALIDITY in hex, which is also Dovecot's form: a
  // folder that was moved in with both keeps what its clients know.
  std::string unique_id(std::uint32_t number) const;

  // The message's content. Programs fetch one message after another: small ones that follow are read in the same turn,
  // and kept until they are asked for or another place is. Blocks, unless it is at hand. Errors: as Reader::content.
  Result<std::shared_ptr<const groupware::Content>> content(groupware::Account& account,
                                                            const groupware::Caller& caller, std::uint32_t number);
  // Null if it must be read.
  std::shared_ptr<const groupware::Content> content_at_hand(std::uint32_t number);

  bool is_deleted(std::uint32_t number) const { return deleted_[position(number)]; }
  void mark_deleted(std::uint32_t number);
  void unmark_all();
  void mark_retrieved(std::uint32_t number) { retrieved_[position(number)] = true; }

  // Removes what is marked, and sets \Seen on what was retrieved if told to. In slices; what another session has
  // removed is passed over. Blocks. Errors: as Account::update; what is removed until then stays removed.
  Result<void> commit(groupware::Account& account, const groupware::Caller& caller, bool marks_seen) const;

 private:
  struct Facts {
    std::string unique_id;  // empty: the usual one
    std::uint64_t size = 0;
  };

  Maildrop() = default;
  Result<void> take_facts(const groupware::Reader& reader);
  std::uint32_t position(std::uint32_t number) const { return order_.empty() ? number - 1 : order_[number - 1]; }
  const groupware::Row& row(std::uint32_t number) const { return view_->at(position(number)); }

  FolderId folder_;
  UidValidity uid_validity_;
  std::shared_ptr<const groupware::FolderView> view_;
  std::vector<std::uint32_t> order_;              // positions by number; empty = as in the view
  std::unordered_map<std::uint32_t, Facts> own_;  // by position
  std::unordered_set<std::string> own_unique_ids_;
  std::uint64_t bytes_ = 0;
  std::vector<bool> deleted_;    // by position
  std::vector<bool> retrieved_;  // by position
  std::uint32_t deleted_count_ = 0;
  std::uint64_t deleted_bytes_ = 0;
  std::map<std::uint32_t, std::shared_ptr<const groupware::Content>> ahead_;  // by number
  std::uint32_t last_read_ = 0;
};

}  // namespace kontor::pop3
