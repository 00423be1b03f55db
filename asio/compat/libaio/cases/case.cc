#include "asio/compat/libaio/cases/case.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace uasio {
namespace libaio {
namespace cases {

void Notes::operator()(const std::string& what, int64_t result) {
  const char* name = result < 0 && result > -4096
                         ? strerrorname_np(static_cast<int>(-result))
                         : nullptr;
  (*this)(what,
          name != nullptr ? "-" + std::string(name) : std::to_string(result));
}

Context::Context(const Api& api, unsigned events) : api_(api) {
  if (api.setup(events, &id_) != 0) std::abort();
}

Context::~Context() { api_.destroy(id_); }

int Context::Submit(std::vector<iocb*> blocks) const {
  return api_.submit(id_, static_cast<long>(blocks.size()), blocks.data());
}

std::vector<io_event> Context::Wait(int count) const {
  std::vector<io_event> events(static_cast<size_t>(count));
  const int got = api_.getevents(id_, count, count, events.data(), nullptr);
  if (got != count) std::abort();
  std::sort(
      events.begin(), events.end(),
      [](const io_event& a, const io_event& b) { return a.data < b.data; });
  return events;
}

void Context::Do(iocb block, Notes* notes, const std::string& what) const {
  block.aio_data = 0x1234;
  const int accepted = Submit({&block});
  (*notes)(what, accepted);
  if (accepted != 1) return;
  const io_event event = Wait(1)[0];
  (*notes)("res", event.res);
  const bool is_whole = event.data == 0x1234 && event.res2 == 0 &&
                        event.obj == reinterpret_cast<uint64_t>(&block);
  if (!is_whole) (*notes)("event", "wrong");
}

int NewFile(const std::string& contents, int flags) {
  const char* folder = std::getenv("TEST_TMPDIR");
  std::string path = folder != nullptr ? folder : "/tmp";
  path += "/uasio_case_XXXXXX";
  const int fd = mkstemp(path.data());
  const ssize_t size = static_cast<ssize_t>(contents.size());
  if (fd < 0 || pwrite(fd, contents.data(), contents.size(), 0) != size) {
    std::abort();
  }
  const int again = open(path.c_str(), flags | O_CLOEXEC);
  unlink(path.c_str());
  close(fd);
  return again;
}

std::string Contents(int fd) {
  std::string contents(1 << 16, '\0');
  const ssize_t n = pread(fd, contents.data(), contents.size(), 0);
  contents.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return contents;
}

iocb Block(int opcode, int fd, const void* buffer, uint64_t bytes,
           int64_t offset) {
  iocb block = {};
  block.aio_lio_opcode = static_cast<uint16_t>(opcode);
  block.aio_fildes = static_cast<uint32_t>(fd);
  block.aio_buf = reinterpret_cast<uint64_t>(buffer);
  block.aio_nbytes = bytes;
  block.aio_offset = offset;
  return block;
}

GuardPage::GuardPage() {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  char* pages =
      static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0) {
    std::abort();
  }
  guard_ = pages + page;
}

GuardPage::~GuardPage() {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  munmap(guard_ - page, 2 * page);
}

}  // namespace cases
}  // namespace libaio
}  // namespace uasio
