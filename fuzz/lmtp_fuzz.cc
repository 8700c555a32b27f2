// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire
// Commands: what parses prints to a line that parses to the same. Data: the end is where a plain search finds it,
// however the bytes are cut, and undoing stuffing gives back what was stuffed.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/smtp/command.h"
#include "wire/smtp/data.h"
#include "wire/smtp/line_ends.h"

namespace {

namespace smtp = kontor::wire::smtp;

void must(bool holds) {
  if (!holds) std::abort();
}

void commands(std::string_view line) {
  auto command = smtp::parse_command(line);
  if (!command) {
    must(command.error().code == 500 || command.error().code == 501);
    std::string reply = smtp::print(command.error());
    must(reply.find("\r\n") == reply.size() - 2);
    return;
  }
  must(line.find('\r') == line.npos && line.find('\n') == line.npos);
  auto again = smtp::parse_command(smtp::print(*command));
  must(again && *again == *command);
}

void data(std::string_view wire, std::size_t cut) {
  std::string whole, pieces;
  smtp::DataReader one, two;
  std::size_t used = one.feed(wire, whole);
  std::size_t used_in_two = two.feed(wire.substr(0, cut), pieces);
  if (!two.is_finished()) used_in_two += two.feed(wire.substr(cut), pieces);
  must(whole == pieces && used == used_in_two && one.is_finished() == two.is_finished());

  std::string framed = "\r\n" + std::string(wire);
  auto end = framed.find("\r\n.\r\n");
  must(one.is_finished() == (end != framed.npos));
  must(used == (one.is_finished() ? end + 3 : wire.size()));
  must(whole.size() <= used);
}

void stuffing(std::string content) {
  content += "\r\n";
  std::string wire = smtp::stuff(content), out;
  smtp::DataReader reader;
  must(reader.feed(wire, out) == wire.size() && reader.is_finished() && out == content);
}

void line_ends(std::string_view bytes, std::size_t cut) {
  for (bool repairs : {false, true}) {
    smtp::LineEnds ends(repairs);
    std::string out;
    ends.feed(bytes.substr(0, cut), out);
    ends.feed(bytes.substr(cut), out);
    ends.finish(out);
    must(ends.has_bare() ? repairs == (out != bytes) : out == bytes);
    smtp::LineEnds again(false);
    std::string same;
    again.feed(out, same);
    again.finish(same);
    must(same == out && again.has_bare() == (ends.has_bare() && !repairs));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  commands(input);
  data(input, size == 0 ? 0 : bytes[0] % (size + 1));
  stuffing(std::string(input));
  line_ends(input, size == 0 ? 0 : bytes[0] % (size + 1));
  return 0;
}
