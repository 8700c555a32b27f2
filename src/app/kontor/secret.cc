// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/secret.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <iterator>

namespace kontor::app {
namespace {

// No echo as long as it lives.
class SilentTerminal {
 public:
  SilentTerminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~SilentTerminal() {
    if (is_changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

 private:
  termios before_{};
  bool is_changed_ = false;
};

std::string ask(const char* prompt) {
  fmt::print(stderr, "{}", prompt);
  std::string line;
  std::getline(std::cin, line);
  return line;
}

}  // namespace

Result<std::string> read_stdin_line() {
  std::string text(std::istreambuf_iterator<char>(std::cin), {});
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return fail(Errc::invalid, "Standard input is empty");
  if (text.find('\n') != std::string::npos) return fail(Errc::invalid, "Standard input has more than one line");
  return text;
}

Result<std::string> ask_new_password() {
  if (::isatty(STDIN_FILENO) == 0) return fail(Errc::invalid, "Give the password with --password-stdin");
  std::string first, second;
  {
    SilentTerminal silent;
    first = ask("New password: ");
    second = ask("\nOnce more: ");
    fmt::print(stderr, "\n");
  }
  if (first != second) return fail(Errc::invalid, "The two passwords differ");
  return first;
}

bool confirm(const std::string& question) {
  if (::isatty(STDIN_FILENO) == 0) return true;
  std::string answer = ask((question + " [y/N] ").c_str());
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace kontor::app
