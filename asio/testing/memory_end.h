// Tests of what is done where memory ends link this, which replaces operator
// new.
//
//   for (int left = 0; result == -ENOMEM; ++left) {
//     const MemoryEnd end(left);
//     result = ...;
//   }

#ifndef UASIO_ASIO_TESTING_MEMORY_END_H_
#define UASIO_ASIO_TESTING_MEMORY_END_H_

namespace uasio {

// While there is one, this many allocations of its thread succeed, and then
// none.
class MemoryEnd {
 public:
  explicit MemoryEnd(int allocations_left);
  ~MemoryEnd();
  MemoryEnd(const MemoryEnd&) = delete;
  MemoryEnd& operator=(const MemoryEnd&) = delete;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_MEMORY_END_H_
