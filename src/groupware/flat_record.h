// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: what all encoders of records share.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/aligned.h"
#include "base/result.h"

namespace kontor::groupware::flat {

using flatbuffers::FlatBufferBuilder;
using StringVector = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;
using ByteVector = flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>;

inline ByteVector write_bytes(FlatBufferBuilder& builder, const std::string& bytes) {
  if (bytes.empty()) return {};
  return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

inline std::string read_bytes(const flatbuffers::Vector<std::uint8_t>* bytes) {
  return bytes ? std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()) : std::string();
}

template <class Table>
std::string finished(FlatBufferBuilder& builder, flatbuffers::Offset<Table> root) {
  builder.Finish(root);
  return std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

// The table lives as long as `bytes`.
template <class Table>
Result<const Table*> root(const Aligned& bytes, const char* what) {
  std::string_view view = bytes.view();
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(view.data()), view.size());
  if (view.size() < sizeof(flatbuffers::uoffset_t) || !verifier.VerifyBuffer<Table>(nullptr))
    return fail(Errc::corrupt, std::string("the stored record of ") + what + " is damaged");
  return flatbuffers::GetRoot<Table>(view.data());
}

inline std::string text(const flatbuffers::String* s) { return s ? std::string(s->data(), s->size()) : std::string(); }

}  // namespace kontor::groupware::flat
