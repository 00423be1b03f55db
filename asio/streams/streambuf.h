// std::streambufs on a Reader and on a Writer, for code that wants a
// std::istream or std::ostream.  They use the stream's own buffer.
//
// Threads:   that of the stream.
// Ownership: the stream is borrowed.  It is not to be used otherwise until the
//            streambuf is destroyed, which leaves it where that one stands.
// Blocks:    as the stream does.
// Errors:    are the end to an istream, and set badbit in an ostream; which one
//            it was, the stream's status() says.  Nothing is thrown.
//
//   ReaderStreambuf buffer(&reader);
//   std::istream in(&buffer);
//   for (double number; in >> number;) sum += number;
//   if (!reader.ok()) return reader.status();
//
// std::flush, std::endl and sync() flush the Writer: to have its bytes on their
// way is all that they ask for, but then every byte before is there for others
// to see.

#ifndef UASIO_ASIO_STREAMS_STREAMBUF_H_
#define UASIO_ASIO_STREAMS_STREAMBUF_H_

#include <streambuf>

#include "asio/streams/reader.h"
#include "asio/streams/writer.h"

namespace uasio {

class ReaderStreambuf final : public std::streambuf {
 public:
  explicit ReaderStreambuf(Reader* reader) : reader_(reader) { Take(); }
  ~ReaderStreambuf() override { Return(); }

 protected:
  int_type underflow() override;
  std::streamsize xsgetn(char* to, std::streamsize count) override;
  std::streamsize showmanyc() override;
  pos_type seekoff(off_type offset, std::ios_base::seekdir from,
                   std::ios_base::openmode which) override;
  pos_type seekpos(pos_type position, std::ios_base::openmode which) override;

 private:
  void Take();
  void Return();

  Reader* const reader_;
};

class WriterStreambuf final : public std::streambuf {
 public:
  explicit WriterStreambuf(Writer* writer) : writer_(writer) { Take(); }
  ~WriterStreambuf() override { Return(); }

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* from, std::streamsize count) override;
  int sync() override;
  pos_type seekoff(off_type offset, std::ios_base::seekdir from,
                   std::ios_base::openmode which) override;
  pos_type seekpos(pos_type position, std::ios_base::openmode which) override;

 private:
  void Take();
  void Return();

  Writer* const writer_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_STREAMS_STREAMBUF_H_
