// Makes allocations fail, for tests that run out of memory.  Replaces
// operator new of the program that links it.
//
//   for (int left = 0; result == -ENOMEM; ++left) {
//     const MemoryEnd end(left);
//     result = ...;
//   }

#ifndef UASIO_ASIO_TESTING_MEMORY_END_H_
#define UASIO_ASIO_TESTING_MEMORY_END_H_

namespace uasio {

// During its lifetime, the first `allocations_left` allocations of this thread
// succeed, and all later ones fail.
class MemoryEnd {
 public:
  static constexpr int kUnlimited = -1;

  explicit MemoryEnd(int allocations_left);
  ~MemoryEnd();
  MemoryEnd(const MemoryEnd&) = delete;
  MemoryEnd& operator=(const MemoryEnd&) = delete;

  // From now on allocations succeed.
  void Lift() const;

  // Whether an allocation has failed.
  bool WasMet() const;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_MEMORY_END_H_
