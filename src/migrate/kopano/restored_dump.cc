// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/restored_dump.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

namespace kontor::migrate::kopano {
namespace {

namespace fs = std::filesystem;

constexpr auto kLongestStart = std::chrono::seconds(120);
constexpr std::size_t kLastWords = 1500;

// Debian keeps servers where ordinary users do not look.
std::optional<std::string> find_program(std::initializer_list<const char*> names) {
  const char* path = std::getenv("PATH");
  std::stringstream folders(std::string(path == nullptr ? "/usr/bin:/bin" : path) + ":/usr/sbin:/usr/libexec");
  std::vector<std::string> all;
  for (std::string folder; std::getline(folders, folder, ':');) all.push_back(folder);
  for (const char* name : names) {
    for (const auto& folder : all) {
      auto file = folder + "/" + name;
      if (::access(file.c_str(), X_OK) == 0) return file;
    }
  }
  return std::nullopt;
}

Result<std::string> need_program(std::initializer_list<const char*> names) {
  if (auto found = find_program(names)) return *found;
  return fail(Errc::not_found,
              fmt::format("there is no {}: a dump needs MariaDB's programs (package mariadb-server)", *names.begin()));
}

// Closed when it goes.
class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  int number() const { return number_; }

 private:
  int number_;
};

Result<pid_t> start_program(const std::vector<std::string>& arguments, int input, int output, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // The terminal's interrupt is ours to handle; signals that are blocked here are not to be blocked there.
  sigset_t none;
  ::sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> words;
  for (const auto& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, words[0], &actions, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(Errc::unavailable, fmt::format("cannot start {}: {}", words[0], std::strerror(error)));
  return pid;
}

// Its exit code; -1 if a signal ended it.
int end_of(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string our_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? "root" : entry->pw_name;
}

// What unpacks the dump to standard output; nothing if it is plain.
Result<std::vector<std::string>> unpacker(const std::string& file) {
  constexpr struct {
    const char *ending, *program;
  } kKinds[] = {{".gz", "gzip"}, {".bz2", "bzip2"}, {".xz", "xz"}, {".zst", "zstd"}};
  for (const auto& kind : kKinds) {
    if (!file.ends_with(kind.ending)) continue;
    TRY(auto program, need_program({kind.program}));
    return std::vector<std::string>{program, "-dc"};
  }
  return std::vector<std::string>();
}

// What tells one dump from another.
std::string mark_of(const std::string& file) {
  std::error_code error;
  const auto written = fs::last_write_time(file, error).time_since_epoch().count();
  return fmt::format("{}\n{}\n{}\n", fs::absolute(file).string(), fs::file_size(file, error), written);
}

std::string whole(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Result<std::unique_ptr<RestoredDump>> RestoredDump::open(const DumpOptions& options) {
  std::unique_ptr<RestoredDump> dump(new RestoredDump);
  TRY_VOID(dump->prepare(options));
  // Before its files go: it may still be fed.
  dump->end_stray();
  const auto mark = dump->folder_ + "/restored";
  const bool is_there = whole(mark) == mark_of(options.file);
  if (!is_there) TRY_VOID(dump->initialize());
  TRY_VOID(dump->start());
  if (!is_there) {
    TRY_VOID(dump->restore(options.file));
    std::ofstream(mark, std::ios::binary) << mark_of(options.file);
  }
  TRY_VOID(dump->find_name());
  return dump;
}

RestoredDump::~RestoredDump() {
  if (server_ > 0) {
    ::kill(server_, is_temporary_ ? SIGKILL : SIGTERM);
    end_of(server_);
  }
  if (lock_ >= 0) ::close(lock_);
  std::error_code ignored;
  if (is_temporary_) fs::remove_all(folder_, ignored);
}

Result<void> RestoredDump::prepare(const DumpOptions& options) {
  if (::access(options.file.c_str(), R_OK) != 0)
    return fail(Errc::not_found, fmt::format("cannot read the dump {}: {}", options.file, std::strerror(errno)));
  user_ = our_name();
  std::error_code error;
  if (options.folder.empty()) {
    const char* temporary = std::getenv("TMPDIR");
    auto made = fmt::format("{}/kopano-XXXXXX", temporary == nullptr ? "/tmp" : temporary);
    if (::mkdtemp(made.data()) == nullptr)
      return fail(Errc::unavailable, fmt::format("cannot make a folder {}: {}", made, std::strerror(errno)));
    folder_ = made;
    is_temporary_ = true;
  } else {
    folder_ = fs::absolute(options.folder).string();
    fs::create_directories(folder_, error);
    if (error) return fail(Errc::unavailable, fmt::format("cannot make the folder {}: {}", folder_, error.message()));
    fs::permissions(folder_, fs::perms::owner_all, error);
  }
  // Socket names have 107 bytes.
  socket_ = folder_ + "/sock";
  if (socket_.size() > 100)
    return fail(Errc::invalid, fmt::format("the folder's name is too long for a socket: {}", folder_));
  lock_ = ::open((folder_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0 || ::flock(lock_, LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::conflict, fmt::format("another kontor-migrate is at work in {}", folder_));
  return {};
}

Result<void> RestoredDump::initialize() {
  const auto data = folder_ + "/data";
  std::error_code error;
  // Ours, of another dump or broken off; nothing else is ever removed.
  if (fs::exists(data) && !fs::exists(folder_ + "/ours"))
    return fail(Errc::conflict, fmt::format("{} has something that is not from here: choose another folder", folder_));
  fs::remove(folder_ + "/restored", error);
  fs::remove_all(data, error);
  std::ofstream(folder_ + "/ours") << "The folder data belongs to kontor-migrate.\n";
  TRY(const auto installer, need_program({"mariadb-install-db", "mysql_install_db"}));
  const File nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const File log(::open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  TRY(const auto pid, start_program({installer, "--no-defaults", "--user=" + user_, "--datadir=" + data,
                                     "--skip-test-db", "--auth-root-authentication-method=normal"},
                                    nothing.number(), log.number(), log.number()));
  if (end_of(pid) != 0)
    return fail(Errc::unavailable, fmt::format("MariaDB cannot be set up in {}: {}", folder_, last_words()));
  return {};
}

// One that outlived a command that was killed. The lock is ours: nobody works with it.
void RestoredDump::end_stray() const {
  const pid_t stray = static_cast<pid_t>(std::atoi(whole(folder_ + "/pid").c_str()));
  if (stray <= 1 || !whole(fmt::format("/proc/{}/cmdline", stray)).contains(folder_ + "/data")) return;
  ::kill(stray, SIGTERM);
  const auto latest = std::chrono::steady_clock::now() + kLongestStart;
  while (::kill(stray, 0) == 0 && std::chrono::steady_clock::now() < latest)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

Result<void> RestoredDump::start() {
  TRY(const auto program, need_program({"mariadbd", "mysqld"}));
  TRY(const auto client, need_program({"mariadb-admin", "mysqladmin"}));
  ::unlink(socket_.c_str());
  const File nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const File log(::open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  // Nobody but who owns the folder comes to the socket. What is lost with the machine is restored again.
  TRY(server_, start_program(
                   {program, "--no-defaults", "--user=" + user_, "--datadir=" + folder_ + "/data",
                    "--socket=" + socket_, "--pid-file=" + folder_ + "/pid", "--skip-networking", "--skip-grant-tables",
                    "--skip-log-bin", "--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=0",
                    "--max-allowed-packet=1G", "--character-set-server=utf8mb4", "--performance-schema=OFF"},
                   nothing.number(), log.number(), log.number()));
  const auto latest = std::chrono::steady_clock::now() + kLongestStart;
  while (std::chrono::steady_clock::now() < latest) {
    int status = 0;
    if (::waitpid(server_, &status, WNOHANG) == server_) {
      server_ = -1;
      break;
    }
    if (::access(socket_.c_str(), F_OK) == 0) {
      TRY(const auto ping, start_program({client, "--no-defaults", "--socket=" + socket_, "ping"}, nothing.number(),
                                         nothing.number(), nothing.number()));
      if (end_of(ping) == 0) return {};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return fail(Errc::unavailable, fmt::format("MariaDB does not start in {}: {}", folder_, last_words()));
}

Result<void> RestoredDump::restore(const std::string& file) {
  TRY(const auto client, need_program({"mariadb", "mysql"}));
  TRY(const auto unpack, unpacker(file));
  const File nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const File log(::open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  File dump(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<std::string> words{client,
                                 "--no-defaults",
                                 "--socket=" + socket_,
                                 "--user=" + user_,
                                 "--default-character-set=utf8mb4",
                                 "--max-allowed-packet=1G",
                                 "--loose-sandbox"};  // no commands of the client's own, like that of a shell
  auto make = words;
  make.insert(make.end(), {"-e", "CREATE DATABASE IF NOT EXISTS kopano"});
  TRY(const auto made, start_program(make, nothing.number(), log.number(), log.number()));
  if (end_of(made) != 0) return fail(Errc::unavailable, last_words());
  words.push_back("kopano");
  pid_t unpacking = -1, restoring = -1;
  if (unpack.empty()) {
    TRY(restoring, start_program(words, dump.number(), log.number(), log.number()));
  } else {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Errc::unavailable, std::strerror(errno));
    File out(ends[0]), in(ends[1]);
    TRY(unpacking, start_program(unpack, dump.number(), in.number(), log.number()));
    TRY(restoring, start_program(words, out.number(), log.number(), log.number()));
  }
  const int code = end_of(restoring);
  const int unpacked = unpacking > 0 ? end_of(unpacking) : 0;
  if (code != 0 || unpacked != 0)
    return fail(Errc::invalid, fmt::format("the dump {} cannot be restored: {}", file, last_words()));
  return {};
}

// A dump of --databases brings its own name.
Result<void> RestoredDump::find_name() {
  TRY(const auto client, need_program({"mariadb", "mysql"}));
  const File nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const auto answer = folder_ + "/name";
  const std::string question =
      "SELECT h.table_schema FROM information_schema.tables h JOIN information_schema.tables s "
      "ON s.table_schema = h.table_schema WHERE h.table_name = 'hierarchy' AND s.table_name = 'singleinstances'";
  {
    const File out(::open(answer.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    TRY(const auto asked,
        start_program({client, "--no-defaults", "--socket=" + socket_, "--user=" + user_, "-N", "-B", "-e", question},
                      nothing.number(), out.number(), out.number()));
    if (end_of(asked) != 0) return fail(Errc::unavailable, whole(answer));
  }
  const auto names = whole(answer);
  name_ = names.substr(0, names.find('\n'));
  if (name_.empty()) return fail(Errc::invalid, "the dump holds no database of Kopano: it has no table hierarchy");
  if (names.find('\n') + 1 != names.size())
    return fail(Errc::invalid, "the dump holds several databases of Kopano: give a dump of each");
  return {};
}

std::string RestoredDump::last_words() const {
  auto text = whole(folder_ + "/log");
  if (text.size() > kLastWords) text.erase(0, text.size() - kLastWords);
  while (text.ends_with('\n')) text.pop_back();
  return text.empty() ? "it says nothing" : text;
}

}  // namespace kontor::migrate::kopano
