// A Task is a coroutine type for tests: it starts at once, and its destructor
// destroys the coroutine, finished or not.

#ifndef UASIO_ASIO_TESTING_TASK_H_
#define UASIO_ASIO_TESTING_TASK_H_

#include <coroutine>
#include <exception>
#include <utility>

namespace uasio {

class Task {
 public:
  struct promise_type {
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };

  Task() = default;
  ~Task() {
    if (handle_) handle_.destroy();
  }
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  bool done() const { return handle_ && handle_.done(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_TASK_H_
