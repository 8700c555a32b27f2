// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/names.h"

#include "base/bytes.h"
#include "groupware/folder_name.h"
#include "wire/imap/mutf7.h"
#include "wire/imap/print.h"

namespace kontor::imap {

bool is_inbox(std::string_view path) { return iequals(path, "INBOX"); }

std::optional<std::string> path_from_wire(std::string_view name, NameForm form) {
  const auto decoded = form == NameForm::utf8 ? std::optional<std::string>(name) : wire::imap::decode_mutf7(name);
  if (!decoded) return std::nullopt;
  std::string_view rest = *decoded;
  if (rest.ends_with('/')) rest.remove_suffix(1);
  std::string path;
  while (true) {
    const auto slash = rest.find('/');
    const auto segment = groupware::check_folder_name(std::string(rest.substr(0, slash)));
    if (!segment) return std::nullopt;
    path += path.empty() && is_inbox(*segment) ? "INBOX" : *segment;
    if (slash == std::string_view::npos) return path;
    path.push_back('/');
    rest.remove_prefix(slash + 1);
  }
}

std::string wire_from_path(std::string_view path, NameForm form) {
  return form == NameForm::utf8 ? std::string(path) : wire::imap::encode_mutf7(path);
}

bool is_net_unicode(std::string_view path) {
  for (std::size_t at = 0; at + 1 < path.size(); ++at) {
    const auto begin = static_cast<unsigned char>(path[at]), next = static_cast<unsigned char>(path[at + 1]);
    if (begin == 0xc2 && next < 0xa0) return false;  // U+0080 to U+009F
    const bool is_line_end = path.substr(at, 3) == "\xe2\x80\xa8" || path.substr(at, 3) == "\xe2\x80\xa9";
    if (is_line_end || path.substr(at, 3) == "\xef\xbb\xbf") return false;
  }
  return true;
}

std::string old_name(std::string_view given, std::string_view name) {
  if (given.ends_with('/')) given.remove_suffix(1);
  return given == name ? std::string() : std::string(given);
}

void append_wire_name(std::string& out, std::string_view name, NameForm form) {
  if (form == NameForm::utf8) {
    wire::imap::append_utf8_astring(out, name);
  } else {
    wire::imap::append_astring(out, name);
  }
}

void append_name(std::string& out, std::string_view path, NameForm form) {
  append_wire_name(out, wire_from_path(path, form), form);
}

bool shows(const groupware::Reader& reader, const groupware::Folder& folder) {
  return folder.kind == groupware::Kind::mail && (reader.rights(folder.id) & groupware::right::kSee) != 0;
}

Result<std::shared_ptr<const groupware::Folder>> find_folder(const groupware::Reader& reader, std::string_view path) {
  auto folder = reader.folders()->at_path(path);
  const bool is_known =
      folder && folder->kind == groupware::Kind::mail && (reader.rights(folder->id) & groupware::right::kShowing) != 0;
  if (!is_known) return fail(Errc::not_found, "there is no such folder");
  return folder;
}

}  // namespace kontor::imap
