// ReaderStreambuf and WriterStreambuf are std::streambufs on a Reader and on a
// Writer, for code that needs a std::istream or std::ostream.  They use the
// stream's own buffer.
//
// Threads:   the stream's.
// Ownership: the stream is borrowed.  Do not use it in other ways until the
//            streambuf is destroyed; then it is at the streambuf's position.
// Blocks:    as the stream does.
// Errors:    an istream sees the end of file; an ostream sets badbit.  The
//            stream's status() has the error.  Nothing is thrown.
//
//   ReaderStreambuf buffer(&reader);
//   std::istream in(&buffer);
//   for (double number; in >> number;) sum += number;
//   if (!reader.ok()) return reader.status();
//
// std::flush, std::endl and sync() call Writer::Flush(): they wait until all
// is written and others see it, although it would be enough to submit it.

#ifndef UASIO_ASIO_STREAMS_STREAMBUF_H_
#define UASIO_ASIO_STREAMS_STREAMBUF_H_

#include <streambuf>

#include "asio/streams/reader.h"
#include "asio/streams/writer.h"

namespace uasio {

class ReaderStreambuf final : public std::streambuf {
 public:
  explicit ReaderStreambuf(Reader* reader) : reader_(reader) { LoadPointers(); }
  ~ReaderStreambuf() override { StoreCursor(); }

 protected:
  int_type underflow() override;
  int_type pbackfail(int_type c) override;
  std::streamsize xsgetn(char* to, std::streamsize count) override;
  std::streamsize showmanyc() override;
  pos_type seekoff(off_type offset, std::ios_base::seekdir from,
                   std::ios_base::openmode which) override;
  pos_type seekpos(pos_type position, std::ios_base::openmode which) override;

 private:
  void LoadPointers();
  void StoreCursor();

  Reader* const reader_;
};

class WriterStreambuf final : public std::streambuf {
 public:
  explicit WriterStreambuf(Writer* writer) : writer_(writer) { LoadPointers(); }
  ~WriterStreambuf() override { StoreCursor(); }

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* from, std::streamsize count) override;
  int sync() override;
  pos_type seekoff(off_type offset, std::ios_base::seekdir from,
                   std::ios_base::openmode which) override;
  pos_type seekpos(pos_type position, std::ios_base::openmode which) override;

 private:
  void LoadPointers();
  void StoreCursor();

  Writer* const writer_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_STREAMBUF_H_
