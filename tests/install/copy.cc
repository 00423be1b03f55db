// A user's program: copies a file by streams and by a queue.
//
//   copy SRC DST_OF_STREAMS DST_OF_QUEUE

#include "asio/streams/copy.h"

#include <fcntl.h>

#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "asio/backends/table.h"
#include "asio/file.h"
#include "asio/queue.h"
#include "asio/streams/reader.h"
#include "asio/streams/writer.h"

namespace {

absl::Status CopyByStreams(const std::string& from, const std::string& to) {
  absl::StatusOr<uasio::Reader> in = uasio::Reader::Open(from);
  if (!in.ok()) return in.status();
  absl::StatusOr<uasio::Writer> out = uasio::Writer::Open(to);
  if (!out.ok()) return out.status();
  const absl::StatusOr<int64_t> copied = uasio::Copy(&*in, &*out);
  return copied.ok() ? out->Close() : copied.status();
}

absl::Status CopyByQueue(const std::string& from, const std::string& to) {
  constexpr auto kBuffered = uasio::File::Mode::kBuffered;
  auto in = uasio::File::Open(from, O_RDONLY, 0, kBuffered);
  if (!in.ok()) return in.status();
  auto out = uasio::File::Open(to, O_WRONLY | O_CREAT, 0666, kBuffered);
  if (!out.ok()) return out.status();
  uasio::QueueOptions options;
  options.buffer_bytes = 65536;
  uasio::Queue queue(options, uasio::NewAutoBackend(options.depth_max).backend);
  for (int64_t offset = 0;; offset += 65536) {
    uasio::Request* r = queue.Get();
    r->op = uasio::Op::kRead;
    r->fd = in->fd();
    r->offset = offset;
    r->length = options.buffer_bytes;
    queue.Submit(r);
    r = queue.Wait();
    if (!r->status().ok()) return r->status();
    if (r->result == 0) {
      queue.Put(r);
      const absl::Status written = queue.Sync();
      const absl::Status closed = queue.Close(&*out);
      return written.ok() ? closed : written;
    }
    r->op = uasio::Op::kWriteBack;
    r->fd = out->fd();
    r->length = static_cast<uint64_t>(r->result);
    queue.Submit(r);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  for (const absl::Status& status :
       {CopyByStreams(argv[1], argv[2]), CopyByQueue(argv[1], argv[3])}) {
    if (status.ok()) continue;
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
}
