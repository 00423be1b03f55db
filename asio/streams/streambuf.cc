#include "asio/streams/streambuf.h"

namespace uasio {
namespace {

using Offset = std::streambuf::off_type;
using Position = std::streambuf::pos_type;

const Position kNowhere = Position(Offset(-1));

// Where the stream is to go; negative: nowhere.
template <typename Stream>
Offset Target(Stream* stream, Offset offset, std::ios_base::seekdir from) {
  if (!stream->ok()) return -1;
  if (from == std::ios_base::beg) return offset;
  if (from == std::ios_base::cur) return stream->Tell() + offset;
  const absl::StatusOr<int64_t> size = stream->Size();
  return size.ok() ? *size + offset : -1;
}

template <typename Stream>
Position SeekIn(Stream* stream, Offset offset, std::ios_base::seekdir from) {
  const Offset target = Target(stream, offset, from);
  if (target < 0) return kNowhere;
  if (target == stream->Tell()) return Position(target);
  // What has no offsets is not to be broken by a failed seekg().
  if (!stream->seekable() || !stream->Seek(target)) return kNowhere;
  return Position(target);
}

}  // namespace

void ReaderStreambuf::Take() {
  setg(reader_->start_, reader_->cursor_, reader_->limit_);
}

void ReaderStreambuf::Return() { reader_->cursor_ = gptr(); }

ReaderStreambuf::int_type ReaderStreambuf::underflow() {
  Return();
  const bool any = reader_->Pull();
  Take();
  return any ? traits_type::to_int_type(*gptr()) : traits_type::eof();
}

std::streamsize ReaderStreambuf::xsgetn(char* to, std::streamsize count) {
  Return();
  const size_t done = reader_->Read(to, static_cast<size_t>(count));
  Take();
  return static_cast<std::streamsize>(done);
}

// Nothing is there that would not have to be waited for.
std::streamsize ReaderStreambuf::showmanyc() { return 0; }

Position ReaderStreambuf::seekoff(Offset offset, std::ios_base::seekdir from,
                                  std::ios_base::openmode which) {
  if ((which & std::ios_base::in) == 0) return kNowhere;
  Return();
  const Position position = SeekIn(reader_, offset, from);
  Take();
  return position;
}

Position ReaderStreambuf::seekpos(Position position,
                                  std::ios_base::openmode which) {
  return seekoff(Offset(position), std::ios_base::beg, which);
}

void WriterStreambuf::Take() { setp(writer_->cursor_, writer_->limit_); }

void WriterStreambuf::Return() { writer_->cursor_ = pptr(); }

WriterStreambuf::int_type WriterStreambuf::overflow(int_type c) {
  Return();
  const bool done = traits_type::eq_int_type(c, traits_type::eof())
                        ? !writer_->Window().empty()
                        : writer_->PutC(traits_type::to_char_type(c));
  Take();
  return done ? traits_type::not_eof(c) : traits_type::eof();
}

std::streamsize WriterStreambuf::xsputn(const char* from,
                                        std::streamsize count) {
  Return();
  const bool done = writer_->Write({from, static_cast<size_t>(count)});
  Take();
  return done ? count : 0;
}

int WriterStreambuf::sync() {
  Return();
  const bool done = writer_->Flush().ok();
  Take();
  return done ? 0 : -1;
}

Position WriterStreambuf::seekoff(Offset offset, std::ios_base::seekdir from,
                                  std::ios_base::openmode which) {
  if ((which & std::ios_base::out) == 0) return kNowhere;
  Return();
  const Position position = SeekIn(writer_, offset, from);
  Take();
  return position;
}

Position WriterStreambuf::seekpos(Position position,
                                  std::ios_base::openmode which) {
  return seekoff(Offset(position), std::ios_base::beg, which);
}

}  // namespace uasio
