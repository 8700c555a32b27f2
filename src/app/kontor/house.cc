// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/house.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "store/rocksdb/rocksdb.h"
#include "transport/sending/sender.h"

namespace kontor::app {
namespace {

std::string reason() { return std::generic_category().message(errno); }

std::string holder_of(int fd) {
  std::array<char, 32> text{};
  ssize_t got = ::pread(fd, text.data(), text.size() - 1, 0);
  std::string pid(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

DataLock::DataLock(DataLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
DataLock::~DataLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<DataLock> DataLock::take(const std::string& folder) {
  std::string path = folder + "/lock";
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(errno == EACCES ? Errc::denied : Errc::unavailable, fmt::format("Cannot open {}: {}", path, reason()));
  DataLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::conflict,
                fmt::format("{} is in use by {}; only one kontor at a time can work on it", folder, holder_of(fd)));
  std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return fail(Errc::unavailable, fmt::format("Cannot write {}: {}", path, reason()));
  return lock;
}

Result<void> make_data_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(errno == EACCES ? Errc::denied : Errc::unavailable,
                fmt::format("Cannot make {}: {}", folder, reason()));
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0)
    return fail(Errc::unavailable, fmt::format("Cannot look at {}: {}", folder, reason()));
  if (!S_ISDIR(info.st_mode)) return fail(Errc::invalid, fmt::format("{} is not a folder", folder));
  // Files that root makes there would be out of the server's reach afterwards.
  if (::geteuid() == 0 && info.st_uid != 0)
    return fail(Errc::denied, fmt::format("{} belongs to user id {}; run this as that user", folder, info.st_uid));
  if ((info.st_mode & 077) != 0) log::warn("data.open_to_others", {{"folder", folder}});
  return {};
}

Result<std::unique_ptr<House>> House::open(const Settings& settings) {
  TRY_VOID(make_data_folder(settings.data));
  TRY(DataLock lock, DataLock::take(settings.data));
  TRY(auto engine, store::open_rocksdb(store_folder(settings), settings.rocksdb));
  TRY(auto directory, directory::Directory::open(*engine, system_clock(), settings.hash_cost));
  auto extractor =
      std::make_unique<groupware::ExtractorPool>(groupware::program_beside_this("kontor-extract"), settings.extract);
  // The index remembers whether documents are read: an extractor that reads nothing must not count as one.
  const bool reads_documents = extractor->takes("application/pdf", "");
  auto accounts = groupware::Accounts::make(*engine, *directory, system_clock(), groupware_options(settings),
                                            reads_documents ? extractor.get() : nullptr);
  transport::QueueOptions queueing;
  queueing.lifetime = settings.sending.lifetime;
  queueing.warn_after = settings.sending.warn_after;
  queueing.destination = [&directory = *directory, hosts = transport::smart_hosts_of(settings.sending)](
                             const transport::QueuedEnvelope& envelope, std::string_view domain) {
    return transport::queue_destination(directory, hosts, envelope, domain);
  };
  TRY(auto stored_queue, transport::Queue::open(*engine, system_clock(), std::move(queueing)));
  auto queue = std::make_unique<transport::JournalingQueue>(std::move(stored_queue), *directory, system_clock(),
                                                            settings.hostname);
  TRY(auto domain_keys, transport::DomainKeys::open(*engine, system_clock()));
  TRY(auto srs, transport::Srs::open(*engine, system_clock().now()));
  return std::make_unique<House>(std::move(lock), std::move(engine), std::move(directory), std::move(extractor),
                                 std::move(accounts), std::move(queue), std::move(domain_keys), std::move(srs));
}

}  // namespace kontor::app
