#include "asio/streams/streambuf.h"

namespace uasio {
namespace {

using Offset = std::streambuf::off_type;
using Position = std::streambuf::pos_type;

const Position kNoPosition = Position(Offset(-1));

// The offset to seek to; negative: there is none.
template <typename Stream>
Offset SeekTarget(Stream* stream, Offset offset, std::ios_base::seekdir from) {
  if (!stream->ok()) return -1;
  if (from == std::ios_base::beg) return offset;
  if (from == std::ios_base::cur) return stream->Tell() + offset;
  const absl::StatusOr<int64_t> size = stream->Size();
  return size.ok() ? *size + offset : -1;
}

template <typename Stream>
Position SeekIn(Stream* stream, Offset offset, std::ios_base::seekdir from) {
  const Offset target = SeekTarget(stream, offset, from);
  if (target < 0) return kNoPosition;
  if (target == stream->Tell()) return Position(target);
  // Without offsets, Seek() would fail for good; a failed seekg() must not.
  if (!stream->seekable() || !stream->Seek(target)) return kNoPosition;
  return Position(target);
}

}  // namespace

void ReaderStreambuf::LoadPointers() {
  setg(reader_->start_, reader_->cursor_, reader_->limit_);
}

void ReaderStreambuf::StoreCursor() { reader_->cursor_ = gptr(); }

ReaderStreambuf::int_type ReaderStreambuf::underflow() {
  StoreCursor();
  const bool has_bytes = reader_->Pull();
  LoadPointers();
  return has_bytes ? traits_type::to_int_type(*gptr()) : traits_type::eof();
}

// Called at the beginning of the view, or if `c` is not the byte before.
ReaderStreambuf::int_type ReaderStreambuf::pbackfail(int_type c) {
  StoreCursor();
  const bool any = traits_type::eq_int_type(c, traits_type::eof());
  bool back = reader_->Unread();
  if (back && !any && reader_->PeekC() != static_cast<unsigned char>(c)) {
    reader_->Advance(1);
    back = false;
  }
  LoadPointers();
  return back ? traits_type::not_eof(c) : traits_type::eof();
}

std::streamsize ReaderStreambuf::xsgetn(char* to, std::streamsize count) {
  StoreCursor();
  const size_t done = reader_->Read(to, static_cast<size_t>(count));
  LoadPointers();
  return static_cast<std::streamsize>(done);
}

// Called when the buffer is used up: more bytes would have to be waited for.
std::streamsize ReaderStreambuf::showmanyc() { return 0; }

Position ReaderStreambuf::seekoff(Offset offset, std::ios_base::seekdir from,
                                  std::ios_base::openmode which) {
  if ((which & std::ios_base::in) == 0) return kNoPosition;
  StoreCursor();
  const Position position = SeekIn(reader_, offset, from);
  LoadPointers();
  return position;
}

Position ReaderStreambuf::seekpos(Position position,
                                  std::ios_base::openmode which) {
  return seekoff(Offset(position), std::ios_base::beg, which);
}

void WriterStreambuf::LoadPointers() {
  setp(writer_->cursor_, writer_->limit_);
}

void WriterStreambuf::StoreCursor() { writer_->cursor_ = pptr(); }

WriterStreambuf::int_type WriterStreambuf::overflow(int_type c) {
  StoreCursor();
  const bool done = traits_type::eq_int_type(c, traits_type::eof())
                        ? !writer_->Window().empty()
                        : writer_->PutC(traits_type::to_char_type(c));
  LoadPointers();
  return done ? traits_type::not_eof(c) : traits_type::eof();
}

std::streamsize WriterStreambuf::xsputn(const char* from,
                                        std::streamsize count) {
  StoreCursor();
  const bool done = writer_->Write({from, static_cast<size_t>(count)});
  LoadPointers();
  return done ? count : 0;
}

int WriterStreambuf::sync() {
  StoreCursor();
  const bool done = writer_->Flush().ok();
  LoadPointers();
  return done ? 0 : -1;
}

Position WriterStreambuf::seekoff(Offset offset, std::ios_base::seekdir from,
                                  std::ios_base::openmode which) {
  if ((which & std::ios_base::out) == 0) return kNoPosition;
  StoreCursor();
  const Position position = SeekIn(writer_, offset, from);
  LoadPointers();
  return position;
}

Position WriterStreambuf::seekpos(Position position,
                                  std::ios_base::openmode which) {
  return seekoff(Offset(position), std::ios_base::beg, which);
}

}  // namespace uasio
